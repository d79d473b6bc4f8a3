import { expectNumber } from '../../check.js';

/** Step size as a function of the step, 0-based. */
export type Schedule = (step: number) => number;

/** The same step size for ever. */
export function constant(rate: number): Schedule {
  return () => rate;
}

/** From `from` to `to` along a straight line over `steps` steps, then `to`. */
export function linear(from: number, to: number, steps: number): Schedule {
  expectNumber('linear schedule: steps', steps, 1);
  return (step) => from + Math.min(1, step / steps) * (to - from);
}

/** From `from` to `to` along half a cosine over `steps` steps, then `to` (Loshchilov and Hutter 2017, eq. 5, one run). */
export function cosine(from: number, to: number, steps: number): Schedule {
  expectNumber('cosine schedule: steps', steps, 1);
  return (step) => to + 0.5 * (from - to) * (1 + Math.cos(Math.PI * Math.min(1, step / steps)));
}

/** rate / √(1 + step / period): a slow decline without an end. */
export function inverseRoot(rate: number, period: number): Schedule {
  expectNumber('inverse-root schedule: period', period, 1e-9);
  return (step) => rate / Math.sqrt(1 + step / period);
}

/** Rises along a line from 0 over the first `steps` steps, then follows `after` from its own step 0. */
export function warmUp(steps: number, after: Schedule): Schedule {
  expectNumber('warm-up: steps', steps, 0);
  return (step) => (step < steps ? (after(0) * (step + 1)) / (steps + 1) : after(step - steps));
}
