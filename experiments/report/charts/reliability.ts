import type { ReliabilityBin } from '../../../reward-models/contract.js';
import { INK, layer, type Encoding, type Spec } from './draw.js';

/** What a model predicted against what happened, bin by bin; on the diagonal its numbers can be taken at their word. */
export function reliabilitySpec(bins: readonly ReliabilityBin[], unit: 'probability' | 'value', width: number): Spec {
  const all = bins.flatMap(({ meanPredicted, meanObserved }) => [meanPredicted, meanObserved]);
  const low = unit === 'probability' ? 0 : Math.min(...all);
  const top = Math.max(...all);
  const high = top > low ? top + 0.06 * (top - low) : low + 1;
  const most = Math.max(1, ...bins.map(({ rows }) => rows));
  const axis = { tickCount: 4, grid: true } as const;
  const scale = { domain: [low, high], nice: false, zero: false };
  const place = (x: string, y: string): Encoding => ({
    x: { field: x, type: 'quantitative', scale, axis: { ...axis, title: 'predicted' } },
    y: { field: y, type: 'quantitative', scale, axis: { ...axis, title: 'observed' } },
  });
  return {
    width,
    height: width * 0.78,
    layer: [
      ...layer(
        [
          { at: low, to: low },
          { at: high, to: high },
        ],
        { type: 'line', stroke: INK.logged, strokeWidth: 1.5, strokeDash: [5, 3] },
        place('at', 'to'),
      ),
      ...layer(
        bins,
        { type: 'line', stroke: INK.main, strokeWidth: 1, opacity: 0.5 },
        place('meanPredicted', 'meanObserved'),
      ),
      ...layer(
        bins.map((bin) => ({ ...bin, size: 20 + (120 * bin.rows) / most })),
        { type: 'point', filled: true, fill: INK.main, stroke: 'var(--paper)', strokeWidth: 1, opacity: 0.95 },
        {
          ...place('meanPredicted', 'meanObserved'),
          size: { field: 'size', type: 'quantitative', scale: null, legend: null },
        },
      ),
    ],
  };
}
