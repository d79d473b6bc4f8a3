import test from 'ava';
import { stream } from '../core/random.js';
import { startBackend } from '../core/tensor/backend.js';
import { makeLog } from '../logs/columns.js';
import type { Log } from '../logs/record.js';
import { logPolicyGradient } from './log-policy-gradient/learner.js';
import { frequencies } from './log-policies/frequencies.js';
import { greedy } from './log-policies/greedy.js';
import { popular } from './log-policies/popular.js';
import { uniform } from './log-policies/uniform.js';

test.before(async () => {
  await startBackend(process.env['RECSYS_GYM_BACKEND']);
});

const all = (log: Log): Int32Array => Int32Array.from({ length: log.rows }, (_, i) => i);
const rowsOf = (log: Log): { name: string; index: Int32Array } => ({ name: 'train', index: all(log) });
function play(
  policy: { probabilities(log: Log, rows: Int32Array, out: Float64Array): void },
  log: Log,
  rows = all(log),
): Float64Array {
  const out = new Float64Array(rows.length * log.actions.values.length);
  policy.probabilities(log, rows, out);
  return out;
}

/** Segments × actions click rates, served uniformly. */
function world(rows: number, rates: readonly (readonly number[])[], seed = 1): { log: Log; reward: Float64Array } {
  const luck = stream(seed);
  const A = rates[0].length;
  const segment = Int32Array.from({ length: rows }, () => Math.floor(luck.next() * rates.length));
  const action = Int32Array.from({ length: rows }, () => Math.floor(luck.next() * A));
  const click = Float32Array.from(action, (a, i) => (luck.next() < rates[segment[i]][a] ? 1 : 0));
  const log = makeLog({
    name: 'toy',
    rows,
    schema: { outcomes: ['click'], source: 'test', categoricalNames: ['segment'] },
    actions: Array.from({ length: A }, (_, a) => `item ${a}`),
    action,
    outcomes: [click],
    propensity: new Float64Array(rows).fill(1 / A),
    categorical: segment,
    categoricalValues: [rates.map((_, s) => `s${s}`)],
  });
  return { log, reward: Float64Array.from(click) };
}

/** What a policy truly earns per decision in such a world. */
function truth(policy: Float64Array, log: Log, rates: readonly (readonly number[])[]): number {
  const A = rates[0].length;
  let total = 0;
  for (let i = 0; i < log.rows; i++)
    for (let a = 0; a < A; a++) total += policy[i * A + a] * rates[log.categorical[i]][a];
  return total / log.rows;
}

const settings = logPolicyGradient.defaults;

test('a two-armed log is solved in seconds', (t) => {
  const rates = [[0.2, 0.6]];
  const { log, reward } = world(2000, rates);
  const { policy, curve } = logPolicyGradient.fit({ log, rows: rowsOf(log), reward, settings, random: stream(1) });
  const value = truth(play(policy, log), log, rates);
  t.true(value > 0.57, `value ${value} of 0.6`);
  t.true(curve.length > 3 && curve[0]['epoch'] === 0);
});

test('a contextual log: more than 90 % of the way from uniform to the best policy', (t) => {
  const rates = [
    [0.05, 0.1, 0.3, 0.1],
    [0.3, 0.1, 0.05, 0.1],
    [0.1, 0.05, 0.1, 0.3],
  ];
  const { log, reward } = world(12_000, rates);
  const learned = logPolicyGradient.fit({ log, rows: rowsOf(log), reward, settings, random: stream(1) });
  const probabilities = play(learned.policy, log);
  const [best, start] = [0.3, 0.1375];
  const gained = (truth(probabilities, log, rates) - start) / (best - start);
  t.true(gained > 0.9, `gained ${gained}`);
  for (let i = 0; i < 50; i++)
    t.true(Math.abs(probabilities.subarray(i * 4, i * 4 + 4).reduce((a, b) => a + b) - 1) < 1e-12);

  const bytes = learned.save();
  t.deepEqual(play(logPolicyGradient.load(bytes), log), probabilities, 'saved and loaded bit for bit');
  t.throws(() => logPolicyGradient.load(bytes.subarray(0, bytes.length - 3)), {
    message: /expected a safetensors file/,
  });
  const again = logPolicyGradient.fit({ log, rows: rowsOf(log), reward, settings, random: stream(1) });
  t.deepEqual(again.save(), bytes, 'same seed, same bytes');
});

test('a log that teaches nothing leaves a policy near uniform', (t) => {
  const { log, reward } = world(4000, [new Array<number>(20).fill(0.01)]);
  const { policy } = logPolicyGradient.fit({ log, rows: rowsOf(log), reward, settings, random: stream(3) });
  const largest = play(policy, log).reduce((most, p) => Math.max(most, p), 0);
  t.true(largest < 0.5, `largest probability ${largest}`);
});

test('good guesses help where the log alone says little', (t) => {
  const rates = [[0.01, 0.02, 0.04, 0.01]];
  const { log, reward } = world(6000, rates, 5);
  const guesses = Float32Array.from({ length: log.rows * 4 }, (_, i) => rates[0][i % 4]);
  const { policy } = logPolicyGradient.fit({ log, rows: rowsOf(log), reward, guesses, settings, random: stream(1) });
  const value = truth(play(policy, log), log, rates);
  t.true(value > 0.03, `value ${value} of 0.04, uniform 0.02`);
});

