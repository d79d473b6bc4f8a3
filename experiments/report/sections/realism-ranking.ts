import type { Verdict } from '../../contract.js';
import type { PolicyPair, RankingAgreement, RealismReport } from '../../feed-session/realism/contract.js';
import { html, table, type Html } from '../html.js';
import { intervalFigure, type LabelledChart } from '../interval-figures.js';
import { count, decimalsOf, fixed, range, signed } from '../numbers.js';
import { badge } from '../parts.js';

const ORDERS: Readonly<Record<PolicyPair['order'], readonly [Verdict, string]>> = {
  alike: ['supported', 'alike'],
  differently: ['unsupported', 'the other way'],
  'not told by the log': ['weak', 'the log cannot tell'],
  'not told by the simulator': ['weak', 'the simulator cannot tell'],
};

/** Whether the simulator orders the logged policies as the log does. */
export async function rankingPart({ ranking }: RealismReport, suffix: string): Promise<Html | false> {
  if (ranking.length === 0) return false;
  return html`<p>${ranking.map(sentence).join(' ')}</p>
    ${await Promise.all(ranking.map(async (one) => intervalFigure(chartOf(one))))} ${pairsTable(ranking, suffix)}`;
}

function sentence({ metric, pairs, agreement }: RankingAgreement): string {
  const told = pairs.filter(({ order }) => order !== 'not told by the log');
  const alike = told.filter(({ order }) => order === 'alike').length;
  return agreement === null
    ? `By ${metric} the log tells no two policies apart, so it cannot say whether the simulator orders them rightly.`
    : `By ${metric} the simulator orders ${count(alike)} of the ${count(told.length)} pairs that the log tells apart as ` +
        `the log does (agreement ${signed(agreement, 2)}).`;
}

function chartOf({ metric, policies }: RankingAgreement): LabelledChart {
  const rows = policies.flatMap(({ policy, logged, simulated }) => [
    { label: `${policy}, logged`, value: logged.mean, interval: logged.interval, emphasis: true },
    { label: `${policy}, simulated`, value: simulated.mean, interval: simulated.interval },
  ]);
  // Policies that differ much are what this chart is about, so nothing is cut off.
  const ends = rows.flatMap(({ value, interval }) => interval ?? [value]);
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const margin = 0.04 * (high - low) || 1;
  const decimals = decimalsOf(rows.map(({ value }) => value));
  const spoken = rows.map(
    ({ label, value, interval }) =>
      `${label}: ${fixed(value, decimals)}, ${interval === null ? 'no interval' : `interval ${range(interval, decimals)}`}.`,
  );
  return {
    chart: { rows, xTitle: metric, window: [low - margin, high + margin] },
    label: `Mean ${metric} of each policy, logged and simulated. ${spoken.join(' ')}`,
    caption: html`<strong>${metric}</strong>, mean with its 95 % interval`,
  };
}

function pairsTable(ranking: readonly RankingAgreement[], suffix: string): Html {
  const difference = ({ difference: value, interval }: PolicyPair['logged']): Html => {
    const decimals = decimalsOf([value, ...interval], 3);
    return html`${signed(value, decimals)}<small>${range(interval, decimals)}</small>`;
  };
  return table<PolicyPair>({
    caption: `Differences between logged policies, in the log and in the simulator${suffix}`,
    columns: [
      { head: 'Policy', cell: ({ policy, against }) => html`${policy}<small>minus ${against}</small>` },
      { head: 'In the log', numeric: true, cell: ({ logged }) => difference(logged) },
      { head: 'In the simulator', numeric: true, cell: ({ simulated }) => difference(simulated) },
      { head: 'Order', cell: ({ order }) => badge(...ORDERS[order]) },
    ],
    groups: ranking.map(({ metric, pairs }) => ({ heading: metric, rows: pairs })),
  });
}
