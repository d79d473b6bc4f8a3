import type { Agent, Metrics } from '../../agents/contract.js';
import { choose } from '../../core/check.js';
import { hash32, stream } from '../../core/random.js';
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
import { train, type Checkpoint } from '../online/train.js';
import { agents } from '../tables.js';
import { dealUsers, fitArtefact, HELD_OUT, type Artefact, type Keep } from './artefacts.js';
import { feedEnv, otherSettings, setScene, type Scene } from './scene.js';
import { PLAYED_TOGETHER, serveWorld } from './serving.js';
import { tryPolicies, type Contestant, type Tried } from './trying.js';

export interface SeedRequest {
  readonly experiment: FeedExperiment;
  readonly seed: number;
  /** The log, where it is stored. */
  readonly log?: Log;
  readonly keep?: Keep;
  readonly onProgress?: (stage: string, done: number, total: number, note: string) => void;
}

/** What one seed came to, as plain data. */
export interface FeedSeedResult {
  readonly seed: number;
  readonly world: string;
  readonly log: { readonly name: string; readonly hash: string; readonly rows: number; readonly sessions: number };
  readonly cards: Readonly<Record<string, ResponseCard>>;
  readonly curve: readonly { readonly step: number; readonly metrics: Metrics }[];
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
  const simulated = setScene({
    people: simulatorOf(experiment, parts, artefacts),
    tower: production.tower,
    settings: experiment.env,
    reward,
  });
  const learned = await learn(request, simulated, production);
  const judged = setScene({
    people: world ?? judgeOf(experiment, parts, artefacts),
    tower: production.tower,
    settings: experiment.env,
    reward,
  });
  const sessions = parts[HELD_OUT].starts.length - 1;
  const tryIn = (scene: Scene, place: string, count: number): Tried =>
    tryIt(request, { scene, place, count, production, learned: learned.agent });
  return {
    seed,
    world: world?.about ?? log.schema.source,
    log: { name: log.name, hash: log.hash, rows: log.rows, sessions },
    cards: Object.fromEntries(Object.entries(artefacts).map(([name, { response }]) => [name, response.card])),
    curve: learned.curve,
    tried: tryIn(
      judged,
      world === undefined ? 'the second simulator' : 'the generated world',
      experiment.evaluation.sessions,
    ),
    expected: tryIn(simulated, 'the simulator it learned in', Math.ceil(experiment.evaluation.sessions / 2)),
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

/** The people the policy learns with: the users of the simulator's split, who answer as its model says. */
function simulatorOf(
  experiment: FeedExperiment,
  parts: Readonly<Record<string, SessionRows>>,
  artefacts: Readonly<Record<string, Artefact>>,
): FeedPeople {
  const { simulator } = experiment;
  return peopleOf(parts[simulator], faulty(artefacts[simulator].response, experiment));
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
  readonly agent: (spec: Parameters<Agents>[0]) => Agent;
  readonly curve: FeedSeedResult['curve'];
}

type Agents = (typeof agents)[string]['with'] extends (given: never) => infer M ? M : never;

/** Trains the agent in the simulator, going on from its last checkpoint where there is one. */
async function learn(
  { experiment, seed, onProgress }: SeedRequest,
  scene: Scene,
  production: Artefact,
): Promise<Learned> {
  const { agent, train: run, trainEnv } = experiment;
  const env = feedEnv(otherSettings(scene, trainEnv), run.worlds);
  const make = choose('agent', agents, agent.id).with(agent.settings);
  // In production nothing is injected, and the best known item is shown.
  const explores = agent.id === 'recomind' ? { exploration: 'top-k', injected: 0 } : {};
  const served = choose('agent', agents, agent.id).with({ ...agent.settings, ...explores });
  const built = { ranker: production.response };
  const learner = make(env.spec, stream(seed).fork('agent'), run.steps, built);
  const curve: { step: number; metrics: Metrics }[] = [];
  const end: Checkpoint = train({
    ...{ env, agent: learner, seed: hash32(`feed/train/${seed}`), totalSteps: run.steps },
    onMetrics: (step, metrics) => {
      curve.push({ step, metrics: { ...metrics } });
      const note = 'meanReturn' in metrics ? `return ${metrics['meanReturn'].toPrecision(4)}` : '';
      onProgress?.('training', step, run.steps, note);
    },
  });
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
