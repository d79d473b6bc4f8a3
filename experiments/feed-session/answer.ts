import type { FeedExperiment } from '../config/feed-schema.js';
import type { Answer, Estimate } from '../contract.js';
import { fixed } from '../report/numbers.js';
import { nameOf } from './learning.js';
import type { LiftTable } from '../lifts/contract.js';
import type { RealismReport } from './realism/contract.js';

/** A lift smaller than this is no gain worth the name, however sure: *invented*, half of what the paper's metrics moved. */
const WORTHWHILE = 0.02;

/** What speaks of how far the numbers carry. */
interface Doubts {
  readonly realism: readonly RealismReport[];
  /** Of the log, by whoever imported it. */
  readonly warnings?: readonly string[] | undefined;
}

/**
 * Whether the learned policy beats the control where it was tried, in one sentence: yes only where the interval of the
 * main metric lies above 0 in every seed and the gain is worth the name; no where it leaves no such gain. In between, in a
 * refused simulator, and where a second simulator stands for the truth, the answer is weak.
 */
export function answerOf(
  experiment: FeedExperiment,
  [tried, expected]: readonly LiftTable[],
  { realism, warnings = [] }: Doubts,
): Answer {
  const policy = nameOf(experiment.agent);
  const row = tried.rows.find((one) => one.policy === policy);
  const promised = expected.rows.find((one) => one.policy === policy);
  const judgedBySimulator = experiment.source.from !== 'world';
  const reasons = [
    ...warnings.map((warning) => `The log: ${warning}`),
    ...realism.flatMap(doubtsOf),
    ...(promised === undefined ? [] : [`The simulator it learned in promised ${percents(promised.relative)}.`]),
    `A lift in ${tried.place} is not an online one.`,
    ...(judgedBySimulator ? [`In ${tried.place} nobody knows the truth: it was fitted on the same log.`] : []),
  ];
  if (row === undefined || row.relative.value === null || row.relative.interval === null) {
    return {
      verdict: 'unsupported',
      sentence: `It cannot be said whether '${policy}' beats '${tried.control}'.`,
      reasons,
    };
  }
  const numbers = `${row.metric} ${percents(row.relative)} against '${tried.control}' in ${tried.place}, ${tried.users} users`;
  const low = Math.min(...row.perSeed.map(({ interval }) => interval?.[0] ?? NaN), row.relative.interval[0]);
  const high = Math.max(...row.perSeed.map(({ interval }) => interval?.[1] ?? NaN), row.relative.interval[1]);
  const refused = realism.some(({ verdict }) => verdict === 'refused');
  const verdict = refused || judgedBySimulator ? 'weak' : 'supported';
  if (low > 0 && row.relative.value >= WORTHWHILE) {
    return { verdict, sentence: `Yes: '${policy}' gains: ${numbers}.`, reasons };
  }
  if (high < 0) return { verdict, sentence: `No gain: '${policy}' loses: ${numbers}.`, reasons };
  if (high < WORTHWHILE) return { verdict, sentence: `No gain: ${numbers}.`, reasons };
  return { verdict: 'weak', sentence: `No gain that is sure: ${numbers}.`, reasons };
}

function doubtsOf({ verdict, simulator, reasons }: RealismReport): string[] {
  switch (verdict) {
    case 'refused':
      return [`The ${simulator} is refused and was used all the same: ${reasons.join('; ')}.`];
    case 'usable with care':
      return [`The ${simulator} is to be used with care: ${reasons.join('; ')}.`];
    case 'fit for training':
      return [];
  }
}

function percents({ value, interval }: Estimate): string {
  if (value === null) return 'nothing that can be told';
  const text = (share: number): string => `${share >= 0 ? '+' : ''}${fixed(100 * share, 1)}`;
  return interval === null ? `${text(value)} %` : `${text(value)} % (${text(interval[0])} to ${text(interval[1])})`;
}
