import { hash32, stream } from '../../core/random.js';
import { completeSettings } from '../../core/settings.js';
import { DWELL, populationOf, type SessionRows } from '../../logs/feed-session/replay.js';
import type { Log } from '../../logs/record.js';
import type { EnvReward } from '../../envs/reward.js';
import type { ResponseModel } from '../../reward-models/feed-session/contract.js';
import { misspecify } from '../../reward-models/feed-session/misspecify.js';
import { compileReward } from '../../reward-models/formula.js';
import type { FeedPeople } from '../../simulators/feed-session/contract.js';
import { learnedPeople } from '../../simulators/feed-session/learned.js';
import { feedWorldDefaults } from '../../simulators/feed-session/settings.js';
import { FeedWorld } from '../../simulators/feed-session/world.js';
import type { FeedExperiment } from '../config/feed-schema.js';
import { dealUsers, fitArtefact, HELD_OUT, type Artefact } from './artefacts.js';
import type { Keep } from '../run/keep.js';
import { judgeSimulator } from './judging.js';
import type { RealismReport } from './realism/contract.js';
import { refuseUnlessForced } from './realism/verdict.js';
import { gatheringToBytes } from './people-file.js';
import { setScene, type Scene } from './scene.js';
import { serveWorld } from './serving.js';

/** File of who comes to the simulator and what it can show. */
export const POPULATION_FILE = 'population.safetensors';

export interface SeedRequest {
  readonly experiment: FeedExperiment;
  readonly seed: number;
  /** The log, where no world writes one. */
  readonly log?: Log;
  readonly keep?: Keep;
  /** Folder in which trainings are kept. */
  readonly checkpoints?: string;
  readonly onProgress?: (stage: string, done: number, total: number, note: string) => void;
}

/** Everything before the first policy learns. */
export interface Prepared {
  readonly world: FeedPeople | undefined;
  readonly log: Log;
  /** Sessions by artefact, and of the users of none. */
  readonly parts: Readonly<Record<string, SessionRows>>;
  readonly artefacts: Readonly<Record<string, Artefact>>;
  /** What retrieves and ranks in production. */
  readonly production: Artefact;
  readonly realism: RealismReport;
  /** Where policies learn, and where they are tried in the end; both with production's retrieval. */
  readonly simulated: Scene;
  readonly judged: Scene;
}

/**
 * From a world (or a log) to a simulator that may be trained in.
 *
 * @throws a data error when the simulator is refused and the experiment does not force it
 */
export async function prepareSeed({ experiment, seed, keep, onProgress, ...request }: SeedRequest): Promise<Prepared> {
  const tell = (stage: string, note: string): void => onProgress?.(stage, 0, 1, note);
  const keeping = keep === undefined ? {} : { keep };
  const world = worldOf(experiment, seed);
  const reward = await rewardOf(experiment, world?.layout.outcomes ?? request.log?.schema.outcomes ?? []);
  if (world === undefined) tell('log', 'stored log');
  const served =
    world === undefined
      ? undefined
      : await serveWorld(world, experiment, { seed, ...keeping, onProgress: (note) => tell('log', note) });
  const log = served?.log ?? request.log;
  if (log === undefined) throw new Error('feed seed: neither a world nor a log');
  const parts = dealUsers(log, experiment, `feed/deal/${seed}`);
  const artefacts: Record<string, Artefact> = {};
  for (const [name, settings] of Object.entries(experiment.artefacts)) {
    tell('models', name);
    const random = stream(seed).fork(`artefact ${name}`);
    artefacts[name] = await fitArtefact({ name, sessions: parts[name], settings, random, ...keeping });
  }
  const { ranker, simulator, env: settings } = experiment;
  const { tower } = artefacts[ranker];
  const model = faulty(artefacts[simulator].response, experiment);
  const people = peopleOf(parts[simulator], model);
  const { catalogue } = parts[simulator];
  await keep?.write(POPULATION_FILE, gatheringToBytes({ population: populationOf(parts[simulator]), catalogue }));
  tell('realism', 'held-out sessions');
  const held = { heldOut: parts[HELD_OUT], served: served?.served };
  const realism = judgeSimulator({ experiment, people, model, log, ...held, seed });
  refuseUnlessForced(realism, experiment.realism.force);
  const shared = { tower, settings, reward };
  return {
    ...{ world, log, parts, artefacts, production: artefacts[ranker], realism },
    simulated: setScene({ people, ...shared }),
    judged: setScene({ people: world ?? judgeOf(experiment, parts, artefacts), ...shared }),
  };
}

/** The generated world of a seed; nothing where the log comes from elsewhere. */
export function worldOf({ source }: FeedExperiment, seed: number): FeedPeople | undefined {
  if (source.from !== 'world') return undefined;
  const settings = completeSettings(
    'source: settings',
    { ...feedWorldDefaults, seed: hash32(`feed/world/${seed}`) },
    source.settings,
  );
  return new FeedWorld(settings);
}

/** The reward of an experiment; nothing where it is the main outcome. */
export async function rewardOf({ reward }: FeedExperiment, named: readonly string[]): Promise<EnvReward | undefined> {
  const outcomes = named.filter((name) => name !== DWELL);
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

/** The model with the faults that the experiment puts into it. */
export function faulty(model: ResponseModel, { misspecify: faults }: FeedExperiment): ResponseModel {
  if (faults === undefined) return model;
  const { exitSign: sign, exitScale: scale, ignoreFatigue } = faults;
  return misspecify(model, { exit: { sign, scale, ignoreFatigue } });
}
