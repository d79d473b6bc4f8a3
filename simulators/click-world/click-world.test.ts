import test from 'ava';
import { stream } from '../../core/random.js';
import type { Log } from '../../logs/record.js';
import type { LoggedWorld } from '../contract.js';
import { CLICK_WORLD_DEFAULTS as defaults, clickWorldKind, type ClickWorldSettings } from './click-world.js';

const world = (seed: number, change: Partial<ClickWorldSettings> = {}): LoggedWorld =>
  clickWorldKind.make({ ...defaults, ...change }, stream(seed).fork('world'));
const rowsOf = (log: Log): Int32Array => Int32Array.from({ length: log.rows }, (_, n) => n);

/** Mean over the rows of what is read where their truths start. */
function valueOf(log: Log, read: (from: number, n: number) => number): number {
  let sum = 0;
  for (let n = 0; n < log.rows; n++) sum += read(n * log.actions.values.length, n);
  return sum / log.rows;
}

test('same stream, same bytes; another world or another log, others', (t) => {
  const log = world(1).log(500, stream(2));
  t.is(world(1).log(500, stream(2)).hash, log.hash);
  t.not(world(1).log(500, stream(3)).hash, log.hash);
  t.not(world(2).log(500, stream(2)).hash, log.hash);
  t.is(log.schema.source, world(1).about);
});

test('clicks and propensities are what the truth and the serving policy say', (t) => {
  const here = world(4);
  const log = here.log(60_000, stream(4).fork('log'));
  const truth = here.truth(log, rowsOf(log));
  const A = log.actions.values.length;
  t.true(truth.every((p) => p > 0 && p < 1));
  // Clicks against the truth about the logged action: a sum of independent 0/1 draws with known means.
  let [clicks, expected, variance] = [0, 0, 0];
  const weight = new Float64Array(A);
  for (let n = 0; n < log.rows; n++) {
    const p = truth[n * A + log.action[n]];
    clicks += log.outcomes[0][n];
    expected += p;
    variance += p * (1 - p);
    weight[log.action[n]] += 1 / log.propensity[n] / log.rows;
  }
  t.true(Math.abs(clicks - expected) < 4 * Math.sqrt(variance), `${clicks} clicks, ${expected} expected`);
  // E[1{A = a} / π(a)] = 1 for every action.
  t.true(
    weight.every((w) => Math.abs(w - 1) < 0.15),
    [...weight].map((w) => w.toFixed(3)).join(' '),
  );
  t.true(log.propensity.every((p) => p >= defaults.explorationShare / A && p <= 1));
});

test('positions: the truth falls by the position effect and by nothing else', (t) => {
  const here = world(5, { users: 1, segments: 1 });
  const log = here.log(50, stream(5));
  const truth = here.truth(log, rowsOf(log));
  const first = log.position.indexOf(0);
  for (let n = 0; n < log.rows; n++) {
    const share = defaults.positionEffect[log.position[n]];
    t.true(Math.abs(truth[n * 20 + 3] - share * truth[first * 20 + 3]) < 1e-12);
  }
});

test('there is something to learn: the best policy earns at least 20 % more than the serving one, in every world', (t) => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const here = world(seed);
    const log = here.log(5000, stream(seed).fork('log'));
    const truth = here.truth(log, rowsOf(log));
    const A = log.actions.values.length;
    const served = valueOf(log, (from, n) => truth[from + log.action[n]]);
    const best = valueOf(log, (from) => Math.max(...truth.subarray(from, from + A)));
    const uniform = valueOf(log, (from) => truth.subarray(from, from + A).reduce((a, b) => a + b, 0) / A);
    t.true(best > 1.2 * served, `world ${seed}: best ${best}, served ${served}`);
    t.true(served > uniform, `world ${seed}: served ${served}, uniform ${uniform}`);
  }
});

test('extremes: no exploration and a cold policy choose one item per segment; full exploration is uniform', (t) => {
  const cold = world(6, { explorationShare: 0, servingTemperature: 1e-3 }).log(2000, stream(6));
  t.true(cold.propensity.every((p) => p > 0.99));
  const open = world(6, { explorationShare: 1 }).log(2000, stream(6));
  t.true(open.propensity.every((p) => p === 1 / 20));
});

test('the truth is told only about its own logs, and settings are checked', (t) => {
  const log = world(1).log(10, stream(1));
  t.throws(() => world(2).truth(log, rowsOf(log)), { message: /expected a log written by click-world/ });
  t.throws(() => world(1, { items: 0 }), { message: /click-world: items: expected a whole number from 1/ });
  t.throws(() => world(1, { explorationShare: 2 }), { message: /explorationShare/ });
  t.throws(() => world(1, { positionEffect: [] }), { message: /positionEffect/ });
  t.throws(() => world(1, { positionEffect: [1.5] }), { message: /positionEffect/ });
});
