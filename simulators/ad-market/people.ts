import { normal } from '../../core/distributions.js';
import { stream } from '../../core/random.js';
import type { AdMarketSettings } from './settings.js';

/** Numeric features of a user, as a profile service knows them: rates on a log scale, all of deviation 1. */
export const USER_NAMES = ['clickRate', 'longClickRate', 'hideRate', 'activity'] as const;
export const DEVICES = ['phone', 'tablet', 'desktop'] as const;

/** Correlation between any two of the habits of click, long click and hide. *Invented*. */
const HABIT_CORRELATION = 0.4;
/** Deviation of the logarithm of how often users come. *Invented*. */
const ACTIVITY_DEVIATION = 0.8;
/** *Invented*. */
const DEVICE_SHARES = [0.7, 0.08, 0.22] as const;

/** The users of a market; U users. */
export interface People {
  readonly users: number;
  /** [U, 4] in the order of `USER_NAMES`. */
  readonly features: Float32Array;
  /** [U] index into `DEVICES`. */
  readonly device: Uint8Array;
  /** [U, 3] habits of click, long click and hide: standard normal, equally correlated. Nobody sees them. */
  readonly habits: Float32Array;
  /** A user in proportion to activity, by two draws. */
  readonly draw: (draws: Float64Array, at: number) => number;
}

/**
 * Users with habits z, of which features are noisy signals: feature = (z + noise·ε) ÷ √(1 + noise²). Activity is
 * independent of the habits, so that multipliers have mean 1 over users and over requests.
 */
export function generatePeople({ seed, users, featureNoise }: AdMarketSettings): People {
  const random = stream(seed).fork('ad-market').fork('users');
  const features = new Float32Array(users * 4);
  const habits = new Float32Array(users * 3);
  const device = new Uint8Array(users);
  const weights = new Float64Array(users);
  const shared = Math.sqrt(HABIT_CORRELATION);
  const own = Math.sqrt(1 - HABIT_CORRELATION);
  const scale = 1 / Math.hypot(1, featureNoise);
  for (let u = 0; u < users; u++) {
    const common = normal(random);
    for (let h = 0; h < 3; h++) {
      const z = shared * common + own * normal(random);
      habits[u * 3 + h] = z;
      features[u * 4 + h] = (z + featureNoise * normal(random)) * scale;
    }
    const activity = normal(random);
    features[u * 4 + 3] = activity;
    weights[u] = Math.exp(ACTIVITY_DEVIATION * activity);
    const place = random.next();
    device[u] = place < DEVICE_SHARES[0] ? 0 : place < DEVICE_SHARES[0] + DEVICE_SHARES[1] ? 1 : 2;
  }
  return { users, features, device, habits, draw: drawer(weights) };
}

/** Draws indices in proportion to weights in constant time (Walker 1977, the alias method as Vose 1991 builds it). */
function drawer(weights: Float64Array): (draws: Float64Array, at: number) => number {
  const n = weights.length;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const keep = weights.map((weight) => (weight * n) / total);
  const alias = Int32Array.from({ length: n }, (_, i) => i);
  const small: number[] = [];
  const large: number[] = [];
  keep.forEach((share, i) => (share < 1 ? small : large).push(i));
  for (;;) {
    const low = small.pop();
    const high = large.pop();
    if (low === undefined || high === undefined) break;
    alias[low] = high;
    keep[high] -= 1 - keep[low];
    (keep[high] < 1 ? small : large).push(high);
    if (keep[high] < 1 && large.length === 0) break;
  }
  return (draws, at) => {
    const i = Math.floor(draws[at] * n);
    return draws[at + 1] < keep[i] ? i : alias[i];
  };
}
