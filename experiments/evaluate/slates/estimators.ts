import { complaint, expectLength } from '../../../core/check.js';
import type { PerRound } from '../estimators/form.js';
import type { PerSlate } from './form.js';
import { ratios, type SlateTerms, type WeightKind } from './slates.js';

/** An estimator of the reward of a slate: the weights it lives by, what it assumes, its form over slates. */
export interface SlateEstimator {
  readonly name: string;
  readonly assumption: string;
  /** Whose effective sample size says how far the log carries it. */
  readonly weights: WeightKind | 'additive' | 'placement';
  perSlate(terms: SlateTerms): PerSlate;
}

/** One column per slot over slates: value(row), 0 where a slate has no such slot. */
function bySlot({ slates: { count, slots }, rows }: SlateTerms, value: (row: number) => number): Float64Array[] {
  return Array.from({ length: slots }, (_, k) => {
    const column = new Float64Array(count);
    for (let s = 0; s < count; s++) {
      const row = rows[s * slots + k];
      if (row >= 0) column[s] = value(row);
    }
    return column;
  });
}

/** One column over slates: the sum of value(row) over the slots. */
function summed({ slates: { count, slate } }: SlateTerms, value: (row: number) => number): Float64Array {
  const column = new Float64Array(count);
  for (let row = 0; row < slate.length; row++) column[slate[row]] += value(row);
  return column;
}

function weighted(kind: WeightKind, who: string): (terms: SlateTerms) => PerSlate {
  return (terms) => {
    const ratio = ratios(terms, kind, who);
    const { reward } = terms.slates;
    return [{ numerator: summed(terms, (row) => ratio[row] * reward[row]) }];
  };
}

/** Σ_k (Σ_s w·r / Σ_s w): every slot is divided by the weights of its own. */
function normalised(kind: WeightKind, who: string): (terms: SlateTerms) => PerSlate {
  return (terms) => {
    const ratio = ratios(terms, kind, who);
    const { reward } = terms.slates;
    const above = bySlot(terms, (row) => ratio[row] * reward[row]);
    const below = bySlot(terms, (row) => ratio[row]);
    const shown = below.map((column) => column.some((weight) => weight > 0));
    return above.map((numerator, k): PerRound => (shown[k] ? { numerator, denominator: below[k] } : { numerator }));
  };
}

/**
 * Cascade doubly robust (Kiyohara et al. 2022): Σ_k ρ_k·(r_k − q_k) + ρ_{k−1}·Σ_a π(a) q_k(a), ρ_k the cascade ratio and
 * ρ_0 = 1. With q = 0 it is RIPS.
 */
function cascadeDr(terms: SlateTerms): PerSlate {
  const { slates, rows } = terms;
  const { model, slots, count, reward } = slates;
  if (model === undefined) {
    throw complaint('usage', {
      where: 'cascadeDr',
      expected: 'guesses of every slot and their mean under the policy',
      received: 'none',
      try: 'Name their columns (--guess and --direct).',
    });
  }
  expectLength('slates: guesses', model.guess, { rows: reward.length });
  expectLength('slates: guesses under the policy', model.direct, { rows: reward.length });
  const ratio = ratios(terms, 'cascade', 'cascadeDr');
  const numerator = new Float64Array(count);
  for (let s = 0; s < count; s++) {
    let before = 1;
    for (let k = 0; k < slots; k++) {
      const row = rows[s * slots + k];
      if (row < 0) continue;
      numerator[s] += ratio[row] * (reward[row] - model.guess[row]) + before * model.direct[row];
      before = ratio[row];
    }
  }
  return [{ numerator }];
}

/** [S] 1 + Σ_k (π_k/μ_k − 1). */
function additiveWeights(terms: SlateTerms): Float64Array {
  const ratio = ratios(terms, 'slot', 'pseudoInverse');
  return summed(terms, (row) => ratio[row] - 1).map((sum) => 1 + sum);
}

/** [R] Σ_j θ_j π(item in slot j) / Σ_j θ_j μ(item in slot j). */
function placementRatios({ slates }: SlateTerms): Float64Array {
  const { placement, slots, reward } = slates;
  if (placement === undefined) {
    throw complaint('usage', {
      where: 'positionBased',
      expected: "probabilities of the row's item in every slot, under both policies",
      received: 'none',
      try: 'Name one column per slot (--placement-propensity and --placement-policy).',
    });
  }
  expectLength('slates: placements', placement.serving, { rows: reward.length, slots });
  expectLength('slates: placements of the policy', placement.target, { rows: reward.length, slots });
  const examination = slates.examination ?? new Float64Array(slots).fill(1);
  expectLength('slates: examination', examination, { slots });
  const ratio = new Float64Array(reward.length);
  for (let row = 0; row < ratio.length; row++) {
    let above = 0;
    let below = 0;
    for (let k = 0; k < slots; k++) {
      above += examination[k] * placement.target[row * slots + k];
      below += examination[k] * placement.serving[row * slots + k];
    }
    ratio[row] = above === 0 ? 0 : above / below;
  }
  return ratio;
}

