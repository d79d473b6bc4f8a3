import type { PreferenceExperiment } from '../config/preference-schema.js';
import type { Answer, Estimate } from '../contract.js';
import type { LiftTable } from '../lifts/contract.js';
import { range, signed, decimalsFor } from '../report/numbers.js';
import { DESIGNER, DIVERGENCE, OBJECTIVE } from './contract.js';
import { overWorlds } from './judging.js';
import { nameOf } from './learning.js';

/**
 * What the method gains of the designer's reward, and what of people's preference it pays. Yes where the interval of the
 * reward lies above 0, no where it lies below. A rival beats the method where J is known and surely higher, and else where it
 * surely gives the designer more and people not surely less; the sentence says so.
 *
 * @param lifts against the control, then the others against the method
 */
export function answerOf(experiment: PreferenceExperiment, [first, second]: readonly LiftTable[]): Answer {
  const method = nameOf(experiment.method);
  const sameData = experiment.source.from !== 'table' && experiment.source.from !== 'slates';
  const liking = sameData ? 'click rate' : 'win rate';
  const row = (table: LiftTable | undefined, policy: string, metric: string): Estimate | undefined =>
    table?.rows.find((one) => one.policy === policy && one.metric === metric)?.relative;
  const gain = row(first, method, DESIGNER);
  const told = [DESIGNER, liking, OBJECTIVE, DIVERGENCE].flatMap((metric) => {
    const estimate = row(first, method, metric);
    return estimate === undefined ? [] : [`${metric} ${inWords(estimate)}`];
  });
  const cost = row(first, method, liking);
  const price = sign(cost) < 0 ? `, at a cost in ${liking}` : sign(cost) > 0 ? `, and ${liking} too` : '';
  const rivals = experiment.rivals.map(nameOf).filter((name) => name !== first.control);
  const against = (name: string, metric: string): Estimate | undefined => row(second, name, metric);
  const known = first.rows.some(({ metric }) => metric === OBJECTIVE);
  const wins = (policy: string): boolean =>
    known
      ? sign(against(policy, OBJECTIVE)) > 0
      : sign(against(policy, DESIGNER)) > 0 && sign(against(policy, liking)) >= 0;
  const trades = (policy: string): boolean =>
    !known && sign(against(policy, DESIGNER)) > 0 && sign(against(policy, liking)) < 0;
  // The control may win too, which the first table says the other way round.
  const controlWins = known
    ? sign(row(first, method, OBJECTIVE)) < 0
    : sign(gain) < 0 && sign(row(first, method, liking)) <= 0;
  const ahead = [...(controlWins ? [first.control] : []), ...rivals.filter(wins)].map(quoted);
  const traded = rivals.filter(trades).map(quoted);
  const winners = [
    ...(ahead.length === 0
      ? []
      : [
          ` But ${ahead.join(' and ')} beat${ahead.length === 1 ? 's' : ''} it${known ? ' in J' : `: more ${DESIGNER}, no sure loss of ${liking}`}.`,
        ]),
    ...(traded.length === 0 ? [] : [` With still more ${DESIGNER}, at less ${liking}: ${traded.join(', ')}.`]),
  ].join('');
  const reasons = [
    ...rivals.map((name) => {
      const parts = [DESIGNER, liking, OBJECTIVE].flatMap((metric) => {
        const estimate = against(name, metric);
        return estimate === undefined ? [] : [`${metric} ${inWords(estimate)}`];
      });
      return `'${name}' against '${method}': ${parts.join(', ')}.`;
    }),
    ...(sameData || overWorlds(experiment.seeds.length, false)
      ? []
      : ['Few worlds: intervals are within them, and another world may differ.']),
    sameData
      ? 'Arms were randomised, so click rates of held-out tests are known; seeds share these tests.'
      : 'Settings that were chosen on the same worlds would flatter whoever they were chosen for.',
  ];
  const numbers = `${told.join(', ')}, against '${first.control}'.${winners}`;
  if (sign(gain) > 0)
    return { verdict: 'supported', sentence: `Yes: '${method}' gains designer reward${price}: ${numbers}`, reasons };
  if (sign(gain) < 0)
    return { verdict: 'supported', sentence: `No: '${method}' loses designer reward: ${numbers}`, reasons };
  return {
    verdict: 'weak',
    sentence: `Not shown: no sure gain of '${method}' in designer reward: ${numbers}`,
    reasons,
  };
}

const quoted = (name: string): string => `'${name}'`;

/** On which side of 0 an interval lies; 0 where it holds it. */
function sign(estimate: Estimate | undefined): number {
  const interval = estimate?.interval ?? null;
  if (interval === null) return 0;
  return interval[0] > 0 ? 1 : interval[1] < 0 ? -1 : 0;
}

/** "+0.18 (0.14 to 0.22)" */
function inWords(estimate: Estimate): string {
  const { value, interval } = estimate;
  if (value === null) return 'unknown';
  const decimals = Math.max(3, decimalsFor([estimate]));
  return interval === null ? signed(value, decimals) : `${signed(value, decimals)} (${range(interval, decimals)})`;
}
