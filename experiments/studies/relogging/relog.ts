import { KeyedDraws } from '../../../core/draws.js';
import { estimators } from '../../evaluate/estimators/index.js';
import type { Estimator } from '../../evaluate/estimators/form.js';
import { termsOf, type LoggedRounds } from '../../evaluate/rounds.js';
import { deltaInterval, influenceOf, standardErrorOf, valueOf } from '../../evaluate/summarise.js';
import { moments } from '../../../core/stats/moments.js';
import { STUDIED, type StudiedKey } from './exact.js';
import { SERVING_SHARE, type RelogWorld } from './protocol.js';

/** What the estimators of the library did over many logs of one world. */
export interface Relogged {
  readonly mean: number;
  readonly deviation: number;
  /** Share of logs whose 95 % interval by the delta method holds the true value. */
  readonly coverage: number;
  /** Mean standard error reported. */
  readonly reported: number;
}

/** Results by estimator, and under `null` IPS of the serving policy itself. */
export type RelogFigures = Readonly<Record<StudiedKey | 'null', Relogged>>;

/** One log of the serving policy: the action of round i in log `visit` depends on (seed, world, visit, i) alone. */
export function writeLog(world: RelogWorld, draws: KeyedDraws, out: LoggedRounds): void {
  const { rounds, actions, label, serving, preferred } = world;
  const scale = actions / (1 - SERVING_SHARE);
  for (let i = 0; i < rounds; i++) {
    const luck = draws.next();
    const a = luck < SERVING_SHARE ? preferred[i] : Math.min(actions - 1, ((luck - SERVING_SHARE) * scale) | 0);
    out.action[i] = a;
    out.reward[i] = a === label[i] ? 1 : 0;
    out.propensity[i] = serving[i * actions + a];
  }
}

interface RelogOptions {
  readonly relogs: number;
  readonly seed: number;
  /** The true values the intervals should hold. */
  readonly truth: { readonly target: number; readonly served: number };
  readonly onRelog?: (done: number) => void;
}

/** Writes `relogs` logs and judges the target policy on each, by the estimators of the library. */
export function relog(world: RelogWorld, { relogs, seed, truth, onRelog }: RelogOptions): RelogFigures {
  const { rounds, actions } = world;
  const draws = new KeyedDraws(seed, `relogging/${world.name}`);
  const log = {
    actions,
    action: new Int32Array(rounds),
    reward: new Float64Array(rounds),
    propensity: new Float64Array(rounds),
  };
  const names = [...STUDIED, 'null'] as const;
  const values = names.map(() => new Float64Array(relogs));
  const reported = names.map(() => new Float64Array(relogs));
  const covered = names.map(() => 0);
  for (let r = 0; r < relogs; r++) {
    writeLog(world, draws.at(r, 0), log);
    const terms = termsOf(log, world.target, world.guesses);
    const unweighted = termsOf(log, world.serving);
    names.forEach((name, k) => {
      const estimator: Estimator = estimators[name === 'null' ? 'ips' : name];
      const form = estimator.perRound(name === 'null' ? unweighted : terms, NaN);
      const value = valueOf(form);
      const error = standardErrorOf(influenceOf(form), form.denominator !== undefined);
      const [low, high] = deltaInterval(value, error, 0.95);
      const true_ = name === 'null' ? truth.served : truth.target;
      if (low <= true_ && true_ <= high) covered[k]++;
      values[k][r] = value;
      reported[k][r] = error;
    });
    onRelog?.(r + 1);
  }
  const figures = (k: number): Relogged => {
    const { mean, variance } = moments(values[k]);
    return {
      mean,
      deviation: Math.sqrt(variance),
      coverage: covered[k] / relogs,
      reported: moments(reported[k]).mean,
    };
  };
  return { ips: figures(0), snips: figures(1), dm: figures(2), dr: figures(3), null: figures(4) };
}
