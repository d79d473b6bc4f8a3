import type { SegmentEffects, Segmentation, Trial } from '../contract.js';
import { sameEffect, stratified } from '../stats/segments.js';
import { compare, measure } from './compare.js';
import { estimateOf, refusedEstimate } from './estimate.js';
import { reordered, type Frame, type Stretch } from './frame.js';
import type { Layout } from './layout.js';
import type { Plan } from './plan.js';

/**
 * Each metric's effect within the parts of every segmentation, and whether it is the same in all of them. Where clusters have units in
 * several parts the parts are not independent: then they are neither tested nor put together.
 */
export function segmentEffects(
  trial: Trial,
  layout: Layout,
  frame: Frame,
  plans: readonly Plan[],
  { control, level, method }: { readonly control: number; readonly level: number; readonly method: MethodOf },
): SegmentEffects[] {
  return trial.segments.flatMap((segmentation) => {
    const { order, stretch } = sortedBy(segmentation, layout, trial.arms.length);
    const parts = reordered(frame, order);
    const apart = !cutsClusters(trial, segmentation);
    return plans.flatMap((plan) => {
      const measured = trial.arms.map((_, a) =>
        segmentation.values.map((_value, s) => measure(parts, plan, stretch(a, s), level)),
      );
      return trial.arms.flatMap((arm, a) => {
        if (a === control) return [];
        const effects = segmentation.values.map(
          (_, s) => compare(measured[control][s], measured[a][s], plan, level).difference,
        );
        const size = (s: number): number =>
          [control, a].reduce((sum, b) => sum + stretch(b, s).to - stretch(b, s).from, 0);
        const filled = segmentation.values.map((_, s) => s).filter((s) => size(s) > 0);
        const whole =
          !apart || filled.length === 0 || filled.some((s) => typeof effects[s] === 'string')
            ? undefined
            : stratified(
                filled.map((s) => ({
                  control: measured[control][s].value,
                  arm: measured[a][s].value,
                  weight: size(s),
                })),
                level,
              );
        return [
          {
            metric: plan.metric.name,
            arm,
            by: segmentation.name,
            rows: segmentation.values.map((segment, s) => {
              const effect = effects[s];
              const difference =
                typeof effect === 'string' ? refusedEstimate(effect) : estimateOf(effect, method(plan));
              return { segment, units: size(s), difference };
            }),
            sameEffect: apart
              ? (sameEffect(effects.filter((effect) => typeof effect !== 'string'))?.pValue ?? null)
              : null,
            ...(whole === undefined ? {} : { together: estimateOf(whole, `post-stratified, ${method(plan)}`) }),
          },
        ];
      });
    });
  });
}

function cutsClusters({ cluster }: Trial, { code }: Segmentation): boolean {
  if (cluster === undefined) return false;
  const part = new Map<number, number>();
  for (let u = 0; u < cluster.length; u++) {
    const known = part.get(cluster[u]);
    if (known === undefined) part.set(cluster[u], code[u]);
    else if (known !== code[u]) return true;
  }
  return false;
}

type MethodOf = (plan: Plan) => string;

/** The rows in the order of (arm, part), those of no part left out. */
function sortedBy(
  { values, code }: Segmentation,
  { unitOf, start }: Layout,
  arms: number,
): { order: Int32Array; stretch: (arm: number, segment: number) => Stretch } {
  const size = values.length;
  const at = new Int32Array(arms * size + 1);
  const each = (visit: (bucket: number, row: number) => void): void => {
    for (let a = 0; a < arms; a++) {
      for (let row = start[a]; row < start[a + 1]; row++) {
        const part = code[unitOf[row]];
        if (part >= 0) visit(a * size + part, row);
      }
    }
  };
  each((bucket) => at[bucket + 1]++);
  for (let b = 0; b < arms * size; b++) at[b + 1] += at[b];
  const next = at.slice();
  const order = new Int32Array(at[arms * size]);
  each((bucket, row) => (order[next[bucket]++] = row));
  return { order, stretch: (a, s) => ({ from: at[a * size + s], to: at[a * size + s + 1] }) };
}
