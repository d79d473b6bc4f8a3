import { twoSidedZ } from '../../../core/stats/intervals.js';
import type { Agreement } from './contract.js';

/** One quantity judged in several ways, the most trusted first. */
export function agreementOf(
  quantity: string,
  rows: Agreement['rows'],
  level: number,
  truth?: number | null,
): Agreement {
  return { quantity, rows, ...(truth === undefined || truth === null ? {} : { truth }), ...opinion(rows, level) };
}

/**
 * Whether every way to judge that has a standard error agrees with the first: their difference within the interval of a
 * difference of independent estimates. Ways that share luck are closer than that, so agreement is not claimed too seldom.
 */
function opinion(rows: Agreement['rows'], level: number): Pick<Agreement, 'agree' | 'sentence'> {
  const sure = rows.flatMap(({ method, estimate: { value, standardError } }) =>
    value === null || standardError === null ? [] : [{ method, value, standardError }],
  );
  if (sure.length < 2) return { agree: null, sentence: 'There is only one way to judge it that has an interval.' };
  const [first, ...others] = sure;
  const z = twoSidedZ(level);
  const apart = others.filter(
    ({ value, standardError }) => Math.abs(value - first.value) > z * Math.hypot(standardError, first.standardError),
  );
  if (apart.length === 0) return { agree: true, sentence: 'All ways to judge it agree within their errors.' };
  const names = apart.map(({ method }) => method).join('; ');
  return { agree: false, sentence: `Disagrees with the ${first.method}: ${names}.` };
}
