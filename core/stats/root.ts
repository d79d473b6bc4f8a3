import { complaint } from '../check.js';

/** Halvings alone would need about 1,100 steps from the largest number to the smallest. */
const MOST_STEPS = 2000;

/**
 * The x between `low` and `high` at which a continuous function is 0, by Chandrupatla's method (1997): inverse quadratic
 * steps where they are safe, halving where they are not. To the last digits of x.
 *
 * @throws numeric where the two ends have the same sign
 */
export function rootBetween(f: (x: number) => number, low: number, high: number): number {
  let [a, b] = [high, low];
  let [fa, fb] = [f(a), f(b)];
  if (fa === 0) return a;
  if (fb === 0) return b;
  if (!(Math.sign(fa) * Math.sign(fb) < 0)) {
    throw complaint('numeric', {
      where: 'root',
      expected: `a change of sign between ${low} and ${high}`,
      received: `${f(low)} and ${f(high)}`,
    });
  }
  let share = 0.5;
  for (let step = 0; step < MOST_STEPS; step++) {
    const x = a + share * (b - a);
    const fx = f(x);
    if (fx === 0) return x;
    const [c, fc] = Math.sign(fx) === Math.sign(fa) ? [a, fa] : [b, fb];
    if (Math.sign(fx) !== Math.sign(fa)) [b, fb] = [a, fa];
    [a, fa] = [x, fx];
    const best = Math.abs(fa) < Math.abs(fb) ? a : b;
    const least = Math.abs(b - a) === 0 ? 1 : (2.3e-16 * Math.abs(best) + Number.MIN_VALUE) / Math.abs(b - a);
    if (least > 0.5) return best;
    const xi = (a - b) / (c - b);
    const phi = (fa - fb) / (fc - fb);
    const safe = phi * phi < xi && (1 - phi) * (1 - phi) < 1 - xi;
    share = safe
      ? (fa / (fb - fa)) * (fc / (fb - fc)) + ((c - a) / (b - a)) * (fa / (fc - fa)) * (fb / (fc - fb))
      : 0.5;
    share = Math.min(1 - least, Math.max(least, share));
  }
  return a;
}

/**
 * The x ≥ `from` at which an increasing function passes 0: doubles its step until it does, then narrows down.
 *
 * @param step first step, of the right order of magnitude
 */
export function rootAbove(f: (x: number) => number, from: number, step: number): number {
  if (f(from) >= 0) return from;
  let low = from;
  let size = step;
  while (f(from + size) < 0) {
    low = from + size;
    size *= 2;
  }
  return rootBetween(f, low, from + size);
}
