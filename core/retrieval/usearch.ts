import { createRequire } from 'node:module';
import { complaint, messageOf } from '../check.js';

/** The part of a graph of the usearch package that we use. Keys are rows; distances are its own and not used. */
export interface Graph {
  add(keys: BigUint64Array, vectors: Float32Array, threads: number): void;
  search(vectors: Float32Array, k: number, threads: number): Found;
  save(path: string): void;
  load(path: string): void;
}

/** The rows found, k for each query; `counts` says how many of them there are, and is missing for a single query. */
interface Found {
  readonly keys: BigUint64Array;
  readonly counts?: BigUint64Array;
}

export interface GraphSettings {
  readonly dimensions: number;
  readonly connectivity: number;
  readonly expansion_add: number;
  readonly expansion_search: number;
}

interface Usearch {
  readonly Index: new (
    settings: GraphSettings & { readonly metric: string; readonly quantization: string; readonly multi: boolean },
  ) => Graph;
}

/**
 * An empty graph (HNSW, Malkov and Yashunin 2016) for inner products of float32 vectors.
 *
 * @throws GymError `usage` where the optional package is not installed
 */
export function openGraph(settings: GraphSettings): Graph {
  const { Index } = usearch();
  return new Index({ ...settings, metric: 'ip', quantization: 'f32', multi: false });
}

let loaded: Usearch | undefined;

function usearch(): Usearch {
  if (loaded !== undefined) return loaded;
  let found: unknown;
  try {
    // Not import(): as an ES module it looks for its binary beside whatever file started the program.
    found = createRequire(import.meta.url)('usearch');
  } catch (error) {
    throw absent(messageOf(error), error);
  }
  if (!isUsearch(found)) throw absent('a package that has no Index');
  return (loaded = found);
}

function absent(received: string, cause?: unknown): Error {
  return complaint(
    'usage',
    {
      where: 'approximate index',
      expected: "the optional package 'usearch'",
      received,
      try: 'Run npm install, or use the exact index.',
    },
    cause,
  );
}

function isUsearch(found: unknown): found is Usearch {
  return typeof found === 'object' && found !== null && 'Index' in found && typeof found.Index === 'function';
}
