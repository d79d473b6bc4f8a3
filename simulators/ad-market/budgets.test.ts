import test from 'ava';
import { Budgets } from './budgets.js';
import { AdMarket } from './market.js';
import { adMarketDefaults, type AdMarketSettings } from './settings.js';

const small: Partial<AdMarketSettings> = { users: 500, requestsPerDay: 3000, ads: 60, advertisers: 6 };

interface Day {
  /** [advertisers, 24] paid by the hour. */
  readonly paid: Float64Array;
  readonly revenue: number;
  readonly empty: number;
}

/** A day under production weights. */
function day(given: Partial<AdMarketSettings>, which = 0, pools?: readonly number[]): Day {
  const market = new AdMarket({ ...small, ...given });
  const { requestsPerDay } = market.settings;
  const budgets = market.budgets(pools);
  const [requests, served] = [market.requests(requestsPerDay), market.served(requestsPerDay)];
  const weights = new Float32Array(requestsPerDay * 3).fill(0.2);
  const of = Int32Array.from({ length: requestsPerDay }, (_, n) => n % (pools?.length ?? 1));
  for (let d = 0; d <= which; d++) {
    market.fill(
      Float64Array.from({ length: requestsPerDay }, (_, n) => d * requestsPerDay + n),
      requests,
    );
    market.serve(requests, weights, served, { budgets, pools: of });
  }
  const paid = new Float64Array(24);
  let [revenue, empty] = [0, 0];
  for (let n = 0; n < requestsPerDay; n++) {
    const hour = Math.floor((market.timeOf(requests.request[n]) % 1) * 24);
    paid[hour] += served.realised[n * 4];
    revenue += served.realised[n * 4];
    empty += served.shown[n * 2] < 0 ? 1 : 0;
  }
  return { paid, revenue, empty };
}

const whole = (given: Partial<AdMarketSettings>): number => {
  const market = new AdMarket({ ...small, ...given });
  const budgets = market.budgets();
  budgets.moveTo(0);
  let sum = 0;
  for (let a = 0; a < 6; a++) sum += budgets.left(0, a);
  return sum;
};

test('nobody spends more than the budgets, and every day has its own', (t) => {
  const given = { budget: 0.5 };
  const first = day(given);
  t.true(first.revenue <= whole(given) + 1e-3, `${first.revenue} of ${whole(given)}`);
  t.true(first.revenue > 0.9 * whole(given));
  t.true(first.empty > 0);
  const second = day(given, 1);
  t.true(second.revenue <= whole(given) + 1e-3 && second.revenue > 0.9 * whole(given));
  t.is(day({ budget: 0 }).empty, 0);
});

test('a budget is what even showing would cost', (t) => {
  // One ad per advertiser, all candidates: every ad has a third of the 1.6 slots.
  const market = new AdMarket({ ...small, ads: 3, advertisers: 3, candidates: 3, budget: 1 });
  const budgets = market.budgets([0.25, 0.75]);
  budgets.moveTo(0);
  for (let a = 0; a < 3; a++) {
    const cost = (3000 * 1.6 * market.ads.rate[a * 4] * market.ads.bid[a]) / 3;
    t.true(Math.abs(budgets.left(0, a) - 0.25 * cost) < 1e-9);
    t.true(Math.abs(budgets.left(1, a) - 0.75 * cost) < 1e-9);
  }
});

test('pacing leaves money for the evening, without spending less', (t) => {
  const share = ({ paid, revenue }: Day): number => paid.slice(18).reduce((sum, x) => sum + x, 0) / revenue;
  const [none, throttle, bid] = ['none', 'throttle', 'bid'].map((pacing) => day({ budget: 0.7, pacing }, 1));
  t.true(share(throttle) > 1.5 * share(none), `${share(none)} ${share(throttle)}`);
  t.true(share(bid) > 1.5 * share(none), `${share(none)} ${share(bid)}`);
  t.true(throttle.revenue > 0.8 * none.revenue && bid.revenue > 0.7 * none.revenue);
});

test('the pace turns by a tenth: worked by hand', (t) => {
  const settings = { ...adMarketDefaults, ...small, requestsPerDay: 9600, pacing: 'bid' };
  const budgets = new Budgets(settings, Float64Array.of(100, 100), [1]);
  budgets.moveTo(0);
  budgets.charge(0, 0, Float64Array.of(0, 50), 1);
  // After 1 of 96 looks: the first has spent half, the second nothing.
  budgets.moveTo(100);
  t.is(budgets.factor(0, 0, 100, 0), 0.9);
  t.is(budgets.factor(0, 1, 100, 0), 1);
  budgets.moveTo(199);
  t.is(budgets.factor(0, 0, 199, 0), 0.9);
  budgets.moveTo(200);
  t.true(Math.abs(budgets.factor(0, 0, 200, 0) - 0.81) < 1e-12);
  const prices = Float64Array.of(80);
  budgets.charge(0, 0, prices, 0);
  t.deepEqual([...prices], [50]);
  t.is(budgets.factor(0, 0, 200, 0), 0);
  const state = budgets.snapshot();
  budgets.moveTo(9600);
  t.is(budgets.left(0, 0), 100);
  budgets.restore(state);
  t.is(budgets.left(0, 0), 0);
});

test('pools do not touch each other', (t) => {
  const market = new AdMarket({ ...small, budget: 0.5 });
  const n = 2000;
  const [requests, served] = [market.requests(n), market.served(n)];
  market.fill(
    Float64Array.from({ length: n }, (_, i) => i),
    requests,
  );
  const pools = Int32Array.from({ length: n }, (_, i) => i % 2);
  const clicksOfFirst = (other: number): number[] => {
    const weights = new Float32Array(n * 3);
    for (let i = 0; i < n; i++) weights.fill(i % 2 === 0 ? 0.2 : other, i * 3, i * 3 + 3);
    market.serve(requests, weights, served, { budgets: market.budgets([0.5, 0.5]), pools });
    return Array.from(served.shown).filter((_, at) => Math.floor(at / 2) % 2 === 0);
  };
  t.deepEqual(clicksOfFirst(0.2), clicksOfFirst(0.8));
});
