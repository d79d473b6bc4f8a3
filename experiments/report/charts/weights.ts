import type { PolicySection } from '../../contract.js';
import { INK, SHORT_TICKS, layer, type Encoding, type Spec } from './draw.js';

interface Bar {
  readonly from: number;
  readonly to: number;
  readonly rounds: number;
}

/** Bars over log10 of the weight; weights of exactly 0, which have no logarithm, get a bar of their own to the left. */
function bars({ edges, counts }: PolicySection['weights']): { bars: Bar[]; zeroAt: number } {
  const positive = edges.filter((edge) => edge > 0);
  const decade = (edge: number): number => Math.log10(edge);
  const width = positive.length > 1 ? decade(positive[1]) - decade(positive[0]) : 1;
  const zeroAt = decade(positive[0] ?? 1) - 1.5 * width;
  return {
    zeroAt,
    bars: counts.flatMap((rounds, i) => {
      if (rounds === 0) return [];
      const zero = edges[i] <= 0;
      const from = zero ? zeroAt - width / 2 : decade(edges[i]);
      return [{ from, to: zero ? zeroAt + width / 2 : decade(edges[i + 1]), rounds }];
    }),
  };
}

/** Whether the histogram can be drawn: an edge more than counts, rising, and something in it. */
export function hasHistogram({ edges, counts }: PolicySection['weights']): boolean {
  return (
    edges.length === counts.length + 1 &&
    edges.every((edge, i) => i === 0 || (edge > edges[i - 1] && edge > 0)) &&
    counts.some((n) => n > 0)
  );
}

/** Powers of ten; 1, 2 and 5 of each where there are few; every second, third … where there are many. */
function logTicks(low: number, high: number): number[] {
  const powers = Array.from({ length: Math.floor(high) - Math.floor(low) + 1 }, (_, i) => Math.floor(low) + i);
  const within = (tick: number): boolean => tick >= low && tick <= high;
  const whole = powers.filter(within);
  if (whole.length <= 2) return powers.flatMap((d) => [d, d + Math.log10(2), d + Math.log10(5)]).filter(within);
  const spacing = Math.ceil(whole.length / 8);
  return whole.filter((power) => power % spacing === 0);
}

/** How the importance weights of a policy are spread, on logarithmic axes: the few large ones must be seen. */
export function weightsSpec(weights: PolicySection['weights'], width: number): Spec {
  const { bars: drawn, zeroAt } = bars(weights);
  const hasZero = weights.edges[0] <= 0 && weights.counts[0] > 0;
  const low = Math.min(-0.5, ...drawn.map(({ from }) => from));
  const high = Math.max(0.5, ...drawn.map(({ to }) => to));
  const ticks = logTicks(low, high);
  const most = Math.max(...drawn.map(({ rounds }) => rounds));
  const powers = Array.from({ length: Math.floor(Math.log10(most)) + 1 }, (_, i) => 10 ** i);
  const x = (field: string): NonNullable<Encoding['x']> => ({
    field,
    type: 'quantitative',
    scale: { domain: [low, high], nice: false, zero: false },
    axis: {
      title: 'weight (log scale)',
      grid: false,
      values: [...(hasZero ? [zeroAt] : []), ...ticks.filter((tick) => !hasZero || tick - zeroAt > 0.1 * (high - low))],
      labelExpr: `datum.value < ${low} + ${hasZero ? zeroAt - low + 1e-6 : -1} ? '0' : format(pow(10, datum.value), '~g')`,
    },
  });
  const y: NonNullable<Encoding['y']> = {
    field: 'rounds',
    type: 'quantitative',
    scale: { type: 'symlog', constant: 1, domain: [0, most], nice: false },
    axis: { title: 'rounds (log scale)', values: [0, ...powers], domain: false, ticks: false, labelExpr: SHORT_TICKS },
  };
  return {
    width,
    height: 150,
    layer: [
      ...layer(
        drawn,
        { type: 'bar', fill: INK.main, opacity: 0.85, stroke: 'var(--paper)', strokeWidth: 0.75 },
        { x: x('from'), x2: { field: 'to' }, y, y2: { datum: 0 } },
      ),
      ...layer(
        [{ one: 0 }],
        { type: 'rule', stroke: INK.logged, strokeDash: [5, 3], strokeWidth: 1.5 },
        { x: { field: 'one', type: 'quantitative' } },
      ),
    ],
  };
}
