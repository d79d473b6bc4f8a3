import test from 'ava';
import { actionBuffer, stepBatch } from '../buffers.js';
import type { EnvState } from '../contract.js';
import { CartPole, cartPoleDefaults } from './cartpole.js';

const make = (batch: number, stepLimit = 500): CartPole => new CartPole({ stepLimit }, batch);

/** A saved state with these four values per world. */
function standing(rows: readonly (readonly number[])[], age = 0): EnvState {
  const column = (i: number): Float64Array => Float64Array.from(rows, (row) => row[i]);
  return {
    id: 'reference/CartPole-v1',
    batch: rows.length,
    seed: 1,
    columns: {
      settings: Float64Array.of(500),
      position: column(0),
      velocity: column(1),
      angle: column(2),
      angularVelocity: column(3),
      age: new Int32Array(rows.length).fill(age),
      visit: new Int32Array(rows.length),
    },
  };
}

test("the steps printed in Gymnasium's documentation (VectorEnv.step, 3 worlds of seed 42) come out to their digits", (t) => {
  const env = make(3);
  env.restore(
    standing([
      [0.0273956, -0.00611216, 0.03585979, 0.0197368],
      [0.01522993, -0.04562247, -0.04799704, 0.03392126],
      [-0.03774345, -0.02418869, -0.00942293, 0.0469184],
    ]),
  );
  const out = stepBatch(env.spec);
  env.step(Int32Array.of(1, 0, 1), out);
  const expected = [
    [0.02727336, 0.18847767, 0.03625453, -0.26141977],
    [0.01431748, -0.24002443, -0.04731862, 0.3110827],
    [-0.03822722, 0.1710671, -0.00848456, -0.2487226],
  ].flat();
  // The starts are printed with 8 decimals, so the step can be off by about one in the eighth.
  expected.forEach((value, i) => t.true(Math.abs(out.observation[i] - value) < 2.5e-8, `${i}: ${out.observation[i]}`));
  t.deepEqual([...out.reward], [1, 1, 1]);
});

test('a step worked by hand: at rest, pushed right', (t) => {
  const env = make(1);
  env.restore(standing([[0, 0, 0, 0]]));
  const out = stepBatch(env.spec);
  env.step(Int32Array.of(1), out);
  // pull = 10/1.1; angular = −pull / (0.5 (4/3 − 0.1/1.1)); linear = pull − 0.05 angular / 1.1; times 0.02 s
  const angular = -(10 / 1.1) / (0.5 * (4 / 3 - 0.1 / 1.1));
  t.deepEqual(
    [...out.observation],
    [0, Math.fround(0.02 * (10 / 1.1 - (0.05 * angular) / 1.1)), 0, Math.fround(0.02 * angular)],
  );
});

test('the endings: off the track, fallen, cut off, and fallen at the limit', (t) => {
  const env = make(4);
  const state = standing([
    [2.399, 1, 0, 0],
    [0, 0, 0.2094, 1],
    [0, 0, 0, 0],
    [0, 0, 0.2094, 1],
  ]);
  env.restore({ ...state, columns: { ...state.columns, age: Int32Array.of(3, 3, 499, 499) } });
  const out = stepBatch(env.spec);
  env.step(Int32Array.of(1, 1, 1, 0), out);
  t.deepEqual(
    [...out.endReason].map((reason) => env.spec.endReasons[reason].name),
    ['cart left the track', 'pole fell', 'step limit', 'pole fell'],
  );
  t.deepEqual([...out.terminated], [1, 1, 0, 1]);
  t.deepEqual([...out.truncated], [0, 0, 1, 0]);
  t.deepEqual([...out.reward], [1, 1, 1, 1]);
  t.is(out.final[0], Math.fround(2.399 + 0.02 * 1));
  t.true(
    out.observation.every((value) => Math.abs(value) <= 0.05),
    'new sessions stand where sessions start',
  );
});

test('starts fill ±0.05 and differ between worlds', (t) => {
  const env = make(2000);
  const out = stepBatch(env.spec);
  env.reset(3, out);
  const values = [...out.observation];
  t.true(new Set(values).size > values.length - 5, 'equal values only where float32 rounds them together');
  t.true(Math.max(...values) > 0.0499 && Math.max(...values) <= 0.05 && Math.min(...values) < -0.0499);
  const mean = values.reduce((a, b) => a + b) / values.length;
  t.true(Math.abs(mean) < (4 * (0.1 / Math.sqrt(12))) / Math.sqrt(values.length), `mean ${mean}`);
});

test('wrong use is refused in words, and a refused step changes nothing', (t) => {
  const env = make(2);
  const out = stepBatch(env.spec);
  t.throws(() => env.step(actionBuffer(env.spec), out), { message: /Call reset\(seed, out\)/ });
  env.reset(1, out);
  const before = env.snapshot();
  t.throws(() => env.step(Int32Array.of(0, 2), out), {
    message: /world 1: expected .* place 0 is 2, not a whole number/,
  });
  t.deepEqual(env.snapshot(), before);
  t.throws(() => env.step(Int32Array.of(0, 1), stepBatch(make(3).spec)), {
    message: /observation: expected 8 numbers \(B=2 × O=4\), received 12/,
  });
  t.throws(() => make(2, 200).restore(before), { message: /with the settings 200, received one with 500/ });
  t.throws(() => make(1, 0), { message: /stepLimit: expected a whole number from 1, received 0/ });
  t.throws(() => make(3).restore(before), {
    message: /expected a state of reference\/CartPole-v1 with 3 worlds, received one .* 2 worlds/,
  });
  t.throws(() => env.reset(0.5, out), { message: /whole number as seed/ });
  t.is(cartPoleDefaults.stepLimit, 500);
});
