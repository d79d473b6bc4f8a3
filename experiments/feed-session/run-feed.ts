import { createHash, type Hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { complaint, messageOf, type GymError } from '../../core/check.js';
import type { ResponseModel } from '../../reward-models/feed-session/contract.js';
import { responseModel } from '../../reward-models/feed-session/response.js';
import { retrievalTower } from '../../reward-models/feed-session/tower.js';
import type { FeedPeople } from '../../simulators/feed-session/contract.js';
import { learnedPeople } from '../../simulators/feed-session/learned.js';
import { feedExperiment, type FeedExperiment } from '../config/feed-schema.js';
import { withoutPlaces } from '../run/provenance.js';
import type { Feed } from './people.js';
import { gatheringFromBytes } from './people-file.js';
import { faulty, POPULATION_FILE, rewardOf, worldOf } from './prepare.js';

/** Which feed of which run. */
export interface FeedOfRun {
  /** Folder of a run of kind feed-session. */
  readonly path: string;
  /** One of its seeds, the first unless given. */
  readonly seed?: number | undefined;
  /** Who plays: the people that the run learned from its log, or the generated world that wrote it. */
  readonly people?: 'learned' | 'world' | undefined;
}

/** The feed of a run, and a name for its bytes. */
export interface FeedRun extends Feed {
  /** First 12 hexadecimal digits of SHA-256 over the run's config and the files that were read. */
  readonly hash: string;
}

/** A finished seed of a run of kind feed-session. */
export interface FinishedSeed {
  readonly experiment: FeedExperiment;
  readonly seed: number;
  /** The bytes of a file that the seed kept. */
  readonly read: (name: string) => Promise<Uint8Array>;
}

/**
 * The feed of a finished run: production's tower finds the items, production's response model ranks, the run's world or
 * learned people answer, and settings and reward are the run's. The people are those that policies learned with, faults
 * that were put into them included. Envs in it need a started backend (core/tensor).
 *
 * @throws a config error when the folder is missing, of another kind or unfinished, or has no such seed or world
 */
export async function openFeedRun(request: FeedOfRun): Promise<FeedRun> {
  const { experiment, seed, read } = await finishedSeed(request);
  const hash = createHash('sha256').update(JSON.stringify([withoutPlaces(experiment), seed]));
  const bytes = async (name: string): Promise<Uint8Array> => hashed(hash, await read(name));
  const { ranker: production } = experiment;
  const tower = retrievalTower.load(await bytes(`${production}-tower.safetensors`));
  const ranker = responseModel.load(await bytes(`${production}-response.safetensors`));
  const people =
    request.people === 'world'
      ? worldOfRun(request, experiment, seed)
      : await learnedOfRun(experiment, bytes, request.path);
  const reward = await rewardOf(experiment, people.layout.outcomes);
  return {
    ...{ people, tower, ranker, settings: experiment.env, hash: hash.digest('hex').slice(0, 12) },
    ...(reward === undefined ? {} : { reward }),
  };
}

/** What ranks in production of a finished run. @throws as `openFeedRun` does */
export async function rankerOfRun(request: FeedOfRun): Promise<ResponseModel> {
  const { experiment, read } = await finishedSeed(request);
  return responseModel.load(await read(`${experiment.ranker}-response.safetensors`));
}

/** A seed of a run, and what it kept. @throws as `openFeedRun` does */
export async function finishedSeed({ path, seed }: FeedOfRun): Promise<FinishedSeed> {
  const experiment = await experimentOf(path);
  const { seeds } = experiment;
  const chosen = seed ?? seeds[0];
  if (!seeds.includes(chosen)) {
    throw refusal(path, `one of its seeds ${seeds.join(', ')}`, `seed ${chosen}`);
  }
  const folder = join(path, 'checkpoints');
  const read = async (name: string): Promise<Uint8Array> => {
    const file = join(folder, `seed-${chosen}`, name);
    const found = await readIfThere(file);
    if (found !== undefined) return found;
    throw refusal(path, `a file ${file}`, 'none', 'Run it again with --overwrite.');
  };
  if ((await readIfThere(join(folder, `seed-${chosen}.json`))) === undefined) {
    const received = `seed ${chosen} without an end`;
    throw refusal(path, 'a finished run', received, `Go on with it: recsys-gym run … --out ${path} --resume.`);
  }
  return { experiment, seed: chosen, read };
}

function refusal(path: string, expected: string, received: string, hint?: string): GymError {
  const known = "'recsys-gym runs list' shows the runs there are.";
  return complaint('config', { where: `feed of run ${path}`, expected, received, try: hint ?? known });
}

async function experimentOf(path: string): Promise<FeedExperiment> {
  const bytes = await readIfThere(join(path, 'config.json'));
  const expected = 'a run of kind feed-session';
  if (bytes === undefined) throw refusal(path, expected, `no ${join(path, 'config.json')}`);
  let identity: unknown;
  try {
    identity = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw refusal(path, expected, `a config.json that is not JSON (${messageOf(error)})`);
  }
  const kind = z.object({ config: z.object({ kind: z.string() }) }).safeParse(identity);
  if (!kind.success) throw refusal(path, expected, 'a config.json of something else');
  if (kind.data.config.kind !== 'feed-session') throw refusal(path, expected, `one of kind ${kind.data.config.kind}`);
  const parsed = z.object({ config: feedExperiment }).safeParse(identity);
  if (parsed.success) return parsed.data.config;
  throw refusal(path, expected, 'one of another version', 'Run it again.');
}

function worldOfRun({ path }: FeedOfRun, experiment: FeedExperiment, seed: number): FeedPeople {
  const world = worldOf(experiment, seed);
  if (world !== undefined) return world;
  throw refusal(path, 'a run whose log a world wrote', `one from a ${experiment.source.from}`, 'Take learned people.');
}

async function learnedOfRun(
  experiment: FeedExperiment,
  read: (name: string) => Promise<Uint8Array>,
  path: string,
): Promise<FeedPeople> {
  const fitted = responseModel.load(await read(`${experiment.simulator}-response.safetensors`));
  const gathering = gatheringFromBytes(await read(POPULATION_FILE), `feed of run ${path}: ${POPULATION_FILE}`);
  return learnedPeople({ model: faulty(fitted, experiment), ...gathering });
}

function hashed(hash: Hash, bytes: Uint8Array): Uint8Array {
  hash.update(bytes);
  return bytes;
}

async function readIfThere(file: string): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await readFile(file));
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined;
    throw complaint('io', { where: file, expected: 'a readable file', received: messageOf(error) }, error);
  }
}