test('propensities are required, and what is wrong is named', (t) => {
  const { log, reward } = world(100, [[0.5, 0.5]]);
  const fit = (changed: Partial<Log>, rewards = reward): unknown =>
    logPolicyGradient.fit({
      log: { ...log, ...changed },
      rows: rowsOf(log),
      reward: rewards,
      settings,
      random: stream(1),
    });
  t.throws(() => fit({ schema: { ...log.schema, hasPropensity: false } }), {
    message: /log 'toy': expected propensities, received none/,
  });
  const propensity = log.propensity.slice();
  propensity[7] = 0;
  t.throws(() => fit({ propensity }), { message: /row 7: expected a propensity in \(0, 1\], received 0/ });
  const broken = reward.slice();
  broken[9] = NaN;
  t.throws(() => fit({}, broken), { message: /row 9: expected a finite reward, received NaN/ });
});

test('baselines: uniform, popular, greedy and frequencies, within candidate sets', (t) => {
  const { log, reward } = world(3000, [[0.1, 0.5, 0.2]]);
  const first = Int32Array.of(0, 1);
  t.deepEqual([...play(uniform, log, first)], new Array<number>(6).fill(1 / 3));
  t.deepEqual([...play(popular(log, rowsOf(log), reward), log, first)], [0, 1, 0, 0, 1, 0]);
  const soft = play(popular(log, rowsOf(log), reward, { exploration: 0.3, shrinkRounds: 50 }), log, Int32Array.of(0));
  t.deepEqual(
    [...soft].map((p) => Number(p.toFixed(6))),
    [0.1, 0.8, 0.1],
  );
  const guess = (): Float32Array => Float32Array.of(0.1, 0.2, 0.9, 0.5, 0.5, 0.1);
  t.deepEqual([...play(greedy(guess), log, first)], [0, 0, 1, 1, 0, 0], 'ties go to the lower code');

  const limited: Log = {
    ...log,
    candidates: {
      offsets: Int32Array.from({ length: log.rows + 1 }, (_, i) => 2 * i),
      codes: Int32Array.from({ length: 2 * log.rows }, (_, i) => (i % 2) * 2),
    },
  };
  t.deepEqual([...play(uniform, limited, Int32Array.of(5))], [0.5, 0, 0.5]);
  t.deepEqual([...play(popular(log, rowsOf(log), reward), limited, Int32Array.of(5))], [0, 0, 1]);
  t.deepEqual(
    [
      ...play(
        greedy(() => Float32Array.of(0.3, 0.9, 0.2)),
        limited,
        Int32Array.of(5),
      ),
    ],
    [1, 0, 0],
  );
});

test('exploration is that share of decisions, however few candidates a row has', (t) => {
  const { log, reward } = world(3000, [[0.1, 0.5, 0.2]]);
  const limited: Log = {
    ...log,
    candidates: {
      offsets: Int32Array.from({ length: log.rows + 1 }, (_, i) => 2 * i),
      codes: Int32Array.from({ length: 2 * log.rows }, (_, i) => (i % 2) * 2),
    },
  };
  const row = Int32Array.of(5);
  const guess = (): Float32Array => Float32Array.of(0.3, 0.9, 0.2);
  const rounded = (policy: Float64Array): number[] => [...policy].map((p) => Number(p.toFixed(9)));
  t.deepEqual(rounded(play(greedy(guess, 0.3), limited, row)), [0.85, 0, 0.15]);
  const soft = popular(log, rowsOf(log), reward, { exploration: 0.3, shrinkRounds: 50 });
  t.deepEqual(rounded(play(soft, limited, row)), [0.15, 0, 0.85]);
});

test('popular without shrinkage: an action never shown counts as the average one', (t) => {
  const log = makeLog({
    name: 'few',
    rows: 3,
    schema: { outcomes: ['click'], source: 'test' },
    actions: ['never shown', 'worst', 'best'],
    action: Int32Array.of(1, 2, 2),
    outcomes: [Float32Array.of(0, 1, 1)],
  });
  const policy = popular(log, rowsOf(log), Float64Array.of(0, 1, 1), { exploration: 0, shrinkRounds: 0 });
  t.deepEqual([...play(policy, log, Int32Array.of(0))], [0, 0, 1]);
});

test('frequencies of another log, per position and by the names of its actions', (t) => {
  const source = makeLog({
    name: 'served',
    rows: 5,
    schema: { outcomes: ['click'], source: 'test' },
    actions: ['b', 'a'],
    action: Int32Array.of(0, 0, 1, 1, 1),
    position: Int32Array.of(0, 0, 0, 1, 1),
    outcomes: [new Float32Array(5)],
  });
  const judged = makeLog({
    name: 'judged',
    rows: 2,
    schema: { outcomes: ['click'], source: 'test' },
    actions: ['a', 'b', 'c'],
    action: Int32Array.of(0, 0),
    position: Int32Array.of(0, 1),
    outcomes: [new Float32Array(2)],
  });
  t.deepEqual([...play(frequencies(source, 'ts'), judged)], [1 / 3, 2 / 3, 0, 1, 0, 0]);
  const foreign = { ...judged, actions: { ...judged.actions, values: ['x', 'y', 'z'] } };
  t.throws(() => play(frequencies(source, 'ts'), foreign), {
    message: /policy 'ts': expected log 'judged' to know the actions of 'served', received none called b, a/,
  });
});
