import { stream } from '../../../core/random.js';
import type { LoggedRounds, Terms } from '../rounds.js';
import { termsOf } from '../rounds.js';
import { valueOf } from '../summarise.js';
import { estimators, type EstimatorKey } from './index.js';
import type { Estimator, PerRound } from './form.js';

/** Logged worlds for the tests of estimators. */
export interface World {
  readonly rounds: LoggedRounds;
  readonly target: Float64Array;
  readonly guesses: Float64Array;
}

const PI_B = [
  [0.5, 0.3, 0.2],
  [0.2, 0.6, 0.2],
  [0.1, 0.1, 0.8],
  [0.7, 0.2, 0.1],
  [0.3, 0.4, 0.3],
  [0.25, 0.5, 0.25],
  [0.9, 0.05, 0.05],
  [0.4, 0.2, 0.4],
];
const PI_E = [
  [0.2, 0.5, 0.3],
  [0.1, 0.8, 0.1],
  [0.6, 0.3, 0.1],
  [0.25, 0.25, 0.5],
  [0.05, 0.9, 0.05],
  [0.3, 0.3, 0.4],
  [0.1, 0.1, 0.8],
  [0.1, 0.85, 0.05],
];
const GUESSES = [
  [0.6, 0.3, 0.7],
  [0.2, 0.4, 0.5],
  [0.1, 0.9, 0.8],
  [0.35, 0.65, 0.25],
  [0.5, 0.75, 0.15],
  [0.45, 0.55, 0.95],
  [0.3, 0.2, 0.1],
  [0.8, 0.6, 0.4],
];

/** The published table of eight rounds and three actions. */
export const eight: World = {
  rounds: {
    actions: 3,
    action: Int32Array.of(0, 1, 2, 0, 1, 2, 0, 1),
    reward: Float64Array.of(1, 0, 1, 0, 1, 1, 0, 0.5),
    propensity: Float64Array.of(0.5, 0.6, 0.8, 0.7, 0.4, 0.25, 0.9, 0.2),
    logging: Float64Array.from(PI_B.flat()),
  },
  target: Float64Array.from(PI_E.flat()),
  guesses: Float64Array.from(GUESSES.flat()),
};

/** A random log: n rounds, its serving policy known in full, rewards in quarters from 0 to 1. */
export function randomWorld(seed: number, n: number, actions: number): World {
  const luck = stream(seed);
  const row = (): number[] => {
    const raw = Array.from({ length: actions }, () => luck.next() + 0.05);
    const total = raw.reduce((a, b) => a + b);
    return raw.map((value) => value / total);
  };
  const logging = Float64Array.from(Array.from({ length: n }, row).flat());
  const target = Float64Array.from(Array.from({ length: n }, row).flat());
  const action = Int32Array.from({ length: n }, (_, i) =>
    drawn(logging.subarray(i * actions, (i + 1) * actions), luck.next()),
  );
  return {
    rounds: {
      actions,
      action,
      reward: Float64Array.from({ length: n }, () => Math.round(luck.next() * 4) / 4),
      propensity: Float64Array.from(action, (a, i) => logging[i * actions + a]),
      logging,
    },
    target,
    guesses: Float64Array.from({ length: n * actions }, () => luck.next()),
  };
}

function drawn(probabilities: Float64Array, u: number): number {
  let total = 0;
  const at = probabilities.findIndex((p) => (total += p) > u);
  return at < 0 ? probabilities.length - 1 : at;
}

export function termsIn({ rounds, target, guesses }: World): Terms {
  return termsOf(rounds, target, guesses);
}

export function form(key: EstimatorKey, world: World, setting?: number): PerRound {
  const estimator: Estimator = estimators[key];
  return estimator.perRound(termsIn(world), setting ?? estimator.setting?.value ?? NaN);
}

export function value(key: EstimatorKey, world: World, setting?: number): number {
  return valueOf(form(key, world, setting));
}

export const close = (a: number, b: number, tolerance = 1e-9): boolean =>
  Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a), Math.abs(b));
