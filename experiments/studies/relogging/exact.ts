import type { RelogWorld } from './protocol.js';

/** What an estimate does over all logs that the serving policy could have written on the same rows. */
export interface ExactSpread {
  readonly mean: number;
  /** Standard deviation of the estimate from log to log. */
  readonly deviation: number;
  /**
   * What the delta method reports as standard error in a typical log. It is larger than `deviation`, because it also
   * counts how much the rows differ, and here the same rows return in every log.
   */
  readonly reported: number;
}

/**
 * Enumerates every action of every round: with v(i, a) what round i adds when a was logged, the estimate mean_i v is
 * independent over rounds, so its variance is Σ_i Var_a v(i, a) / N².
 */
function enumerate(
  { rounds, actions }: RelogWorld,
  serving: Float64Array,
  v: (at: number, round: number, action: number) => number,
): ExactSpread {
  let mean = 0;
  let within = 0;
  let squares = 0;
  for (let i = 0; i < rounds; i++) {
    let first = 0;
    let second = 0;
    for (let a = 0; a < actions; a++) {
      const at = i * actions + a;
      const value = v(at, i, a);
      first += serving[at] * value;
      second += serving[at] * value * value;
    }
    mean += first / rounds;
    squares += second / rounds;
    within += second - first * first;
  }
  return {
    mean,
    // A sum of rounding errors may be a hair below 0 where nothing is random.
    deviation: Math.sqrt(Math.max(0, within)) / rounds,
    reported: Math.sqrt((squares - mean * mean) / rounds),
  };
}

/** The exact figures of a world. SNIPS is a ratio: its mean and spread are those of its linearisation. */
export interface Exact {
  readonly servedValue: number;
  readonly targetValue: number;
  readonly maxWeight: number;
  /** 1 / E[w²]: effective sample size ÷ rounds to expect. */
  readonly effectiveShare: number;
  readonly estimators: Readonly<Record<StudiedKey, ExactSpread>>;
  /** The strong baseline: N rounds served by the judged policy itself, and their mean reward. */
  readonly onPolicy: ExactSpread;
  /** The null control: the serving policy judged on its own log, every weight 1. */
  readonly null: ExactSpread;
}

export const STUDIED = ['ips', 'snips', 'dm', 'dr'] as const;
export type StudiedKey = (typeof STUDIED)[number];

export function exactFigures(world: RelogWorld): Exact {
  const { rounds, actions, label, serving, target, guesses } = world;
  const reward = (round: number, action: number): number => (label[round] === action ? 1 : 0);
  const weight = (at: number): number => target[at] / serving[at];
  const direct = Float64Array.from({ length: rounds }, (_, i) => {
    let sum = 0;
    for (let a = 0; a < actions; a++) sum += target[i * actions + a] * guesses[i * actions + a];
    return sum;
  });
  const onPolicy = enumerate(world, target, (_, i, a) => reward(i, a));
  const served = enumerate(world, serving, (_, i, a) => reward(i, a));
  const value = onPolicy.mean;
  const weightSquared = enumerate(world, serving, (at) => weight(at) ** 2).mean;
  return {
    servedValue: served.mean,
    targetValue: value,
    maxWeight: target.reduce((most, _, at) => Math.max(most, weight(at)), 0),
    effectiveShare: 1 / weightSquared,
    estimators: {
      ips: enumerate(world, serving, (at, i, a) => weight(at) * reward(i, a)),
      snips: enumerate(world, serving, (at, i, a) => value + weight(at) * (reward(i, a) - value)),
      dm: enumerate(world, serving, (_, i) => direct[i]),
      dr: enumerate(world, serving, (at, i, a) => direct[i] + weight(at) * (reward(i, a) - guesses[at])),
    },
    onPolicy,
    null: served,
  };
}
