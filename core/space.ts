import { complaint } from './check.js';
import type { Source } from './random.js';

/**
 * What a row of numbers may be: observations and actions are described by plain data that can be saved as JSON, and
 * functions do the work. A space holds no random generator and no methods.
 */
export type Space = BoxSpace | DiscreteSpace | MultiDiscreteSpace | SlateSpace | RecordSpace;

/**
 * Real numbers of one shape, each inside [low, high]; a bound may be infinite. JSON has no infinity and writes null: a
 * space that was read back from JSON needs its infinite bounds again before it is used.
 */
export interface BoxSpace {
  readonly kind: 'box';
  readonly shape: readonly number[];
  readonly low: number;
  readonly high: number;
  readonly unit?: string;
}
/** One whole number in [0, n). */
export interface DiscreteSpace {
  readonly kind: 'discrete';
  readonly n: number;
}
/** Several whole numbers, the i-th in [0, n[i]). */
export interface MultiDiscreteSpace {
  readonly kind: 'multi-discrete';
  readonly n: readonly number[];
}
/** `size` distinct candidates out of `candidates`, first place first. */
export interface SlateSpace {
  readonly kind: 'slate';
  readonly size: number;
  readonly candidates: number;
}
/** Named parts, laid out one after the other in the order of their keys. */
export interface RecordSpace {
  readonly kind: 'record';
  readonly fields: Readonly<Record<string, Space>>;
}

/** How many numbers one element takes in a flat buffer. */
export function width(space: Space): number {
  switch (space.kind) {
    case 'box':
      return space.shape.reduce((product, size) => product * size, 1);
    case 'discrete':
      return 1;
    case 'multi-discrete':
      return space.n.length;
    case 'slate':
      return space.size;
    case 'record':
      return Object.values(space.fields).reduce((sum, field) => sum + width(field), 0);
  }
}

/** Where one named part lies inside a flat row. */
export interface Field {
  readonly name: string;
  readonly at: number;
  readonly length: number;
  readonly space: Space;
}

/** The parts of a flat row, so that a row stays readable in a debugger, a log and a report. */
export function fields(space: Space, name = '', at = 0): Field[] {
  if (space.kind !== 'record') return [{ name, at, length: width(space), space }];
  const parts: Field[] = [];
  for (const [key, field] of Object.entries(space.fields)) {
    parts.push(...fields(field, name === '' ? key : `${name}.${key}`, at));
    at += width(field);
  }
  return parts;
}

/** Whether every number of the space is a whole number (choices) rather than an amount. */
export function isWhole(space: Space): boolean {
  if (space.kind === 'record') return Object.values(space.fields).every(isWhole);
  return space.kind !== 'box';
}

/** A zeroed buffer for `rows` elements: Int32 for choices, Float32 for amounts. */
export function buffer(space: Space, rows: number): Int32Array | Float32Array {
  const length = rows * width(space);
  return isWhole(space) ? new Int32Array(length) : new Float32Array(length);
}

/** Why the element starting at `row[at]` is not in the space, as a sentence; nothing when it is. */
export function whyNot(space: Space, row: ArrayLike<number>, at = 0): string | undefined {
  if (row.length < at + width(space)) return `needs ${width(space)} numbers from ${at}, the row has ${row.length}`;
  for (const field of fields(space)) {
    const problem = whyNotField(field.space, row, at + field.at);
    if (problem !== undefined) return field.name === '' ? problem : `${field.name}: ${problem}`;
  }
  return undefined;
}

