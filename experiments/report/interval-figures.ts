import { NARROW, draw, drawBoth } from './charts/draw.js';
import { intervalSpec, windowOf, type IntervalChart, type Window } from './charts/intervals.js';
import { html, type Html, type Part } from './html.js';
import { keysOf } from './keys.js';
import { figure } from './parts.js';

/** A dot-and-interval chart with what it says to those who see it and to those who do not. */
export interface LabelledChart {
  readonly chart: IntervalChart;
  readonly label: string;
  readonly caption: Part;
}

const hasNumbers = ({ rows }: IntervalChart): boolean => rows.some(({ value }) => value !== null);

/** One chart across the page, with the keys of its marks; nothing where every number is refused. */
export async function intervalFigure({ chart, label, caption }: LabelledChart): Promise<Html | undefined> {
  if (!hasNumbers(chart)) return undefined;
  const drawn = await drawBoth(
    (width) => intervalSpec({ ...chart, labels: width === NARROW ? 'above' : 'beside' }, width),
    label,
  );
  return figure(drawn, caption, keysOf([chart]));
}

/**
 * Small charts side by side, with their keys above; on one scale where that serves all of them and they do not ask for
 * scales of their own, as numbers of different units must.
 */
export async function intervalGrid(
  charts: readonly LabelledChart[],
  { ownScales = false }: { readonly ownScales?: boolean } = {},
): Promise<Html | undefined> {
  const filled = charts.filter(({ chart }) => hasNumbers(chart));
  if (filled.length === 0) return undefined;
  const own = filled.map(({ chart }) => windowOf(chart.rows, chart.lines));
  const shared = ownScales ? undefined : commonWindow(own);
  const fitted = filled.map(({ chart }, i) => ({ ...chart, window: shared ?? own[i] }));
  const figures = filled.map(async ({ label, caption }, i) =>
    figure(await draw(intervalSpec(fitted[i], NARROW), label), caption),
  );
  const keys = [
    ...keysOf(fitted),
    ...(shared === undefined ? [html`<span class="key">Each chart has its own scale.</span>`] : []),
  ];
  return html`${keys.length > 0 && html`<p class="keys">${keys}</p>`}
    <div class="grid">${await Promise.all(figures)}</div>`;
}

/** One scale for several charts, unless it would squeeze one of them below a fifth of its width. */
function commonWindow(windows: readonly Window[]): Window | undefined {
  const low = Math.min(...windows.map(([left]) => left));
  const high = Math.max(...windows.map(([, right]) => right));
  return windows.every(([left, right]) => right - left >= 0.2 * (high - low)) ? [low, high] : undefined;
}
