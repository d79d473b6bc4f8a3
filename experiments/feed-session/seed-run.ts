import type { Agent, Metrics } from '../../agents/contract.js';
import { choose } from '../../core/check.js';
import { hash32, stream } from '../../core/random.js';
import type { EnvSpec } from '../../envs/contract.js';
import { compileReward, type Reward } from '../../reward-models/formula.js';
import { DWELL, populationOf, type SessionRows } from '../../logs/feed-session/replay.js';
import type { Log } from '../../logs/record.js';
import type { ResponseCard, ResponseModel } from '../../reward-models/feed-session/contract.js';
import { misspecify } from '../../reward-models/feed-session/misspecify.js';
import type { FeedPeople } from '../../simulators/feed-session/contract.js';
import { learnedPeople } from '../../simulators/feed-session/learned.js';
import { FeedWorld } from '../../simulators/feed-session/world.js';
import { feedWorldDefaults } from '../../simulators/feed-session/settings.js';
import { completeSettings } from '../../core/settings.js';
import type { FeedExperiment } from '../config/feed-schema.js';
import type { DataSection } from '../contract.js';
import { train, type Checkpoint } from '../online/train.js';
import { readCheckpoint, writeCheckpoint, type SeedCurve } from '../run/seed-checkpoint.js';
import { agents } from '../tables.js';
import { dealUsers, fitArtefact, HELD_OUT, type Artefact, type Keep } from './artefacts.js';
import { judgeSimulator } from './judging.js';
import type { RealismReport } from './realism/contract.js';
import { refuseUnlessForced } from './realism/verdict.js';
import { feedEnv, otherSettings, setScene, type Scene } from './scene.js';
import { PLAYED_TOGETHER, serveWorld } from './serving.js';
import { tryPolicies, type Contestant, type Tried } from './trying.js';

export interface SeedRequest {
  readonly experiment: FeedExperiment;
  readonly seed: number;
  /** The log, where it is stored. */
  readonly log?: Log;
  readonly keep?: Keep;
  /** File in which the training is kept. */
  readonly checkpoint?: string;
  readonly onProgress?: (stage: string, done: number, total: number, note: string) => void;
}

/** What one seed came to, as plain data. */
export interface FeedSeedResult {
  readonly seed: number;
  readonly world: string;
  readonly logHash: string;
  /** Where the log has propensities. */
  readonly data: Omit<DataSection, 'splits'> | undefined;
  readonly splits: readonly { readonly name: string; readonly sessions: number; readonly rows: number }[];
  readonly cards: Readonly<Record<string, ResponseCard>>;
  readonly curve: readonly { readonly step: number; readonly metrics: Metrics }[];
  /** The simulator, held against sessions that nobody was fitted on. */
  readonly realism: RealismReport;
  /** In the world (or the judge), and in the simulator that the policy learned in. */
  readonly tried: Tried;
  readonly expected: Tried;
}

/** Name of the learned policy in results. */
export const learnedName = ({ agent }: FeedExperiment): string => agent.name ?? agent.id;

/** One seed from its world (or log) to its tested policy. */
export async function runFeedSeed(request: SeedRequest): Promise<FeedSeedResult> {
  const { experiment, seed, keep, onProgress } = request;
  const tell = (stage: string, note: string): void => onProgress?.(stage, 0, 1, note);
  const world = worldOf(experiment, seed);
  tell('log', world?.about ?? 'stored log');
  const served = world === undefined ? undefined : await serveWorld(world, experiment, { seed, ...keeping(keep) });
  const log = served?.log ?? request.log;
  if (log === undefined) throw new Error('feed seed: neither a world nor a log');
  const parts = dealUsers(log, experiment, `feed/deal/${seed}`);
  const artefacts: Record<string, Artefact> = {};
  for (const [name, settings] of Object.entries(experiment.artefacts)) {
    tell('models', name);
    artefacts[name] = await fitArtefact({
      ...{ name, sessions: parts[name], settings, random: stream(seed).fork(`artefact ${name}`) },
      ...keeping(keep),
    });
  }
  const reward = await rewardOf(experiment, log);
  const production = artefacts[experiment.ranker];
  const model = faulty(artefacts[experiment.simulator].response, experiment);
  const people = peopleOf(parts[experiment.simulator], model);
  tell('realism', 'held-out sessions');
  const heldOut = parts[HELD_OUT];
  const realism = judgeSimulator({ experiment, people, model, log, heldOut, served: served?.served, seed });
  refuseUnlessForced(realism, experiment.realism.force);
  const simulated = setScene({ people, tower: production.tower, settings: experiment.env, reward });
  const learned = learn(request, simulated, production);
  const judged = setScene({
    people: world ?? judgeOf(experiment, parts, artefacts),
    tower: production.tower,
    settings: experiment.env,
    reward,
  });
  const tryIn = (scene: Scene, place: string, count: number): Tried =>
    tryIt(request, { scene, place, count, production, learned: learned.agent });
  return {
    seed,
    world: world?.about ?? log.schema.source,
    logHash: log.hash,
    data: dataOf(log, experiment),
    splits: Object.entries(parts).map(([name, { starts, row }]) => ({
      name,
      sessions: starts.length - 1,
      rows: row.length,
    })),
    cards: Object.fromEntries(Object.entries(artefacts).map(([name, { response }]) => [name, response.card])),
    realism,
    curve: learned.curve,
    tried: tryIn(
      judged,
      world === undefined ? 'the second simulator' : 'the generated world',
      experiment.evaluation.sessions,
    ),
    expected: tryIn(simulated, 'the simulator it learned in', Math.ceil(experiment.evaluation.sessions / 2)),
  };
}

