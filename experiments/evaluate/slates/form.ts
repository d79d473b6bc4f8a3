import { bootstrapSums, percentileInterval } from '../../../core/stats/bootstrap.js';
import type { PerRound } from '../estimators/form.js';
import { influenceOf, standardErrorOf, valueOf } from '../summarise.js';

/**
 * What an estimator says of each slate: a sum of per-round forms over slates, one per slot where slots have normalisers of
 * their own, else a single one. Normalisers move in the standard error and in every bootstrap replicate.
 */
export type PerSlate = readonly PerRound[];

export function slateValue(form: PerSlate): number {
  return form.reduce((sum, part) => sum + valueOf(part), 0);
}

/** √(Σ influence²/d/S): influences of the parts add up; d is S − 1 for plain means and S for ratios. */
export function slateError(form: PerSlate): number {
  const influence = new Float64Array(form[0].numerator.length);
  for (const part of form) {
    const own = influenceOf(part);
    for (let s = 0; s < influence.length; s++) influence[s] += own[s];
  }
  return standardErrorOf(
    influence,
    form.some(({ denominator }) => denominator !== undefined),
  );
}

/** Percentile bootstrap over slates. A replicate that drew no weight in a slot counts it as 0. */
export function slateBootstrap(
  form: PerSlate,
  options: { readonly replicates: number; readonly level: number; readonly seed: number },
): [number, number] {
  const columns = form.flatMap(({ numerator, denominator }) =>
    denominator === undefined ? [numerator] : [numerator, denominator],
  );
  const slates = form[0].numerator.length;
  const replicated = new Float64Array(options.replicates);
  bootstrapSums(columns, options, (sums, replicate) => {
    let value = 0;
    let at = 0;
    for (const { denominator } of form) {
      const above = sums[at++];
      const below = denominator === undefined ? slates : sums[at++];
      value += below === 0 ? 0 : above / below;
    }
    replicated[replicate] = value;
  });
  const { low, high } = percentileInterval(replicated, options.level);
  return [low, high];
}
