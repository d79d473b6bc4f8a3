import type { Curve, ReportDocument } from '../../contract.js';
import { NARROW, draw, drawBoth } from '../charts/draw.js';
import { MOST_POINTS, linesSpec, looks } from '../charts/lines.js';
import { html, table, type Html } from '../html.js';
import { lineKey } from '../keys.js';
import { term } from '../legend.js';
import { count, decimalsOf, fixed, significant } from '../numbers.js';
import { figure, type Section } from '../parts.js';

/** Tables longer than this are folded away. */
const OPEN_ROWS = 6;

/** Learning curves, one frame per chart. */
export async function curvesSection({ curves }: ReportDocument): Promise<Section | undefined> {
  const charts = [...new Set(curves.map(({ chart }) => chart))]
    .map((chart) => curves.filter((curve) => curve.chart === chart && curve.points.length > 0))
    .filter((lines) => lines.length > 0);
  if (charts.length === 0) return undefined;
  const names = charts.map((lines) => JSON.stringify(lines.map(({ name }) => name)));
  const sameLines = charts.length > 1 && charts[0].length > 1 && names.every((list) => list === names[0]);
  const figures = await Promise.all(
    charts.map((lines) => oneChart(lines, { alone: charts.length === 1, withKeys: lines.length > 1 && !sameLines })),
  );
  const ends = endsTable(charts);
  return {
    id: 'curves',
    title: 'Curves',
    terms: ['seed', ...charts.flatMap(([{ chart }]) => (term(chart).name === chart ? [] : [chart]))],
    body: [
      sameLines && html`<p class="keys">${keysOf(charts[0])}</p>`,
      figures.length === 1 ? figures : html`<div class="grid">${figures}</div>`,
      charts.flat().length <= OPEN_ROWS
        ? ends
        : html`<details>
            <summary>Where the curves begin and end</summary>
            ${ends}
          </details>`,
    ],
  };
}

/** The metric of a chart in words: curves are named by metric keys where there is one. */
const titleOf = ({ chart }: Curve): string => term(chart).name;

/** What the vertical axis shows, where the title does not say so already. */
function unitOf({ chart, yLabel }: Curve): string | undefined {
  return yLabel.toLowerCase() === chart.toLowerCase() ? undefined : yLabel;
}

function endsTable(charts: readonly (readonly Curve[])[]): Html {
  const rows = charts.map((lines) => {
    const decimals = decimalsOf(
      lines.flatMap(({ points }) => points.map(([, y]) => y)),
      3,
    );
    return lines.map(({ name, points }) => ({ name, values: points.map(([, y]) => y), decimals }));
  });
  const column = (head: string, pick: (values: readonly number[]) => number) => ({
    head,
    numeric: true,
    cell: ({ values, decimals }: (typeof rows)[number][number]) => fixed(pick(values), decimals),
  });
  return table<(typeof rows)[number][number]>({
    caption: 'Where the curves begin and end',
    hideCaption: charts.flat().length > OPEN_ROWS,
    columns: [
      { head: 'Curve', cell: ({ name }) => name },
      { head: 'Points', numeric: true, cell: ({ values }) => count(values.length) },
      column('First', (values) => values[0]),
      column('Lowest', (values) => values.reduce((a, b) => Math.min(a, b))),
      column('Highest', (values) => values.reduce((a, b) => Math.max(a, b))),
      column('Last', (values) => values[values.length - 1]),
    ],
    groups: charts.map(([first], c) => ({
      heading: html`${titleOf(first)} <span class="grey">${unitOf(first)}</span>`,
      rows: rows[c],
    })),
  });
}

function keysOf(lines: readonly Curve[]): Html[] {
  return [...new Map(looks(lines).map(({ key, look }) => [key, lineKey(key, look.stroke, look.dash)])).values()];
}

async function oneChart(
  lines: readonly Curve[],
  { alone, withKeys }: { readonly alone: boolean; readonly withKeys: boolean },
): Promise<Html> {
  const [first] = lines;
  const yLabel = unitOf(first);
  const title = titleOf(first);
  const label = [
    `${title}${yLabel === undefined ? '' : `, ${yLabel},`} over ${first.xLabel}.`,
    ...lines.map(
      ({ name, points }) =>
        `${name}: from ${significant(points[0][1])} to ${significant(points[points.length - 1][1])}.`,
    ),
  ].join(' ');
  const spec = (width: number) => linesSpec(lines, { x: first.xLabel, y: yLabel }, width);
  const svg = alone ? await drawBoth(spec, label) : await draw(spec(NARROW), label);
  const averaged = Math.max(...lines.map(({ points }) => Math.ceil(points.length / MOST_POINTS)));
  return figure(
    svg,
    html`<strong>${title}</strong
      >${lines.length === 1 && first.name !== first.chart && `, ${first.name}`}${averaged > 1 && `; each point the mean of up to ${averaged}`}`,
    withKeys ? keysOf(lines) : [],
  );
}
