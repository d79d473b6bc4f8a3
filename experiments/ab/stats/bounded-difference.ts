import { complaint } from '../../../core/check.js';
import { bettingPValues, bettingSequence } from './betting.js';
import { boundedLooks, emptySequence, placeLook, type BoundedOptions, type BoundedSequence } from './bounded-data.js';
import { empiricalBernstein } from './empirical-bernstein.js';

/** How the difference of two bounded means is put together. */
export interface BoundedDifferenceOptions extends Omit<BoundedOptions, 'looks'> {
  readonly by: 'empirical-bernstein' | 'betting';
  /**
   * 'pairs': the i-th unit of one arm against the i-th of the other, one sequence of their differences; narrow, but waits for
   * the slower arm. 'arms': a sequence per arm, each with half the error; for arms of any lengths.
   */
  readonly from: 'pairs' | 'arms';
  /** Units of each arm at each look, ascending. */
  readonly looks: readonly { readonly control: number; readonly treatment: number }[];
}

/**
 * Confidence sequence of the mean of the treatment less that of the control, of bounded values in order of arrival. Both
 * ways hold at all looks together, at any sample size, without a model; `pairs` needs that the pairing does not look at the
 * values, which order of arrival does not.
 */
export function boundedDifference(
  control: Float64Array,
  treatment: Float64Array,
  options: BoundedDifferenceOptions,
): BoundedSequence {
  const { by, from, looks, least, most, level, intersect } = options;
  const sequence = by === 'betting' ? bettingSequence : empiricalBernstein;
  const keep = intersect === undefined ? {} : { intersect };
  if (from === 'pairs') return sequence(pairsOf(control, treatment, options), { ...pairRange(options), ...keep });
  const one = { least, most, level: (1 + level) / 2 };
  const a = sequence(control, { ...one, looks: looks.map((look) => look.control) });
  const b = sequence(treatment, { ...one, looks: looks.map((look) => look.treatment) });
  const out = emptySequence(looks.length);
  const range = { ...pairRange(options), ...keep };
  looks.forEach((_, k) => {
    placeLook(out, k, [b.low[k] - a.high[k], b.high[k] - a.low[k]], range);
    if (a.empty[k] === 1 || b.empty[k] === 1) out.empty[k] = 1;
  });
  return out;
}

/** Always-valid p-values of "no difference" by betting on pairs; see `bettingPValues`. */
export function pairedBettingPValues(
  control: Float64Array,
  treatment: Float64Array,
  options: Pick<BoundedDifferenceOptions, 'least' | 'most' | 'level' | 'looks'>,
): Float64Array {
  return bettingPValues(pairsOf(control, treatment, options), 0, pairRange(options));
}

type Range = Pick<BoundedDifferenceOptions, 'least' | 'most' | 'level' | 'looks'>;

function pairsOf(control: Float64Array, treatment: Float64Array, { least, most, level, looks }: Range): Float64Array {
  boundedLooks('bounded difference: control', control, {
    least,
    most,
    level,
    looks: looks.map((look) => look.control),
  });
  boundedLooks('bounded difference: treatment', treatment, {
    least,
    most,
    level,
    looks: looks.map((look) => look.treatment),
  });
  const pairs = Math.min(control.length, treatment.length);
  if (pairs > 0) return Float64Array.from({ length: pairs }, (_, i) => treatment[i] - control[i]);
  throw complaint('data', {
    where: 'bounded difference',
    expected: 'at least one unit in both arms',
    received: `${control.length} and ${treatment.length}`,
  });
}

function pairRange({ least, most, level, looks }: Range): BoundedOptions {
  const pairs = looks.map((look) => Math.min(look.control, look.treatment));
  return { least: least - most, most: most - least, level, looks: pairs };
}
