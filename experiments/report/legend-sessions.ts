import type { EstimatorTerm } from './legend.js';

/** Estimators of whole sessions and of distributions: the tables of `experiments/evaluate/sessions` and `distribution`. */

const LOGGED = 'the logged propensities are right and no action that the policy takes was impossible when logging';

export const SESSION_ESTIMATORS: Readonly<Record<string, EstimatorTerm>> = {
  tis: {
    short: 'TIS',
    name: 'Trajectory importance sampling',
    meaning:
      'Each session’s return counts by the product of its ratios: how much more often the policy would have played it.',
    assumes: `Unbiased if ${LOGGED}. The products explode with the length of the sessions.`,
  },
  pdis: {
    short: 'PDIS',
    name: 'Per-decision importance sampling',
    meaning: 'As TIS, but a reward is weighted only by what was done up to it.',
    assumes: 'Needs what TIS needs; calmer, most of all where the rewards come early.',
  },
  snTis: {
    short: 'SN-TIS',
    name: 'Self-normalised TIS',
    meaning: 'The weighted mean of the returns. It stays within their range.',
    assumes: `Right in the limit of many sessions if ${LOGGED}.`,
  },
  snPdis: {
    short: 'SN-PDIS',
    name: 'Self-normalised PDIS',
    meaning:
      'As PDIS, the weights of each step divided by their mean over all sessions; a session that is over keeps its last.',
    assumes: `Right in the limit of many sessions if ${LOGGED}.`,
  },
  snDr: {
    short: 'SN-DR',
    name: 'Self-normalised sequential DR',
    meaning: 'DR of sessions with the weights of each step divided by their mean over all sessions.',
    assumes: 'What DR needs, in the limit of many sessions.',
  },
  magic: {
    short: 'MAGIC',
    name: 'MAGIC: a blend of partial returns',
    meaning:
      'Between the fitted Q alone and SN-DR: the first steps are weighed and the rest is left to Q, in the blend with the smallest estimated squared error.',
    assumes: 'Its interval takes the blend as given and leaves the bias of Q’s share out.',
  },
  smis: {
    short: 'SMIS',
    name: 'State-marginal importance sampling',
    meaning: 'Rewards are weighted by how much more often the policy visits the state, times one decision’s ratio.',
    assumes: `Right if the state is all that the future depends on, and ${LOGGED}.`,
  },
  samis: {
    short: 'SAMIS',
    name: 'State-action-marginal importance sampling',
    meaning: 'Rewards are weighted by how much more often the policy does this in this state. It uses no propensities.',
    assumes: 'Right if the state is all that rewards and the future depend on.',
  },
  mwl: {
    short: 'MWL',
    name: 'Minimax weight learning, linear',
    meaning:
      'Weights that balance every linear function of the features between what was logged and what the policy visits.',
    assumes: 'Right if the weights or Q are linear in the features.',
  },
  cdIs: {
    short: 'CD-IS',
    name: 'Weighted distribution of the return',
    meaning:
      'The share of the weight at or below each return, clipped and made monotone; what the weights do not place counts as the largest return.',
    assumes: `Right if ${LOGGED}.`,
  },
  cdSn: {
    short: 'CD-SN',
    name: 'Self-normalised distribution of the return',
    meaning: 'As CD-IS, divided by the sum of the weights.',
    assumes: `Right in the limit of many units if ${LOGGED}.`,
  },
  cdDm: {
    short: 'CD-DM',
    name: 'Modelled distribution of the return',
    meaning: 'What a model of the returns says of the actions that the policy would begin with.',
    assumes: 'Right only if the guesses and the errors around them are.',
  },
  cdDr: {
    short: 'CD-DR',
    name: 'Doubly robust distribution of the return',
    meaning: 'CD-DM, corrected at each return by the weighted errors of the model on what was logged.',
    assumes: `Right if ${LOGGED}, or the model is right.`,
  },
};
