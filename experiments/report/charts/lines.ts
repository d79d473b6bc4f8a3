import type { Curve } from '../../contract.js';
import { INK, SHORT_TICKS, layer, type Encoding, type Spec } from './draw.js';

/** How a curve is drawn; the key under the chart shows the same. */
export interface LineLook {
  readonly stroke: string;
  readonly dash: readonly number[];
}

export const LOOKS: readonly LineLook[] = [
  { stroke: 'var(--series-1)', dash: [] },
  { stroke: 'var(--series-2)', dash: [7, 3] },
  { stroke: 'var(--series-3)', dash: [2, 2] },
  { stroke: 'var(--series-4)', dash: [9, 3, 2, 3] },
  { stroke: 'var(--series-5)', dash: [4, 4] },
  { stroke: 'var(--series-6)', dash: [12, 4] },
];
const SAME: LineLook = { stroke: INK.quiet, dash: [] };

/** What a curve belongs to: its name without the seed. */
const family = (name: string): string => name.replace(/[\s,;:·(/-]*\bseed\s*\d+\)?$/i, '').trim();

/** One look per curve while there are few, one per family ("ppo, seed 1", "ppo, seed 2") when there are many. */
export function looks(curves: readonly Curve[]): { readonly key: string; readonly look: LineLook }[] {
  const one = curves.length <= LOOKS.length;
  const keys = curves.map(({ name }) => (one ? name : family(name) || 'every line a seed'));
  const kinds = [...new Set(keys)];
  return keys.map((key) => ({ key, look: kinds.length > LOOKS.length ? SAME : LOOKS[kinds.indexOf(key)] }));
}

/** More points than this say nothing more at the size of a page. */
export const MOST_POINTS = 240;

/** Neighbouring points averaged, so that a long curve stays light; a short one is left as it is. */
export function thinned(points: Curve['points']): Curve['points'] {
  const per = Math.ceil(points.length / MOST_POINTS);
  if (per <= 1) return points;
  return Array.from({ length: Math.ceil(points.length / per) }, (_, i) => {
    const some = points.slice(i * per, (i + 1) * per);
    const mean = (axis: 0 | 1): number => some.reduce((sum, point) => sum + point[axis], 0) / some.length;
    return [mean(0), mean(1)];
  });
}

/** Curves of one chart in one frame. */
export function linesSpec(
  curves: readonly Curve[],
  titles: { readonly x: string; readonly y: string | undefined },
  width: number,
): Spec {
  const axis = { tickCount: Math.max(3, Math.round(width / 110)) };
  const scale = { zero: false, nice: false };
  const x: NonNullable<Encoding['x']> = {
    field: 'x',
    type: 'quantitative',
    scale,
    axis: { ...axis, title: titles.x, grid: false, labelExpr: SHORT_TICKS },
  };
  const y: NonNullable<Encoding['y']> = {
    field: 'y',
    type: 'quantitative',
    scale: { zero: false, nice: true },
    axis: { tickCount: 5, title: titles.y ?? null, domain: false, ticks: false },
  };
  return {
    width,
    height: width > 500 ? 260 : 200,
    layer: looks(curves).flatMap(({ look }, i) => {
      const values = thinned(curves[i].points).map((point) => ({ x: point[0], y: point[1] }));
      const mark = { stroke: look.stroke, strokeWidth: curves.length > 6 ? 1.25 : 1.75, opacity: 1 };
      return values.length === 1
        ? layer(values, { type: 'point', filled: false, ...mark }, { x, y })
        : layer(values, { type: 'line', strokeDash: [...look.dash], ...mark }, { x, y });
    }),
  };
}
