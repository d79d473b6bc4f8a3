import test from 'ava';
import tf from '@tensorflow/tfjs';
import { fc, testProp } from '@fast-check/ava';
import { backendInUse, startBackend } from '../../core/tensor/backend.js';
import { buffer, whyNot, type Space } from '../../core/space.js';
import { stream } from '../../core/random.js';
import { decide, encodeActions, type ActionHead } from './head.js';
import { headOf } from './heads.js';
import { oneHot } from './one-hot.js';

test.before(async () => {
  await startBackend(process.env['RECSYS_GYM_BACKEND']);
});

const discrete: Space = { kind: 'discrete', n: 4 };
const several: Space = { kind: 'multi-discrete', n: [2, 3] };
const slate: Space = { kind: 'slate', size: 2, candidates: 4 };
const bounded: Space = { kind: 'box', shape: [2], low: -1, high: 3 };
const unbounded: Space = { kind: 'box', shape: [1], low: -Infinity, high: Infinity };
const mixed: Space = { kind: 'record', fields: { place: discrete, price: bounded } };
const spaces: readonly Space[] = [discrete, several, slate, bounded, unbounded, mixed];

/** ln π and entropy of the actions, and both slopes by the outputs, [rows · outputs]. */
function scored(head: ActionHead, outputs: ArrayLike<number>, action: Int32Array | Float32Array): Scored {
  const rows = outputs.length / head.outputs;
  const actions = encodeActions(head, action, rows);
  const read = (pick: 'logProbability' | 'entropy'): [Float32Array, Float32Array] =>
    tf.tidy(() => {
      const known = tf.tensor2d(actions, [rows, head.encoded]);
      const value = (x: tf.Tensor): tf.Tensor => head.score(x.as2D(rows, head.outputs), known)[pick];
      const x = tf.tensor2d(Float32Array.from(outputs), [rows, head.outputs]);
      return [value(x).dataSync<'float32'>().slice(), tf.grad(value)(x).dataSync<'float32'>().slice()];
    });
  const [logProbability, logProbabilitySlope] = read('logProbability');
  const [entropy, entropySlope] = read('entropy');
  return { logProbability, entropy, logProbabilitySlope, entropySlope };
}

type Scored = Record<'logProbability' | 'entropy' | 'logProbabilitySlope' | 'entropySlope', Float32Array>;

function decisions(
  space: Space,
  outputs: readonly number[],
  rows: number,
  explore = true,
): {
  action: Int32Array | Float32Array;
  propensity: Float32Array;
} {
  const head = headOf(space);
  const tiled = new Float32Array(rows * head.outputs);
  for (let i = 0; i < tiled.length; i++) tiled[i] = outputs[i % head.outputs];
  const out = { action: buffer(space, rows), propensity: new Float32Array(rows) };
  decide(head, tiled, stream(3).fork(space.kind), out, explore);
  return out;
}

test('a slate by hand: the second place is drawn from what the first left over', (t) => {
  const head = headOf({ kind: 'slate', size: 2, candidates: 3 });
  const { logProbability } = scored(head, [Math.log(1), Math.log(2), Math.log(3)], Int32Array.of(2, 0));
  // 3/6 · 1/3
  t.true(Math.abs(Math.exp(logProbability[0]) - 1 / 6) < 1e-6);
});

for (const [space, outputs] of [
  [discrete, [0, 1, -1, 0.5]],
  [several, [0.3, -0.2, 1, 0, -1]],
  [slate, [1, 0, -0.5, 0.2]],
] as const) {
  test(`${space.kind}: written propensities are the frequencies of many draws and sum to 1`, (t) => {
    const rows = 100_000;
    const { action, propensity } = decisions(space, outputs, rows);
    const w = action.length / rows;
    const seen = new Map<string, { count: number; propensity: number }>();
    for (let n = 0; n < rows; n++) {
      t.is(n % 1000 === 0 ? whyNot(space, action, n * w) : undefined, undefined);
      const key = action.slice(n * w, (n + 1) * w).join();
      const entry = seen.get(key) ?? { count: 0, propensity: propensity[n] };
      entry.count++;
      seen.set(key, entry);
    }
    let total = 0;
    for (const [key, entry] of seen) {
      total += entry.propensity;
      const error = Math.sqrt((entry.propensity * (1 - entry.propensity)) / rows);
      const far = Math.abs(entry.count / rows - entry.propensity);
      t.true(far < 4.5 * error, `${key}: ${entry.count / rows} drawn, propensity ${entry.propensity}`);
    }
    t.true(Math.abs(total - 1) < 1e-5, `sum ${total}`);
  });
}

test('amounts: the written density is that of the histogram, inside the box', (t) => {
  const rows = 200_000;
  const space: Space = { kind: 'box', shape: [1], low: -1, high: 3 };
  const { action, propensity } = decisions(space, [0.4, -0.3], rows);
  const bins = 20;
  const counts = new Float64Array(bins);
  const density = new Float64Array(bins);
  action.forEach((a, n) => {
    const bin = Math.min(bins - 1, Math.floor(((a + 1) / 4) * bins));
    counts[bin]++;
    density[bin] += propensity[n];
  });
  for (let bin = 1; bin < bins - 1; bin++) {
    const drawn = counts[bin] / rows / (4 / bins);
    const written = density[bin] / counts[bin];
    t.true(Math.abs(drawn - written) < 0.03 * (written + 0.2), `bin ${bin}: ${drawn} drawn, ${written} written`);
  }
});

