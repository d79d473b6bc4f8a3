import type { Source } from '../../../core/random.js';
import { logGamma } from '../../../core/stats/gamma.js';

/**
 * How many of n independent tries succeed, drawn exactly: the probabilities are walked through from the most likely
 * number outwards until they add up to a uniform draw, about √n steps.
 */
export function binomial(source: Source, n: number, p: number): number {
  if (n === 0 || p <= 0) return 0;
  if (p >= 1) return n;
  const odds = p / (1 - p);
  const mode = Math.min(n, Math.floor((n + 1) * p));
  const log = logGamma(n + 1) - logGamma(mode + 1) - logGamma(n - mode + 1);
  const top = Math.exp(log + mode * Math.log(p) + (n - mode) * Math.log1p(-p));
  let left = source.next() - top;
  let [up, down] = [mode, mode];
  let [above, below] = [top, top];
  while (left >= 0 && (up < n || down > 0)) {
    if (up < n) {
      above *= (odds * (n - up)) / (up + 1);
      up++;
      if ((left -= above) < 0) return up;
    }
    if (down > 0) {
      below *= down / (odds * (n - down + 1));
      down--;
      left -= below;
      if (left < 0) return down;
    }
  }
  return mode;
}

/** Splits a whole number over equally likely places, by chance: one multinomial draw, written into `out`. */
export function equalSplit(source: Source, whole: number, out: Float64Array): void {
  let left = whole;
  for (let i = 0; i < out.length; i++) {
    out[i] = binomial(source, left, 1 / (out.length - i));
    left -= out[i];
  }
}
