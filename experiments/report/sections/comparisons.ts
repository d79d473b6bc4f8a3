import type { Comparison, ReportDocument } from '../../contract.js';
import type { IntervalChart } from '../charts/intervals.js';
import { reasonsOf } from '../headline.js';
import { html, table, type Column } from '../html.js';
import { intervalFigure } from '../interval-figures.js';
import { estimatorTerm } from '../legend.js';
import { change, decimalsFor, signed } from '../numbers.js';
import { intervalMethods, intervalOf, spoken, valueOf, verdictCell, type Section } from '../parts.js';

/** Differences between policies on the same rounds. */
export async function comparisonsSection(document: ReportDocument): Promise<Section | undefined> {
  const { comparisons } = document;
  if (comparisons.length === 0) return undefined;
  const decimals = decimalsFor(comparisons.map(({ difference }) => difference));
  const withTruth = comparisons.some(({ truth }) => truth !== undefined);
  const estimators = [...new Set(comparisons.map(({ estimator }) => estimatorTerm(estimator).short))];
  const name = ({ policy, against, estimator }: Comparison): string =>
    `${policy} − ${against}${estimators.length > 1 ? ` (${estimatorTerm(estimator).short})` : ''}`;
  const label = comparisons.map((comparison) => `${name(comparison)}: ${spoken(comparison.difference, decimals)}.`);
  return {
    id: 'comparisons',
    title: 'Comparisons',
    terms: ['difference', 'interval', 'relative', 'verdict', 'refused', ...(withTruth ? ['truth'] : [])],
    body: [
      html`<p class="lead">
        The difference in reward per decision between two policies on the same rounds, by ${estimators.join(', ')}. The
        interval is of the paired difference; where it contains 0, the difference may be chance.
      </p>`,
      table({
        caption: 'Paired differences',
        hideCaption: true,
        columns: columns(document, decimals, { withTruth, withEstimator: estimators.length > 1 }),
        groups: [{ rows: comparisons }],
      }),
      intervalMethods(comparisons.map(({ difference }) => difference)),
      await intervalFigure({
        chart: forest(comparisons, name),
        label: `Differences in reward per decision. ${label.join(' ')}`,
        caption: 'Right of the line the first policy earns more.',
      }),
    ],
  };
}

function columns(
  { policies }: ReportDocument,
  decimals: number,
  { withTruth, withEstimator }: { readonly withTruth: boolean; readonly withEstimator: boolean },
): Column<Comparison>[] {
  const reasons = ({ policy, against, difference }: Comparison): string[] =>
    difference.value === null ? policies.filter(({ id }) => id === policy || id === against).flatMap(reasonsOf) : [];
  return [
    { head: 'Policy', cell: ({ policy }) => policy },
    { head: 'Against', cell: ({ against }) => against },
    ...(withEstimator ? [{ head: 'By', cell: ({ estimator }: Comparison) => estimatorTerm(estimator).short }] : []),
    { head: 'Difference', numeric: true, cell: ({ difference }) => valueOf(difference, decimals, signed) },
    { head: 'Interval', numeric: true, cell: ({ difference }) => intervalOf(difference, decimals) },
    {
      head: 'Relative',
      numeric: true,
      cell: ({ relative }) => (relative === null ? html`<span class="grey">—</span>` : change(relative)),
    },
    { head: 'Verdict', cell: (comparison) => verdictCell(comparison.verdict, reasons(comparison)) },
    ...(withTruth
      ? [
          {
            head: 'Truth',
            numeric: true,
            cell: ({ truth }: Comparison) => (truth === undefined ? '—' : signed(truth, decimals)),
          },
        ]
      : []),
  ];
}

function forest(comparisons: readonly Comparison[], name: (comparison: Comparison) => string): IntervalChart {
  return {
    rows: comparisons.map((comparison) => ({
      label: name(comparison),
      value: comparison.difference.value,
      interval: comparison.difference.interval,
      truth: comparison.truth,
      emphasis: true,
    })),
    lines: [{ value: 0, kind: 'zero' }],
    xTitle: 'difference in reward per decision',
  };
}