test('without exploring: the best action, with certainty; ties go to the lower code', (t) => {
  t.deepEqual(decisions(discrete, [0, 2, 2, 1], 1, false), {
    action: Int32Array.of(1),
    propensity: Float32Array.of(1),
  });
  t.deepEqual([...decisions(slate, [1, 3, 3, 2], 1, false).action], [1, 2]);
  t.deepEqual([...decisions(several, [0, 1, 5, 5, 0], 1, false).action], [1, 0]);
  t.deepEqual([...decisions(bounded, [0, 50, 0, 0], 1, false).action], [1, 3]);
});

test('extreme outputs turn chance into certainty, with finite numbers everywhere', (t) => {
  const { action, propensity } = decisions(slate, [-1e4, 1e4, 0, 2e4], 50);
  t.true(action.every((a, i) => a === (i % 2 === 0 ? 3 : 1)) && propensity.every((p) => p === 1));
  const score = scored(headOf(slate), [-1e4, 1e4, 0, 2e4], Int32Array.of(0, 2));
  t.is(score.logProbability[0], -30_000 - 20_000);
  t.true([...score.logProbabilitySlope, ...score.entropySlope, ...score.entropy].every(Number.isFinite));
});

test('the entropy of a discrete head is that of its distribution; of a slate, its mean over draws is', (t) => {
  t.true(Math.abs(scored(headOf(discrete), new Float32Array(4), Int32Array.of(2)).entropy[0] - Math.log(4)) < 1e-6);
  const outputs = [1, 0, -0.5, 0.2];
  const { action, propensity } = decisions(slate, outputs, 20_000);
  const tiled = Array.from({ length: 20_000 }, () => outputs).flat();
  const estimate = scored(headOf(slate), tiled, action).entropy.reduce((sum, h) => sum + h / 20_000, 0);
  const surprise = propensity.reduce((sum, p) => sum - Math.log(p) / 20_000, 0);
  t.true(Math.abs(estimate - surprise) < 0.02, `${estimate} against −E ln π = ${surprise}`);
});

const outputNumbers = fc.array(fc.double({ min: -1.5, max: 1.5, noNaN: true }), { minLength: 8, maxLength: 8 });

testProp(
  'ln π and entropy agree with what was drawn, and their slopes with finite differences',
  [fc.constantFrom(...spaces), outputNumbers, fc.integer({ min: 0, max: 999 })],
  (t, space, numbers, seed) => {
    const head = headOf(space);
    const outputs = Float32Array.from(numbers.slice(0, head.outputs));
    const action = buffer(space, 1);
    const drawn = head.draw(outputs, 0, stream(seed), action, 0);
    const exact = scored(head, outputs, action);
    t.true(
      Math.abs(exact.logProbability[0] - drawn) < 1e-5 * (1 + Math.abs(drawn)),
      `${exact.logProbability[0]} ${drawn}`,
    );
    const step = 1e-2;
    const moved = (sign: number): Float32Array => {
      const rows = new Float32Array(head.outputs ** 2);
      for (let i = 0; i < head.outputs; i++) rows.set(outputs.with(i, outputs[i] + sign * step), i * head.outputs);
      return rows;
    };
    const same = buffer(space, head.outputs);
    for (let i = 0; i < head.outputs; i++) same.set(action, i * head.width);
    const [above, below] = [scored(head, moved(1), same), scored(head, moved(-1), same)];
    for (let i = 0; i < head.outputs; i++) {
      const byLog = (above.logProbability[i] - below.logProbability[i]) / (2 * step);
      const byEntropy = (above.entropy[i] - below.entropy[i]) / (2 * step);
      t.true(Math.abs(byLog - exact.logProbabilitySlope[i]) < 5e-3 * (1 + Math.abs(byLog)));
      t.true(Math.abs(byEntropy - exact.entropySlope[i]) < 5e-3 * (1 + Math.abs(byEntropy)));
    }
  },
);

test('a box with one bound and a slate longer than its candidates are refused', (t) => {
  t.throws(() => headOf({ kind: 'box', shape: [1], low: 0, high: Infinity }), { message: /two finite bounds or none/ });
  t.throws(() => headOf({ kind: 'slate', size: 3, candidates: 2 }), { message: /3 places, 2 candidates/ });
});

test.serial('one-hot rows are ones and zeros on every backend', async (t) => {
  const before = backendInUse();
  for (const backend of ['wasm', 'cpu', before]) {
    await startBackend(backend);
    t.deepEqual([...tf.tidy(() => oneHot(tf.tensor1d([2, 0]), 3).dataSync())], [0, 0, 1, 1, 0, 0], backend);
  }
});
