import { DASH } from './charts/draw.js';
import { cutsOff, windowOf, type IntervalChart } from './charts/intervals.js';
import { html, type Html } from './html.js';

const dashText = (dash: readonly number[]): string => (dash.length === 0 ? 'none' : dash.join(' '));

/** The key of a line: a sample of it and its name. */
export function lineKey(name: string, stroke: string, dash: readonly number[] = []): Html {
  return html`<span class="key"
    ><svg viewBox="0 0 24 8" aria-hidden="true" focusable="false">
      <line
        x1="0"
        y1="4"
        x2="24"
        y2="4"
        stroke="${stroke}"
        stroke-width="2"
        stroke-dasharray="${dashText(dash)}"
      /></svg
    >${name}</span
  >`;
}

/** The key of a band: a piece of it, with its edges. */
export function bandKey(name: string, stroke: string, dash: readonly number[], fill: number): Html {
  const edge = (y: number): Html =>
    html`<line
      x1="0"
      y1="${y}"
      x2="24"
      y2="${y}"
      stroke="${stroke}"
      stroke-width="1.5"
      stroke-dasharray="${dashText(dash)}"
    />`;
  return html`<span class="key"
    ><svg viewBox="0 0 24 12" aria-hidden="true" focusable="false">
      <rect x="0" y="1" width="24" height="10" fill="${stroke}" fill-opacity="${fill}" />
      ${edge(1)}${edge(11)}</svg
    >${name}</span
  >`;
}

const KEYS = {
  logged: lineKey('logged rate', 'var(--logged)', DASH.logged),
  overall: lineKey('all units together', 'var(--logged)', DASH.logged),
  limit: html`<span class="key"
    ><svg viewBox="0 0 14 14" aria-hidden="true" focusable="false">
      <path d="M7 1v12" stroke="var(--bad)" stroke-width="3" /></svg
    >margin: the worst that is tolerated</span
  >`,
  truthLine: lineKey('truth', 'var(--truth)', DASH.truth),
  truth: html`<span class="key"
    ><svg viewBox="0 0 14 14" aria-hidden="true" focusable="false">
      <path d="M7 1.5 12.5 7 7 12.5 1.5 7Z" fill="none" stroke="var(--truth)" stroke-width="2" /></svg
    >truth</span
  >`,
  stop: html`<span class="key"
    ><svg viewBox="0 0 14 14" aria-hidden="true" focusable="false">
      <path d="M7 1v12" stroke="var(--ink)" stroke-width="2" /></svg
    >stopped</span
  >`,
  unsure: html`<span class="key"
    ><svg viewBox="0 0 14 14" aria-hidden="true" focusable="false">
      <circle cx="7" cy="7" r="5" fill="none" stroke="var(--quiet)" stroke-width="2" /></svg
    >without an interval</span
  >`,
  cut: html`<span class="key"
    ><svg viewBox="0 0 14 14" aria-hidden="true" focusable="false">
      <path d="M4 2.5 12 7 4 11.5Z" fill="var(--series-1)" /></svg
    >longer than shown</span
  >`,
  seeds: html`<span class="key"
    ><svg viewBox="0 0 14 14" aria-hidden="true" focusable="false">
      <path d="M7 1v12" stroke="var(--quiet)" stroke-width="2" /></svg
    >single seeds</span
  >`,
} as const;

/** How the two bands of a test that is looked at daily are drawn. */
export const ALWAYS_VALID = { look: { stroke: 'var(--series-1)', dash: [] }, fill: 0.14 } as const;
export const NAIVE = { look: { stroke: 'var(--series-4)', dash: [4, 3] }, fill: 0.2 } as const;

/** The keys of a chart of daily looks. */
export function lookKeys({ truth, stop }: { readonly truth: boolean; readonly stop: boolean }): Html[] {
  return [
    lineKey('difference', 'var(--ink)'),
    bandKey('always valid: holds at every look', ALWAYS_VALID.look.stroke, ALWAYS_VALID.look.dash, ALWAYS_VALID.fill),
    bandKey('naive: wrong when one looks daily', NAIVE.look.stroke, NAIVE.look.dash, NAIVE.fill),
    ...(truth ? [KEYS.truthLine] : []),
    ...(stop ? [KEYS.stop] : []),
  ];
}

/** The keys of all marks that some dot-and-interval charts hold, and of no others. */
export function keysOf(charts: readonly IntervalChart[]): Html[] {
  const rows = charts.flatMap((chart) => chart.rows);
  const lines = new Set(charts.flatMap((chart) => (chart.lines ?? []).map(({ kind }) => kind)));
  const [{ secondName = 'bootstrap interval' } = {}] = charts;
  const cut = charts.some((chart) => cutsOff(chart.rows, chart.window ?? windowOf(chart.rows, chart.lines)));
  return [
    ...(lines.has('logged') ? [KEYS.logged] : []),
    ...(lines.has('overall') ? [KEYS.overall] : []),
    ...(lines.has('truth') ? [KEYS.truthLine] : []),
    ...(rows.some(({ truth }) => truth !== undefined) ? [KEYS.truth] : []),
    ...(rows.some(({ limit }) => limit !== undefined) ? [KEYS.limit] : []),
    ...(rows.some(({ second }) => second !== undefined) ? [lineKey(secondName, 'var(--quiet)')] : []),
    ...(rows.some(({ parts = [] }) => parts.length > 0) ? [KEYS.seeds] : []),
    ...(rows.some(({ value, interval }) => value !== null && interval === null) ? [KEYS.unsure] : []),
    ...(cut ? [KEYS.cut] : []),
  ];
}
