import { shuffle } from '../../../core/distributions.js';
import type { Source } from '../../../core/random.js';
import { DWELL, type SessionRows } from '../../../logs/feed-session/replay.js';
import type { Distance, RealismThresholds } from './contract.js';

/** Sessions that one policy served, logged or simulated. */
export interface PolicySessions {
  readonly name: string;
  readonly sessions: SessionRows;
}

const SHUFFLES = 400;

/** One number per session of a kind. */
export interface SessionQuantity {
  readonly quantity: string;
  readonly values: Float64Array;
}

/** Per session: items, distinct clusters, dwell seconds where they are logged, and the rate of every outcome. */
export function sessionQuantities({
  log,
  layout,
  catalogue,
  starts,
  row,
  item,
  answers,
}: SessionRows): SessionQuantity[] {
  const { outcomes } = layout;
  const A = outcomes.length + 1;
  const per = (quantity: string, of: (from: number, to: number) => number): SessionQuantity => ({
    quantity,
    values: Float64Array.from({ length: starts.length - 1 }, (_, s) => of(starts[s], starts[s + 1])),
  });
  const sum = (from: number, to: number, value: (r: number) => number): number => {
    let total = 0;
    for (let r = from; r < to; r++) total += value(r);
    return total;
  };
  const dwell = log.schema.outcomes.indexOf(DWELL);
  const seen = new Int32Array(catalogue.clusters).fill(-1);
  return [
    per('items', (from, to) => to - from),
    per('distinct clusters', (from, to) =>
      sum(from, to, (r) => {
        const cluster = catalogue.cluster[item[r]];
        if (seen[cluster] === from) return 0;
        seen[cluster] = from;
        return 1;
      }),
    ),
    ...(dwell < 0 ? [] : [per('dwell seconds', (from, to) => sum(from, to, (r) => log.outcomes[dwell][row[r]]))]),
    ...outcomes.map((name, h) =>
      per(`${name} per item`, (from, to) => sum(from, to, (r) => answers[r * A + h]) / (to - from)),
    ),
  ];
}

/**
 * How far simulated sessions are from logged ones of the same policy, quantity by quantity, and how far two parts of one
 * population would be by chance: sessions are shuffled between the two sides (a permutation test), all quantities
 * together. The bands hold for all distances at once: each distance's own quantile over the shuffles, times the
 * quantile of the shuffles' largest ratio to it.
 *
 * @param level with which all bands hold, e.g. 0.95
 */
export function distancesOf(
  logged: PolicySessions,
  simulated: PolicySessions,
  thresholds: Pick<RealismThresholds, 'ks' | 'wasserstein'>,
  random: Source,
  level: number,
): Distance[] {
  const real = sessionQuantities(logged.sessions);
  const played = sessionQuantities(simulated.sessions);
  const n = real[0].values.length;
  const m = played[0].values.length;
  const side = new Int32Array(n + m);
  side.fill(1, n);
  const pools = real.flatMap(({ quantity, values }) => {
    const other = played.find((one) => one.quantity === quantity);
    return other === undefined ? [] : [poolOf(quantity, values, other.values)];
  });
  const found = pools.map((pool) => distanceOf(pool, side, n, m));
  const chance = pools.flatMap(() => [new Float64Array(SHUFFLES), new Float64Array(SHUFFLES)]);
  for (let t = 0; t < SHUFFLES; t++) {
    shuffle(random, side);
    pools.forEach((pool, q) => {
      const { ks, wasserstein } = distanceOf(pool, side, n, m);
      chance[2 * q][t] = ks;
      chance[2 * q + 1][t] = wasserstein;
    });
  }
  const bands = jointBands(chance, level);
  return pools.map(({ quantity, means }, q) => {
    const { ks, wasserstein } = found[q];
    const [ksByChance, wassersteinByChance] = [bands[2 * q], bands[2 * q + 1]];
    const share = thresholds.wasserstein * Math.abs(means[0]);
    return {
      policy: logged.name,
      quantity,
      logged: { sessions: n, mean: means[0] },
      simulated: { sessions: m, mean: means[1] },
      ks,
      ksByChance,
      wasserstein,
      wassersteinByChance,
      ok: ks <= Math.max(thresholds.ks, ksByChance) && wasserstein <= Math.max(share, wassersteinByChance),
    };
  });
}

/** One band per column such that a share `level` of the rows stays within all of them. */
function jointBands(columns: readonly Float64Array[], level: number): number[] {
  const edge = (values: Float64Array): number => values.slice().sort()[Math.ceil(level * values.length) - 1];
  const own = columns.map(edge);
  const largest = new Float64Array(SHUFFLES);
  columns.forEach((values, c) => {
    if (own[c] === 0) return;
    for (let t = 0; t < SHUFFLES; t++) largest[t] = Math.max(largest[t], values[t] / own[c]);
  });
  const factor = Math.max(1, edge(largest));
  return own.map((band) => band * factor);
}

interface Pool {
  readonly quantity: string;
  readonly means: readonly [number, number];
  /** Sessions of both sides from the least value to the largest. */
  readonly order: Uint32Array;
  /** [sessions] in that order. */
  readonly sorted: Float64Array;
}

function poolOf(quantity: string, a: Float64Array, b: Float64Array): Pool {
  const both = new Float64Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  const order = Uint32Array.from(both, (_, i) => i).sort((i, j) => both[i] - both[j] || i - j);
  const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  return { quantity, means: [mean(a), mean(b)], order, sorted: Float64Array.from(order, (i) => both[i]) };
}

/** sup |F₀ − F₁| and ∫ |F₀ − F₁| dx of the n sessions of side 0 and the m of side 1. */
function distanceOf(
  { order, sorted }: Pool,
  side: Int32Array,
  n: number,
  m: number,
): { ks: number; wasserstein: number } {
  let [apart, ks, wasserstein] = [0, 0, 0];
  const last = order.length - 1;
  for (let i = 0; i < last; i++) {
    // In units of 1/(n·m), so that equal samples are exactly 0 apart.
    apart += side[order[i]] === 0 ? m : -n;
    const step = sorted[i + 1] - sorted[i];
    if (step === 0) continue;
    const distance = Math.abs(apart) / (n * m);
    if (distance > ks) ks = distance;
    wasserstein += distance * step;
  }
  return { ks, wasserstein };
}
