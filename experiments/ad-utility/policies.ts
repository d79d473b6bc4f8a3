import type { ContextRows, ServedPolicy } from '../../agents/contract.js';
import { uniformInt } from '../../core/distributions.js';
import { KeyedDraws } from '../../core/draws.js';
import type { WeightGrid } from '../../logs/ad-utility/weight-grid.js';
import type { RequestContext } from '../../simulators/ad-market/contract.js';

/** Who chooses the weights of a request. G groups of weights. */
export interface Tuner {
  readonly name: string;
  /** What it is, in words. */
  readonly summary: string;
  /** Writes the weights of every request, [n, G]. */
  readonly weigh: (context: RequestContext, out: Float32Array) => void;
  /** Writes the joint action of every context, [n]; absent where weights need not be of the grid, or are drawn. */
  readonly act?: (context: ContextRows, out: Int32Array) => void;
}

/** The same action for everybody. */
export function staticTuner(name: string, summary: string, grid: WeightGrid, joint: number): Tuner {
  const own = new Float32Array(grid.groups.length);
  grid.writeWeights(joint, own);
  return {
    ...weighing(name, summary, own),
    act(_context, out) {
      out.fill(joint);
    },
  };
}

/** The same weights for everybody, of the grid or not. @param weights [G] */
export function weighing(name: string, summary: string, weights: ArrayLike<number>): Tuner {
  return {
    name,
    summary,
    weigh({ count }, out) {
      const G = weights.length;
      for (let i = 0; i < count * G; i++) out[i] = weights[i % G];
    },
  };
}

/** A uniform action per request, by luck of the request. */
export function randomTuner(grid: WeightGrid, seed: number): Tuner {
  const luck = new KeyedDraws(seed, 'random weights');
  const G = grid.groups.length;
  return {
    name: 'random',
    summary: 'a uniform action per request',
    weigh({ count, request }, out) {
      for (let i = 0; i < count; i++) {
        const own = luck.at(Math.floor(request[i] / 2 ** 32), request[i] % 2 ** 32);
        grid.writeWeights(uniformInt(own, grid.size), out, i * G);
      }
    },
  };
}

/** The most probable action of a learned policy, the lowest-numbered among equals: what it serves. */
export function greedyTuner(name: string, summary: string, grid: WeightGrid, policy: ServedPolicy): Tuner {
  const G = grid.groups.length;
  let joint = new Int32Array(0);
  const act = (context: ContextRows, out: Int32Array): void => {
    policy.best(context, out);
  };
  return {
    name,
    summary,
    act,
    weigh(context, out) {
      if (joint.length !== context.count) joint = new Int32Array(context.count);
      policy.best(context, joint);
      for (let i = 0; i < context.count; i++) grid.writeWeights(joint[i], out, i * G);
    },
  };
}

/** Index of the largest of `count` numbers from `from` on. */
export function largest(values: ArrayLike<number>, from: number, count: number): number {
  let best = 0;
  for (let a = 1; a < count; a++) if (values[from + a] > values[from + best]) best = a;
  return best;
}
