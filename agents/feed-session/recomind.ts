import { GymError, complaint, suggestion } from '../../core/check.js';
import type { Rng } from '../../core/random.js';
import type { EnvSpec } from '../../envs/contract.js';
import type { AgentKind, BuiltOn } from '../contract.js';
import { OnPolicyAgent, activationOf, type Learner, type OnPolicyParts } from '../on-policy.js';
import { ppoUpdate, type PpoSettings } from '../ppo.js';
import { reinforceUpdate } from '../reinforce.js';
import { cloneUpdate } from './clone.js';
import { explorationOf } from './exploration.js';
import { FeedNetworks, type FeedNetworksOptions } from './networks.js';
import { expectLayout, feedPlaces } from './places.js';
import { qResidual } from './q-residual.js';
import { SupervisedScores, rankerOf } from './scores.js';
import { watchedMeans } from './watched.js';

/** Names of the ways to learn. */
export const RECOMIND_LEARNERS = ['reinforce', 'ppo', 'q-residual'] as const;
/** Names of the ways to start. */
export const BOOTSTRAPS = ['residual', 'scratch', 'clone'] as const;

/** Beside what PPO has (`clip`, `lambda`, `epochs` and `minibatch` are read by the learners that know them): */
export interface RecomindSettings extends PpoSettings {
  /**
   * Steps of every world between two updates. `reinforce` takes one gradient step over all steps × worlds × K
   * candidates at once: some 4 kB of memory per candidate scored. 4 to 32.
   */
  readonly steps: number;
  /** Adam's step size at the start. 5e-3 to 1e-2 for reinforce, 1e-3 to 5e-3 for the others. */
  readonly learningRate: number;
  /** reinforce, ppo or q-residual. */
  readonly learner: string;
  /** residual: starts as the ranker; scratch: near uniform, without it; clone: scratch, first taught by the ranker. */
  readonly bootstrap: string;
  /** Lessons that teach the ranker's choices before others do, with `clone`. 5 to 50. */
  readonly cloneUpdates: number;
  /** top-k, epsilon-catalogue, top-k-inject, uniform-catalogue or cluster-item. */
  readonly exploration: string;
  /** m: how many candidates, the last ones, the env draws from the whole catalogue. Not read by uniform-catalogue. */
  readonly injected: number;
  /** Chance of an injected candidate, with `epsilon-catalogue`. 0.01 to 0.3. */
  readonly epsilon: number;
  /** κ: what a difference of 1 in f (for q-residual: in Q) counts in a score, in nats. 5 to 50. */
  readonly sharpness: number;
  /** T: scores are divided by it before they become chances. 0.3 to 3. */
  readonly temperature: number;
  /** Weight per outcome in the ranker's expected reward f; empty for the main outcome alone. */
  readonly scoreWeights: Readonly<Record<string, number>>;
  /** Reward that an f of 1 stands for, with `q-residual`. */
  readonly valueScale: number;
  /** Lessons from one copy of the target network to the next, with `q-residual`. 1 to 20. */
  readonly targetEvery: number;
}

const defaults: RecomindSettings = {
  learner: 'reinforce',
  bootstrap: 'residual',
  cloneUpdates: 10,
  exploration: 'top-k',
  injected: 0,
  epsilon: 0.1,
  sharpness: 20,
  temperature: 1,
  scoreWeights: {},
  valueScale: 1,
  targetEvery: 5,
  steps: 8,
  minibatch: 256,
  epochs: 4,
  discount: 0.95,
  lambda: 0.9,
  learningRate: 5e-3,
  learningRateEnd: 0,
  clip: 0.2,
  clipEnd: 0.2,
  valueWeight: 0.5,
  entropyWeight: 0,
  standardise: true,
  clipNorm: 1,
  hidden: [64, 32],
  activation: 'relu',
};

/**
 * Reinforcement learning of whole sessions on top of a serving ranker, after RecoMind (Ben Ayed et al. 2025,
 * arXiv 2508.00201; the details are a reconstruction). Retrieval gives the candidates, and
 *
 *     z(s, a) = κ · f(s, a) + h_θ(s, a),   π(a | s) = softmax(z / T) over the candidates of the exploration strategy
 *
 * where f is the ranker's expected immediate reward and h_θ starts at exactly 0: before the first update the greedy
 * choice is the ranker's, item for item. γ = `discount`; γ = 0 is the myopic control. With `q-residual`,
 * Q_θ = valueScale · f + h_θ and z = κ · Q_θ.
 */
