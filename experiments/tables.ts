import type {
  Agent,
  AgentKind,
  BuiltOn,
  LearnedPolicy,
  LogLearnRequest,
  LogLearner,
  LogPolicy,
} from '../agents/contract.js';
import type { StreamingLearner, StreamRequest } from '../agents/ad-utility/fit-log.js';
import { agents as agentKinds, logLearners as learnerKinds } from '../agents/index.js';
import type { Rng } from '../core/random.js';
import { completeSettings, type SettingsRecord } from '../core/settings.js';
import type { EnvSpec } from '../envs/contract.js';
import type { FitRequest, FittedModel, RewardModelKind } from '../reward-models/contract.js';
import { crossFit, type CrossFitRequest, type CrossFit } from '../reward-models/cross-fit.js';
import { rewardModels as modelKinds } from '../reward-models/index.js';
import type { LoggedWorld, LoggedWorldKind } from '../simulators/contract.js';
import { worlds as worldKinds } from '../simulators/index.js';

/**
 * The names that a config can use, and what they stand for. Each entry knows its defaults and takes settings as plain
 * values; `with` checks them (a mistyped key is answered with the nearest one) and returns the thing to use.
 */
export interface Entry<T> {
  readonly summary: string;
  readonly defaults: object;
  readonly with: (given: SettingsRecord) => T;
}

function entry<S extends object, T>(
  where: string,
  kind: { readonly summary: string; readonly defaults: S },
  use: (settings: S) => T,
): Entry<T> {
  const { summary, defaults } = kind;
  return { summary, defaults, with: (given) => use(completeSettings(where, defaults, given)) };
}

/** A reward model with its settings in place. */
export interface ReadyModel {
  readonly load: (bytes: Uint8Array) => FittedModel;
  readonly fit: (request: Omit<FitRequest<never>, 'settings'>) => FittedModel;
  readonly crossFit: (request: Omit<CrossFitRequest<never>, 'settings' | 'kind'>) => CrossFit;
}

function modelEntry<S extends object>(name: string, kind: RewardModelKind<S>): Entry<ReadyModel> {
  return entry(`rewardModel ${name}`, kind, (settings) => ({
    load: (bytes) => kind.load(bytes),
    fit: (request) => kind.fit({ ...request, settings }),
    crossFit: (request) => crossFit({ ...request, kind, settings }),
  }));
}

export const rewardModels: Readonly<Record<string, Entry<ReadyModel>>> = {
  logistic: modelEntry('logistic', modelKinds.logistic),
  mlp: modelEntry('mlp', modelKinds.mlp),
};

/** A learner of policies from logs with its settings in place. */
export interface ReadyLearner {
  readonly fit: (request: Omit<LogLearnRequest<never>, 'settings'>) => LearnedPolicy;
  /** Reads its rows piece by piece; absent for learners that need the log in memory. */
  readonly stream?: (request: Omit<StreamRequest<never>, 'settings'>) => Promise<LearnedPolicy>;
  readonly load: (bytes: Uint8Array) => LogPolicy;
}

function learnerEntry<S extends object>(
  name: string,
  learner: LogLearner<S> | StreamingLearner<S>,
): Entry<ReadyLearner> {
  return entry(`policy ${name}`, learner, (settings) => ({
    fit: (request) => learner.fit({ ...request, settings }),
    ...('stream' in learner ? { stream: (request) => learner.stream({ ...request, settings }) } : {}),
    load: (bytes) => learner.load(bytes),
  }));
}

export const logLearners: Readonly<Record<string, Entry<ReadyLearner>>> = {
  'log-policy-gradient': learnerEntry('log-policy-gradient', learnerKinds['log-policy-gradient']),
  'reward-likelihood': learnerEntry('reward-likelihood', learnerKinds['reward-likelihood']),
  'importance-weighted': learnerEntry('importance-weighted', learnerKinds['importance-weighted']),
  'value-regression': learnerEntry('value-regression', learnerKinds['value-regression']),
  'linear-bandit': learnerEntry('linear-bandit', learnerKinds['linear-bandit']),
};

/**
 * Makes an agent for a world; `totalSteps` counts the steps over all worlds that it will see, `built` holds the models
 * that some agents need.
 */
export type MakeAgent = (spec: EnvSpec, random: Rng, totalSteps: number, built?: BuiltOn) => Agent;

function agentEntry<S extends object>(name: string, kind: AgentKind<S>): Entry<MakeAgent> {
  return entry(
    `agent ${name}`,
    kind,
    (settings) => (spec, random, totalSteps, built) => kind.make(spec, settings, random, totalSteps, built),
  );
}

export const agents: Readonly<Record<string, Entry<MakeAgent>>> = {
  random: agentEntry('random', agentKinds.random),
  reinforce: agentEntry('reinforce', agentKinds.reinforce),
  ppo: agentEntry('ppo', agentKinds.ppo),
  'slate-scorer': agentEntry('slate-scorer', agentKinds['slate-scorer']),
  supervised: agentEntry('supervised', agentKinds.supervised),
  mmr: agentEntry('mmr', agentKinds.mmr),
  recomind: agentEntry('recomind', agentKinds.recomind),
};

function worldEntry<S extends object>(name: string, kind: LoggedWorldKind<S>): Entry<(random: Rng) => LoggedWorld> {
  return entry(`world ${name}`, kind, (settings) => (random) => kind.make(settings, random));
}

export const worlds: Readonly<Record<string, Entry<(random: Rng) => LoggedWorld>>> = {
  'click-world': worldEntry('click-world', worldKinds['click-world']),
};
