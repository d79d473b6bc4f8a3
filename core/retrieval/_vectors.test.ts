import { fc } from '@fast-check/ava';
import type { RowKind, Vectors } from './contract.js';

/** Numbers in [0, 1), by mulberry32. */
export function random(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  };
}

/** How the numbers of a table are spread; `whole` gives many ties, `close` many near ones, `mixed` rows of very different lengths. */
type Spread = 'normal' | 'whole' | 'close' | 'tiny' | 'huge' | 'mixed' | 'alike';

/** A table and a batch of queries, still to be made. */
export interface Rows {
  readonly kind: RowKind;
  readonly count: number;
  readonly queries: number;
  readonly spread: Spread;
  readonly seed: number;
}

export const ROWS: fc.Arbitrary<Rows> = fc.record({
  kind: fc.oneof(
    fc.record({ metric: fc.constantFrom('inner-product', 'cosine'), width: fc.integer({ min: 1, max: 70 }) }),
    fc.record({ metric: fc.constant('hamming'), width: fc.integer({ min: 1, max: 40 }).map((bytes) => 8 * bytes) }),
  ),
  count: fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 2500 })),
  queries: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 40 })),
  spread: fc.constantFrom('normal', 'whole', 'close', 'tiny', 'huge', 'mixed', 'alike'),
  seed: fc.integer(),
});

export function vectorsOf({ kind, count, queries, spread, seed }: Rows): {
  readonly kind: RowKind;
  readonly rows: Vectors;
  readonly queries: Vectors;
} {
  const next = random(seed);
  const fill = (n: number): Vectors => {
    if (kind.metric === 'hamming') {
      const few = spread === 'whole' || spread === 'alike';
      return Uint8Array.from({ length: (n * kind.width) / 8 }, () => (few ? 1 << (next() * 3) : next() * 256));
    }
    let length = 1;
    return Float32Array.from({ length: n * kind.width }, (_, i) => {
      if (i % kind.width === 0) length = spread === 'mixed' ? 10 ** (40 * next() - 30) : 1;
      const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
      if (spread === 'whole') return Math.round(normal);
      if (spread === 'alike') return 0.1;
      if (spread === 'close') return 1 + 1e-6 * normal;
      return normal * length * (spread === 'tiny' ? (seed % 2 === 0 ? 1e-30 : 3e-21) : spread === 'huge' ? 1e15 : 1);
    });
  };
  return { kind, rows: fill(count), queries: fill(queries) };
}
