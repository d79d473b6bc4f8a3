import test from 'ava';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WeightGrid } from '../../logs/ad-utility/weight-grid.js';
import { outcome } from '../../logs/record.js';
import { openStore } from '../../logs/store/log-store.js';
import { WEIGHTED } from './contract.js';
import { adLogHead, adLogPieces, loggedRequests, writeAdLog, type AdLogRequest } from './log.js';
import { AdMarket } from './market.js';
import { Slice } from './slice.js';

const world = new AdMarket({ users: 500, requestsPerDay: 20_000, ads: 100, advertisers: 10, candidates: 5 });
const levels = [0, 0.2, 0.8];
const grid = new WeightGrid(WEIGHTED.map((name) => ({ name, levels, production: 0.2 })));
const A = grid.size;
const asked = (given: Partial<AdLogRequest> = {}): AdLogRequest => ({ grid, rows: 5000, ...given });
const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, x) => sum + x, 0) / values.length;

test('the slice is a share of the requests, and the same from wherever the walk begins', (t) => {
  const slice = new Slice(1, 0.0125);
  const found = Array.from({ length: 20_000 }, () => slice.next());
  t.true(found.every((request, i) => i === 0 || request > found[i - 1]));
  t.true(Math.abs(20_000 / found[19_999] / 0.0125 - 1) < 0.03, `${20_000 / found[19_999]}`);
  const middle = new Slice(1, 0.0125, found[7000] - 3);
  t.deepEqual(
    Array.from({ length: 100 }, () => middle.next()),
    found.slice(7000, 7100),
  );
  const whole = new Slice(1, 1, 5);
  t.deepEqual(
    Array.from({ length: 2000 }, () => whole.next()),
    Array.from({ length: 2000 }, (_, i) => i + 5),
  );
});

test('a log of the slice: uniform actions, their propensity, outcomes as the market has them', (t) => {
  const log = writeAdLog(world, asked({ exploration: 0.1 }));
  t.deepEqual(log.schema.outcomes, ['revenue', 'ecpm', 'click', 'longClick', 'hide', 'conversion']);
  t.deepEqual(log.schema.numericNames, world.numericNames);
  t.true(log.propensity.every((p) => p === 1 / A));
  const counts = new Float64Array(A);
  for (const action of log.action) counts[action]++;
  // 27 actions, 185 rows each on average: within five deviations.
  t.true(counts.every((count) => Math.abs(count - 5000 / A) < 5 * Math.sqrt(5000 / A)));
  const requests = world.requests(5000);
  world.fill(
    Float64Array.from(Array.from(loggedRequests(world, asked({ exploration: 0.1 })), (piece) => [...piece]).flat()),
    requests,
  );
  t.deepEqual(log.numeric, requests.numeric);
  t.deepEqual(log.user, requests.user);
  const [weights, served] = [new Float32Array(15_000), world.served(5000)];
  log.action.forEach((action, n) => {
    grid.writeWeights(action, weights, n * 3);
  });
  world.serve(requests, weights, served);
  t.deepEqual(log.outcomes[1], served.ecpm);
  t.deepEqual(
    outcome(log, 'click'),
    Float32Array.from({ length: 5000 }, (_, n) => served.realised[n * 4 + 1]),
  );
  t.is(writeAdLog(world, asked({ exploration: 0.1 })).hash, log.hash);
  t.true(log.timeMs.every((time, n) => n === 0 || time >= log.timeMs[n - 1]));
});

test('a log of all requests has the propensity of the mixture, and the slice of the other log inside', (t) => {
  const rows = 6000;
  const log = writeAdLog(world, asked({ rows, kind: 'all', exploration: 0.2 }));
  const explored = log.policy.filter((policy) => log.policies.values[policy] === 'exploration').length;
  t.true(Math.abs(explored / rows - 0.2) < 0.03, `${explored}`);
  log.action.forEach((action, n) => {
    t.is(log.propensity[n], 0.2 / A + 0.8 * (action === grid.production ? 1 : 0));
    if (log.policies.values[log.policy[n]] === 'production') t.is(action, grid.production);
  });
  const slice = writeAdLog(world, asked({ rows: 500, exploration: 0.2 }));
  const inside = log.action.filter((_, n) => log.policies.values[log.policy[n]] === 'exploration');
  t.deepEqual(inside.slice(0, 500), slice.action);
});

