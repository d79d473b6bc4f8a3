import { AB_TERMS } from './legend-ab.js';
import { FURTHER_ESTIMATORS } from './legend-estimators.js';
import { REALISM_TERMS } from './legend-realism.js';
import { UTILITY_TERMS } from './legend-utility.js';
import { SESSION_ESTIMATORS } from './legend-sessions.js';

/** The words of reports and of the command line, each explained once: metric key → name, meaning, unit. */

export interface Term {
  readonly name: string;
  readonly meaning: string;
  readonly unit?: string;
}

/** An estimator: what it computes and what must hold for its number to mean what it says. */
export interface EstimatorTerm extends Term {
  /** Short form for table cells and charts. */
  readonly short: string;
  readonly assumes: string;
}

const UNKNOWN = 'Not described in this version.';
const LOGGED = 'the logged propensities are right and no action that the policy takes was impossible when logging';

export const ESTIMATORS: Readonly<Record<string, EstimatorTerm>> = {
  ips: {
    short: 'IPS',
    name: 'Inverse propensity score',
    meaning:
      'Each logged reward counts in proportion to how much more often the policy would take that action: mean of w·r.',
    assumes: `Unbiased if ${LOGGED}. A few large weights can carry the whole mean.`,
  },
  clippedIps: {
    short: 'Clipped IPS',
    name: 'IPS with clipped weights',
    meaning: 'As IPS, with no weight above the clip: mean of min(w, clip)·r.',
    assumes: `Needs what IPS needs. Clipping steadies the mean and moves it towards 0 where rewards are positive; the interval does not cover that bias.`,
  },
  snips: {
    short: 'SNIPS',
    name: 'Self-normalised IPS',
    meaning: 'The weighted mean of the rewards: Σw·r ÷ Σw. It stays within the range of the logged rewards.',
    assumes: `Right in the limit of many rounds if ${LOGGED}; its bias shrinks with the effective sample size.`,
  },
  dm: {
    short: 'DM',
    name: 'Direct method',
    meaning: 'No weights: the mean of what the reward model predicts for the actions that the policy would take.',
    assumes:
      'Right only if the reward model is, for actions that were rarely logged too. Its interval leaves the error of the model out.',
  },
  dr: {
    short: 'DR',
    name: 'Doubly robust',
    meaning:
      'The direct method, corrected by the weighted errors of the reward model on the logged actions: DM + mean of w·(r − prediction).',
    assumes: `Right if ${LOGGED}, whatever the reward model says; a good model only narrows the interval. The model must not have seen the rows that it scores (cross-fitting).`,
  },
  sndr: {
    short: 'SNDR',
    name: 'Self-normalised doubly robust',
    meaning: 'As DR, with the correction divided by the sum of the weights.',
    assumes: 'What DR needs, in the limit of many rounds.',
  },
  switchDr: {
    short: 'Switch-DR',
    name: 'Switch doubly robust',
    meaning: 'As DR, but rounds with a weight above the threshold are left to the reward model alone.',
    assumes:
      'What DR needs up to the threshold, and a right reward model beyond it; the interval does not cover the bias of the latter.',
  },
  dros: {
    short: 'DRos',
    name: 'Doubly robust with optimistic shrinkage',
    meaning: 'As DR, with weights shrunk to λ·w ÷ (w² + λ): large weights are trusted less.',
    assumes:
      'Lies between the direct method (λ = 0) and DR (λ → ∞), and so do its needs; the interval does not cover the bias of shrinking.',
  },
  ...FURTHER_ESTIMATORS,
  ...SESSION_ESTIMATORS,
};

