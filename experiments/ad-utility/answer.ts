import type { AdUtilityExperiment } from '../config/ad-utility-schema.js';
import type { Answer, Estimate } from '../contract.js';
import type { LiftTable } from '../lifts/contract.js';
import { fixed } from '../report/numbers.js';
import { nameOf } from './learning.js';
import { CTR, LONG_CTR, REVENUE, REWARD } from './metrics.js';

/**
 * Whether the learned policy beats the control on the treated segment, in one sentence. Yes only where the interval of the
 * reward lies above 0, in every seed, and the revenue guardrail is kept; no where the guardrail is broken or the reward
 * falls. In between the answer is weak.
 *
 * @param lifts the treated segment against the control first
 */
export function answerOf(experiment: AdUtilityExperiment, lifts: readonly LiftTable[]): Answer {
  const policy = nameOf(experiment.policy);
  const [treated] = lifts;
  const row = (table: LiftTable, metric: string) =>
    table.rows.find((one) => one.policy === policy && one.metric === metric);
  const reward = row(treated, REWARD);
  const state = treated.guardrail?.states.find((one) => one.policy === policy)?.state ?? 'unclear';
  const told = lifts.slice(1).flatMap((table) => {
    const own = row(table, REWARD);
    return own === undefined ? [] : [`${REWARD} in ${table.place}: ${percents(own.relative)}.`];
  });
  const reasons = [
    ...told,
    `Revenue guardrail (${fixed(-100 * experiment.guardrail.margin, 1)} %): ${state}.`,
    'A lift in a generated market is not an online one.',
  ];
  if (reward === undefined || reward.relative.value === null || reward.relative.interval === null) {
    const sentence = `It cannot be said whether '${policy}' beats '${treated.control}'.`;
    return { verdict: 'unsupported', sentence, reasons };
  }
  const others = [CTR, LONG_CTR, REVENUE].map((metric) => {
    const own = row(treated, metric);
    return `${metric} ${own === undefined ? 'unknown' : percents(own.relative)}`;
  });
  const numbers = `${REWARD} ${percents(reward.relative)} against '${treated.control}', ${others.join(', ')}`;
  const low = Math.min(...reward.perSeed.map(({ interval }) => interval?.[0] ?? NaN), reward.relative.interval[0]);
  const high = Math.max(...reward.perSeed.map(({ interval }) => interval?.[1] ?? NaN), reward.relative.interval[1]);
  if (state === 'broken') {
    return { verdict: 'supported', sentence: `No: '${policy}' breaks the revenue guardrail: ${numbers}.`, reasons };
  }
  if (high < 0) return { verdict: 'supported', sentence: `No: '${policy}' loses: ${numbers}.`, reasons };
  if (low > 0 && state === 'kept') {
    return { verdict: 'supported', sentence: `Yes: '${policy}' gains, revenue guarded: ${numbers}.`, reasons };
  }
  const why = low > 0 ? 'the revenue guardrail is unclear' : 'no gain in the reward that is sure';
  return { verdict: 'weak', sentence: `Not shown: ${why}: ${numbers}.`, reasons };
}

/** "+1.35 % (+1.28 to +1.41)" */
export function percents({ value, interval }: Estimate): string {
  if (value === null) return 'nothing that can be told';
  const text = (share: number): string => `${share >= 0 ? '+' : ''}${fixed(100 * share, 2)}`;
  return interval === null ? `${text(value)} %` : `${text(value)} % (${text(interval[0])} to ${text(interval[1])})`;
}
