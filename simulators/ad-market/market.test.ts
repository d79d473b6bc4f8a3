import test from 'ava';
import { checkRequests, type RequestBuffers } from './columns.js';
import type { Served } from './contract.js';
import { AdMarket } from './market.js';
import type { AdMarketSettings } from './settings.js';

const small: Partial<AdMarketSettings> = { users: 2000, requestsPerDay: 10_000, ads: 200, advertisers: 20 };
const market = (given: Partial<AdMarketSettings> = {}): AdMarket => new AdMarket({ ...small, ...given });
const numbers = (n: number, from = 0): Float64Array => Float64Array.from({ length: n }, (_, i) => from + i);

function filled(world: AdMarket, n: number, from = 0): RequestBuffers {
  const out = world.requests(n);
  world.fill(numbers(n, from), out);
  return out;
}

function served(world: AdMarket, requests: RequestBuffers, weights: readonly number[]): Served {
  const out = world.served(requests.count);
  const w = Float32Array.from({ length: requests.count * 3 }, (_, i) => weights[i % 3]);
  world.serve(requests, w, out);
  return out;
}

/** [4] and ecpm last. */
const means = ({ expected, ecpm }: Served): number[] => {
  const n = ecpm.length;
  const out = [0, 0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    for (let h = 0; h < 4; h++) out[h] += expected[i * 4 + h] / n;
    out[4] += ecpm[i] / n;
  }
  return out;
};

test('a request is the same in any batch, and its context alone too', (t) => {
  const world = market();
  const far = 2 ** 40;
  const all = filled(world, 50, far);
  const one = world.requests(3);
  world.fill(Float64Array.of(far + 17, far + 3, far + 49), one);
  const N = world.shape.candidates;
  [17, 3, 49].forEach((row, i) => {
    t.is(one.user[i], all.user[row]);
    t.deepEqual(one.truth.slice(i * N * 4, (i + 1) * N * 4), all.truth.slice(row * N * 4, (row + 1) * N * 4));
    t.deepEqual(one.ad.slice(i * N, (i + 1) * N), all.ad.slice(row * N, (row + 1) * N));
    t.is(world.surfaceOf(far + row), all.categorical[row * 2]);
  });
  const context = world.context(50);
  world.fillContext(numbers(50, far), context);
  t.deepEqual(context.numeric, all.numeric);
  t.deepEqual(context.categorical, all.categorical);
  t.deepEqual(context.user, all.user);
  t.deepEqual(context.day, all.day);
  t.notDeepEqual(filled(market({ seed: 2 }), 50, far).ad, all.ad);
  const other = market({ luck: 1 });
  t.notDeepEqual(filled(other, 50, far).user, all.user);
  t.deepEqual(other.ads, world.ads);
});

test('requests are fit to be served: probabilities, a long click never likelier than a click, no ad twice', (t) => {
  for (const miscalibration of [0, 0.5, 1]) {
    const world = market({ miscalibration, multiplierDeviation: [2, 2, 2] });
    const requests = filled(world, 500);
    t.notThrows(() => {
      checkRequests(requests, world.shape.candidates);
    });
    for (let at = 0; at < requests.bid.length * 4; at += 4) {
      t.true(requests.truth[at + 2] <= requests.truth[at + 1]);
      t.true(requests.predicted[at + 2] <= requests.predicted[at + 1]);
      t.true(requests.truth[at] === requests.predicted[at]);
    }
    t.true(
      Array.from({ length: 500 }, (_, n) => new Set(requests.ad.slice(n * 20, n * 20 + 20)).size === 20).every(Boolean),
    );
  }
});

test('truth is prediction times multiplier; a calibrated ranker predicts the truth, which is the same', (t) => {
  const [blind, seeing, half] = [1, 0, 0.5].map((miscalibration) => filled(market({ miscalibration }), 300));
  t.deepEqual(seeing.truth, seeing.predicted);
  for (let at = 0; at < blind.truth.length; at++) t.true(Math.abs(blind.truth[at] - seeing.truth[at]) < 1e-6);
  const world = market();
  const m = new Float64Array(3);
  for (let n = 0; n < 300; n++) {
    world.multipliers(blind.user[n], blind.day[n], m);
    for (let j = 0; j < 20; j++) {
      const at = (n * 20 + j) * 4;
      const click = Math.min(0.9, m[0] * blind.predicted[at + 1]);
      t.true(Math.abs(blind.truth[at + 1] - click) < 1e-6);
      t.true(Math.abs(blind.truth[at + 3] - Math.min(0.9, m[2] * blind.predicted[at + 3])) < 1e-6);
      // Half of the logarithm is known to the ranker.
      if (half.predicted[at + 1] < 0.9) {
        t.true(Math.abs(half.predicted[at + 1] - Math.min(0.9, Math.sqrt(m[0]) * blind.predicted[at + 1])) < 1e-6);
      }
    }
  }
});