function whyNotField(space: Space, row: ArrayLike<number>, at: number): string | undefined {
  const seen = new Map<number, number>();
  for (let i = 0; i < width(space); i++) {
    const value = row[at + i];
    if (Number.isNaN(value)) return `place ${i} is NaN`;
    if (space.kind === 'box') {
      if (value < space.low || value > space.high) {
        return `place ${i} is ${value}, outside [${space.low}, ${space.high}]`;
      }
      continue;
    }
    const limit = choices(space, i);
    if (!Number.isInteger(value) || value < 0 || value >= limit) {
      return `place ${i} is ${value}, not a whole number from 0 to ${limit - 1}`;
    }
    const earlier = seen.get(value);
    if (space.kind === 'slate' && earlier !== undefined) {
      return `place ${i} repeats candidate ${value} of place ${earlier}; a slate takes distinct candidates`;
    }
    seen.set(value, i);
  }
  return undefined;
}

function choices(space: Exclude<Space, BoxSpace>, place: number): number {
  switch (space.kind) {
    case 'discrete':
      return space.n;
    case 'multi-discrete':
      return space.n[place];
    case 'slate':
      return space.candidates;
    case 'record':
      throw complaint('usage', { where: 'space', expected: 'a leaf', received: 'a record', try: 'Use fields().' });
  }
}

/** Throws in the house's grammar when a row is outside its space. */
export function expectInside(where: string, space: Space, row: ArrayLike<number>, at = 0): void {
  const problem = whyNot(space, row, at);
  if (problem !== undefined) {
    throw complaint('shape', { where, expected: `a row of its ${space.kind} space`, received: `one whose ${problem}` });
  }
}

/**
 * Draws one element uniformly and writes it at `out[at…]`. Unbounded sides of a box are drawn as a standard step of 1
 * beyond the bounded side (or from [−1, 1] when both are unbounded).
 *
 * @param mask for discrete spaces: [n] 1 where a choice is allowed; at least one must be
 */
export function sample(
  space: Space,
  source: Source,
  out: Int32Array | Float32Array,
  at = 0,
  mask?: ArrayLike<number>,
): void {
  switch (space.kind) {
    case 'box': {
      const low = Number.isFinite(space.low) ? space.low : Number.isFinite(space.high) ? space.high - 1 : -1;
      const high = Number.isFinite(space.high) ? space.high : Number.isFinite(space.low) ? space.low + 1 : 1;
      for (let i = 0; i < width(space); i++) out[at + i] = low + (high - low) * source.next();
      return;
    }
    case 'discrete':
      out[at] = mask === undefined ? Math.floor(source.next() * space.n) : sampleAllowed(space.n, source, mask);
      return;
    case 'multi-discrete':
      for (let i = 0; i < space.n.length; i++) out[at + i] = Math.floor(source.next() * space.n[i]);
      return;
    case 'slate':
      sampleDistinct(space, source, out, at);
      return;
    case 'record':
      for (const field of fields(space)) sample(field.space, source, out, at + field.at);
  }
}

function sampleAllowed(n: number, source: Source, mask: ArrayLike<number>): number {
  let allowed = 0;
  for (let i = 0; i < n; i++) if (mask[i] !== 0) allowed++;
  if (allowed === 0) {
    throw complaint('usage', {
      where: 'space sample',
      expected: 'a mask that allows something',
      received: 'all zeros',
    });
  }
  let left = Math.floor(source.next() * allowed);
  for (let i = 0; i < n; i++) {
    if (mask[i] === 0) continue;
    if (left === 0) return i;
    left--;
  }
  return n - 1;
}

/** Draws `size` distinct candidates without allocating: each draw skips over the (few) candidates already taken. */
function sampleDistinct(space: SlateSpace, source: Source, out: Int32Array | Float32Array, at: number): void {
  for (let i = 0; i < space.size; i++) {
    // The r-th candidate that is not yet taken: walk up past every taken one at or below it, smallest first.
    let pick = Math.floor(source.next() * (space.candidates - i));
    let floor = -1;
    for (let round = 0; round < i; round++) {
      let next = space.candidates;
      for (let j = 0; j < i; j++) if (out[at + j] > floor && out[at + j] < next) next = out[at + j];
      if (next > pick) break;
      pick++;
      floor = next;
    }
    out[at + i] = pick;
  }
}
