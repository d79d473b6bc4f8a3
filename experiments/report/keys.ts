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

const KEYS = {
  logged: lineKey('logged rate', 'var(--logged)', DASH.logged),
  truthLine: lineKey('truth', 'var(--truth)', DASH.truth),
  truth: html`<span class="key"
    ><svg viewBox="0 0 14 14" aria-hidden="true" focusable="false">
      <path d="M7 1.5 12.5 7 7 12.5 1.5 7Z" fill="none" stroke="var(--truth)" stroke-width="2" /></svg
    >truth</span
  >`,
  second: lineKey('bootstrap interval', 'var(--quiet)'),
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

/** The keys of all marks that some dot-and-interval charts hold, and of no others. */
export function keysOf(charts: readonly IntervalChart[]): Html[] {
  const rows = charts.flatMap((chart) => chart.rows);
  const lines = new Set(charts.flatMap((chart) => (chart.lines ?? []).map(({ kind }) => kind)));
  const cut = charts.some((chart) => cutsOff(chart.rows, chart.window ?? windowOf(chart.rows, chart.lines)));
  return [
    ...(lines.has('logged') ? [KEYS.logged] : []),
    ...(lines.has('truth') ? [KEYS.truthLine] : []),
    ...(rows.some(({ truth }) => truth !== undefined) ? [KEYS.truth] : []),
    ...(rows.some(({ second }) => second !== undefined) ? [KEYS.second] : []),
    ...(rows.some(({ parts = [] }) => parts.length > 0) ? [KEYS.seeds] : []),
    ...(rows.some(({ value, interval }) => value !== null && interval === null) ? [KEYS.unsure] : []),
    ...(cut ? [KEYS.cut] : []),
  ];
}
