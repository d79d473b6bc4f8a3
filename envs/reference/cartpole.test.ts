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

/** Printed by Gymnasium 1.3.0 (gym.make("CartPole-v1")): state in float64, action, observation, terminated. */
// prettier-ignore
const gymnasium: readonly (readonly [readonly number[], number, readonly number[], boolean])[] = [
  [[0.013696168732145436, -0.02302132862361297, -0.045902647606380534, -0.04834723644714709], 0, [0.013235742226243019, -0.21745604276657104, -0.04686959087848663, 0.2295069843530655], false],
  [[-1.1892403860040892, 0.16518471269226576, -0.0005021880046233987, -0.1884078361719294], 0, [-1.185936689376831, -0.029930049553513527, -0.004270344506949186, 0.10411662608385086], false],
  [[0.015621481744616863, 0.6319175777724201, -0.05110828513769203, -0.86721854563953], 0, [0.02825983241200447, 0.4375269412994385, -0.06845265626907349, -0.5910326242446899], false],
  [[-0.04586419087574255, -0.022531547691695047, -0.005593416283259505, 0.011728710774794204], 0, [-0.046314820647239685, -0.21757283806800842, -0.005358842201530933, 0.3026416003704071], false],
  [[0.8350759794827206, -0.009641273636997377, -0.007052025438653519, 0.1958100271786083], 1, [0.8348831534385681, 0.18558083474636078, -0.0031358248088508844, -0.0990891382098198], false],
  [[0.05061954906487988, -0.15721492576878224, -0.018497765490131966, 0.305303498684552], 1, [0.04747525230050087, 0.03816567733883858, -0.012391695752739906, 0.006844700314104557], false],
  [[0.10319221376424545, 1.4284164113328208, -0.20716077238198397, -2.431333222422924], 1, [0.13176053762435913, 1.6246315240859985, -0.2557874321937561, -2.7798335552215576], true],
  [[-0.1321670751874443, -1.0115020837506012, 0.19879268284742221, 1.7110636822908225], 1, [-0.15239711105823517, -0.8191414475440979, 0.23301395773887634, 1.4862662553787231], true],
  [[0.15752226464715602, 1.2061004618019775, -0.18354416806974772, -1.9043242461473509], 1, [0.1816442757844925, 1.4026710987091064, -0.22163064777851105, -2.247887134552002], true],
];

test('from the same state in full precision, every float32 that Gymnasium 1.3.0 observes comes out', (t) => {
  const env = make(gymnasium.length);
  env.restore(standing(gymnasium.map(([state]) => state)));
  const out = stepBatch(env.spec);
  env.step(
    Int32Array.from(gymnasium, ([, action]) => action),
    out,
  );
  gymnasium.forEach(([, , observation, terminated], b) => {
    t.is(out.terminated[b] === 1, terminated);
    const rows = terminated ? out.final : out.observation;
    t.deepEqual([...rows.subarray(4 * b, 4 * b + 4)], observation);
  });
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
