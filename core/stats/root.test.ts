import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import { rootAbove, rootBetween } from './root.js';

const apart = (a: number, b: number): number => (a === b ? 0 : Math.abs(a - b) / Math.abs(b));

test('roots that are known', (t) => {
  t.true(
    apart(
      rootBetween((x) => x * x - 2, 0, 2),
      Math.SQRT2,
    ) < 4e-16,
  );
  t.true(
    apart(
      rootBetween((x) => Math.cos(x) - x, 0, 1),
      0.7390851332151607,
    ) < 4e-16,
  );
  t.is(
    rootBetween((x) => x - 3, 3, 5),
    3,
  );
  t.true(
    apart(
      rootAbove((x) => Math.log(x) - 100, 1, 1),
      Math.exp(100),
    ) < 1e-13,
  );
  // Flat but for one place, and a jump: halving has to do it.
  t.true(
    apart(
      rootBetween((x) => (x - 1) ** 9, 0, 3),
      1,
    ) < 1e-15,
  );
  t.true(
    apart(
      rootBetween((x) => (x < 0.3 ? -1 : 1), 0, 1),
      0.3,
    ) < 1e-15,
  );
});

test('two ends of one sign are refused', (t) => {
  t.throws(() => rootBetween((x) => x * x + 1, -1, 1), {
    message: /change of sign between -1 and 1, received 2 and 2/,
  });
});

testProp('finds the root of any cubic that rises', [fc.double({ min: -50, max: 50, noNaN: true })], (t, at) => {
  const f = (x: number): number => (x - at) ** 3 + 0.1 * (x - at);
  const found = rootBetween(f, -100, 120);
  t.true(Math.abs(found - at) <= 1e-13 * Math.max(1, Math.abs(at)));
  t.true(Math.abs(rootAbove(f, -60, 0.1) - at) <= 1e-13 * Math.max(1, Math.abs(at)));
});
