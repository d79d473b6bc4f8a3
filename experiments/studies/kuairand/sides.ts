import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hash32, stream } from '../../../core/random.js';
import { populationOf, sessionRows, type SessionRows } from '../../../logs/feed-session/replay.js';
import { loadLog, type Log } from '../../../logs/index.js';
import type { ResponseModel } from '../../../reward-models/feed-session/contract.js';
import { responseModel } from '../../../reward-models/feed-session/response.js';
import type { FeedPeople } from '../../../simulators/feed-session/contract.js';
import { learnedPeople } from '../../../simulators/feed-session/learned.js';
import { earlySessions } from '../../feed-session/artefacts.js';

/** The file of the published slice in the folder that `--data` names. */
export const SLICE = 'kuairand27k_like_hate_kcore15.tsv';

/**
 * Who is for what, by hash of the user. Half one: the ranker's users, and those that simulator A is fitted on. Half two:
 * those that simulator B is fitted on, and others who are met in B and judge it.
 */
type Part = 'ranker' | 'simulator A' | 'simulator B' | 'met in B';
/** Where each part ends on [0, 1). */
const ENDS = [0.25, 0.5, 0.85, 1];

/** Users and sessions of each part, all after the log's first fifth, in which rows are counted for features. */
export type Sides = Readonly<Record<Part, SessionRows>>;

export async function importSlice(folder: string): Promise<Log> {
  const scratch = await mkdtemp(join(tmpdir(), 'recsys-gym-'));
  try {
    const store = join(scratch, 'kuairand.sqlite');
    return (await loadLog({ path: join(folder, SLICE), format: 'kuairand', store })).log;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

export function dealUsers(log: Log, seed: number): Sides {
  const early = earlySessions(log);
  const part = log.users.values.map((user) => {
    const u = hash32(`kuairand/${seed}/${user}`) / 2 ** 32;
    return ENDS.findIndex((end) => u < end);
  });
  const of = (index: number): SessionRows =>
    sessionRows(log, { keep: (n) => part[log.user[n]] === index && early[log.session[n]] === 0 });
  return { ranker: of(0), 'simulator A': of(1), 'simulator B': of(2), 'met in B': of(3) };
}

/** Models fitted on users of their own, and two simulators with people that their models never saw. */
export interface Fitted {
  readonly ranker: ResponseModel;
  readonly modelA: ResponseModel;
  readonly modelB: ResponseModel;
  readonly peopleA: FeedPeople;
  readonly peopleB: FeedPeople;
}

export function fitSides(sides: Sides, seed: number): Fitted {
  const fit = (part: Part): ResponseModel =>
    responseModel.fit({
      sessions: sides[part],
      split: part,
      settings: { ...responseModel.defaults, batch: 256, epochs: 20 },
      random: stream(seed).fork('kuairand').fork(part),
    });
  const people = (model: ResponseModel, met: Part): FeedPeople =>
    learnedPeople({ model, population: populationOf(sides[met]), catalogue: sides[met].catalogue });
  const [ranker, modelA, modelB] = [fit('ranker'), fit('simulator A'), fit('simulator B')];
  return { ranker, modelA, modelB, peopleA: people(modelA, 'ranker'), peopleB: people(modelB, 'met in B') };
}
