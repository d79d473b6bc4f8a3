import type { FeedExperiment } from '../config/feed-schema.js';
import type { Answer, Estimate } from '../contract.js';
import { fixed } from '../report/numbers.js';
import { nameOf } from './learning.js';
import type { LiftTable } from './contract.js';
import type { RealismReport } from './realism/contract.js';

/** A lift smaller than this is no gain worth the name, however sure: *invented*, half of what the paper's metrics moved. */
const WORTHWHILE = 0.02;

/**
 * Whether the learned policy beats the control where it was tried, in one sentence: yes only where the interval of the
 * main metric lies above what is worth the name in every seed.
 */
export function answerOf(
  experiment: FeedExperiment,
  [tried, expected]: readonly LiftTable[],
  realism: readonly RealismReport[],
): Answer {
  const policy = nameOf(experiment.agent);
  const row = tried.rows.find((one) => one.policy === policy);
  const promised = expected.rows.find((one) => one.policy === policy);
  const refused = realism.filter(({ verdict }) => verdict === 'refused');
  const reasons = [
    ...refused.map(({ simulator }) => `The ${simulator} is refused and was used all the same.`),
    ...realism.flatMap(({ verdict, simulator, reasons: own }) =>
      verdict === 'usable with care' ? [`The ${simulator} is to be used with care: ${own.join('; ')}.`] : [],
    ),
    ...(promised === undefined ? [] : [`The simulator it learned in promised ${percents(promised.relative)}.`]),
    `A lift in ${tried.place} is not an online one.`,
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
  const care = refused.length > 0 ? 'weak' : 'supported';
  if (low > 0 && row.relative.value >= WORTHWHILE) {
    return { verdict: care, sentence: `Yes: '${policy}' gains: ${numbers}.`, reasons };
  }
  if (high < 0) return { verdict: care, sentence: `No gain: '${policy}' loses: ${numbers}.`, reasons };
  return { verdict: care === 'weak' ? 'weak' : 'supported', sentence: `No gain: ${numbers}.`, reasons };
}

function percents({ value, interval }: Estimate): string {
  if (value === null) return 'nothing that can be told';
  const text = (share: number): string => `${share >= 0 ? '+' : ''}${fixed(100 * share, 1)}`;
  return interval === null ? `${text(value)} %` : `${text(value)} % (${text(interval[0])} to ${text(interval[1])})`;
}
