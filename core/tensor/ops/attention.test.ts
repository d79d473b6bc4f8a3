import { fc } from '@fast-check/ava';
import test, { type ExecutionContext } from 'ava';
import tf from '@tensorflow/tfjs';
import { stream } from '../../random.js';
import { nativeTest } from '../native/native.test.helper.js';
import { close, counts, keepsTheLaws, normals, outcome, type Case } from './laws.test.helper.js';
import { attention, selfAttention } from './attention.js';

interface Sizes {
  readonly seed: number;
  readonly batch: number;
  readonly queries: number;
  readonly keys: number;
  readonly heads: number;
  /** Numbers of a head. */
  readonly width: number;
  readonly causal: boolean;
  readonly ragged: boolean;
}

function packed({ seed, batch, keys, heads, width, causal, ragged }: Sizes): Case {
  const source = stream(seed);
  return {
    operation: ([qkv], lengths) => selfAttention(qkv, { heads, causal, ...(ragged ? { lengths: lengths[0] } : {}) }),
    inputs: [normals(source, [batch, keys, 3 * heads * width])],
    constants: [counts(source, [batch], keys + 1)],
  };
}

function apart({ seed, batch, queries, keys, heads, width, causal, ragged }: Sizes): Case {
  const source = stream(seed);
  return {
    operation: ([q, k, v], lengths) =>
      attention(q, k, v, { heads, causal, scale: 0.4, ...(ragged ? { lengths: lengths[0] } : {}) }),
    inputs: [queries, keys, keys].map((places) => normals(source, [batch, places, heads * width])),
    constants: [counts(source, [batch], keys + 1)],
  };
}

const sizes = fc.record({
  seed: fc.nat(),
  batch: fc.integer({ min: 1, max: 3 }),
  queries: fc.integer({ min: 1, max: 30 }),
  keys: fc.integer({ min: 1, max: 40 }),
  heads: fc.integer({ min: 1, max: 3 }),
  width: fc.constantFrom(1, 3, 8, 16, 17, 32, 64),
  causal: fc.boolean(),
  ragged: fc.boolean(),
});
const LARGE: Sizes = { seed: 1, batch: 12, queries: 50, keys: 61, heads: 2, width: 32, causal: true, ragged: true };

/** Half of the cases are small, so that finite differences find enough of them. */
const mixed = fc.oneof(
  sizes,
  sizes.map((one) => ({
    ...one,
    batch: 1,
    queries: 1 + (one.queries % 4),
    keys: 1 + (one.keys % 5),
    width: 1 + (one.width % 3),
  })),
);

keepsTheLaws('self-attention', mixed.map(packed), () => packed(LARGE));
keepsTheLaws('attention', mixed.map(apart), () => apart(LARGE));

for (const [form, make] of Object.entries({ packed, apart })) {
  nativeTest(`attention (${form}) of heads 128 wide, with lengths and causal`, (t) => {
    const one = make({ ...LARGE, batch: 2, width: 128 });
    const [native, stock] = [outcome('native', one), outcome('cpu', one)];
    close(t, native.value, stock.value, 1e-5);
    native.gradients.forEach((gradient, i) => {
      close(t, gradient, stock.gradients[i], 1e-5);
    });
  });

  nativeTest(`attention (${form}) of no rows, and of no places`, (t) => {
    t.is(outcome('native', make({ ...LARGE, batch: 0 })).value.length, 0);
    t.is(outcome('native', make({ ...LARGE, queries: 0, keys: 0, ragged: false })).value.length, 0);
  });
}

// One head of one number: places 0 and 1 have q = k = 0, so all keys count alike; v = 1, 5.
const hand = (causal: boolean, length: number): Case => ({
  operation: ([qkv], [lengths]) => selfAttention(qkv, { heads: 1, causal, lengths }),
  inputs: [{ values: Float32Array.of(0, 0, 1, 0, 0, 5), shape: [1, 2, 3] }],
  constants: [{ values: Int32Array.of(length), shape: [1] }],
  slope: [1, 1],
});

for (const backend of ['cpu', 'native'] as const) {
  const declare = backend === 'native' ? nativeTest : test.serial;
  declare(`attention by hand (${backend}): means of what is seen, zeros where nothing is`, (t: ExecutionContext) => {
    close(t, outcome(backend, hand(false, 2)).value, [3, 3], 1e-6);
    close(t, outcome(backend, hand(true, 2)).value, [1, 3], 1e-6);
    close(t, outcome(backend, hand(false, 1)).value, [1, 1], 1e-6);
    const nothing = outcome(backend, hand(false, 0));
    close(t, nothing.value, [0, 0], 0);
    close(t, nothing.gradients[0], [0, 0, 0, 0, 0, 0], 0);
    // Each value's slope is its total share: 1 + 1/2 and 1/2.
    close(
      t,
      outcome(backend, hand(true, 2)).gradients[0].filter((_, i) => i % 3 === 2),
      [1.5, 0.5],
      1e-6,
    );
  });
}

// torch 2.13.0: scaled_dot_product_attention(q, k, v, is_causal=True) and its backward, 2 heads of width 2, 3 places;
// number i of q | k | v is sin(i), of the slope cos(i).
nativeTest('attention: PyTorch gives the same values and gradients', (t) => {
  const { value, gradients } = outcome('native', {
    operation: ([qkv]) => selfAttention(qkv, { heads: 2, causal: true }),
    inputs: [{ values: Float32Array.from({ length: 36 }, (_, i) => Math.sin(i)), shape: [1, 3, 12] }],
    slope: Array.from({ length: 12 }, (_, i) => Math.cos(i)),
  });
  close(
    t,
    value,
    [
      0.9893582, 0.4121185, -0.5440211, -0.9999902, 0.9545554, 0.6054773, -0.3498947, -0.9442121, 0.8658556, 0.6841513,
      -0.1978981, -0.8539537,
    ],
    1e-6,
  );
  close(
    t,
    gradients[0],
    [
      0.0, 0.0, 0.0, 0.0, -0.0495524, -0.0221394, -0.0190092, 0.0371103, 0.5792393, 0.2888345, -0.2497899, -0.5072093,
      0.0140101, -7.39e-5, -0.0485438, -0.052202, 0.0147822, 0.0170577, 0.0769852, 0.0356014, -0.3457291, -0.1715198,
      0.1030998, 0.2747622, -0.0554148, -0.0112537, 0.0693278, 0.0972853, 0.0347702, 0.0050817, -0.057976, -0.0727116,
      -0.0326538, -0.2044803, -0.148358, 0.0007825,
    ],
    1e-6,
  );
});

test('attention: what does not fit is refused', (t) => {
  t.throws(() => selfAttention(tf.zeros([2, 3, 9]), { heads: 2 }), {
    message: /self-attention: expected \[B, T, 3·D\] with D a multiple of 2 heads, received \[2, 3, 9\]/,
  });
  t.throws(() => attention(tf.zeros([2, 3, 4]), tf.zeros([2, 5, 4]), tf.zeros([2, 4, 4]), { heads: 2 }), {
    message: /attention: expected queries .*received \[2, 3, 4\], \[2, 5, 4\], \[2, 4, 4\]/,
  });
  t.throws(() => selfAttention(tf.zeros([2, 3, 12]), { heads: 2, lengths: tf.tensor1d([1], 'int32') }), {
    message: /lengths: expected an int32 tensor \[2\], one number per row, received int32 \[1\]/,
  });
});

nativeTest('attention: a length beyond the keys is refused', (t) => {
  t.throws(() => outcome('native', hand(false, 3)), { message: /lengths from 0 to 2, received 3 in row 0/ });
});
