import type { Estimated, Bounds } from './method.js';

/** Where the rounds of an estimate can lie at all, or why nobody knows. */
export type Range = { readonly low: number; readonly high: number } | { readonly refused: string };

/** The largest weight that an estimator keeps where π/μ can be up to W. */
type Kept = (W: number, setting: number) => number;

/** Estimators whose rounds are (kept weight)·reward. */
const WEIGHTED: Readonly<Record<string, Kept>> = {
  ips: (W) => W,
  clippedIps: (W, clip) => Math.min(W, clip),
  sgIps: tempered,
};
/** Estimators whose rounds are DM + (kept weight)·(reward − guess). */
const CORRECTED: Readonly<Record<string, Kept>> = {
  dm: () => 0,
  dr: (W) => W,
  clippedDr: (W, clip) => Math.min(W, clip),
  sgDr: tempered,
  switchDr: (W, threshold) => Math.min(W, threshold),
  // λw/(w² + λ) rises up to w = √λ and falls beyond.
  dros: (W, lambda) => (W * W < lambda ? (lambda * W) / (W * W + lambda) : Math.sqrt(lambda) / 2),
};

export const ASK_REWARDS = 'give the smallest and the largest reward that can occur (--reward-range LOW,HIGH)';
const ASK_WEIGHT = 'give the largest weight that can occur (--weight-max W)';

/**
 * The range of an estimate's rounds, from the given bounds on rewards and weights alone; clips and thresholds bound
 * weights too. The sample's own maximum is no bound: it voids the guarantee (obp takes it by default).
 */
export function rangeOf({ estimator, setting, form, terms }: Estimated, bounds: Bounds = {}): Range {
  const { rewardRange, weightMax = Infinity } = bounds;
  if (form.denominator !== undefined) return { refused: 'a self-normalised ratio is no mean of rounds' };
  const corrected = Object.hasOwn(CORRECTED, estimator);
  if (!corrected && !Object.hasOwn(WEIGHTED, estimator)) return { refused: `the range of ${estimator} is not known` };
  if (rewardRange === undefined) return { refused: ASK_REWARDS };
  const kept = (corrected ? CORRECTED : WEIGHTED)[estimator](weightMax, setting ?? NaN);
  if (kept === Infinity) return { refused: ASK_WEIGHT };
  const broken = brokenBound(terms, bounds, corrected);
  if (broken !== undefined) return { refused: broken };
  const [low, high] = rewardRange;
  if (!corrected) return { low: Math.min(0, kept * low), high: Math.max(0, kept * high) };
  return { low: low - kept * (high - low), high: high + kept * (high - low) };
}

/** Where the log contradicts what was given, in words. */
export function brokenBound(
  { reward, weight, direct, guess }: Estimated['terms'],
  { rewardRange, weightMax = Infinity }: Bounds,
  withGuesses: boolean,
): string | undefined {
  const [low, high] = rewardRange ?? [-Infinity, Infinity];
  const outside = (column: Float64Array | undefined, from: number, to: number): number =>
    column?.findIndex((value) => !(value >= from && value <= to)) ?? -1;
  const row = outside(reward, low, high);
  if (row >= 0) return `row ${row} has the reward ${reward[row]}, outside of the given ${low} to ${high}`;
  const heavy = outside(weight, 0, weightMax * (1 + 1e-9));
  if (heavy >= 0) return `row ${heavy} has the weight ${weight[heavy]}, above the given ${weightMax}`;
  if (!withGuesses) return undefined;
  const guessed = Math.max(outside(direct, low, high), outside(guess, low, high));
  return guessed < 0 ? undefined : `row ${guessed} has a guess of the reward outside of the given ${low} to ${high}`;
}

/** w / (1 − λ + λw) rises with w, up to 1/λ. */
function tempered(W: number, lambda: number): number {
  if (lambda === 0) return W;
  return W === Infinity ? 1 / lambda : W / (1 - lambda + lambda * W);
}
