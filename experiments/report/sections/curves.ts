import type { Curve, ReportDocument } from '../../contract.js';
import { NARROW, draw, drawBoth } from '../charts/draw.js';
import { MOST_POINTS, linesSpec, looks } from '../charts/lines.js';
import { html, table, type Html } from '../html.js';
import { count, significant } from '../numbers.js';
import { figure, type Section } from '../parts.js';
import { lineKey } from '../keys.js';

/** Learning curves, one frame per chart. */
export async function curvesSection({ curves }: ReportDocument): Promise<Section | undefined> {
  const charts = [...new Set(curves.map(({ chart }) => chart))]
    .map((chart) => curves.filter((curve) => curve.chart === chart && curve.points.length > 0))
    .filter((lines) => lines.length > 0);
  if (charts.length === 0) return undefined;
  const figures = await Promise.all(charts.map((lines) => oneChart(lines, charts.length === 1)));
  return {
    id: 'curves',
    title: 'Curves',
    terms: ['seed'],
    body: [
      figures.length === 1 ? figures : html`<div class="grid">${figures}</div>`,
      table<Curve>({
        caption: 'Where the curves begin and end',
        columns: [
          { head: 'Curve', cell: ({ name }) => name },
          { head: 'Points', numeric: true, cell: ({ points }) => count(points.length) },
          { head: 'First', numeric: true, cell: ({ points }) => significant(points[0][1], 3) },
          {
            head: 'Lowest',
            numeric: true,
            cell: ({ points }) =>
              significant(
                points.reduce((low, [, y]) => Math.min(low, y), Infinity),
                3,
              ),
          },
          {
            head: 'Highest',
            numeric: true,
            cell: ({ points }) =>
              significant(
                points.reduce((high, [, y]) => Math.max(high, y), -Infinity),
                3,
              ),
          },
          { head: 'Last', numeric: true, cell: ({ points }) => significant(points[points.length - 1][1], 3) },
        ],
        groups: charts.map((rows) => ({
          heading: html`${rows[0].chart}
          ${rows[0].yLabel.toLowerCase() !== rows[0].chart.toLowerCase() && html`<span class="grey">${rows[0].yLabel}</span>`}`,
          rows,
        })),
      }),
    ],
  };
}

async function oneChart(lines: readonly Curve[], alone: boolean): Promise<Html> {
  const { chart, xLabel, yLabel } = lines[0];
  const label = [
    `${chart}: ${yLabel} over ${xLabel}.`,
    ...lines.map(
      ({ name, points }) =>
        `${name}: from ${significant(points[0][1])} to ${significant(points[points.length - 1][1])}.`,
    ),
  ].join(' ');
  const svg = alone
    ? await drawBoth((width) => linesSpec(lines, width), label)
    : await draw(linesSpec(lines, NARROW), label);
  const keys = new Map(looks(lines).map(({ key, look }) => [key, lineKey(key, look.stroke, look.dash)]));
  const averaged = Math.max(...lines.map(({ points }) => Math.ceil(points.length / MOST_POINTS)));
  return figure(
    svg,
    html`<strong>${chart}</strong>${averaged > 1 && `; each point the mean of up to ${averaged}`}`,
    lines.length > 1 ? [...keys.values()] : [],
  );
}
