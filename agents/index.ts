import { importanceWeighted } from './ad-utility/importance-weighted.js';
import { linearBandit } from './ad-utility/linear-bandit.js';
import { rewardLikelihood } from './ad-utility/reward-likelihood.js';
import { valueRegression } from './ad-utility/value-regression.js';
import { mmr } from './feed-session/mmr.js';
import { recomind } from './feed-session/recomind.js';
import { supervised } from './feed-session/supervised.js';
import { logPolicyGradient } from './log-policy-gradient/learner.js';
import { ppo } from './ppo.js';
import { randomAgent } from './random.js';
import { reinforce } from './reinforce.js';
import { slateScorer } from './slate-scorer.js';

export type * from './contract.js';
export * from './ad-utility/fit-log.js';
export * from './ad-utility/importance-weighted.js';
export * from './ad-utility/linear-bandit.js';
export * from './ad-utility/refreshed.js';
export * from './ad-utility/reward-likelihood.js';
export * from './ad-utility/scored-policy.js';
export * from './ad-utility/static-policy.js';
export { alphaSweep, type ValuePolicy } from './ad-utility/value-policy.js';
export * from './ad-utility/value-regression.js';
export * from './feed-session/mmr.js';
export * from './feed-session/places.js';
export * from './feed-session/recomind.js';
export * from './feed-session/scores.js';
export * from './feed-session/supervised.js';
export * from './log-policies/frequencies.js';
export * from './log-policies/greedy.js';
export * from './log-policies/popular.js';
export * from './log-policies/uniform.js';
export * from './log-policy-gradient/learner.js';
export * from './on-policy.js';
export * from './policy/head.js';
export * from './policy/heads.js';
export * from './policy/networks.js';
export type * from './preference/contract.js';
export * from './preference/learner.js';
export * from './preference/losses/index.js';
export * from './preference/models/choice.js';
export * from './preference/models/choice-file.js';
export * from './preference/models/network.js';
export * from './ppo.js';
export * from './preference/language/alignment.js';
export * from './preference/language/byte-pairs.js';
export * from './preference/language/decoder.js';
export * from './preference/language/model-file.js';
export * from './preference/language/pretraining.js';
export * from './preference/language/sampling.js';
export * from './preference/language/token-rows.js';
export * from './random.js';
export * from './reinforce.js';
export * from './returns.js';
export * from './slate-scorer.js';

/** Agents that act in envs, by the name a config gives them. */
export const agents = {
  random: randomAgent,
  reinforce,
  ppo,
  'slate-scorer': slateScorer,
  supervised,
  mmr,
  recomind,
} as const;

/** Learners of policies from logs, by the name a config gives them. */
export const logLearners = {
  'log-policy-gradient': logPolicyGradient,
  'reward-likelihood': rewardLikelihood,
  'importance-weighted': importanceWeighted,
  'value-regression': valueRegression,
  'linear-bandit': linearBandit,
} as const;
