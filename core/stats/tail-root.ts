/** A tail probability of a positive random quantity, and how fast it changes. */
interface Tail {
  /** P(X ≤ x) where it rises with x, P(X > x) where it falls. */
  readonly probability: (x: number) => number;
  readonly density: (x: number) => number;
  readonly falls: boolean;
  /** The quantity never exceeds this. */
  readonly largest?: number;
}

/**
 * The x > 0 at which a tail probability equals p, by Newton's method on (ln x, ln tail): there the tails of the gamma,
 * beta and t distributions are straight lines far out and bend one way. A bracket catches steps that would leave it.
 *
 * @param start any positive number of the right order
 */
export function tailRoot({ probability, density, falls, largest = Infinity }: Tail, p: number, start: number): number {
  const target = Math.log(p);
  let low = -745;
  let high = Math.min(709, Math.log(largest));
  let at = Math.min(Math.max(Math.log(start), low), high);
  for (let step = 0; step < 200; step++) {
    const x = Math.exp(at);
    const value = probability(x);
    const gap = Math.log(value) - target;
    if (gap === 0) return x;
    if (gap > 0 === falls) low = at;
    else high = at;
    const move = (gap * value) / (density(x) * x);
    const newton = falls ? at + move : at - move;
    const next = newton > low && newton < high ? newton : 0.5 * (low + high);
    if (Math.abs(next - at) <= 2e-16 * Math.max(1, Math.abs(at))) return Math.exp(next);
    at = next;
  }
  return Math.exp(at);
}