/** [S] the weights an estimator lives by, averaged over the slots of a slate where they differ. */
export function slateWeights(terms: SlateTerms, weights: SlateEstimator['weights']): Float64Array {
  if (weights === 'additive') return additiveWeights(terms);
  const ratio = weights === 'placement' ? placementRatios(terms) : ratios(terms, weights, 'weights');
  const lengths = summed(terms, () => 1);
  return summed(terms, (row) => ratio[row]).map((sum, s) => (lengths[s] === 0 ? 0 : sum / lengths[s]));
}

/** The table of slate estimators. Its keys are the names used on the command line. */
export const slateEstimators = {
  /** Σ_k w·r_k with w of the whole slate: mean over slates. */
  sips: {
    name: 'Slate IPS',
    assumption: 'Propensities of whole slates are right; nothing is assumed of how slots depend on one another.',
    weights: 'whole',
    perSlate: weighted('whole', 'sips'),
  },
  /** Σ_k w_k·r_k with w_k of the slot alone (Li et al. 2018). */
  iips: {
    name: 'Independent IPS',
    assumption: 'The reward of a slot depends on the item in it alone.',
    weights: 'slot',
    perSlate: weighted('slot', 'iips'),
  },
  /** Σ_k w_{1…k}·r_k with w of the slots down to k (McInerney et al. 2020). */
  rips: {
    name: 'Reward-interaction IPS',
    assumption: 'The reward of a slot depends on its item and those above (a cascade from the top).',
    weights: 'cascade',
    perSlate: weighted('cascade', 'rips'),
  },
  snSips: {
    name: 'Self-normalised slate IPS',
    assumption: 'As slate IPS, in the limit of many slates.',
    weights: 'whole',
    perSlate: normalised('whole', 'snSips'),
  },
  snIips: {
    name: 'Self-normalised independent IPS',
    assumption: 'As independent IPS, in the limit of many slates.',
    weights: 'slot',
    perSlate: normalised('slot', 'snIips'),
  },
  snRips: {
    name: 'Self-normalised reward-interaction IPS',
    assumption: 'As reward-interaction IPS, in the limit of many slates.',
    weights: 'cascade',
    perSlate: normalised('cascade', 'snRips'),
  },
  cascadeDr: {
    name: 'Cascade doubly robust',
    assumption: 'As reward-interaction IPS; a good model of the slots narrows the interval.',
    weights: 'cascade',
    perSlate: cascadeDr,
  },
  /** (1 + Σ_k (w_k − 1))·Σ_k r_k: the pseudo-inverse for independently filled slots (Swaminathan et al. 2017). */
  pseudoInverse: {
    name: 'Pseudo-inverse',
    assumption: 'The reward of a slate is a sum over its slots, which the serving policy filled independently.',
    weights: 'additive',
    perSlate: (terms) => {
      const weight = additiveWeights(terms);
      const total = summed(terms, (row) => terms.slates.reward[row]);
      return [{ numerator: total.map((reward, s) => weight[s] * reward) }];
    },
  },
  snPseudoInverse: {
    name: 'Self-normalised pseudo-inverse',
    assumption: 'As pseudo-inverse, in the limit of many slates.',
    weights: 'additive',
    perSlate: (terms) => {
      const denominator = additiveWeights(terms);
      const total = summed(terms, (row) => terms.slates.reward[row]);
      return [{ numerator: total.map((reward, s) => denominator[s] * reward), denominator }];
    },
  },
  /** Σ_k r_k·Σ_j θ_j π(item in j) / Σ_j θ_j μ(item in j) (Li et al. 2018). */
  positionBased: {
    name: 'Position-based model',
    assumption: 'A slot is looked at with a chance of its own; then the reward depends on the item alone.',
    weights: 'placement',
    perSlate: (terms) => {
      const ratio = placementRatios(terms);
      return [{ numerator: summed(terms, (row) => ratio[row] * terms.slates.reward[row]) }];
    },
  },
} as const satisfies Readonly<Record<string, SlateEstimator>>;

export type SlateEstimatorKey = keyof typeof slateEstimators;
