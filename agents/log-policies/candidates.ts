import type { Log } from '../../logs/record.js';

/**
 * Sets what a row could not choose to 0 and makes each row sum to 1 again; a row that loses everything becomes uniform
 * over its candidates. Logs without candidate sets are left as they are.
 *
 * @param out [n, A] non-negative; changed in place
 */
export function keepCandidates(log: Log, rows: Int32Array, out: Float64Array): void {
  const { candidates } = log;
  if (candidates === 'all') return;
  const A = log.actions.values.length;
  const allowed = new Uint8Array(A);
  rows.forEach((row, n) => {
    const from = candidates.offsets[row];
    const to = candidates.offsets[row + 1];
    for (let i = from; i < to; i++) allowed[candidates.codes[i]] = 1;
    let total = 0;
    for (let a = 0; a < A; a++) {
      if (allowed[a] === 0) out[n * A + a] = 0;
      total += out[n * A + a];
    }
    for (let a = 0; a < A; a++) out[n * A + a] = total > 0 ? out[n * A + a] / total : allowed[a] / (to - from);
    for (let i = from; i < to; i++) allowed[candidates.codes[i]] = 0;
  });
}

/**
 * Mixes a policy with the uniform one over each row's candidates: (1 − ε)·π + ε/k, where k is how many they are.
 *
 * @param share ε in [0, 1]
 * @param out   [n, A] a policy that keeps to the candidates already; changed in place
 */
export function mixUniform(log: Log, rows: Int32Array, out: Float64Array, share: number): void {
  if (share === 0) return;
  const { candidates } = log;
  const A = log.actions.values.length;
  for (let i = 0; i < out.length; i++) out[i] *= 1 - share;
  if (candidates === 'all') {
    for (let i = 0; i < out.length; i++) out[i] += share / A;
    return;
  }
  rows.forEach((row, n) => {
    const from = candidates.offsets[row];
    const to = candidates.offsets[row + 1];
    for (let i = from; i < to; i++) out[n * A + candidates.codes[i]] += share / (to - from);
  });
}
