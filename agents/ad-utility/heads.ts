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

/** Writes π of every action, from the outputs of one row. `scratch` has room for the outputs. */
export function chancesOf(
  heads: Heads,
  outputs: Float64Array,
  scratch: Float64Array,
  out: Float64Array,
  at: number,
): void {
  const { widths, level, actions } = heads;
  for (let g = 0, from = 0; g < widths.length; from += widths[g], g++) {
    const to = from + widths[g];
    let top = -Infinity;
    for (let o = from; o < to; o++) if (outputs[o] > top) top = outputs[o];
    let total = 0;
    for (let o = from; o < to; o++) total += scratch[o] = Math.exp(outputs[o] - top);
    for (let o = from; o < to; o++) scratch[o] /= total;
  }
  if (widths.length === 1 && heads.kind === 'joint') {
    for (let a = 0; a < actions; a++) out[at + a] = scratch[a];
    return;
  }
  for (let a = 0; a < actions; a++) {
    let chance = 1;
    for (let g = 0, from = 0; g < widths.length; from += widths[g], g++) {
      chance *= scratch[from + level[a * widths.length + g]];
    }
    out[at + a] = chance;
  }
}

/** The action of the greatest π from the outputs of one row; ties go to the lower output. */
export function bestOf({ widths, actionOf }: Heads, outputs: Float64Array): number {
  let joint = 0;
  for (let g = 0, from = 0; g < widths.length; from += widths[g], g++) {
    let best = from;
    for (let o = from + 1; o < from + widths[g]; o++) if (outputs[o] > outputs[best]) best = o;
    joint = joint * widths[g] + best - from;
  }
  return actionOf[joint];
}
