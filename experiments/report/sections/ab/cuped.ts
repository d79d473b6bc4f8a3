import type { Cuped, Metric } from '../../../ab/contract.js';
import { html, table } from '../../html.js';
import { fixed, pValue, percent, significant } from '../../numbers.js';
import { withInterval } from '../../parts.js';
import { effectsOf, type NamedEffect, type NamedTest, type Piece } from './words.js';

interface Row extends NamedEffect {
  readonly cuped: Cuped;
}

const covariateOf = ({ covariate }: Cuped, { covariateDenominator }: Metric): string =>
  covariateDenominator === undefined ? covariate : `${covariate} ÷ ${covariateDenominator}`;

/** How much noise a covariate known beforehand took out of the differences, and whether that was sound. */
export function cupedPiece({ test, suffix }: NamedTest): Piece | undefined {
  const rows = effectsOf(test).flatMap((named): Row[] => {
    const { cuped } = named.effect;
    return cuped === undefined ? [] : [{ ...named, cuped }];
  });
  if (rows.length === 0) return undefined;
  return {
    title: 'Noise removed beforehand (CUPED)',
    terms: ['cuped', 'covariate', 'theta', 'correlation', 'varianceReduction'],
    body: [
      html`<p class="lead">
        What was known of a unit before the test explains part of its outcome. Taking that part out narrows the interval
        and leaves the effect where it is.
      </p>`,
      table<Row>({
        caption: `Differences with and without CUPED${suffix}`,
        hideCaption: true,
        columns: [
          { head: 'Metric', cell: ({ name }) => name },
          { head: 'Covariate', cell: ({ cuped, metric }) => html`<code>${covariateOf(cuped, metric)}</code>` },
          {
            head: 'Without',
            numeric: true,
            cell: ({ effect, writing }) => withInterval(effect.difference, writing),
          },
          { head: 'With CUPED', numeric: true, cell: ({ cuped, writing }) => withInterval(cuped.difference, writing) },
          { head: 'p with CUPED', numeric: true, cell: ({ cuped }) => pValue(cuped.pValue) },
          { head: 'Variance removed', numeric: true, cell: ({ cuped }) => percent(cuped.varianceReduction) },
          { head: 'Correlation', numeric: true, cell: ({ cuped }) => fixed(cuped.correlation, 2) },
          { head: 'θ', numeric: true, cell: ({ cuped }) => significant(cuped.theta, 3) },
        ],
        groups: [{ rows }],
      }),
      rows.map(({ name, cuped: { warnings } }) =>
        warnings.map((warning) => html`<p class="remark"><strong>${name}</strong>: ${warning}</p>`),
      ),
    ],
  };
}
