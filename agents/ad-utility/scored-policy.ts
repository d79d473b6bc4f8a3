import { complaint, expectLength } from '../../core/check.js';
import type { Log } from '../../logs/record.js';
import type { ContextRows, ServedPolicy } from '../contract.js';
import { keepCandidates } from '../log-policies/candidates.js';
import type { ContextEncoder } from './context-encoder.js';

/** How a learned policy serves: its best action always, or a draw from its chances. */
export type Serving = 'best' | 'draw';

/** What a learned policy knows of one encoded context. */
export interface ContextScores {
  /** Names of the A actions, in the order of the log it was learned from. */
  readonly actions: readonly string[];
  /** Writes π of every action for the row at `x[from…]` to `out[at…]`. */
  chances(x: Float32Array, from: number, out: Float64Array, at: number): void;
  /** The action of the greatest π there; ties go to the lower code. */
  best(x: Float32Array, from: number): number;
}

/** Decisions encoded at a time. */
const ROWS_AT_ONCE = 1024;

/** A policy of encoded contexts: columns laid out as in its own log by `decide` and `best`, other logs by their names. */
export class ScoredPolicy implements ServedPolicy {
  readonly id: string;
  readonly actions: number;
  readonly encoder: ContextEncoder;
  readonly scores: ContextScores;
  readonly serving: Serving;
  #encoded = new Float32Array(0);

  constructor(id: string, encoder: ContextEncoder, scores: ContextScores, serving: Serving) {
    this.id = id;
    this.actions = scores.actions.length;
    this.encoder = encoder;
    this.scores = scores;
    this.serving = serving;
  }

  /** The same scores, served in the other way: a draw is what explores. */
  served(serving: Serving): ScoredPolicy {
    return new ScoredPolicy(this.id, this.encoder, this.scores, serving);
  }

  decide(context: ContextRows, out: Float64Array): void {
    expectLength(`policy '${this.id}'`, out, { decisions: context.count, actions: this.actions });
    const x = this.#room(context.count);
    this.encoder.encode(context, x);
    this.#write(x, context.count, out);
  }

  best(context: ContextRows, out: Int32Array): void {
    expectLength(`policy '${this.id}'`, out, { decisions: context.count });
    const x = this.#room(context.count);
    this.encoder.encode(context, x);
    for (let n = 0; n < context.count; n++) out[n] = this.scores.best(x, n * this.encoder.width);
  }

  /** @throws a data error for a log that has none of its actions, or lacks a feature */
  probabilities(log: Log, rows: Int32Array, out: Float64Array): void {
    const A = log.actions.values.length;
    expectLength(`policy '${this.id}'`, out, { rows: rows.length, actions: A });
    const encode = this.encoder.bind(log);
    const own = this.#codesOf(log);
    for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
      const pick = rows.subarray(from, from + ROWS_AT_ONCE);
      const x = this.#room(pick.length);
      encode(log, x, pick);
      const part = out.subarray(from * A, (from + pick.length) * A);
      if (own === undefined && log.candidates === 'all') this.#write(x, pick.length, part);
      else this.#writeFor(log, pick, x, { own, out: part });
    }
  }

  #write(x: Float32Array, count: number, out: Float64Array): void {
    const { scores, actions, encoder } = this;
    if (this.serving === 'best') out.fill(0);
    for (let n = 0; n < count; n++) {
      if (this.serving === 'draw') scores.chances(x, n * encoder.width, out, n * actions);
      else out[n * actions + scores.best(x, n * encoder.width)] = 1;
    }
  }

  /** For logs with other actions, another order of them, or candidate sets: what remains is made to sum to 1. */
  #writeFor(
    log: Log,
    rows: Int32Array,
    x: Float32Array,
    { own, out }: { readonly own: Int32Array | undefined; readonly out: Float64Array },
  ): void {
    const A = log.actions.values.length;
    const row = new Float64Array(this.actions);
    rows.forEach((_, n) => {
      this.scores.chances(x, n * this.encoder.width, row, 0);
      let total = 0;
      for (let a = 0; a < A; a++) {
        const code = own === undefined ? a : own[a];
        total += out[n * A + a] = code < 0 ? 0 : row[code];
      }
      for (let a = 0; a < A; a++) out[n * A + a] /= total;
    });
    keepCandidates(log, rows, out);
    if (this.serving === 'draw') return;
    for (let n = 0; n < rows.length; n++) {
      let best = n * A;
      for (let at = best + 1; at < (n + 1) * A; at++) if (out[at] > out[best]) best = at;
      out.fill(0, n * A, (n + 1) * A);
      out[best] = 1;
    }
  }

  /** [A of the log] own code of every action of a log, −1 where unknown; undefined where the two agree. */
  #codesOf({ name, actions: { values } }: Log): Int32Array | undefined {
    const known = this.scores.actions;
    if (values.length === known.length && values.every((value, a) => value === known[a])) return undefined;
    const places = new Map(known.map((value, code) => [value, code]));
    const codes = Int32Array.from(values, (value) => places.get(value) ?? -1);
    if (codes.some((code) => code >= 0)) return codes;
    throw complaint('data', {
      where: `policy '${this.id}' on log '${name}'`,
      expected: `actions it knows (${known.slice(0, 3).join(', ')} …)`,
      received: values.slice(0, 3).join(', '),
    });
  }

  #room(rows: number): Float32Array {
    const size = rows * this.encoder.width;
    if (this.#encoded.length < size) this.#encoded = new Float32Array(size);
    return this.#encoded.length === size ? this.#encoded : this.#encoded.subarray(0, size);
  }
}