/** The log in numbers; nothing where it has no propensities. */
function dataOf(log: Log, { reward }: FeedExperiment): FeedSeedResult['data'] {
  if (!log.schema.hasPropensity || log.rows === 0) return undefined;
  const { propensity, outcomes } = log;
  const mean = (values: ArrayLike<number>): number => {
    let sum = 0;
    for (let n = 0; n < values.length; n++) sum += values[n] / values.length;
    return sum;
  };
  return {
    source: log.schema.source,
    rows: log.rows,
    actions: log.actions.values.length,
    rewardFormula: reward,
    rewardRate: {
      ...{ value: mean(outcomes[0]), standardError: null, interval: null },
      method: `mean of ${log.schema.outcomes[0]} over rows, which depend on each other inside a session`,
    },
    propensity: {
      min: propensity.reduce((a, b) => Math.min(a, b)),
      mean: mean(propensity),
      max: propensity.reduce((a, b) => Math.max(a, b)),
    },
  };
}

const keeping = (keep: Keep | undefined): { keep?: Keep } => (keep === undefined ? {} : { keep });

function worldOf({ source }: FeedExperiment, seed: number): FeedPeople | undefined {
  if (source.from !== 'world') return undefined;
  const settings = completeSettings(
    'source: settings',
    { ...feedWorldDefaults, seed: hash32(`feed/world/${seed}`) },
    source.settings,
  );
  return new FeedWorld(settings);
}

async function rewardOf(
  { reward }: FeedExperiment,
  log: Log,
): Promise<(Reward & { readonly text: string }) | undefined> {
  const outcomes = log.schema.outcomes.filter((name) => name !== DWELL);
  if (reward === outcomes[0]) return undefined;
  return { ...(await compileReward(reward, [...outcomes, DWELL])), text: reward };
}

function judgeOf(
  { judge, simulator }: FeedExperiment,
  parts: Readonly<Record<string, SessionRows>>,
  artefacts: Readonly<Record<string, Artefact>>,
): FeedPeople {
  return peopleOf(parts[judge ?? simulator], artefacts[judge ?? simulator].response);
}

function peopleOf(sessions: SessionRows, model: ResponseModel): FeedPeople {
  return learnedPeople({ model, population: populationOf(sessions), catalogue: sessions.catalogue });
}

function faulty(model: ResponseModel, { misspecify: faults }: FeedExperiment): ResponseModel {
  if (faults === undefined) return model;
  const { exitSign: sign, exitScale: scale, ignoreFatigue } = faults;
  return misspecify(model, { exit: { sign, scale, ignoreFatigue } });
}

interface Learned {
  readonly agent: (spec: EnvSpec) => Agent;
  readonly curve: FeedSeedResult['curve'];
}

/** Trains the agent in the simulator, going on from its last checkpoint where there is one. */
function learn({ experiment, seed, checkpoint, onProgress }: SeedRequest, scene: Scene, production: Artefact): Learned {
  const { agent, train: run, trainEnv } = experiment;
  const env = feedEnv(otherSettings(scene, trainEnv), run.worlds);
  const make = choose('agent', agents, agent.id).with(agent.settings);
  // In production nothing is injected, and the best known item is shown.
  const explores = agent.id === 'recomind' ? { exploration: 'top-k', injected: 0 } : {};
  const served = choose('agent', agents, agent.id).with({ ...agent.settings, ...explores });
  const built = { ranker: production.response };
  const learner = make(env.spec, stream(seed).fork('agent'), run.steps, built);
  const known = checkpoint === undefined ? undefined : readCheckpoint(checkpoint);
  const curve: SeedCurve = known?.curve ?? [];
  const remember = (state: Checkpoint): void => {
    if (checkpoint !== undefined) writeCheckpoint(checkpoint, state, curve);
  };
  const end = train({
    ...{ env, agent: learner, seed: hash32(`feed/train/${seed}`), totalSteps: run.steps },
    ...(known === undefined ? {} : { resume: known.state }),
    checkpointEvery: run.checkpointEvery,
    onCheckpoint: remember,
    onMetrics: (step, metrics) => {
      curve.push({ step, metrics: { ...metrics } });
      const note = 'meanReturn' in metrics ? `return ${metrics['meanReturn'].toPrecision(4)}` : '';
      onProgress?.('training', step, run.steps, note);
    },
  });
  remember(end);
  return {
    curve,
    agent: (spec) => {
      // The batch is that of the training run, whose unfinished lesson is part of the agent.
      const player = served({ ...spec, batch: run.worlds }, stream(seed).fork('agent'), run.steps, built);
      player.restore(end.agent);
      return player;
    },
  };
}

interface TryIt {
  readonly scene: Scene;
  readonly place: string;
  readonly count: number;
  readonly production: Artefact;
  readonly learned: Learned['agent'];
}

function tryIt({ experiment, seed, onProgress }: SeedRequest, at: TryIt): Tried {
  const { baselines, evaluation } = experiment;
  const env = feedEnv(at.scene, Math.min(PLAYED_TOGETHER, at.count));
  const [control, ...others] = baselines.map(({ id, name, settings }, i): Contestant => {
    const make = choose('agent', agents, id).with(settings);
    const agent = make(env.spec, stream(seed).fork(`baseline ${i}`), 1, { ranker: at.production.response });
    return { name: name ?? id, agent, explore: id === 'random' };
  });
  const own: Contestant = { name: learnedName(experiment), agent: at.learned(env.spec), explore: false };
  return tryPolicies({
    env,
    contestants: [control, own, ...others],
    seed: hash32(`feed/try/${seed}`),
    sessions: at.count,
    level: evaluation.level,
    place: at.place,
    onProgress: (done, note) => onProgress?.(`trying in ${at.place}`, done, others.length + 2, note),
  });
}
