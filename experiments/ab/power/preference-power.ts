import { complaint } from '../../../core/check.js';
import { normalLower, normalQuantile } from '../../../core/stats/normal.js';

/** An interleaving experiment: what the sign test over its queries can find. */
export interface PreferencePlan {
  /** Two-sided. */
  readonly level: number;
  /** Share of queries that prefer neither ranker, in [0, 1). */
  readonly ties: number;
}

/**
 * Power of the sign test, normal in large samples: with m decided queries and a true share s of them for the better ranker
 *
 *     Φ((√m |s − ½| − z_α ½)/√(s(1 − s)))
 *
 * @param queries in all, ties included
 * @param share   of the decided queries, in (0, 1)
 */
export function preferencePower(queries: number, share: number, { level, ties }: PreferencePlan): number {
  const decided = queries * decidedShare(ties);
  const z = normalQuantile(0.5 + level / 2);
  return normalLower((Math.sqrt(decided) * Math.abs(share - 0.5) - z / 2) / spread(share));
}

/** Queries, ties included, at which a share is found with that power: m = ((z_α ½ + z_β √(s(1 − s)))/|s − ½|)². */
export function queriesFor(share: number, power: number, { level, ties }: PreferencePlan): number {
  if (share === 0.5)
    throw complaint('usage', { where: 'power: share', expected: 'a share other than 0.5', received: '0.5' });
  const root = normalQuantile(0.5 + level / 2) / 2 + normalQuantile(power) * spread(share);
  return Math.ceil((Math.max(0, root) / (share - 0.5)) ** 2 / decidedShare(ties) - 1e-9);
}

/** The smallest share above ½ that is found with that power, from x√m = z_α ½ + z_β √(¼ − x²) with x = s − ½. */
export function smallestShare(queries: number, power: number, { level, ties }: PreferencePlan): number {
  const m = queries * decidedShare(ties);
  const [a, b] = [normalQuantile(0.5 + level / 2) / 2, normalQuantile(power)];
  const inside = m / 4 + (b * b) / 4 - a * a;
  // Below so few queries even unanimous ones are not enough.
  if (inside < 0) return 1;
  const x = (a * Math.sqrt(m) + b * Math.sqrt(inside)) / (m + b * b);
  return Math.min(1, 0.5 + Math.max(0, x));
}

function spread(share: number): number {
  if (share > 0 && share < 1) return Math.sqrt(share * (1 - share));
  throw complaint('usage', { where: 'power: share', expected: 'a share in (0, 1)', received: `${share}` });
}

function decidedShare(ties: number): number {
  if (ties >= 0 && ties < 1) return 1 - ties;
  throw complaint('usage', { where: 'power: ties', expected: 'a share in [0, 1)', received: `${ties}` });
}
