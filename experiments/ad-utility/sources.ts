import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Rng } from '../../core/random.js';
import { moments } from '../../core/stats/moments.js';
import type { LearnedPolicy } from '../../agents/contract.js';
import { complaint } from '../../core/check.js';
import { openStore, type LogStore } from '../../logs/store/log-store.js';
import type { LogColumns } from '../../logs/store/fields.js';
import type { StoredLog } from '../../logs/store/reader.js';
import type { Log } from '../../logs/record.js';
import { allRows } from '../../logs/split.js';
import type { OnProgress } from '../../reward-models/contract.js';
import type { Reward } from '../../reward-models/formula.js';
import { adLogHead, adLogPieces, writeAdLog, type AdLogRequest } from '../../simulators/ad-market/log.js';
import type { AdMarket } from '../../simulators/ad-market/market.js';
import type { Estimate } from '../contract.js';
import { meanReward } from '../run/log/data.js';
import type { ReadyLearner } from '../tables.js';
import { dayAfter, rewardsOf } from './prepare.js';

/** A log to learn from, in memory or in a file, and how. */
export interface LogSource {
  readonly name: string;
  readonly hash: string;
  readonly rows: number;
  readonly about: string;
  /** The first day that has no part in it. */
  readonly nextDay: number;
  readonly rewardRate: Estimate;
  learn(learner: ReadyLearner, random: Rng, onProgress: OnProgress): Promise<LearnedPolicy>;
}

/** The log in memory. */
export function inMemory(
  market: AdMarket,
  asked: AdLogRequest,
  { name, reward, level }: { readonly name: string; readonly reward: Reward; readonly level: number },
): LogSource {
  return sourceOf(writeAdLog(market, asked, name), reward, level);
}

export function sourceOf(log: Log, reward: Reward, level: number): LogSource {
  const rewards = rewardsOf(log, reward);
  return {
    ...{ name: log.name, hash: log.hash, rows: log.rows, about: log.schema.source },
    nextDay: dayAfter(log.timeMs[log.rows - 1]),
    rewardRate: meanReward(rewards, level),
    learn: (learner, random, onProgress) =>
      Promise.resolve(learner.fit({ log, reward: rewards, rows: allRows(log), random, onProgress })),
  };
}

/**
 * The log in a file: written and read in pieces of up to 4,096 rows, so that memory does not grow with them. One that is
 * there already, from before an interruption, is taken as it is.
 */
export async function inStore(
  store: LogStore,
  market: AdMarket,
  asked: AdLogRequest,
  {
    name,
    reward,
    onProgress,
  }: { readonly name: string; readonly reward: Reward; readonly onProgress?: (done: number) => void },
): Promise<LogSource> {
  const known = (await store.list()).find((log) => log.name === name);
  const stored = known ?? (await writeStored(store, market, asked, name, onProgress));
  const head = await store.head(stored);
  const [last] = (await store.read(name, { from: stored.rows - 1, to: stored.rows })).timeMs;
  const rewardOf = (columns: LogColumns, out: Float64Array): void => {
    reward.evaluate(columns.outcomes, out);
  };
  return {
    ...{ name, hash: stored.hash, rows: stored.rows, about: head.schema.source, nextDay: dayAfter(last) },
    rewardRate: await meanOfPieces(store, stored, rewardOf),
    learn(learner, random, onEpoch) {
      if (learner.stream === undefined) {
        throw complaint('config', {
          where: 'log: keep: store',
          expected: 'learners that read their rows in pieces',
          received: 'one that needs the log in memory',
        });
      }
      const open = (): AsyncIterable<LogColumns> => store.pieces(stored);
      const described = { ...head, name, rows: stored.rows };
      return learner.stream({ head: described, open, reward: rewardOf, random, onProgress: onEpoch });
    },
  };
}

async function writeStored(
  store: LogStore,
  market: AdMarket,
  asked: AdLogRequest,
  name: string,
  onProgress: ((done: number) => void) | undefined,
): Promise<StoredLog> {
  const writer = await store.writer(name);
  try {
    let done = 0;
    for (const piece of adLogPieces(market, asked)) {
      await writer.append(piece);
      onProgress?.((done += piece.rows));
    }
    return await writer.commit(adLogHead(market, asked));
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/** Mean reward with its standard error; pieces are joined by their means and squares (Chan, Golub and LeVeque 1983). */
async function meanOfPieces(
  store: LogStore,
  stored: StoredLog,
  rewardOf: (columns: LogColumns, out: Float64Array) => void,
): Promise<Estimate> {
  let [n, mean, squares] = [0, 0, 0];
  for await (const columns of store.pieces(stored)) {
    const rewards = new Float64Array(columns.rows);
    rewardOf(columns, rewards);
    const part = moments(rewards);
    const away = part.mean - mean;
    const total = n + part.n;
    squares += part.variance * Math.max(0, part.n - 1) + (away * away * n * part.n) / total;
    mean += (away * part.n) / total;
    n = total;
  }
  const standardError = Math.sqrt(squares / Math.max(1, n - 1) / n);
  return { value: mean, standardError, interval: null, method: `mean of ${n} rows` };
}

/** Opens a store in this file, or in one that is gone afterwards. */
export async function withStore<T>(file: string | undefined, use: (store: LogStore) => Promise<T>): Promise<T> {
  const folder = file === undefined ? await mkdtemp(join(tmpdir(), 'recsys-gym-log-')) : undefined;
  const store = await openStore(file ?? join(folder ?? '', 'log.sqlite'));
  try {
    return await use(store);
  } finally {
    await store.close();
    if (folder !== undefined) await rm(folder, { recursive: true });
  }
}
