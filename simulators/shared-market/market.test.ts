import test from 'ava';
import { SharedMarket, type MarketHistory, type MarketPlay } from './market.js';
import { rankingRuleDefaults, sharedMarketDefaults, type SharedMarketSettings } from './settings.js';

const [served, relevant] = [
  { ...rankingRuleDefaults, clickWeight: 0.3 },
  { ...rankingRuleDefaults, clickWeight: 1 },
];
const USERS = 600;
const DAYS = 3;

const market = (settings: Partial<SharedMarketSettings> = {}): SharedMarket =>
  new SharedMarket({ ...sharedMarketDefaults, ...settings }, 1);
const play = (world: SharedMarket, given: Partial<MarketPlay> = {}): MarketHistory =>
  world.play({
    seed: 7,
    users: USERS,
    days: DAYS,
    rules: [served, relevant],
    armOf: () => 0,
    poolOf: () => 0,
    pools: [1],
    ...given,
  });
const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);

test('the same seed is the same history; another seed another', (t) => {
  t.deepEqual(play(market()), play(market()));
  t.notDeepEqual(play(market()).clicks, play(market(), { seed: 8 }).clicks);
});

test('two arms meet the same users at the same moments, and the same answer to the same item', (t) => {
  const world = market({ budget: 0 });
  const a = play(world);
  const b = play(world, { armOf: () => 1 });
  t.deepEqual(a.user, b.user);
  t.deepEqual(a.hour, b.hour);
  // Rules that choose alike: every answer is the same.
  const twin = play(world, { rules: [served, served], armOf: () => 1 });
  t.deepEqual(twin.clicks, a.clicks);
  t.not(total(a.clicks), total(b.clicks));
});

test('nobody spends more than a budget, and without budgets nobody is short', (t) => {
  const world = market({ budget: 0.5 });
  const { revenue, clicks } = play(world);
  const demand = [0, 1].map((s) => (USERS / 2) * world.demand(s));
  const { items } = world.settings;
  const budgets = Array.from({ length: items }, (_, i) =>
    demand.reduce((sum, d, s) => sum + (0.5 * d * world.clickRate[s * items + i] * world.bid[i]) / items, 0),
  );
  t.true(total(revenue) <= DAYS * total(Float64Array.from(budgets)) + 1e-9);
  const rich = play(market({ budget: 0 }));
  t.true(total(rich.clicks) > total(clicks));
});

test('stock is sold at most once, and a day later it is there again', (t) => {
  const { sales, day } = play(market({ budget: 0, stock: 0.2 }));
  const perDay = [0, 1, 2].map((d) => total(sales.filter((_, n) => day[n] === d)));
  const plenty = total(play(market({ budget: 0 })).sales) / DAYS;
  perDay.forEach((sold) => t.true(sold > 0 && sold < 0.8 * plenty, `${sold} of ${plenty}`));
});

test('pools of their own: what one arm does leaves the other alone', (t) => {
  const split = (rules: MarketPlay['rules']): Float64Array => {
    const history = play(market({ budget: 0.7 }), {
      rules,
      armOf: (user) => (user % 4 < 2 ? 0 : 1),
      poolOf: (_user, arm) => arm,
      pools: [0.5, 0.5],
    });
    return history.clicks.filter((_, n) => history.arm[n] === 0);
  };
  t.deepEqual(split([served, relevant]), split([served, served]));
  const shared = (rules: MarketPlay['rules']): Float64Array => {
    const history = play(market({ budget: 0.7 }), { rules, armOf: (user) => (user % 4 < 2 ? 0 : 1) });
    return history.clicks.filter((_, n) => history.arm[n] === 0);
  };
  t.notDeepEqual(shared([served, relevant]), shared([served, served]));
});

test('weights average to 1 where the serving arm explores, and are the ratio of two known chances', (t) => {
  const rules = [
    { ...served, exploration: 0.5 },
    { ...relevant, exploration: 0.1 },
  ];
  const { weight } = play(market({ budget: 0 }), { rules, judged: 1, users: 4000, days: 5 });
  const mean = total(weight) / weight.length;
  const error = Math.sqrt(weight.reduce((sum, w) => sum + (w - mean) ** 2, 0)) / weight.length;
  t.true(Math.abs(mean - 1) < 5 * error, `${mean} ± ${error}`);
  // 12 items: even chance 1/12, so the only possible weights are these four.
  const even = 1 / 12;
  const chances = (exploration: number): number[] => [exploration * even, exploration * even + 1 - exploration];
  const possible = chances(0.1).flatMap((own) => chances(0.5).map((logged) => own / logged));
  t.true(weight.every((w) => possible.some((p) => Math.abs(w - p) < 1e-12)));
});

test('a market that learns shows what it learned: click rates rise towards those of a market that knows', (t) => {
  const settings = { budget: 0, learned: true, priorShows: 5 };
  const rules = [{ ...relevant, exploration: 0.2 }];
  const early = play(market(settings), { rules, users: 2000, days: 1 });
  const late = play(market(settings), { rules, users: 2000, days: 8 });
  const rate = ({ clicks, day }: MarketHistory, from: number): number => {
    const seen = clicks.filter((_, n) => day[n] >= from);
    return total(seen) / seen.length;
  };
  const known = play(market({ budget: 0 }), { rules, users: 2000, days: 8 });
  t.true(rate(early, 0) < rate(late, 6), `${rate(early, 0)} ${rate(late, 6)}`);
  t.true(rate(late, 6) < 1.1 * rate(known, 6), `${rate(late, 6)} ${rate(known, 6)}`);
});

test('settings and rules outside their ranges are refused by name', (t) => {
  t.throws(() => market({ activity: 0.9 }), { message: /shared-market: activity.*from 0 to 0.5/ });
  t.throws(() => market({ items: 1 }), { message: /shared-market: items/ });
  t.throws(() => play(market(), { rules: [{ ...served, exploration: 2 }] }), { message: /arm 0: exploration/ });
});
