import { join, resolve } from 'node:path';
import { GymError, choose } from '../../../core/check.js';
import { stream } from '../../../core/random.js';
import { meanInterval, wilson } from '../../../core/stats/intervals.js';
import { moments } from '../../../core/stats/moments.js';
import { loadLog } from '../../../logs/load.js';
import type { Log, Rows } from '../../../logs/record.js';
import { splitByHash, splitByTime } from '../../../logs/split.js';
import { compileReward, type Reward } from '../../../reward-models/formula.js';
import type { LoggedWorld } from '../../../simulators/contract.js';
import type { LogExperiment } from '../../config/schema.js';
import type { DataSection, Estimate } from '../../contract.js';
import type { LoggedRounds } from '../../evaluate/rounds.js';
import { worlds } from '../../tables.js';
import type { Watcher } from '../watch.js';

/** What a log experiment works on. */
export interface LogData {
  readonly log: Log;
  readonly formula: Reward;
  /** [N] */
  readonly reward: Float64Array;
  /** Rows for fitting and learning, and rows that judge. */
  readonly train: Rows;
  readonly judge: Rows;
  /** The world that wrote the log, where it was generated: it knows the truth. */
  readonly world: LoggedWorld | undefined;
}

/** Gets the log, computes the reward of every row and splits the rows. */
export async function prepareData(experiment: LogExperiment, store: string, watcher: Watcher): Promise<LogData> {
  const stage = watcher.stage('log');
  const { log, world } = await getLog(experiment, store, stage.progress);
  stage.done(`${log.rows} rows, ${log.actions.values.length} actions`);
  if (!log.schema.hasPropensity) {
    throw new GymError(
      'data',
      `log '${log.name}': expected propensities, received none. A log without the probability of what was shown cannot be judged off-policy; log it from now on.`,
    );
  }
  const formula = await compileReward(experiment.reward, log.schema.outcomes);
  const reward = new Float64Array(log.rows);
  formula.evaluate(log.outcomes, reward);
  const shares = { train: experiment.split.train, judge: 1 - experiment.split.train };
  const { by } = experiment.split;
  const split = by === 'time' ? splitByTime(log, shares) : splitByHash(log, by, shares, experiment.seed);
  const { train, judge } = split;
  for (const rows of [train, judge]) {
    if (rows.index.length < 100) {
      throw new GymError(
        'data',
        `log '${log.name}': expected at least 100 rows to ${rows.name}, received ${rows.index.length}. Use a longer log or another share.`,
      );
    }
  }
  return { log, formula, reward, train, judge, world };
}

async function getLog(
  experiment: LogExperiment,
  store: string,
  onProgress: (done: number, total: number, note: string) => void,
): Promise<{ log: Log; world?: LoggedWorld }> {
  const { log: from, seed } = experiment;
  if (from.from === 'world') {
    const random = stream(seed);
    const world = choose('world', worlds, from.world).with(from.settings)(random.fork('world'));
    return { log: world.log(from.rows, random.fork('log')), world };
  }
  if (from.from === 'store') return { log: (await loadLog({ name: from.name, store })).log };
  const { path, format, map, maxBadShare } = from;
  const { log } = await loadLog({
    path,
    format,
    map,
    maxBadShare,
    store,
    onProgress: ({ bytes, totalBytes, rows }) => onProgress(bytes, totalBytes, `${rows} rows`),
  });
  return { log };
}

/** Another log beside the experiment's, e.g. the one a baseline takes its frequencies from. */
export async function logBeside(experiment: LogExperiment, besideLog: string, store: string): Promise<Log> {
  if (experiment.log.from !== 'file') {
    throw new GymError(
      'config',
      `baselines: besideLog: expected a log read from a file, received one from a ${experiment.log.from}. Leave this baseline out.`,
    );
  }
  const path = resolve(join(experiment.log.path, besideLog));
  return (await loadLog({ path, format: experiment.log.format, map: experiment.log.map, store })).log;
}

/** The judging rows as the estimators take them. */
export function roundsOf({ log, reward, judge }: LogData): LoggedRounds {
  const { index } = judge;
  return {
    actions: log.actions.values.length,
    action: Int32Array.from(index, (row) => log.action[row]),
    reward: Float64Array.from(index, (row) => reward[row]),
    propensity: Float64Array.from(index, (row) => log.propensity[row]),
  };
}

/** Mean reward with its interval: Wilson's for rewards of 0 and 1, Student's t otherwise. */
export function meanReward(reward: Float64Array, level: number): Estimate {
  const { n, mean, variance } = moments(reward);
  const binary = reward.every((r) => r === 0 || r === 1);
  const { low, high } = binary
    ? wilson(Math.round(mean * n), n, level)
    : meanInterval(mean, Math.sqrt(variance), n, level);
  return {
    value: mean,
    standardError: Math.sqrt(variance / n),
    interval: [low, high],
    method: `${binary ? 'Wilson' : 'Student t'} ${100 * level}%`,
  };
}

export function dataSection({ log, reward, formula, train, judge }: LogData, level: number): DataSection {
  let [min, max, sum] = [Infinity, 0, 0];
  for (const p of log.propensity) {
    min = Math.min(min, p);
    max = Math.max(max, p);
    sum += p;
  }
  return {
    source: log.name,
    rows: log.rows,
    actions: log.actions.values.length,
    rewardFormula: formula.text,
    rewardRate: meanReward(reward, level),
    propensity: { min, mean: sum / log.rows, max },
    splits: [
      { name: train.name, rows: train.index.length, purpose: 'fits the click model and learns the policy' },
      { name: judge.name, rows: judge.index.length, purpose: 'judges the policies; nothing that is judged saw it' },
    ],
  };
}
