import {
  DASH,
  INK,
  PERCENT_TICKS,
  PLAIN_TICKS,
  haloText,
  layer,
  textWidth,
  type Encoding,
  type Layer,
  type Spec,
} from './draw.js';

/** One row of a dot-and-interval chart. */
interface IntervalRow {
  readonly label: string;
  /** null: refused. */
  readonly value: number | null;
  readonly interval: readonly [number, number] | null;
  /** A second interval, drawn thinner below the first. */
  readonly second?: readonly [number, number] | undefined;
  /** The true value of this row. */
  readonly truth?: number | undefined;
  /** Single observations behind the value, e.g. one per seed. */
  readonly parts?: readonly number[];
  /** Drawn larger than the others. */
  readonly emphasis?: boolean;
  /** The worst value that is tolerated, e.g. the margin of a guardrail. */
  readonly limit?: number | undefined;
}

/** A vertical line through all rows. */
export interface Line {
  readonly value: number;
  readonly kind: 'logged' | 'truth' | 'zero' | 'overall';
}

export interface IntervalChart {
  readonly rows: readonly IntervalRow[];
  readonly lines?: readonly Line[];
  readonly xTitle?: string;
  /** Values are shares of 1, and the axis is written in percent. */
  readonly percent?: boolean;
  /** What the second intervals are. */
  readonly secondName?: string;
  /** Where the rows' names stand: above for long names on narrow pages. */
  readonly labels?: 'beside' | 'above';
  /** A scale shared with other charts; `windowOf` finds it. */
  readonly window?: Window;
}

export type Window = readonly [number, number];

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];

/**
 * The stretch of the axis worth drawing: everything, unless a few intervals are so long that they would squeeze the
 * others to dots. Those are cut off there, with an arrow. Lines are always inside.
 */
export function windowOf(rows: readonly IntervalRow[], lines: readonly Line[] = []): Window {
  const intervals = rows.flatMap(({ interval, second }) => [interval, second].flatMap((pair) => (pair ? [pair] : [])));
  const points = rows.flatMap(({ value, truth, parts = [] }) => [value, truth, ...parts].flatMap((v) => v ?? []));
  const must = [...lines.map(({ value }) => value), ...rows.flatMap(({ limit }) => limit ?? [])];
  const all = [...intervals.flat(), ...points, ...must].filter(Number.isFinite);
  if (all.length === 0) return [0, 1];
  const reach = intervals.length === 0 ? Infinity : 6 * median(intervals.map(([low, high]) => high - low)) || Infinity;
  const centre = median(points.length > 0 ? points : all);
  const low = Math.max(Math.min(...all), Math.min(centre - reach, ...must));
  const high = Math.min(Math.max(...all), Math.max(centre + reach, ...must));
  const margin = high > low ? 0.04 * (high - low) : Math.max(1e-9, 0.1 * Math.abs(high));
  return [low - margin, high + margin];
}

/** Whether an interval of these rows is longer than the window shows, or a value beyond it. */
export function cutsOff(rows: readonly IntervalRow[], [left, right]: Window): boolean {
  return rows.some(({ value, interval, second }) =>
    [interval, second, value === null ? null : ([value, value] as const)].some(
      (pair) => pair && (pair[0] < left || pair[1] > right),
    ),
  );
}

/** Dots with intervals, one row each; a refused row says so in words. */
export function intervalSpec(chart: IntervalChart, width: number): Spec {
  const { lines = [], labels = 'beside' } = chart;
  const room = labels === 'above' ? width - 8 : width * (width > 500 ? 0.32 : 0.4);
  const rows = withDistinctLabels(chart.rows, room);
  const window = chart.window ?? windowOf(rows, lines);
  const inside = (value: number | null | undefined): value is number =>
    typeof value === 'number' && value >= window[0] && value <= window[1];
  const { y, at, across } = encodings(chart, rows, window, width);
  const spans = rows.flatMap(({ label, interval }) => span(label, interval, window));
  const dots = rows.flatMap(({ label, value, interval, emphasis = false }) =>
    inside(value) ? [{ label, value, sure: interval !== null, size: emphasis ? 110 : 60 }] : [],
  );
  const size = { field: 'size', type: 'quantitative', scale: null, legend: null } as const;
  const point = { type: 'point', opacity: 1 } as const;
  return {
    width,
    height: (labels === 'above' ? 42 : 27) * Math.max(1, rows.length),
    layer: [
      ...lines.filter(({ value }) => inside(value)).flatMap(verticalLine),
      ...layer(
        rows.flatMap(({ label, second }) => span(label, second, window)),
        { type: 'rule', stroke: INK.quiet, strokeWidth: 1.25, yOffset: 6 },
        across,
      ),
      ...layer(
        rows.flatMap(({ label, parts = [] }) => parts.filter(inside).map((value) => ({ label, value }))),
        { type: 'tick', stroke: INK.quiet, thickness: 1.5, size: 13, opacity: 1 },
        at,
      ),
      ...layer(spans, { type: 'rule', stroke: INK.main, strokeWidth: 2.5, strokeCap: 'round' }, across),
      ...arrows([...spans, ...beyond(rows, window)], 'low', at),
      ...arrows([...spans, ...beyond(rows, window)], 'high', at),
      ...layer(
        dots.filter(({ sure }) => sure),
        { ...point, filled: true, fill: INK.main },
        { ...at, size },
      ),
      ...layer(
        dots.filter(({ sure }) => !sure),
        { ...point, filled: false, stroke: INK.quiet, strokeWidth: 1.75 },
        { ...at, size },
      ),
      ...layer(
        rows.flatMap(({ label, truth }) => (inside(truth) ? [{ label, value: truth }] : [])),
        { ...point, shape: 'diamond', filled: false, stroke: INK.truth, strokeWidth: 2, size: 90 },
        at,
      ),
      ...layer(
        rows.flatMap(({ label, limit }) => (inside(limit) ? [{ label, value: limit }] : [])),
        { type: 'tick', fill: INK.limit, stroke: INK.limit, thickness: 2.5, size: 18, opacity: 1 },
        at,
      ),
      ...haloText(
        rows.filter(({ value }) => value === null).map(({ label }) => ({ label })),
        { type: 'text', text: 'refused', align: 'left', fontStyle: 'italic', x: 8 },
        { y },
      ),
      ...haloText(
        labels === 'above' ? rows.map(({ label }) => ({ label })) : [],
        { type: 'text', align: 'left', x: 0, dy: -13 },
        { y, text: { field: 'label' } },
      ),
    ],
  };
}

