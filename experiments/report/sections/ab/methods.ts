import type { Effect } from '../../../ab/contract.js';
import { html, table, type Column, type Html, type Part } from '../../html.js';
import { intervalGrid, type LabelledChart } from '../../interval-figures.js';
import { chance, count, pValue, twoDigits, type Writing } from '../../numbers.js';
import { NOTHING, spoken } from '../../parts.js';
import { effectsOf, type NamedEffect, type NamedTest } from './words.js';

/** Charts beyond this say no more than the table. */
const MOST_CHARTS = 12;

/** The differences by every method: read once, with CUPED, always valid, as a posterior; and the truth where it is known. */
export async function methodsPart({ test, suffix }: NamedTest): Promise<Part> {
  const charts = effectsOf(test).map(differenceChart);
  const drawn = charts.slice(0, MOST_CHARTS);
  return [
    html`<h4>Differences, by every method</h4>`,
    await intervalGrid(drawn, { ownScales: true }),
    charts.length > drawn.length &&
      html`<p class="note">Drawn are the first ${drawn.length} of ${count(charts.length)}; the tables have all.</p>`,
    methodsTable({ test, suffix }),
  ];
}

function differenceChart({ effect, name, writing }: NamedEffect): LabelledChart {
  const { difference, cuped, sequential, truth } = effect;
  const methods = [
    { label: 'fixed horizon', estimate: difference },
    ...(cuped === undefined ? [] : [{ label: 'with CUPED', estimate: cuped.difference }]),
    ...(sequential === undefined ? [] : [{ label: 'always valid', estimate: sequential.difference }]),
  ];
  return {
    chart: {
      rows: methods.map(({ label, estimate: { value, interval } }, i) => ({
        label,
        value,
        interval,
        emphasis: i === 0,
      })),
      lines: [{ value: 0, kind: 'zero' }, ...(truth === undefined ? [] : [{ value: truth, kind: 'truth' } as const])],
    },
    label: [
      `Difference in ${name}.`,
      ...methods.map(({ label, estimate }) => `${label}: ${spoken(estimate, writing)}.`),
      ...(truth === undefined ? [] : [`Truth: ${writing.value(truth)}.`]),
    ].join(' '),
    caption: html`<strong>${name}</strong>, difference`,
  };
}

/** What the chart cannot say in numbers; nothing where no effect has any of it. */
function methodsTable({ test, suffix }: NamedTest): Html | undefined {
  const rows = effectsOf(test);
  const has = (key: keyof Effect): boolean => rows.some(({ effect }) => effect[key] !== undefined);
  const numeric = (head: Part, cell: (effect: Effect, writing: Writing) => Part | undefined): Column<NamedEffect> => ({
    head,
    numeric: true,
    cell: ({ effect, writing }) => cell(effect, writing) ?? NOTHING,
  });
  const columns = [
    ...(has('sequential')
      ? [
          numeric('Always-valid interval', ({ sequential }, { range }) =>
            sequential?.difference.interval ? range(sequential.difference.interval) : undefined,
          ),
          numeric('Always-valid p', ({ sequential }) => sequential && pValue(sequential.pValue)),
        ]
      : []),
    ...(has('bayes')
      ? [
          numeric('Chance to win', ({ bayes }) => bayes && chance(bayes.chanceToWin)),
          numeric('Risk', ({ bayes }) => bayes && twoDigits(bayes.risk)),
        ]
      : []),
    ...(has('permutationPValue')
      ? [numeric('p by permutation', ({ permutationPValue: p }) => (p === undefined ? undefined : pValue(p)))]
      : []),
    ...(has('relativePValue')
      ? [numeric('p of the relative', ({ relativePValue: p }) => (p === undefined ? undefined : pValue(p)))]
      : []),
    ...(has('truth')
      ? [numeric('Truth', ({ truth }, { value }) => (truth === undefined ? undefined : value(truth)))]
      : []),
  ];
  if (columns.length === 0) return undefined;
  return table<NamedEffect>({
    caption: `Other readings of the same differences${suffix}`,
    columns: [{ head: 'Metric', cell: ({ name }) => name }, ...columns],
    groups: [{ rows }],
  });
}
