import type { EstimatorTerm } from './legend.js';

/** Estimators beyond those of legend.ts: the rest of the table of `experiments/evaluate/estimators`. */

const LOGGED = 'the logged propensities are right and no action that the policy takes was impossible when logging';

export const FURTHER_ESTIMATORS: Readonly<Record<string, EstimatorTerm>> = {
  sgIps: {
    short: 'sgIPS',
    name: 'Sub-Gaussian IPS',
    meaning: 'As IPS, with the weight bent to w ÷ (1 − λ + λ·w), which stays below 1/λ.',
    assumes:
      'What IPS needs. Lies between IPS (λ = 0) and the logged mean (λ = 1); the interval does not cover that bias.',
  },
  clippedDr: {
    short: 'Clipped DR',
    name: 'Doubly robust with clipped weights',
    meaning: 'As DR, with no weight above the clip: what is cut off is left to the reward model.',
    assumes: 'What DR needs up to the clip, and a right reward model beyond it.',
  },
  sgDr: {
    short: 'sgDR',
    name: 'Sub-Gaussian doubly robust',
    meaning: 'As DR, with the weight bent to w ÷ (1 − λ + λ·w), which stays below 1/λ.',
    assumes: 'What DR needs; the interval does not cover the bias of bending.',
  },
  switchIps: {
    short: 'Switch-IPS',
    name: 'Switch inverse propensity score',
    meaning: 'IPS for the actions with a weight up to the threshold, the reward model alone for all others.',
    assumes: 'What IPS needs up to the threshold, and a right reward model beyond it.',
  },
  replay: {
    short: 'Replay',
    name: 'Replay',
    meaning: 'The mean reward of the rounds in which the policy would have done what was logged.',
    assumes: 'The serving policy chose uniformly, or at least without looking at the context.',
  },
  bips: {
    short: 'B-IPS',
    name: 'Balanced IPS',
    meaning:
      'Self-normalised, with weights that a classifier estimates by telling what the policy would do from what was logged. No propensity is used.',
    assumes: 'The features that served are among those of the classifier, and no action of the policy was impossible.',
  },
  empiricalLikelihood: {
    short: 'EL',
    name: 'Empirical likelihood',
    meaning: 'The rounds get the most likely probabilities with which the weights have mean 1, as they must.',
    assumes: `Right in the limit of many rounds if ${LOGGED}; narrower than IPS where rewards move with the weights.`,
  },
  cressieRead: {
    short: 'CR(−2)',
    name: 'Cressie-Read',
    meaning: 'IPS, corrected for a mean weight that is not 1: mean of w·r − b·(w − 1), b by regression.',
    assumes: 'What empirical likelihood needs; can leave the range of the rewards in short logs.',
  },
  mips: {
    short: 'MIPS',
    name: 'Marginalised IPS',
    meaning: 'Weights compare how often the two policies show what the action looked like, not the action itself.',
    assumes: 'The embedding carries all that an action does to the reward, and every embedding was logged.',
  },
  snMips: {
    short: 'SN-MIPS',
    name: 'Self-normalised marginalised IPS',
    meaning: 'As MIPS, divided by the sum of the weights.',
    assumes: 'What MIPS needs, in the limit of many rounds.',
  },
  pooledIps: {
    short: 'Pooled IPS',
    name: 'IPS against the mixture of the serving policies',
    meaning: 'One weight against the mixture of all policies that served, not against the one that did.',
    assumes: 'The mixture covers the policy, and every serving policy is known for every round.',
  },
  pooledDr: {
    short: 'Pooled DR',
    name: 'Doubly robust against the mixture of the serving policies',
    meaning: 'As DR, with the weight of pooled IPS.',
    assumes: 'What pooled IPS needs; a good reward model only narrows the interval.',
  },
  weightedIps: {
    short: 'Weighted IPS',
    name: 'IPS weighted by serving policy',
    meaning: 'IPS within the rounds of each serving policy; the steadier of these count for more.',
    assumes: 'What IPS needs for every serving policy, all of them in the same kind of traffic.',
  },
  weightedDr: {
    short: 'Weighted DR',
    name: 'Doubly robust weighted by serving policy',
    meaning: 'DR within the rounds of each serving policy; the steadier of these count for more.',
    assumes: 'What DR needs for every serving policy, all of them in the same kind of traffic.',
  },
};
