import test, { type ExecutionContext } from 'ava';
import tf from '@tensorflow/tfjs';
import { stream } from '../../random.js';
import { compileInference } from '../compile.js';
import { nativeTest } from '../native/native.test.helper.js';
import { ParameterSet } from '../parameters.js';
import { AttentionCache } from './attention-cache.js';
import { selfAttention } from './attention.js';
import { close, normals } from './laws.test.helper.js';

const SIZES = { rows: 3, capacity: 21, width: 10, heads: 2 };
const { rows, capacity, width, heads } = SIZES;
const whole = normals(stream(1), [rows, capacity, 3 * width]).values;

/** Places `from` … `to` of rows of qkv. */
function places(from: number, to: number, numbers = whole): Float32Array {
  const packed = 3 * width;
  const out = new Float32Array(rows * (to - from) * packed);
  for (let b = 0; b < rows; b++) {
    const start = (b * capacity + from) * packed;
    out.set(numbers.subarray(start, start + (to - from) * packed), b * (to - from) * packed);
  }
  return out;
}

/** What causal attention gives at places `from` … `to` of the sequences. */
function wanted(from: number, to: number, numbers = whole): Float32Array {
  const y = selfAttention(tf.tensor(places(0, to, numbers), [rows, to, 3 * width]), { heads, causal: true });
  return tf.slice(y, [0, from, 0], [rows, to - from, width]).dataSync<'float32'>();
}

function attended(cache: AttentionCache, from: number, to: number, numbers = whole): Float32Array {
  return cache.attend(tf.tensor(places(from, to, numbers), [rows, to - from, 3 * width])).dataSync<'float32'>();
}

for (const backend of ['cpu', 'native'] as const) {
  const declare = (title: string, body: (t: ExecutionContext) => void): void => {
    const inTidy = (t: ExecutionContext): void => {
      void tf.setBackend(backend);
      tf.tidy(() => {
        body(t);
      });
    };
    (backend === 'native' ? nativeTest : test.serial)(`attention cache (${backend}): ${title}`, inTidy);
  };

  declare('place by place and in pieces, what causal attention gives on the whole', (t) => {
    const cache = new AttentionCache(SIZES);
    let from = 0;
    for (const count of [1, 1, 3, 7, 1, 8]) {
      close(t, attended(cache, from, from + count), wanted(from, from + count), 1e-6);
      from += count;
    }
    t.is(from, capacity);
    t.deepEqual([...cache.positions], [capacity, capacity, capacity]);
  });

  declare('full, it refuses more and keeps what it has; reset, it starts again', (t) => {
    const cache = new AttentionCache(SIZES);
    attended(cache, 0, 20);
    t.throws(() => attended(cache, 19, 21), {
      message: /attention cache: expected at most 21 places in a row, received 2 more on top of 20 in row 0/,
    });
    close(t, attended(cache, 20, 21), wanted(20, 21), 1e-6);
    cache.reset();
    close(t, attended(cache, 0, 2), wanted(0, 2), 1e-6);
  });

  declare('picked rows go on from what they were picked from', (t) => {
    const cache = new AttentionCache(SIZES);
    attended(cache, 0, 5);
    const from = Int32Array.of(2, 2, 0);
    cache.pickRows(from);
    const row = capacity * 3 * width;
    const picked = new Float32Array(whole.length);
    from.forEach((old, b) => picked.set(whole.subarray(old * row, (old + 1) * row), b * row));
    close(t, attended(cache, 5, 7, picked), wanted(5, 7, picked), 1e-6);
  });

  declare('a row that was started again sees nothing of before', (t) => {
    const cache = new AttentionCache(SIZES);
    attended(cache, 0, 4);
    cache.positions[1] = 0;
    const row = capacity * 3 * width;
    const mixed = whole.slice();
    // Row 1 now takes in at its place 0 what the others take in at place 4.
    mixed.copyWithin(row, row + 4 * 3 * width, 2 * row);
    const y = attended(cache, 4, 6);
    const [later, first] = [wanted(4, 6), wanted(0, 2, mixed)];
    close(t, y.subarray(0, 2 * width), later.subarray(0, 2 * width), 1e-6);
    close(t, y.subarray(2 * width, 4 * width), first.subarray(2 * width, 4 * width), 1e-6);
  });
}

nativeTest('attention cache: a recorded step decodes like an eager one', (t) => {
  void tf.setBackend('native');
  const [cache, eager] = [new AttentionCache(SIZES), new AttentionCache(SIZES)];
  const step = compileInference(new ParameterSet(), ({ qkv }) => ({ y: cache.attendAt(qkv) }));
  for (let place = 0; place < 6; place++) {
    const numbers = places(place, place + 1);
    const { y } = step({ qkv: { values: numbers, shape: [rows, 1, 3 * width] } });
    cache.advance(1);
    const one = tf.tidy(() => attended(eager, place, place + 1));
    t.deepEqual([...y], [...one]);
  }
});

test('attention cache: what does not fit is refused', (t) => {
  t.throws(() => new AttentionCache({ ...SIZES, heads: 3 }), {
    message: /attention cache: expected a width that is a multiple of 3 heads, received 10/,
  });
  const cache = new AttentionCache(SIZES);
  t.throws(() => cache.attend(tf.zeros([3, 1, 20])), {
    message: /attention cache: expected \[rows=3, n, 3·D=30\], received \[3, 1, 20\]/,
  });
  t.throws(() => cache.pickRows(Int32Array.of(0, 3, 1)), {
    message: /pickRows: expected 3 rows from 0 to 2, received 3 at place 1/,
  });
  t.throws(() => cache.pickRows(Int32Array.of(0)), { message: /received 1 rows/ });
});
