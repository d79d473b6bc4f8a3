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
  /** Writes π of every action, [count, A], for the first rows of `x`. */
  chances(x: Float32Array, count: number, out: Float64Array): void;
  /** Writes the action of the greatest π, [count]; ties go to the lower code. */
  best(x: Float32Array, count: number, out: Int32Array): void;
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
  readonly #pick = new Int32Array(ROWS_AT_ONCE);
  readonly #chosen = new Int32Array(ROWS_AT_ONCE);
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
    const A = this.actions;
    this.#pieces(context, (x, count, from) => this.#write(x, count, out.subarray(from * A, (from + count) * A)));
  }

  best(context: ContextRows, out: Int32Array): void {
    expectLength(`policy '${this.id}'`, out, { decisions: context.count });
    this.#pieces(context, (x, count, from) => this.scores.best(x, count, out.subarray(from, from + count)));
  }

  #pieces(context: ContextRows, use: (x: Float32Array, count: number, from: number) => void): void {
    const columns = this.encoder.columnsOf(context);
    for (let from = 0; from < context.count; from += ROWS_AT_ONCE) {
      const count = Math.min(ROWS_AT_ONCE, context.count - from);
      const pick = this.#pick.subarray(0, count);
      for (let n = 0; n < count; n++) pick[n] = from + n;
      const x = this.#room(count);
      this.encoder.own(columns, x, pick);
      use(x, count, from);
    }
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
    if (this.serving === 'draw') {
      this.scores.chances(x, count, out);
      return;
    }
    const chosen = this.#chosen.subarray(0, count);
    this.scores.best(x, count, chosen);
    out.fill(0);
    for (let n = 0; n < count; n++) out[n * this.actions + chosen[n]] = 1;
  }

  /** For logs with other actions, another order of them, or candidate sets: what remains is made to sum to 1. */
  #writeFor(
    log: Log,
    rows: Int32Array,
    x: Float32Array,
    { own, out }: { readonly own: Int32Array | undefined; readonly out: Float64Array },
  ): void {
    const A = log.actions.values.length;
    const chances = new Float64Array(rows.length * this.actions);
    this.scores.chances(x, rows.length, chances);
    for (let n = 0; n < rows.length; n++) {
      let total = 0;
      for (let a = 0; a < A; a++) {
        const code = own === undefined ? a : own[a];
        total += out[n * A + a] = code < 0 ? 0 : chances[n * this.actions + code];
      }
      for (let a = 0; a < A; a++) out[n * A + a] = total > 0 ? out[n * A + a] / total : 1 / A;
    }
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
