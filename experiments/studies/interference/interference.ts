import { expectNumber } from '../../../core/check.js';
import { abExperiment, type AbExperiment } from '../../config/ab-schema.js';
import type { DesignTable } from '../../ab/simulate/contract.js';
import { replicateMarket } from '../../ab/simulate/replication.js';
import { designTables } from '../../ab/simulate/tables.js';
import type { Study, StudyRequest, StudyResult } from '../study.js';

/** Relevance counts little for who is served now, and fully for the other arm. */
const RELEVANCE = [{ clickWeight: 0.3 }, { clickWeight: 1 }] as const;
/** Both arms rank by what was learned; the other one also tries what is little known. */
const CURIOSITY = [{ clickWeight: 1 }, { clickWeight: 1, curiosity: 10 }] as const;

/** What the arms of a test may share, and who they are. */
const MARKETS = [
  { name: 'nothing shared (null control)', settings: { budget: 0 }, arms: RELEVANCE },
  { name: 'shared budgets', settings: { budget: 2 }, arms: RELEVANCE },
  { name: 'shared stock', settings: { budget: 0, stock: 2 }, arms: RELEVANCE },
  { name: 'shared learning', settings: { budget: 0, learned: true, items: 30, priorShows: 100 }, arms: CURIOSITY },
] as const;
const DESIGNS = ['user', 'budget', 'cluster', 'time'] as const;

export const interference: Study = {
  summary: 'Is a test biased when its arms share budgets, stock or what is learned? Four designs against the truth',
  settings: {
    replications: { value: 40, meaning: 'Tests per market and design' },
    users: { value: 4000, meaning: 'Users of the market' },
    days: { value: 14, meaning: 'Days of every test' },
  },
  run({ seed, settings, onProgress }) {
    const { replications, users, days } = settings;
    expectNumber('--replications', replications, 2, 10_000);
    const experiments = MARKETS.map((market) => ({
      market: market.name,
      experiment: experimentOf(market, { seed, replications, users, days }),
    }));
    const tables = testMarkets(experiments, replications, onProgress);
    return Promise.resolve(resultOf(tables, settings));
  },
};

/** Plays the tests of every market. @returns what its designs say of the truth, a table each */
export function testMarkets(
  markets: readonly { readonly market: string; readonly experiment: AbExperiment }[],
  replications: number,
  onProgress: StudyRequest['onProgress'],
): MarketTable[] {
  return markets.map(({ market, experiment }, m) => {
    const tests = Array.from({ length: replications }, (_, number) => {
      onProgress?.(m * replications + number, markets.length * replications, market);
      return replicateMarket(experiment, number);
    });
    return { market, table: designTables(experiment, tests)[0] };
  });
}

function experimentOf(
  market: (typeof MARKETS)[number],
  { seed, replications, users, days }: { seed: number; replications: number; users: number; days: number },
): AbExperiment {
  return abExperiment.parse({
    kind: 'ab',
    id: 'interference',
    question: 'Does the other ranking earn more?',
    seed,
    world: { from: 'shared-market', settings: market.settings },
    users,
    days,
    arms: [
      { name: 'served', settings: market.arms[0] },
      { name: 'other', settings: market.arms[1] },
    ],
    design: { clusters: 10 },
    metrics: [{ name: 'revenue', column: 'revenue', role: 'primary' }],
    designs: { names: [...DESIGNS], replications },
  });
}

/** What the designs say in one market. */
export interface MarketTable {
  readonly market: string;
  readonly table: DesignTable;
}

/** The same as a table of a study. */
export function tableOfDesigns({ market, table: { metric, truth, rows } }: MarketTable): StudyResult['tables'][number] {
  return {
    caption: `${market}: effect on ${metric}; the truth is ${truth.value?.toPrecision(4) ?? '—'}`,
    columns: ['design', 'mean of tests', 'bias', 'low', 'high', 'spread of a test', 'coverage'],
    rows: rows.map(({ design, mean, bias, deviation, coverage }) => [
      design,
      mean.value,
      bias.value,
      bias.interval?.[0] ?? null,
      bias.interval?.[1] ?? null,
      deviation,
      coverage,
    ]),
  };
}

/** Whether the interval of the bias leaves 0 out. */
export function biased({ bias }: DesignTable['rows'][number]): boolean {
  return bias.interval !== null && (bias.interval[0] > 0 || bias.interval[1] < 0);
}

function resultOf(tables: readonly MarketTable[], settings: Readonly<Record<string, number>>): StudyResult {
  const found = (market: string, design: string): DesignTable['rows'][number] | undefined =>
    tables.find((one) => one.market === market)?.table.rows.find((row) => row.design === design);
  const wanted = [
    { market: 'nothing shared (null control)', design: 'user split', bias: false },
    { market: 'shared budgets', design: 'user split', bias: true },
    { market: 'shared budgets', design: 'budget split', bias: false },
    { market: 'shared stock', design: 'user split', bias: true },
    { market: 'shared stock', design: 'budget split', bias: false },
    { market: 'shared learning', design: 'user split', bias: true },
    { market: 'shared learning', design: 'budget split', bias: false },
  ];
  return {
    tables: tables.map(tableOfDesigns),
    notes: [
      'bias: mean of (estimate − truth) over the tests, 95 % Student interval; the truth gives each arm to everybody, with the luck of the same test.',
      'budget split: every arm has its share of what is shared (budgets, stock, or what is learned) to itself.',
      'A cluster is a small market of its own: what it shares it shares with few, so it can differ from the whole market.',
    ],
    failures: wanted.flatMap(({ market, design, bias }) => {
      const row = found(market, design);
      if (row !== undefined && biased(row) === bias) return [];
      return [
        `${market}, ${design}: expected it ${bias ? '' : 'not '}to be biased, received a bias of ${row?.bias.value ?? NaN} (interval ${row?.bias.interval?.join(' to ') ?? 'none'}).`,
      ];
    }),
    numbers: { settings, markets: tables },
  };
}
