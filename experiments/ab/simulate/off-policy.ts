import type { Estimate } from '../../contract.js';
import type { PerRound } from '../../evaluate/estimators/form.js';
import { deltaInterval, influenceOf, standardErrorOf, valueOf } from '../../evaluate/summarise.js';
import type { Rows } from './rows.js';

/** Below so many effective requests nothing is said. */
const FEWEST = 100;

/**
 * What the control's own log says of another arm, per request: Σ w·r ÷ Σ w − mean r over the requests of the test that the
 * control answered, by the paired delta method. It asks what another choice would have earned where the control stood,
 * so it cannot see what the arm does to budgets and stock.
 *
 * @returns nothing where no weights were logged
 */
export function offPolicyEffect(
  rows: Rows,
  { column, level }: { readonly column: string; readonly level: number },
): Estimate | undefined {
  if (!Object.hasOwn(rows.columns, 'weight')) return undefined;
  const { weight } = rows.columns;
  const values = rows.columns[column];
  const index = Int32Array.from(rows.arm.keys()).filter((n) => rows.arm[n] === 0 && rows.day[n] >= 0);
  const of = (one: Float64Array): Float64Array => Float64Array.from(index, (n) => one[n]);
  const w = of(weight);
  const r = of(values);
  const method = `SNIPS on ${index.length} requests of the control, paired delta ${100 * level}%`;
  const total = w.reduce((sum, x) => sum + x, 0);
  const effective = total ** 2 / w.reduce((sum, x) => sum + x * x, 0);
  if (!(effective >= FEWEST)) {
    const why = `the control's requests are worth ${Number.isNaN(effective) ? 0 : Math.round(effective)} of the other arm's`;
    return { value: null, standardError: null, interval: null, method: `refused: ${why}; it must explore.` };
  }
  const judged: PerRound = { numerator: w.map((x, n) => x * r[n]), denominator: w };
  const own: PerRound = { numerator: r };
  const value = valueOf(judged) - valueOf(own);
  const against = influenceOf(own);
  const standardError = standardErrorOf(
    influenceOf(judged).map((x, n) => x - against[n]),
    true,
  );
  return { value, standardError, interval: deltaInterval(value, standardError, level), method };
}