export const TERMS: Readonly<Record<string, Term>> = {
  verdict: {
    name: 'Verdict',
    meaning:
      'How far the data carries a number. Supported: take it with its interval. Weak: the direction may hold, the size may not. Unsupported: the data cannot carry it, so nothing is claimed.',
  },
  refused: {
    name: 'Refused',
    meaning: 'The number is not shown because the data cannot carry it; the reason stands beside it.',
  },
  value: { name: 'Estimate', meaning: 'The mean reward per decision, had this policy decided.', unit: 'reward' },
  interval: {
    name: 'Interval',
    meaning:
      'Values that the data cannot tell from the estimate, at the stated level (95 % unless stated). It holds the chance in the data, not a wrong assumption.',
    unit: 'that of the estimate',
  },
  bootstrap: {
    name: 'Bootstrap interval',
    meaning:
      'A second interval, by drawing the rounds again with replacement. Close to the first where that can be trusted.',
    unit: 'reward',
  },
  standardError: {
    name: 'Standard error',
    meaning: 'The spread of the estimate over imagined repetitions of the log or of the play.',
    unit: 'reward',
  },
  setting: { name: 'Setting', meaning: "The estimator's clip, threshold or shrinkage." },
  truth: {
    name: 'Truth',
    meaning: 'The true value, known because the world was generated. No estimate uses it.',
    unit: 'that of the estimate',
  },
  rewardRate: {
    name: 'Logged rate',
    meaning: 'The mean reward that was logged: what the serving policy earned.',
    unit: 'reward',
  },
  difference: {
    name: 'Difference',
    meaning:
      'First policy minus second on the same rounds. Its interval is of the paired difference; above 0 the first is better.',
    unit: 'reward',
  },
  relative: { name: 'Relative', meaning: 'The difference as a share of the value of the second policy.', unit: '%' },
  weight: {
    name: 'Weight (w)',
    meaning: 'How many times as often the policy would have taken the logged action as the policy that logged it.',
  },
  horizon: {
    name: 'Horizon',
    meaning: 'The effective sample size step by step: how fast products of ratios use up the sessions.',
  },
  meanRatio: {
    name: 'Mean ratio',
    meaning:
      'The mean weight of single decisions; near 1 when the propensities are right and the log covers the policy.',
  },
  variance: { name: 'Variance', meaning: 'Of a single return, not of the mean: how differently units fare.' },
  cvar: {
    name: 'Lower tail (CVaR)',
    meaning: 'The mean of the worst share of returns; the share is its setting.',
    unit: 'reward',
  },
  interquartileRange: {
    name: 'Interquartile range',
    meaning: 'The distance between the quartiles: the spread of the middle half.',
    unit: 'reward',
  },
  discount: { name: 'Discount (γ)', meaning: 'What a reward one step later is worth beside one now.' },
  rounds: { name: 'Rounds', meaning: 'Logged decisions that the policy was judged on.', unit: 'decisions' },
  effectiveSampleSize: {
    name: 'Effective sample size (ESS)',
    meaning: 'How many equally weighted rounds would tell as much: (Σw)² ÷ Σw².',
    unit: 'decisions',
  },
  meanWeight: { name: 'Mean weight', meaning: 'Near 1 when the propensities are right and the log covers the policy.' },
  maxWeight: { name: 'Largest weight', meaning: 'The weight of the round that counts most.' },
  maxWeightShare: {
    name: 'Largest weight share',
    meaning: 'The share of all weight that a single round carries. If large, the estimate is an anecdote.',
    unit: '%',
  },
  propensityFloor: {
    name: 'Smallest propensity',
    meaning: 'The smallest logged probability of a taken action. Weights grow as its inverse.',
  },
  offendingRows: {
    name: 'Offending rows',
    meaning: 'Rows of the data, counted from 0, that make the log unusable for the policy or carry most of the weight.',
  },
  loss: {
    name: 'Loss',
    meaning:
      'What fitting makes small. For models the mean negative log-likelihood per row for probabilities, the mean squared error for values.',
  },
  lossOfConstant: { name: 'Loss of the constant', meaning: 'The same for a model that always predicts the mean.' },
  gain: {
    name: 'Gain',
    meaning: '1 − loss ÷ loss of the constant. At 0 the model has learned nothing but the mean.',
    unit: '%',
  },
  auc: {
    name: 'AUC',
    meaning: 'The chance that a row with the outcome is ranked above one without. 0.5 is guessing.',
  },
  expectedCalibrationError: {
    name: 'Calibration error',
    meaning: 'Mean distance between predicted and observed over bins of equal count.',
  },
  epochs: {
    name: 'Epochs',
    meaning: 'Passes over the fitting rows until the loss on held-out rows stopped improving (early stopping).',
  },
  parameters: { name: 'Parameters', meaning: 'Fitted numbers in the model.' },
  episodes: { name: 'Episodes', meaning: 'Sessions played to their end in the env.' },
  meanReturn: {
    name: 'Mean return',
    meaning: 'The rewards of an episode added up, averaged over episodes.',
    unit: 'reward',
  },
  meanLength: { name: 'Mean length', meaning: 'Decisions per episode.', unit: 'decisions' },
  policyLoss: {
    name: 'Policy loss',
    meaning: 'The part of the loss that moves the policy towards actions with an advantage.',
  },
  valueLoss: { name: 'Value loss', meaning: 'Squared error of the predicted returns, which serve as a baseline.' },
  entropy: {
    name: 'Entropy',
    meaning: 'How undecided the policy is. At 0 it always takes the same action.',
    unit: 'nats',
  },
  divergence: {
    name: 'Divergence',
    meaning: 'How far one update moves the policy from the one that acted: KL(old ‖ new).',
    unit: 'nats',
  },
  gradientNorm: { name: 'Gradient norm', meaning: 'The length of the gradient before it is clipped.' },
  learningRate: { name: 'Learning rate', meaning: 'The step size of the optimiser.' },
  clip: {
    name: 'Clip',
    meaning: 'How far the ratio of new to old probabilities may move before an update stops counting.',
  },
  seed: {
    name: 'Seed',
    meaning: 'Everything random in one run follows from it: the same seed gives the same numbers.',
  },
  ...AB_TERMS,
  ...REALISM_TERMS,
  ...UTILITY_TERMS,
};

const baseOf = (key: string): string => key.replace(/=.*$/s, '');

/** The entry of an estimator key, with its setting where the key has one ("clippedIps=2"); an unknown key stands for itself. */
export function estimatorTerm(key: string): EstimatorTerm {
  const base = baseOf(key);
  if (!Object.hasOwn(ESTIMATORS, base)) return { short: key, name: key, meaning: UNKNOWN, assumes: UNKNOWN };
  const known = ESTIMATORS[base];
  return base === key ? known : { ...known, short: `${known.short} = ${key.slice(base.length + 1)}` };
}

/** Estimator keys in the order in which the legend explains them, then those it does not know. */
export function inLegendOrder(keys: Iterable<string>): string[] {
  const known = Object.keys(ESTIMATORS);
  const rank = (key: string): number => {
    const place = known.indexOf(baseOf(key));
    return place < 0 ? known.length : place;
  };
  return [...keys].sort((a, b) => rank(a) - rank(b));
}

/** The entry of a metric key; an unknown key stands for itself. */
export function term(key: string): Term {
  return Object.hasOwn(TERMS, key) ? TERMS[key] : { name: key, meaning: UNKNOWN };
}