test('multipliers have mean 1 and their deviation, whatever the day, and features are signals of them', (t) => {
  const world = market({ users: 40_000, drift: 1.5, seasonDays: 40 });
  const requests = filled(world, 10_000);
  const m = new Float64Array(3);
  for (const day of [0, 10]) {
    const [sum, squares] = [new Float64Array(3), new Float64Array(3)];
    for (let user = 0; user < 40_000; user++) {
      world.multipliers(user, day, m);
      m.forEach((x, h) => {
        sum[h] += x / 40_000;
        squares[h] += Math.log(x) ** 2 / 40_000;
      });
    }
    [0.8, 0.6, 0.6].forEach((deviation, h) => {
      t.true(Math.abs(sum[h] - 1) < 0.03, `${sum[h]}`);
      // E[ln m]² + Var = (σ²/2)² + σ²
      t.true(Math.abs(squares[h] - (deviation ** 4 / 4 + deviation ** 2)) < 0.02, `${squares[h]}`);
    });
  }
  const correlation = (day: number): number => {
    let [xy, xx, yy] = [0, 0, 0];
    for (let n = 0; n < requests.count; n++) {
      world.multipliers(requests.user[n], day, m);
      const [x, y] = [requests.numeric[n * 7], Math.log(m[0]) + 0.32];
      xy += x * y;
      xx += x * x;
      yy += y * y;
    }
    return xy / Math.sqrt(xx * yy);
  };
  // Noise of 0.3: 1 ÷ √(1 + 0.3²) = 0.958. Ten days on, features have turned and say less.
  t.true(Math.abs(correlation(0) - 0.958) < 0.02, `${correlation(0)}`);
  t.true(correlation(10) < 0.75, `${correlation(10)}`);
});

test('what is realised is on average what was expected, for every outcome', (t) => {
  const world = market();
  const n = 40_000;
  const out = served(world, filled(world, n), [0.2, 0.2, 0.2]);
  for (let h = 0; h < 4; h++) {
    let [difference, squares] = [0, 0];
    for (let i = 0; i < n; i++) {
      const d = out.realised[i * 4 + h] - out.expected[i * 4 + h];
      difference += d;
      squares += d * d;
    }
    t.true(Math.abs(difference) < 4 * Math.sqrt(squares), `${h}: ${difference} ± ${Math.sqrt(squares)}`);
  }
  for (let i = 0; i < n; i++) t.true(out.realised[i * 4 + 2] <= out.realised[i * 4 + 1]);
  t.true(
    out.expected.every((x, i) => i % 4 !== 0 || Math.abs(x - out.ecpm[i / 4]) < 1e-6),
    'actions are calibrated',
  );
});

test('two weight vectors on one request meet the same luck', (t) => {
  const world = market({ slots: [1] });
  const requests = filled(world, 4000);
  const [a, b] = [
    [0, 0, 0],
    [0.8, 0.8, 0],
  ].map((weights) => served(world, requests, weights));
  let same = 0;
  for (let n = 0; n < 4000; n++) {
    if (a.shown[n] !== b.shown[n]) continue;
    same++;
    t.deepEqual(a.realised.slice(n * 4, n * 4 + 4), b.realised.slice(n * 4, n * 4 + 4));
  }
  t.true(same > 100 && same < 3900, `${same}`);
});

test('weights trade revenue for clicks, long clicks and hides, each its own', (t) => {
  const world = market({ users: 5000 });
  const requests = filled(world, 10_000);
  const of = (weights: readonly number[]): number[] => means(served(world, requests, weights));
  const [served0, revenue] = [of([0.2, 0.2, 0.2]), of([0, 0, 0])];
  t.true(revenue[0] > 1.02 * served0[0] && revenue[1] < 0.85 * served0[1]);
  const clicks = of([0.8, 0.2, 0.2]);
  t.true(clicks[1] > 1.2 * served0[1] && clicks[0] < 0.95 * served0[0]);
  t.true(of([0.2, 0.8, 0.2])[2] > 1.1 * served0[2]);
  t.true(of([0.2, 0.2, 0.8])[3] < 0.9 * served0[3]);
});

