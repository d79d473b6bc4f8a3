import { complaint } from '../../../core/check.js';
import {
  liftNoise,
  meanNoise,
  proportionNoise,
  quantileNoise,
  ratioNoise,
  switchbackNoise,
  withClusters,
  withCuped,
  type Noise,
} from '../../ab/power/noise.js';

/** Metrics whose effects are differences or relative effects. */
export const EFFECT_METRICS = ['means', 'proportions', 'ratio', 'quantile', 'switchback'] as const;
export type EffectMetric = (typeof EFFECT_METRICS)[number];

/** The flags that say what one unit is like. */
export interface NoiseFlags {
  readonly baseline?: number | undefined;
  readonly sd?: number | undefined;
  readonly relative: boolean;
  readonly margin?: number | undefined;
  readonly denominatorMean?: number | undefined;
  readonly denominatorSd?: number | undefined;
  readonly correlation: number;
  readonly quantile?: number | undefined;
  readonly density?: number | undefined;
  readonly window?: number | undefined;
  readonly carryOver: number;
  readonly autocorrelation: number;
  readonly cuped?: number | undefined;
  readonly clusterSize?: number | undefined;
  readonly icc: number;
  readonly clusterCv: number;
}

/** What one unit of a metric says, after CUPED and clusters. */
export function noiseOf(metric: EffectMetric, flags: NoiseFlags): Noise {
  let noise = plainNoise(metric, flags);
  if (flags.cuped !== undefined) noise = withCuped(noise, flags.cuped);
  const { clusterSize: size, icc, clusterCv: cv } = flags;
  return size === undefined ? noise : withClusters(noise, { size, icc, cv });
}

function plainNoise(metric: EffectMetric, flags: NoiseFlags): Noise {
  const need = (name: keyof NoiseFlags, flag: string): number => {
    const value = flags[name];
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw complaint('usage', {
      where: `ab power ${metric}`,
      expected: `--${flag} with a number`,
      received: value === undefined ? 'none' : `${value}`,
    });
  };
  if (flags.relative && metric !== 'means')
    throw complaint('usage', {
      where: '--relative',
      expected: 'means',
      received: metric,
      try: 'Give --effect in percent of the baseline instead.',
    });
  switch (metric) {
    case 'means':
      return flags.relative
        ? liftNoise({ sd: need('sd', 'sd'), baseline: need('baseline', 'baseline') })
        : meanNoise(need('sd', 'sd'));
    case 'proportions':
      return proportionNoise(need('baseline', 'baseline'), flags.margin !== undefined);
    case 'ratio':
      return ratioNoise({
        baseline: need('baseline', 'baseline'),
        numeratorSd: need('sd', 'sd'),
        denominatorMean: need('denominatorMean', 'denominator-mean'),
        denominatorSd: need('denominatorSd', 'denominator-sd'),
        correlation: flags.correlation,
      });
    case 'quantile':
      return quantileNoise({ quantile: need('quantile', 'quantile'), density: need('density', 'density') });
    case 'switchback':
      return switchbackNoise({
        sd: need('sd', 'sd'),
        window: need('window', 'window'),
        carryOver: flags.carryOver,
        autocorrelation: flags.autocorrelation,
      });
  }
}

/** An effect as it stands on the command line: 0.02 is a difference, 2% a part of |baseline|. */
export function effectOf(text: string, baseline: number | undefined, relative: boolean): number {
  const percent = text.trim().endsWith('%');
  const value = Number(percent ? text.trim().slice(0, -1) : text);
  if (text.trim() === '' || !Number.isFinite(value))
    throw complaint('usage', {
      where: '--effect',
      expected: 'a difference such as 0.02, or a part of the baseline such as 2%',
      received: `'${text}'`,
    });
  if (relative) return percent ? value / 100 : value;
  if (!percent) return value;
  if (baseline === undefined)
    throw complaint('usage', { where: '--effect', expected: '--baseline to take a percentage of', received: 'none' });
  return (value / 100) * Math.abs(baseline);
}