test("a log under a policy: its actions, its propensities, only the surface's requests", (t) => {
  const propensities = (context: { count: number; numeric: Float32Array }, out: Float64Array): void => {
    for (let n = 0; n < context.count; n++) {
      for (let a = 0; a < A; a++) out[n * A + a] = a === 3 ? 0.5 : a === 4 ? (context.numeric[n * 7] > 0 ? 0.5 : 0) : 0;
      if (!(context.numeric[n * 7] > 0)) out[n * A + 5] = 0.5;
    }
  };
  const policy = { name: 'mine', propensities };
  const log = writeAdLog(world, asked({ exploration: 1, policy, surface: 'search', firstRequest: 100 }));
  t.true(log.categorical.every((code, i) => i % 2 === 1 || code === 2));
  t.deepEqual(log.policies.values, ['mine']);
  t.true(log.propensity.every((p) => p === 0.5));
  log.action.forEach((action, n) => t.true(action === 3 || action === (log.numeric[n * 7] > 0 ? 4 : 5)));
  t.true(Math.abs(mean(log.action.map((action) => (action === 3 ? 1 : 0))) - 0.5) < 0.04);
  const mixed = writeAdLog(world, asked({ rows: 2000, kind: 'all', exploration: 0.5, policy }));
  mixed.action.forEach((action, n) => {
    const own = action === 3 || action === (mixed.numeric[n * 7] > 0 ? 4 : 5) ? 0.5 : 0;
    t.is(mixed.propensity[n], 0.5 / A + 0.5 * own);
  });
});

test('a log written early does not know late conversions', (t) => {
  const given = { rows: 8000, exploration: 1 };
  const converting = new AdMarket({ ...world.settings, conversionRate: 1, conversionDays: 2 });
  const [early, late] = [1, Infinity].map((asOfDay) =>
    outcome(writeAdLog(converting, asked({ ...given, asOfDay })), 'conversion'),
  );
  t.true(early !== undefined && late !== undefined);
  if (early === undefined || late === undefined) return;
  t.true(mean(early) > 0 && mean(early) < 0.6 * mean(late));
  early.forEach((known, n) => t.true(known <= late[n]));
  t.throws(() => writeAdLog(world, asked({ ...given, asOfDay: 0.1 })), {
    message: /asOfDay: expected a day after the last row/,
  });
});

test('streamed into a store it is the log in memory', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'ad-log-'));
  try {
    const store = await openStore(join(folder, 'logs.sqlite'));
    const given = asked({ rows: 9000, exploration: 0.5 });
    const writer = await store.writer('streamed');
    for (const piece of adLogPieces(world, given)) await writer.append(piece);
    const stored = await writer.commit(adLogHead(world, given));
    t.is(stored.hash, writeAdLog(world, given).hash);
    await store.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('what cannot be logged is refused', (t) => {
  t.throws(() => writeAdLog(world, asked({ surface: 'shop' })), {
    message: /surface: expected one of home, related, search/,
  });
  t.throws(() => writeAdLog(world, asked({ exploration: 0 })), { message: /exploration/ });
  t.throws(() => writeAdLog(world, asked({ rows: 1.5 })), { message: /rows: expected a whole number, received 1.5/ });
  t.throws(() => writeAdLog(world, asked({ firstRequest: 0.5 })), { message: /firstRequest: expected a whole number/ });
  const other = new WeightGrid([{ name: 'click', levels, production: 0.2 }]);
  t.throws(() => writeAdLog(world, asked({ grid: other })), {
    message: /the groups click, longClick, hide, received click/,
  });
});