test("who knows a user's multipliers gains over one vector for everybody, unless the ranker knows them", (t) => {
  const levels = [0, 0.1, 0.2, 0.4, 0.8];
  const nearest = (x: number): number =>
    levels.reduce((best, level) => (Math.abs(level - x) < Math.abs(best - x) ? level : best), 0);
  const gain = (miscalibration: number): number => {
    const world = market({ miscalibration });
    const requests = filled(world, 10_000);
    const [weights, out, m] = [new Float32Array(30_000), world.served(10_000), new Float64Array(3)];
    const reward = (at: (n: number) => readonly number[]): number => {
      for (let n = 0; n < 10_000; n++) weights.set(at(n), n * 3);
      world.serve(requests, weights, out, { expectedOnly: true });
      const [, click, long, hide, ecpm] = means(out);
      return ecpm + 0.25 * click + 0.25 * long - 0.2 * hide;
    };
    const even = Math.max(
      ...[0.2, 0.4].map((w) => reward(() => [w, w, 0.2])),
      reward(() => [0.2, 0.4, 0.2]),
    );
    const personal = reward((n) => {
      world.multipliers(requests.user[n], requests.day[n], m);
      return [0.25 * m[0], 0.25 * m[1], 0.2 * m[2]].map(nearest);
    });
    return personal / even - 1;
  };
  t.true(gain(1) > 0.008, `${gain(1)}`);
  t.true(gain(0) < 0.002, `${gain(0)}`);
});

test('conversions follow a share of long clicks, days later', (t) => {
  const world = market({ conversionRate: 1, conversionDays: 3 });
  const { realised, conversionDays } = served(world, filled(world, 30_000), [0.2, 0.8, 0.2]);
  const days: number[] = [];
  conversionDays.forEach((delay, n) => {
    t.is(Number.isNaN(delay), realised[n * 4 + 2] === 0);
    if (realised[n * 4 + 2] === 1) days.push(delay);
  });
  const mean = days.reduce((sum, x) => sum + x, 0) / days.length;
  t.true(Math.abs(mean - 3) < (4 * 3) / Math.sqrt(days.length), `${mean} of ${days.length}`);
  const none = served(market({ conversionRate: 0 }), filled(market({ conversionRate: 0 }), 1000), [0.2, 0.8, 0.2]);
  t.true(none.conversionDays.every(Number.isNaN));
});

test('the clock runs with the numbers: days, hours in order, fewest requests at five', (t) => {
  const world = market();
  t.is(world.timeOf(0), 0);
  t.is(Math.floor(world.timeOf(25_000)), 2);
  const hours = new Float64Array(24);
  let last = -1;
  for (let r = 0; r < 10_000; r++) {
    const time = world.timeOf(r);
    t.true(time > last && time < 1);
    last = time;
    hours[Math.floor(time * 24)]++;
  }
  t.true(hours[4] < 0.6 * (10_000 / 24) && hours[17] > 1.4 * (10_000 / 24), hours.join(' '));
  const weekend = filled(world, 1, 5 * 10_000);
  t.is(weekend.numeric[6], 1);
});

test('bad input is refused with what is wrong', (t) => {
  t.throws(() => market({ candidates: 0 }), { message: /ad market: candidates.*from 1/ });
  t.throws(() => market({ payment: 'third' }), { message: /payment: expected one of first, second, received 'third'/ });
  t.throws(() => market({ slots: [] }), { message: /slots/ });
  t.throws(() => market({ miscalibration: 2 }), { message: /miscalibration/ });
  t.throws(() => market({ ads: 5 }), { message: /ads: expected a finite number from 20/ });
  const world = market();
  const requests = filled(world, 2);
  const check = (): void => {
    world.serve(requests, new Float32Array(6), world.served(2), { check: true });
  };
  t.notThrows(check);
  t.throws(
    () => {
      world.serve(requests, Float32Array.of(0, 0, 0, 0, NaN, 0), world.served(2), { check: true });
    },
    { message: /weight 1 of row 1: expected a finite number/ },
  );
  requests.bid[21] = -1;
  t.throws(check, { message: /request 1, candidate 1: bid: expected a finite number from 0, received -1/ });
  requests.bid[21] = 1;
  requests.predicted[3] = 1.5;
  t.throws(check, { message: /request 0, candidate 0: prediction: expected a probability, received 1.5/ });
  requests.predicted.fill(0, 0, 80);
  t.throws(check, { message: /request 0: expected a prediction above 0 for some candidate, received only zeros/ });
  t.throws(
    () => {
      world.serve(requests, new Float32Array(3), world.served(2));
    },
    { message: /ad market: weights: expected 6 numbers/ },
  );
  t.throws(
    () => {
      world.serve(requests, new Float32Array(6), world.served(2), { budgets: world.budgets(), expectedOnly: true });
    },
    { message: /expected no budgets/ },
  );
  t.throws(
    () => {
      world.fillContext(numbers(3), world.context(2));
    },
    { message: /at most 2/ },
  );
  for (const number of [-1, 0.5, NaN]) {
    t.throws(
      () => {
        world.fillContext(Float64Array.of(0, number), world.context(2));
      },
      { message: /request 1 of 2: expected a whole number from 0/ },
    );
  }
});
