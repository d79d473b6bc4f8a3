/** Where a request comes from; the segment of users' requests that a policy treats is one of these. */
export const SURFACES = ['home', 'related', 'search'] as const;

/** Shares of the requests, and what a surface does to the rates of action, click, long click and hide. *Invented*. */
const SHARES = [0.5, 0.33, 0.17] as const;
const EFFECT = [
  [0.9, 0.85, 0.85, 1.1],
  [1, 1.1, 1.1, 1],
  [1.3, 1.25, 1.25, 0.7],
] as const;

/** Index into `SURFACES`. @param u in [0, 1) */
export function surfaceAt(u: number): number {
  return u < SHARES[0] ? 0 : u < SHARES[0] + SHARES[1] ? 1 : 2;
}

/** [S, 4] factors of the rates, in the order of `HEADS`. */
export function surfaceEffects(): Float64Array {
  return Float64Array.from(EFFECT.flat());
}