/**
 * Labels that fit, and that differ: rows are told apart by them. Long names lose their middle, because names of one
 * family often differ at the end.
 */
function withDistinctLabels(rows: readonly IntervalRow[], room: number): IntervalRow[] {
  const seen = new Map<string, number>();
  return rows.map((row) => {
    const label = fitted(row.label, room);
    const times = (seen.get(label) ?? 0) + 1;
    seen.set(label, times);
    return { ...row, label: times === 1 ? label : `${label} (${times})` };
  });
}

function fitted(label: string, room: number): string {
  const letters = Array.from(label);
  for (let kept = letters.length; kept > 4; kept--) {
    const tail = Math.floor(kept * 0.4);
    const text =
      kept === letters.length ? label : `${letters.slice(0, kept - tail).join('')}…${letters.slice(-tail).join('')}`;
    if (textWidth(text, 11) <= room) return text;
  }
  return letters.slice(0, 4).join('');
}

interface Encodings {
  readonly y: NonNullable<Encoding['y']>;
  readonly at: Encoding;
  readonly across: Encoding;
}

function encodings(
  { xTitle, labels, percent = false }: IntervalChart,
  rows: readonly IntervalRow[],
  window: Window,
  width: number,
): Encodings {
  const y: Encodings['y'] = {
    field: 'label',
    type: 'nominal',
    sort: null,
    scale: { domain: rows.map(({ label }) => label), padding: 0 },
    axis: {
      title: null,
      domain: false,
      ticks: false,
      grid: labels !== 'above',
      labels: labels !== 'above',
      labelLimit: width,
      labelPadding: 8,
    },
  };
  const x = (field: string): NonNullable<Encoding['x']> => ({
    field,
    type: 'quantitative',
    scale: { domain: [...window], nice: false, zero: false },
    axis: {
      title: xTitle ?? null,
      tickCount: Math.max(3, Math.round(width / 120)),
      grid: true,
      labelExpr: percent ? PERCENT_TICKS : PLAIN_TICKS,
    },
  });
  return { y, at: { y, x: x('value') }, across: { y, x: x('low'), x2: { field: 'high' } } };
}

interface Span {
  readonly label: string;
  readonly low: number;
  readonly high: number;
  readonly cut: { readonly low: boolean; readonly high: boolean };
}

/** The part of an interval that is inside the window. */
function span(label: string, pair: Window | null | undefined, [left, right]: Window): Span[] {
  if (!pair || pair[1] < left || pair[0] > right) return [];
  const [low, high] = pair;
  return [
    { label, low: Math.max(left, low), high: Math.min(right, high), cut: { low: low < left, high: high > right } },
  ];
}

/** Rows of which nothing is inside the window: an arrow says where they are. */
function beyond(rows: readonly IntervalRow[], [left, right]: Window): Span[] {
  return rows.flatMap(({ label, value, interval }) => {
    const [from, to] = interval ?? [value, value];
    if (from === null || to === null || (from <= right && to >= left)) return [];
    const low = to < left;
    return [{ label, low: left, high: right, cut: { low, high: !low } }];
  });
}

function arrows(spans: readonly Span[], end: 'low' | 'high', at: Encoding): Layer[] {
  return layer(
    spans.filter(({ cut }) => cut[end]).map((part) => ({ label: part.label, value: part[end] })),
    {
      type: 'point',
      shape: `triangle-${end === 'low' ? 'left' : 'right'}`,
      filled: true,
      fill: INK.main,
      size: 60,
      opacity: 1,
    },
    at,
  );
}

function verticalLine({ value, kind }: Line): Layer[] {
  const looks = {
    zero: { stroke: INK.axis, strokeWidth: 1.5 },
    logged: { stroke: INK.logged, strokeWidth: 1.5, strokeDash: [...DASH.logged] },
    truth: { stroke: INK.truth, strokeWidth: 1.5, strokeDash: [...DASH.truth] },
    overall: { stroke: INK.logged, strokeWidth: 1.5, strokeDash: [...DASH.logged] },
  };
  return layer([{ value }], { type: 'rule', ...looks[kind] }, { x: { field: 'value', type: 'quantitative' } });
}
