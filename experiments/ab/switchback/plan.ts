import { complaint } from '../../../core/check.js';
import { bernoulli, uniformInt } from '../../../core/distributions.js';
import type { Source } from '../../../core/random.js';

/** How time is cut into windows, each of which is treated or not as a whole. */
export type Windows =
  /** All of one length, the last perhaps shorter. */
  | { readonly kind: 'regular'; readonly length: number }
  /** Lengths drawn evenly from `shortest` to `longest`, so that windows do not keep step with hours or days. */
  | { readonly kind: 'random'; readonly shortest: number; readonly longest: number }
  /**
   * 2p, p, p, …, p, 2p: with carry-over over p periods the design of least worst-case variance (Bojinov, Simchi-Levi and
   * Zhao 2023, theorem 2). p = 0: every period on its own.
   */
  | { readonly kind: 'minimax'; readonly carryOver: number };

/** One place that is switched back and forth. */
export interface Timeline {
  /** [T] 1 treated, 0 control. */
  readonly treated: Uint8Array;
  /** [T] which window, ascending; one fair coin each. */
  readonly window: Int32Array;
}

/** Cuts `periods` into windows and tosses a fair coin for each. */
export function switchbackPlan(periods: number, windows: Windows, source: Source): Timeline {
  const window = new Int32Array(periods);
  const starts = startsOf(periods, windows, source);
  for (let t = 0, w = -1; t < periods; t++) {
    if (starts.has(t)) w++;
    window[t] = w;
  }
  return { window, treated: tossWindows(window, source) };
}

/** [T] a fair coin for every window. */
export function tossWindows(window: Int32Array, source: Source): Uint8Array {
  const treated = new Uint8Array(window.length);
  let coin = 0;
  for (let t = 0; t < window.length; t++) {
    if (t === 0 || window[t] !== window[t - 1]) coin = bernoulli(source, 0.5);
    treated[t] = coin;
  }
  return treated;
}

function startsOf(periods: number, windows: Windows, source: Source): Set<number> {
  const starts = new Set([0]);
  switch (windows.kind) {
    case 'regular': {
      const { length } = windows;
      expectLengths(Number.isInteger(length) && length >= 1, `${length}`);
      for (let t = length; t < periods; t += length) starts.add(t);
      return starts;
    }
    case 'random': {
      const { shortest, longest } = windows;
      const sound = Number.isInteger(shortest) && Number.isInteger(longest) && shortest >= 1 && longest >= shortest;
      expectLengths(sound, `${shortest} to ${longest}`);
      const length = (): number => shortest + uniformInt(source, longest - shortest + 1);
      for (let t = length(); t < periods; t += length()) starts.add(t);
      return starts;
    }
    case 'minimax': {
      const { carryOver: p } = windows;
      if (!(Number.isInteger(p) && p >= 0))
        throw complaint('usage', {
          where: 'switchback',
          expected: 'a carry-over of 0, 1, 2 … periods',
          received: `${p}`,
        });
      const length = Math.max(1, p);
      for (let t = p === 0 ? 1 : 2 * p; t <= periods - (p === 0 ? 1 : 2 * p); t += length) starts.add(t);
      return starts;
    }
  }
}

function expectLengths(sound: boolean, received: string): void {
  if (!sound) throw complaint('usage', { where: 'switchback', expected: 'windows of 1, 2, 3 … periods', received });
}
