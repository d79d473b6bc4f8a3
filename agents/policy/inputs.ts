import { fields, width, type Field, type Space } from '../../core/space.js';

/**
 * How an observation becomes what the networks read. Choices inside an observation become one-hot, amounts stay as
 * they are. The value network always reads the whole observation.
 *
 * The policy network does too, unless the action is a slate and the observation describes its candidates one by one (a
 * box of shape [candidates, d]): then one small network scores every candidate from (what is common, what is its own,
 * products of the two where they have the same width), so that what is learned of one candidate holds for all, in
 * whatever order they come. A vector of one number per candidate is given both ways, because it may be either.
 */
export interface Inputs {
  /** Numbers per observation for the value network. */
  readonly stateWidth: number;
  /** Rows of policy input per observation: 1, or one per candidate. */
  readonly fan: number;
  /** Numbers per row of policy input. */
  readonly choiceWidth: number;
  /** @returns [rows, stateWidth] */
  states(observation: Float32Array, rows: number): Float32Array;
  /** @returns [rows · fan, choiceWidth] */
  choices(observation: Float32Array, rows: number): Float32Array;
}

/** One stretch of numbers of an observation: the whole field, or the part of it that belongs to one candidate. */
interface Stretch {
  readonly at: number;
  readonly length: number;
  /** Number of choices when the numbers are choices; 0 for amounts. */
  readonly choices: number;
}

export function inputsOf(observation: Space, action: Space): Inputs {
  const parts = fields(observation);
  const rowWidth = width(observation);
  const candidates = action.kind === 'slate' ? action.candidates : 0;
  const own = parts.flatMap((part) => perCandidate(part, candidates));
  const whole = parts.flatMap(stretchesOf);
  const states = (rows: Float32Array, n: number): Float32Array => {
    const stateWidth = encodedWidth(whole);
    const out = new Float32Array(n * stateWidth);
    for (let row = 0; row < n; row++) encode(whole, rows, row * rowWidth, 0, out, row * stateWidth);
    return out;
  };
  const stateWidth = encodedWidth(whole);
  if (!own.some((stretch) => stretch.length > 1))
    return { stateWidth, fan: 1, choiceWidth: stateWidth, states, choices: states };

  const common = parts.filter((part) => !isTable(part, candidates)).flatMap(stretchesOf);
  const pairs = common.flatMap((mine) =>
    own.flatMap((its) =>
      mine.choices === 0 && its.choices === 0 && mine.length === its.length && mine.length > 1
        ? [[mine, its] as const]
        : [],
    ),
  );
  const commonWidth = encodedWidth(common);
  const ownWidth = encodedWidth(own);
  const choiceWidth = commonWidth + ownWidth + pairs.reduce((sum, [mine]) => sum + mine.length, 0);
  const choices = (rows: Float32Array, n: number): Float32Array => {
    const out = new Float32Array(n * candidates * choiceWidth);
    for (let row = 0; row < n; row++) {
      const from = row * rowWidth;
      for (let c = 0; c < candidates; c++) {
        const to = (row * candidates + c) * choiceWidth;
        if (c === 0) encode(common, rows, from, 0, out, to);
        else out.copyWithin(to, to - c * choiceWidth, to - c * choiceWidth + commonWidth);
        encode(own, rows, from, c, out, to + commonWidth);
        let at = to + commonWidth + ownWidth;
        for (const [mine, its] of pairs) {
          const itsAt = from + its.at + c * its.length;
          for (let i = 0; i < mine.length; i++) out[at++] = rows[from + mine.at + i] * rows[itsAt + i];
        }
      }
    }
    return out;
  };
  return { stateWidth, fan: candidates, choiceWidth, states, choices };
}

/** Whether a field is a table with one row of numbers per candidate. */
function isTable({ space }: Field, candidates: number): boolean {
  return candidates > 0 && space.kind === 'box' && space.shape.length === 2 && space.shape[0] === candidates;
}

/** The candidate's own part of a field, placed for candidate 0; nothing when the field has no such parts. */
function perCandidate(field: Field, candidates: number): Stretch[] {
  if (candidates === 0 || field.length === 0) return [];
  if (isTable(field, candidates)) return [{ at: field.at, length: field.length / candidates, choices: 0 }];
  if (field.length !== candidates) return [];
  const { space } = field;
  if (space.kind === 'box') return [{ at: field.at, length: 1, choices: 0 }];
  if (space.kind === 'multi-discrete' && space.n.every((n) => n === space.n[0])) {
    return [{ at: field.at, length: 1, choices: space.n[0] }];
  }
  return [];
}

function stretchesOf({ space, at, length }: Field): Stretch[] {
  switch (space.kind) {
    case 'box':
      return [{ at, length, choices: 0 }];
    case 'discrete':
      return [{ at, length, choices: space.n }];
    case 'multi-discrete':
      return space.n.map((n, i) => ({ at: at + i, length: 1, choices: n }));
    case 'slate':
      return [{ at, length, choices: space.candidates }];
    case 'record':
      return fields(space, '', at).flatMap(stretchesOf);
  }
}

function encodedWidth(stretches: readonly Stretch[]): number {
  return stretches.reduce((sum, { length, choices }) => sum + length * Math.max(1, choices), 0);
}

/** Writes the encoding of each stretch, moved to the c-th candidate's part, one after the other. */
function encode(
  stretches: readonly Stretch[],
  row: Float32Array,
  from: number,
  c: number,
  out: Float32Array,
  to: number,
): void {
  for (const { at, length, choices } of stretches) {
    const first = from + at + c * length;
    for (let i = 0; i < length; i++) {
      const value = row[first + i];
      if (choices === 0) out[to++] = value;
      else {
        if (value >= 0 && value < choices) out[to + value] = 1;
        to += choices;
      }
    }
  }
}
