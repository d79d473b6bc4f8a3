import type { Metric, Trial } from '../contract.js';
import type { AnalysisOptions } from './options.js';

/** In words: what has to hold for the numbers of an analysis to mean what they say. */
export function assumptionsOf(trial: Trial, metrics: readonly Metric[], options: AnalysisOptions): string[] {
  const some = (kind: Metric['kind']): boolean => metrics.some((metric) => metric.kind === kind);
  const randomised = trial.cluster === undefined ? `every ${trial.unit}` : 'every cluster';
  const day = trial.observations.day !== undefined;
  return [
    `Chance alone decided the arm of ${randomised}, and nobody's outcome depends on what others were given.`,
    ...(trial.cluster === undefined
      ? []
      : [
          'Clusters are independent of each other; standard errors are over clusters, so few clusters mean rough intervals.',
        ]),
    'There are enough units for sums to be nearly normal; very skewed metrics need more of them.',
    ...(some('ratio') ? ['The denominator of a ratio is well away from 0, so that the delta method holds.'] : []),
    ...(some('quantile') ? ['Values around a quantile are not tied, so that its neighbours show how sure it is.'] : []),
    ...(metrics.some(({ covariate }) => covariate !== undefined)
      ? ['What CUPED adjusts by was known before the arms were given, so that no arm can have changed it.']
      : []),
    'An interval of one look holds when the day of that look was fixed beforehand; looking often and stopping on a good day makes it wrong.',
    ...(options.looks === true || options.sequential === true
      ? [
          'Always-valid intervals hold at all looks together in large samples, for units that do not change once they were seen; where sums keep growing after entry they follow an effect that moves.',
        ]
      : []),
    ...(day ? ['Units count from the day they were first seen; units never seen count as 0.'] : []),
  ];
}
