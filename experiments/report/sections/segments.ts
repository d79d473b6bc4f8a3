import type { Estimate, ReportDocument, SegmentTable } from '../../contract.js';
import { NARROW, draw } from '../charts/draw.js';
import { commonWindow, intervalSpec, windowOf, type IntervalRow } from '../charts/intervals.js';
import { html, table, type Html } from '../html.js';
import { count, decimalsFor, range } from '../numbers.js';
import { figure, intervalMethods, spoken, valueOf, type Section } from '../parts.js';

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
  const decimals = columns.map((_, c) => decimalsFor(rows.flatMap(({ values }) => values[c] ?? [])));
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
          cell: ({ values }: SegmentTable['rows'][number]) => withInterval(values.at(c), decimals[c]),
        })),
      ],
      groups: [{ rows }],
    })}
    ${intervalMethods(rows.flatMap(({ values }) => values))} ${await dotPlots(segment, decimals)}`;
}

function intervalText(estimate: Estimate | undefined, decimals: number): string | undefined {
  return estimate?.interval ? range(estimate.interval, decimals) : undefined;
}

/** The value with its interval below it, or "refused" with the reason, which evaluations keep as the method. */
function withInterval(estimate: Estimate | undefined, decimals: number): Html {
  const reason = /^refused: (.*)$/s.exec(estimate?.method ?? '')?.[1];
  const below = intervalText(estimate, decimals) ?? reason;
  return html`${valueOf(estimate, decimals)}${below !== undefined && html`<small>${below}</small>`}`;
}

async function dotPlots({ by, columns, rows }: SegmentTable, decimals: readonly number[]): Promise<Html> {
  const drawn = rows.length > DRAWN_ROWS ? [...rows].sort((a, b) => b.rounds - a.rounds).slice(0, DRAWN_ROWS) : rows;
  const perColumn = columns.map((_, c) =>
    drawn.map(({ segment, values }): IntervalRow => ({
      label: segment,
      value: values.at(c)?.value ?? null,
      interval: values.at(c)?.interval ?? null,
    })),
  );
  const shared = commonWindow(perColumn.map((column) => windowOf(column)));
  const figures = columns.map(async (column, c) => {
    if (perColumn[c].every(({ value }) => value === null)) return undefined;
    const label = `${column} by ${by}. ${drawn.map(({ segment, values }) => `${segment}: ${spoken(values.at(c), decimals[c])}.`).join(' ')}`;
    const chart = { rows: perColumn[c], ...(shared === undefined ? {} : { window: shared }) };
    return figure(
      await draw(intervalSpec(chart, NARROW), label),
      html`<strong>${column}</strong
        >${drawn.length < rows.length && `, the ${drawn.length} largest of ${count(rows.length)} segments`}`,
    );
  });
  return html`<div class="grid">${await Promise.all(figures)}</div>`;
}
