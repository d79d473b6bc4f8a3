import { hash32 } from '../../core/random.js';

/** [n] KL(π ‖ π_ref) of single choices in nats, from ln π and ln π_ref [n, K]. */
export function divergenceOf(logs: Float32Array, reference: Float32Array, candidates: number): Float64Array {
  const out = new Float64Array(logs.length / candidates);
  logs.forEach((own, i) => {
    const p = Math.exp(own);
    if (p > 0) out[Math.floor(i / candidates)] += p * (own - reference[i]);
  });
  return out;
}

/** A short name of a world by its settings. */
export function hex(text: string): string {
  return hash32(text).toString(16).padStart(8, '0');
}

/** [n, K] rows of some contexts. */
export function rowsOf(table: Float32Array, contexts: Int32Array, candidates: number): Float32Array {
  const out = new Float32Array(contexts.length * candidates);
  contexts.forEach((c, n) => {
    out.set(table.subarray(c * candidates, (c + 1) * candidates), n * candidates);
  });
  return out;
}