export const recomind: AgentKind<RecomindSettings> = {
  summary: 'feed sessions: learns what the ranker misses of whole sessions, as a correction of its scores',
  defaults,
  make: (spec, settings, random, totalSteps, built) => {
    const { learner } = settings;
    if (!RECOMIND_LEARNERS.some((known) => known === learner)) throw unknown('learner', learner, RECOMIND_LEARNERS);
    const options = optionsOf(spec, settings, built);
    const networks = (source: Rng): FeedNetworks => new FeedNetworks(options, source);
    const own = networks(random.fork('networks'));
    return new OnPolicyAgent(
      {
        id: 'recomind',
        networks: () => own,
        prepare: (parts) => {
          const main = learnerOf(settings, own, () => networks(random.fork('target')), parts);
          return watched(withClone(settings, own, main, parts));
        },
      },
      spec,
      settings,
      random,
      totalSteps,
    );
  },
};

function learnerOf(
  settings: RecomindSettings,
  networks: FeedNetworks,
  twin: () => FeedNetworks,
  parts: OnPolicyParts,
): Learner {
  switch (settings.learner) {
    case 'ppo':
      return { update: ppoUpdate(settings, parts) };
    case 'q-residual':
      return qResidual(settings, networks, twin(), parts);
    default:
      return { update: reinforceUpdate(settings, parts) };
  }
}

/** The first lessons teach the ranker's choices, where that is asked for. */
function withClone(
  settings: RecomindSettings,
  networks: FeedNetworks,
  learner: Learner,
  parts: OnPolicyParts,
): Learner {
  if (settings.bootstrap !== 'clone') return learner;
  const teach = cloneUpdate(settings, networks, parts);
  return {
    ...learner,
    update: (lesson) => (lesson.index < settings.cloneUpdates ? teach(lesson) : learner.update(lesson)),
  };
}

/** Adds what the policy that gathered a lesson had become. */
function watched(learner: Learner): Learner {
  return { ...learner, update: (lesson) => ({ ...learner.update(lesson), ...watchedMeans(lesson.trajectory) }) };
}

function optionsOf(spec: EnvSpec, settings: RecomindSettings, built: BuiltOn | undefined): FeedNetworksOptions {
  const { bootstrap, learner, sharpness, temperature, valueScale, hidden, activation, scoreWeights } = settings;
  const { injected, exploration } = settings;
  if (!BOOTSTRAPS.some((known) => known === bootstrap)) throw unknown('bootstrap', bootstrap, BOOTSTRAPS);
  const places = feedPlaces('recomind', spec);
  for (const [key, value] of Object.entries({ sharpness, temperature, valueScale })) positive(key, value);
  for (const [key, value] of Object.entries({ targetEvery: settings.targetEvery, layers: hidden.length })) {
    if (!(Number.isInteger(value) && value >= 1)) throw refuse(key, 'a whole number of at least 1', String(value));
  }
  if (learner === 'q-residual' && places.size > 1) {
    throw refuse('learner', 'reinforce or ppo', `q-residual in an env of slates of ${places.size}`);
  }
  const hint = ", or set bootstrap to 'scratch'";
  const scores =
    bootstrap === 'scratch'
      ? undefined
      : new SupervisedScores('recomind', places, rankerOf('recomind', built, hint), scoreWeights);
  if (built?.ranker !== undefined) expectLayout('recomind', places, built.ranker.layout);
  const unit = learner === 'q-residual' ? sharpness : 1;
  const ranked = learner === 'q-residual' ? sharpness * valueScale : sharpness;
  const free = exploration === 'uniform-catalogue';
  return {
    places,
    exploration: explorationOf('recomind', places, free ? { ...settings, injected: 0 } : settings),
    injected: free ? undefined : injected,
    scores,
    shared: built?.ranker?.layout.shared ?? Math.min(places.U, places.F),
    scale: { f: bootstrap === 'residual' ? ranked : 0, h: unit },
    sharpness,
    temperature,
    hidden,
    activation: activationOf('recomind', activation),
  };
}

function positive(key: string, value: number): void {
  if (!(value > 0 && Number.isFinite(value))) throw refuse(key, 'a number above 0', String(value));
}

function refuse(key: string, expected: string, received: string): GymError {
  return complaint('config', { where: `agent recomind: ${key}`, expected, received });
}

function unknown(key: string, name: string, known: readonly string[]): GymError {
  return new GymError('config', `agent recomind: ${key}: No ${key} called '${name}'. ${suggestion(name, known)}`);
}
