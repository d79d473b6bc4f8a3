import { complaint } from '../../../core/check.js';

/** Sweeps after which a chain that has not settled is given up. */
const MOST_SWEEPS = 50_000;
/** Largest change of a sweep, relative to the largest number, at which it has settled. */
const SETTLED = 1e-14;

/** Collects a chain cell by cell. C = cells. */
export class ChainBuilder {
  readonly cells: number;
  readonly reward: Float64Array;
  readonly #moves = new Map<number, number>();

  constructor(cells: number) {
    this.cells = cells;
    this.reward = new Float64Array(cells);
  }

  /** Adds to how much of a cell's future is that of another cell. */
  move(from: number, to: number, share: number): void {
    if (share === 0) return;
    const key = from * this.cells + to;
    this.#moves.set(key, (this.#moves.get(key) ?? 0) + share);
  }

  /** @param scale [C] what the rewards and moves of each cell are divided by; a cell with 0 keeps none */
  done(scale: Float64Array): Chain {
    const keys = Float64Array.from(this.#moves.keys()).sort();
    const { cells } = this;
    const offsets = new Int32Array(cells + 1);
    const to = new Int32Array(keys.length);
    const share = new Float64Array(keys.length);
    keys.forEach((key, at) => {
      const from = Math.floor(key / cells);
      offsets[from + 1] = at + 1;
      to[at] = key - from * cells;
      share[at] = scale[from] > 0 ? (this.#moves.get(key) ?? 0) / scale[from] : 0;
    });
    for (let c = 0; c < cells; c++) offsets[c + 1] = Math.max(offsets[c + 1], offsets[c]);
    return {
      cells,
      reward: this.reward.map((sum, c) => (scale[c] > 0 ? sum / scale[c] : 0)),
      offsets,
      to,
      share,
    };
  }
}

/** A Markov chain with rewards that ends: sparse rows, the discount already in the shares. */
export interface Chain {
  readonly cells: number;
  /** [C] expected reward of one step. */
  readonly reward: Float64Array;
  /** [C + 1] row c is to[offsets[c] … offsets[c + 1]) with these shares. */
  readonly offsets: Int32Array;
  readonly to: Int32Array;
  readonly share: Float64Array;
}

/** [C] the v with v = reward + P·v, by Gauss–Seidel sweeps from the last cell to the first. */
export function chainValues({ cells, reward, offsets, to, share }: Chain, who: string): Float64Array {
  const v = new Float64Array(cells);
  settle(who, () => {
    let change = 0;
    let size = 0;
    for (let c = cells - 1; c >= 0; c--) {
      let sum = reward[c];
      let stay = 0;
      for (let at = offsets[c]; at < offsets[c + 1]; at++) {
        if (to[at] === c) stay += share[at];
        else sum += share[at] * v[to[at]];
      }
      const next = sum / (1 - stay);
      change = Math.max(change, Math.abs(next - v[c]));
      size = Math.max(size, Math.abs(next));
      v[c] = next;
    }
    return { change, size };
  });
  return v;
}

/** [C] the discounted visits d = start + P'·d, by the same sweeps from the first cell to the last. */
export function chainVisits(chain: Chain, start: Float64Array, who: string): Float64Array {
  const { cells, offsets, to, share } = transposed(chain);
  const d = new Float64Array(cells);
  settle(who, () => {
    let change = 0;
    let size = 0;
    for (let c = 0; c < cells; c++) {
      let sum = start[c];
      let stay = 0;
      for (let at = offsets[c]; at < offsets[c + 1]; at++) {
        if (to[at] === c) stay += share[at];
        else sum += share[at] * d[to[at]];
      }
      const next = sum / (1 - stay);
      change = Math.max(change, Math.abs(next - d[c]));
      size = Math.max(size, Math.abs(next));
      d[c] = next;
    }
    return { change, size };
  });
  return d;
}

/** Sweeps until the largest change is nothing beside the largest number. */
function settle(who: string, sweep: () => { readonly change: number; readonly size: number }): void {
  for (let sweeps = 0; sweeps < MOST_SWEEPS; sweeps++) {
    const { change, size } = sweep();
    if (!Number.isFinite(size)) break;
    if (change <= SETTLED * size) return;
  }
  throw complaint('numeric', {
    where: who,
    expected: 'sessions that end under the policy',
    received: 'a way through the logged states that does not end',
    try: 'Use a discount below 1.',
  });
}

function transposed({ cells, reward, offsets, to, share }: Chain): Chain {
  const starts = new Int32Array(cells + 1);
  for (const target of to) starts[target + 1]++;
  for (let c = 0; c < cells; c++) starts[c + 1] += starts[c];
  const next = starts.slice();
  const from = new Int32Array(to.length);
  const turned = new Float64Array(to.length);
  for (let c = 0; c < cells; c++) {
    for (let at = offsets[c]; at < offsets[c + 1]; at++) {
      const place = next[to[at]]++;
      from[place] = c;
      turned[place] = share[at];
    }
  }
  return { cells, reward, offsets: starts, to: from, share: turned };
}
