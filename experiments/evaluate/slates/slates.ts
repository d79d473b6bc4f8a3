import { complaint, expectLength } from '../../../core/check.js';

/**
 * Logged slates as every slate estimator takes them, documented here once. One row is one filled slot; R = rows,
 * S = slates, K = slots. Slates may be of different lengths, and their rows in any order.
 */
export interface LoggedSlates {
  /** S. */
  readonly count: number;
  /** K. */
  readonly slots: number;
  /** [R] the slate of the row, in [0, S). */
  readonly slate: Int32Array;
  /** [R] its slot, in [0, K), the first from the top being 0. */
  readonly position: Int32Array;
  /** [R] reward of the slot; that of a slate is the sum over its slots. */
  readonly reward: Float64Array;
  /** [R] probability of the item in its slot. */
  readonly slot?: Propensities;
  /** [R] probability of the items from the first slot down to this one. By default running products of `slot`. */
  readonly cascade?: Propensities;
  /** [R] probability of the whole slate, the same in all its rows. By default the product of `slot`. */
  readonly whole?: Propensities;
  /** [R] a model's view of the slot, for cascade-DR. */
  readonly model?: SlotModel;
  /** [R, K] probability that the row's item is shown in each slot, for the position-based model. */
  readonly placement?: Propensities;
  /** [K] how likely each slot is looked at, up to a factor; all alike where absent. */
  readonly examination?: Float64Array;
}

/** A probability under the policy that served, in (0, 1], and under the policy that is judged. */
export interface Propensities {
  readonly serving: Float64Array;
  readonly target: Float64Array;
}

/** Guesses of the reward of a slot and all slots below it, given the items above, by a model that did not see the slate. */
export interface SlotModel {
  /** [R] q of the item shown. */
  readonly guess: Float64Array;
  /** [R] Σ_a π(a | context, items above) q(a). */
  readonly direct: Float64Array;
}

/** [S, K] the row of each slot of each slate, −1 where a slate has none. @throws data on two rows in one slot */
function rowsBySlot({ count, slots, slate, position }: LoggedSlates): Int32Array {
  const rows = new Int32Array(count * slots).fill(-1);
  for (let row = 0; row < slate.length; row++) {
    const at = slate[row] * slots + position[row];
    if (rows[at] >= 0) {
      throw complaint('data', {
        where: `rows ${rows[at]} and ${row}`,
        expected: 'one row per slate and position',
        received: `two at position ${position[row]} of one slate`,
      });
    }
    rows[at] = row;
  }
  return rows;
}

/** What the estimators are made of: per slot a column over slates, 0 where a slate has no such slot. */
export interface SlateTerms {
  readonly slates: LoggedSlates;
  readonly rows: Int32Array;
}

export function slateTerms(slates: LoggedSlates): SlateTerms {
  const rows = slates.slate.length;
  for (const column of [slates.position, slates.reward]) expectLength('slates: columns', column, { rows });
  for (const pair of [slates.slot, slates.cascade, slates.whole]) {
    if (pair === undefined) continue;
    expectLength('slates: serving propensities', pair.serving, { rows });
    expectLength('slates: target probabilities', pair.target, { rows });
  }
  return { slates, rows: rowsBySlot(slates) };
}

export type WeightKind = 'slot' | 'cascade' | 'whole';

/**
 * [R] target / serving of each row: of its slot, of the slots down to it, or of its whole slate. The latter two are
 * products of the first where they were not logged, which is right for policies that fill slot after slot (each
 * probability given the items above) and for those that fill slots independently.
 */
export function ratios(terms: SlateTerms, kind: WeightKind, who: string): Float64Array {
  const { slates, rows } = terms;
  const given = slates[kind];
  if (given !== undefined) return divided(given);
  if (slates.slot === undefined) {
    throw complaint('usage', {
      where: who,
      expected: `propensities of the ${kind === 'whole' ? 'whole slate' : kind} or of its slots`,
      received: 'none',
      try: `Name their columns (--propensity and --policy${kind === 'slot' ? '' : `, or --${FLAGS[kind]}-propensity and --${FLAGS[kind]}-policy`}).`,
    });
  }
  const ratio = divided(slates.slot);
  const { count, slots } = slates;
  for (let s = 0; s < count; s++) {
    let product = 1;
    for (let k = 0; k < slots; k++) {
      const row = rows[s * slots + k];
      if (row >= 0) ratio[row] = product *= ratio[row];
    }
    if (kind === 'whole')
      for (let k = 0; k < slots; k++) if (rows[s * slots + k] >= 0) ratio[rows[s * slots + k]] = product;
  }
  return ratio;
}

const FLAGS = { slot: 'slot', cascade: 'cascade', whole: 'slate' } as const;

function divided({ serving, target }: Propensities): Float64Array {
  const ratio = new Float64Array(serving.length);
  for (let row = 0; row < ratio.length; row++) ratio[row] = target[row] / serving[row];
  return ratio;
}
