import type { ReportDocument, SegmentTable } from '../../contract.js';
import { html, table, type Html } from '../html.js';
import { intervalGrid, type LabelledChart } from '../interval-figures.js';
import { count, writingOf, type Writing } from '../numbers.js';
import { intervalMethods, spoken, withInterval, type Section } from '../parts.js';

/** Rows beyond this stay in the table only. */
const DRAWN_ROWS = 16;

/** Numbers per part of the log: an average can hide that a policy wins here and loses there. */
export async function segmentsSection({ segments }: ReportDocument): Promise<Section | undefined> {
  const filled = segments.filter(({ rows }) => rows.length > 0);
  if (filled.length === 0) return undefined;
  return {
    id: 'segments',
    title: 'Segments',
    terms: ['rounds', 'interval', 'refused'],
    body: [
      html`<p class="lead">
        The same numbers for parts of the log. Segments are small, so their intervals are wide; with many of them, a few
        stand out by chance.
      </p>`,
      await Promise.all(filled.map(oneTable)),
    ],
  };
}

async function oneTable(segment: SegmentTable): Promise<Html> {
  const { by, columns, rows } = segment;
  const writings = columns.map((_, c) => writingOf(rows.flatMap(({ values }) => values[c] ?? [])));
  return html`<h3>By ${by}</h3>
    ${table<SegmentTable['rows'][number]>({
      caption: `Estimates by ${by}`,
      hideCaption: true,
      columns: [
        { head: by, cell: ({ segment: name }) => name },
        { head: 'Rounds', numeric: true, cell: ({ rounds }) => count(rounds) },
        ...columns.map((column, c) => ({
          head: column,
          numeric: true,
          cell: ({ values }: SegmentTable['rows'][number]) => withInterval(values.at(c), writings[c]),
        })),
      ],
      groups: [{ rows }],
    })}
    ${intervalMethods(rows.flatMap(({ values }) => values))} ${await intervalGrid(dotPlots(segment, writings))}`;
}

/** One chart per column of the table. */
function dotPlots({ by, columns, rows }: SegmentTable, writings: readonly Writing[]): LabelledChart[] {
  const drawn = rows.length > DRAWN_ROWS ? [...rows].sort((a, b) => b.rounds - a.rounds).slice(0, DRAWN_ROWS) : rows;
  const left = drawn.length < rows.length && `, the ${drawn.length} largest of ${count(rows.length)} segments`;
  return columns.map((column, c) => ({
    chart: {
      rows: drawn.map(({ segment, values }) => ({
        label: segment,
        value: values.at(c)?.value ?? null,
        interval: values.at(c)?.interval ?? null,
      })),
    },
    label: `${column} by ${by}. ${drawn.map(({ segment, values }) => `${segment}: ${spoken(values.at(c), writings[c])}.`).join(' ')}`,
    caption: html`<strong>${column}</strong>${left}`,
  }));
}
