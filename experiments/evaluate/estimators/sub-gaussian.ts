import type { Estimator, Setting } from './form.js';
import { tempered, TEMPERS } from './kept-weights.js';
import { corrected } from './model-based.js';
import { weighted } from './weighting.js';

/** λ = 0.1 keeps no weight above 10, as the clips do. */
const LAMBDA: Setting = { name: 'λ', value: 0.1, most: 1, tuned: { kept: tempered, candidates: TEMPERS } };

/**
 * Sub-Gaussian IPS: mean of w̃·r with w̃ = w / (1 − λ + λw) (Metelli, Russo and Restelli 2021). The kept weight is smooth
 * in w and below 1/λ, which gives the estimate sub-Gaussian tails; λ = 0 is IPS.
 */
export const sgIps: Estimator = {
  name: 'Sub-Gaussian IPS',
  assumption: 'As IPS, trading bias (large weights count for less, small ones for more) for lighter tails.',
  needsGuesses: false,
  setting: LAMBDA,
  rowWise: true,
  perRound: (terms, lambda) => ({ numerator: weighted(terms, tempered(terms.weight, lambda)) }),
};

/** Doubly robust with the sub-Gaussian weight: DM + w̃·(r − q). λ = 0 is DR. */
export const sgDr: Estimator = {
  name: 'Sub-Gaussian doubly robust',
  assumption: 'As doubly robust, trading bias towards the model for lighter tails.',
  needsGuesses: true,
  setting: LAMBDA,
  rowWise: true,
  perRound: (terms, lambda) => ({ numerator: corrected(terms, 'sgDr', tempered(terms.weight, lambda)) }),
};
