import { expectNumber } from '../../../core/check.js';
import type { DesignTable } from '../../ab/simulate/contract.js';
import { abExperiment, type AbExperiment } from '../../config/ab-schema.js';
import { biased, tableOfDesigns, testMarkets, type MarketTable } from '../interference/interference.js';
import type { Study, StudyResult } from '../study.js';

/** What advertisers may spend. */
const MARKETS = [
  { name: 'no budgets (null control)', settings: { budget: 0 } },
  { name: 'shared budgets', settings: { budget: 1.5 } },
  { name: 'shared budgets, throttled', settings: { budget: 1.5, pacing: 'throttle' } },
] as const;
const DESIGNS = ['user', 'budget', 'cluster', 'time'] as const;
/** Share of the user split's bias that still counts as bounded, and share of the truth that the null control may miss. */
const BOUNDED = 0.25;
const NULL_SHARE = 0.05;

/** Ad requests under shared budgets: does a test of utility weights tell what they cost? */
export const budgets: Study = {
  summary: 'DRL-PUT: is a test of utility weights biased when advertisers’ budgets are shared? Four designs, the truth',
  settings: {
    replications: { value: 30, meaning: 'Tests per market and design' },
    users: { value: 2000, meaning: 'Users of the market, five requests a day each' },
    days: { value: 7, meaning: 'Days of every test' },
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

function experimentOf(
  market: (typeof MARKETS)[number],
  { seed, replications, users, days }: { seed: number; replications: number; users: number; days: number },
): AbExperiment {
  return abExperiment.parse({
    kind: 'ab',
    id: 'drl-put-budgets',
    question: 'What do heavier weights of clicks and long clicks cost?',
    seed,
    world: { from: 'ad-market', settings: market.settings },
    users,
    days,
    arms: [
      { name: 'production', settings: {} },
      { name: 'engagement', settings: { click: 0.8, longClick: 0.8 } },
    ],
    design: { clusters: 10 },
    metrics: [{ name: 'revenue', column: 'revenue', role: 'primary' }],
    designs: { names: [...DESIGNS], replications },
  });
}

type Row = DesignTable['rows'][number];

function resultOf(tables: readonly MarketTable[], settings: Readonly<Record<string, number>>): StudyResult {
  return {
    tables: tables.map(tableOfDesigns),
    notes: [
      'bias: mean of (estimate − truth) over the tests, 95 % Student interval; the truth gives each arm to everybody, with the luck of the same test.',
      'budget split: every arm has its share of every budget to itself. switchback: everybody has the arm of the day; budgets are new every day, paces of throttling are not.',
      `Bounded: the interval of the bias holds 0, or the bias is at most ${100 * BOUNDED} % of the user split's.`,
    ],
    failures: tables.flatMap(failuresOf),
    numbers: { settings, markets: tables },
  };
}

function failuresOf({ market, table }: MarketTable): string[] {
  const row = (design: string): Row | undefined => table.rows.find((one) => one.design === design);
  const size = (one: Row | undefined): number => Math.abs(one?.bias.value ?? NaN);
  const said = (one: Row | undefined): string =>
    `received a bias of ${one?.bias.value ?? NaN} (interval ${one?.bias.interval?.join(' to ') ?? 'none'})`;
  const user = row('user split');
  if (market === MARKETS[0].name) {
    const none = user !== undefined && (!biased(user) || size(user) <= NULL_SHARE * Math.abs(table.truth.value ?? 0));
    return none ? [] : [`${market}, user split: expected no bias, ${said(user)}.`];
  }
  return [
    ...(user !== undefined && biased(user) ? [] : [`${market}, user split: expected it to be biased, ${said(user)}.`]),
    ...['budget split', 'switchback'].flatMap((design) => {
      const one = row(design);
      if (one !== undefined && (!biased(one) || size(one) <= BOUNDED * size(user))) return [];
      return [`${market}, ${design}: expected the bias to be bounded, ${said(one)}.`];
    }),
  ];
}
