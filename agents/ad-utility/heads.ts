import { complaint } from '../../core/check.js';
import { factorsOf } from '../../logs/ad-utility/weight-grid.js';
import type { ActionTable } from '../../logs/record.js';

/** One softmax over all joint actions, or one per group of weights with ln π(a) = Σ_g ln π_g(a_g). */
export type HeadKind = 'joint' | 'factorised';

/** How the outputs of a network become a choice among A actions. */
export interface Heads {
  readonly kind: HeadKind;
  /** A */
  readonly actions: number;
  /** [G] outputs of each softmax, one after the other; a joint head has one, of A. */
  readonly widths: readonly number[];
  /** [A, G] which output of each softmax an action stands for. */
  readonly level: Int32Array;
  /** [Π widths] action of every combination, the last softmax turning fastest. */
  readonly actionOf: Int32Array;
}

/** @throws a data error for a factorised head on actions that are no grid of numeric features */
export function headsOf(kind: HeadKind, actions: ActionTable): Heads {
  const A = actions.values.length;
  const all = Int32Array.from({ length: A }, (_, a) => a);
  if (kind === 'joint') return { kind, actions: A, widths: [A], level: all, actionOf: all };
  const factors = factorsOf(actions);
  if (factors === undefined) {
    throw complaint('data', {
      where: 'factorised head',
      expected: 'actions that are every combination of some levels of their numeric features',
      received: `${A} actions that are not`,
      try: 'Use head: joint.',
    });
  }
  const widths = factors.levels.map((levels) => levels.length);
  const { level } = factors;
  const actionOf = new Int32Array(A);
  for (let a = 0; a < A; a++) {
    let joint = 0;
    for (let g = 0; g < widths.length; g++) joint = joint * widths[g] + level[a * widths.length + g];
    actionOf[joint] = a;
  }
  return { kind, actions: A, widths, level, actionOf };
}

/** Writes π of every action, [A] from `out[at]`, from the outputs of one row at `outputs[from]`. */
export function chancesOf(
  { kind, widths, level, actions }: Heads,
  outputs: Float32Array,
  from: number,
  out: Float64Array,
  at: number,
): void {
  if (kind === 'joint') {
    softmax(outputs, from, actions, out, at);
    return;
  }
  const G = widths.length;
  out.fill(1, at, at + actions);
  for (let g = 0, first = from; g < G; first += widths[g], g++) {
    let top = -Infinity;
    for (let o = first; o < first + widths[g]; o++) if (outputs[o] > top) top = outputs[o];
    let total = 0;
    for (let o = first; o < first + widths[g]; o++) total += Math.exp(outputs[o] - top);
    for (let a = 0; a < actions; a++) out[at + a] *= Math.exp(outputs[first + level[a * G + g]] - top) / total;
  }
}

function softmax(outputs: Float32Array, from: number, count: number, out: Float64Array, at: number): void {
  let top = -Infinity;
  for (let o = 0; o < count; o++) if (outputs[from + o] > top) top = outputs[from + o];
  let total = 0;
  for (let o = 0; o < count; o++) total += out[at + o] = Math.exp(outputs[from + o] - top);
  for (let o = 0; o < count; o++) out[at + o] /= total;
}

/** π of one action from the outputs of one row at `outputs[from]`. */
export function chanceOf({ widths, level }: Heads, outputs: Float32Array, from: number, action: number): number {
  let chance = 1;
  for (let g = 0, first = from; g < widths.length; first += widths[g], g++) {
    const own = outputs[first + level[action * widths.length + g]];
    let total = 0;
    for (let o = first; o < first + widths[g]; o++) total += Math.exp(outputs[o] - own);
    chance /= total;
  }
  return chance;
}

/** The action of the greatest π from the outputs of one row at `outputs[from]`; ties go to the lower output. */
export function bestOf({ widths, actionOf }: Heads, outputs: Float32Array, from: number): number {
  let joint = 0;
  for (let g = 0, first = from; g < widths.length; first += widths[g], g++) {
    let best = first;
    for (let o = first + 1; o < first + widths[g]; o++) if (outputs[o] > outputs[best]) best = o;
    joint = joint * widths[g] + best - first;
  }
  return actionOf[joint];
}
