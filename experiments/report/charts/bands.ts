import {
  DASH,
  INK,
  PERCENT_TICKS,
  PLAIN_TICKS,
  haloText,
  layer,
  type Encoding,
  type Layer,
  type Spec,
} from './draw.js';
import type { Window } from './intervals.js';
import type { LineLook } from './lines.js';

/** A strip between two lines that says how sure something is, as the days go by. */
export interface Band {
  readonly look: LineLook;
  /** How dense the strip is filled, in [0, 1]. */
  readonly fill: number;
  /** Without its edges, where several bands belong to lines of their own. */
  readonly bare?: boolean;
  /** null where there is nothing to say yet. */
  readonly points: readonly (readonly [x: number, range: Window | null])[];
}

export interface BandChart {
  /** The first is furthest back. */
  readonly bands: readonly Band[];
  readonly lines: readonly { readonly look: LineLook; readonly points: readonly (readonly [number, number])[] }[];
  /** Horizontal lines through the whole chart. */
  readonly levels: readonly { readonly value: number; readonly kind: 'zero' | 'truth' | 'target' }[];
  /** A vertical line with a word at its top. */
  readonly stop?: { readonly x: number; readonly text: string };
  readonly window: Window;
  readonly xTitle: string;
  readonly yTitle: string;
  /** Values are shares of 1, and the axis is written in percent. */
  readonly percent?: boolean;
}

type Strip = readonly { readonly x: number; readonly low: number; readonly high: number }[];

/** Bands, lines and marks over whole days; what leaves the window is cut off at the frame. */
export function bandsSpec(chart: BandChart, width: number): Spec {
  const { bands, lines, levels, stop, window } = chart;
  const days = [...bands.flatMap(({ points }) => points), ...lines.flatMap(({ points }) => points)].map(([day]) => day);
  const domain: Window = [Math.min(...days), Math.max(...days)];
  const { x, y } = scales(chart, domain, width);
  const strips = bands.map((band) => ({ band, runs: runsOf(band) }));
  return {
    width,
    height: width > 500 ? 280 : 210,
    layer: [
      ...strips.flatMap(({ band, runs }, i) =>
        runs.flatMap((run) => filling(run, { ...band, beside: 8 * i - 8 }, window, { x, y })),
      ),
      ...levels.filter(({ value }) => isInside(value, window)).flatMap(level),
      ...strips.flatMap(({ band, runs }) => runs.flatMap((run) => edges(run, band, window, { x, y }))),
      ...lines.flatMap(({ look, points }) => {
        const values = points.filter(([, v]) => isInside(v, window)).map(([day, v]) => ({ x: day, y: v }));
        return values.length === 1
          ? layer(values, { type: 'point', filled: true, fill: look.stroke, size: 60, opacity: 1 }, { x, y })
          : layer(
              values,
              { type: 'line', stroke: look.stroke, strokeDash: [...look.dash], strokeWidth: 2, opacity: 1 },
              { x, y },
            );
      }),
      ...(stop === undefined ? [] : stopMark(stop, domain)),
    ],
  };
}

const isInside = (value: number, [low, high]: Window): boolean => value >= low && value <= high;

function scales(
  { window, percent = false, xTitle, yTitle }: BandChart,
  domain: Window,
  width: number,
): { readonly x: NonNullable<Encoding['x']>; readonly y: NonNullable<Encoding['y']> } {
  return {
    x: {
      field: 'x',
      type: 'quantitative',
      scale: { domain: [...domain], zero: false, nice: false },
      axis: { title: xTitle, tickMinStep: 1, tickCount: Math.max(3, Math.round(width / 90)), format: 'd', grid: false },
    },
    y: {
      field: 'y',
      type: 'quantitative',
      scale: { domain: [...window], zero: false, nice: false },
      axis: {
        title: yTitle,
        tickCount: 5,
        domain: false,
        ticks: false,
        labelExpr: percent ? PERCENT_TICKS : PLAIN_TICKS,
      },
    },
  };
}

/** The stretches of a band without gaps. */
function runsOf({ points }: Band): Strip[] {
  const runs: { x: number; low: number; high: number }[][] = [[]];
  for (const [x, range] of points) {
    if (range === null) runs.push([]);
    else runs[runs.length - 1].push({ x, low: range[0], high: range[1] });
  }
  return runs.filter((run) => run.length > 0);
}

type Scales = ReturnType<typeof scales>;

/** A strip, or where it is one day long an interval beside the dot of that day. */
function filling(
  run: Strip,
  { look, fill, beside }: Band & { readonly beside: number },
  [bottom, top]: Window,
  { x, y }: Scales,
): Layer[] {
  const clamp = (value: number): number => Math.min(top, Math.max(bottom, value));
  const values = run.map(({ x: day, low, high }) => ({ x: day, y: clamp(low), high: clamp(high) }));
  const line = { stroke: look.stroke, strokeDash: [...look.dash], strokeWidth: 2.5, opacity: 1 };
  const across = { x, y, y2: { field: 'high' } };
  return run.length === 1
    ? layer(values, { type: 'rule', ...line, xOffset: beside }, across)
    : layer(values, { type: 'area', fill: look.stroke, fillOpacity: fill, opacity: 1 }, across);
}

/** Both edges of a band, where they are inside the window. */
function edges(run: Strip, { look, bare = false }: Band, window: Window, { x, y }: Scales): Layer[] {
  if (bare || run.length === 1) return [];
  return (['low', 'high'] as const).flatMap((end) =>
    stretches(
      run.map((part) => ({ x: part.x, y: part[end] })).map((p) => (isInside(p.y, window) ? p : undefined)),
    ).flatMap((values) =>
      layer(
        values,
        { type: 'line', stroke: look.stroke, strokeDash: [...look.dash], strokeWidth: 1.25, opacity: 1 },
        { x, y },
      ),
    ),
  );
}

function stretches<Point>(points: readonly (Point | undefined)[]): Point[][] {
  const found: Point[][] = [[]];
  for (const point of points) {
    if (point === undefined) found.push([]);
    else found[found.length - 1].push(point);
  }
  return found.filter((stretch) => stretch.length > 1);
}

function level({ value, kind }: BandChart['levels'][number]): Layer[] {
  const looks = {
    zero: { stroke: INK.axis, strokeWidth: 1.5 },
    truth: { stroke: INK.truth, strokeWidth: 1.5, strokeDash: [...DASH.truth] },
    target: { stroke: INK.logged, strokeWidth: 1.5, strokeDash: [...DASH.logged] },
  };
  return layer([{ y: value }], { type: 'rule', ...looks[kind] }, { y: { field: 'y', type: 'quantitative' } });
}

function stopMark({ x, text }: NonNullable<BandChart['stop']>, [first, last]: Window): Layer[] {
  const at: Encoding = { x: { field: 'x', type: 'quantitative' } };
  const left = x - first > 0.5 * (last - first);
  return [
    ...layer([{ x }], { type: 'rule', stroke: INK.stop, strokeWidth: 1.75 }, at),
    ...haloText(
      [{ x }],
      { type: 'text', text, align: left ? 'right' : 'left', dx: left ? -6 : 6, y: 9, fill: INK.stop },
      at,
    ),
  ];
}
