import { z } from 'zod';
import { complaint, expectLength, messageOf } from '../../core/check.js';
import { stream } from '../../core/random.js';
import { bundle, decode, encode } from '../../core/safetensors.js';
import type { ContextRows } from '../contract.js';
import { restoreContextEncoder, type ContextEncoder } from './context-encoder.js';
import { expectFormat } from './network-policy.js';
import { ScoredPolicy, type ContextScores } from './scored-policy.js';
import { ValueNetwork, type PlainValues } from './value-network.js';

/** A fitted value network with what it takes to serve and to be saved. */
export interface ValueParts {
  readonly encoder: ContextEncoder;
  readonly network: ValueNetwork;
  /** [A, action features] */
  readonly features: Float32Array;
  readonly actions: readonly string[];
  /** [H] names, means and standard deviations of what is guessed. */
  readonly outcomes: readonly string[];
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
  /** [H] */
  readonly weights: readonly number[];
}

export const VALUE_FORMAT = 'recsys-gym/value-regression';
/** (context, action) pairs guessed at a time. */
const PAIRS = 4096;

/** Serves a* = argmax_a Σ_h weight_h·Q_h(x, a); the weights can be chosen anew without learning again. */
export class ValuePolicy extends ScoredPolicy {
  readonly parts: ValueParts;
  readonly #values: PlainValues;

  constructor(parts: ValueParts, values = parts.network.plain(parts.features)) {
    super('value-regression', parts.encoder, valueScores(parts, values), 'best');
    this.parts = parts;
    this.#values = values;
  }

  /**
   * The same values under another sum of the outcomes.
   *
   * @param weights [H]
   */
  weighing(weights: readonly number[]): ValuePolicy {
    expectLength('value policy: weights', weights, { outcomes: this.parts.outcomes.length });
    return new ValuePolicy({ ...this.parts, weights }, this.#values);
  }

  /** Writes Q of every action and outcome, [n, A, H], in the outcomes' own units. */
  values(context: ContextRows, out: Float64Array): void {
    const { mean, deviation } = this.parts;
    const [A, H] = [this.actions, mean.length];
    expectLength('value policy: values', out, { decisions: context.count, actions: A, outcomes: H });
    const x = new Float32Array(context.count * this.encoder.width);
    this.encoder.own(this.encoder.columnsOf(context), x);
    inBlocks(x, this.encoder.width, A, context.count, (part, count, from) => {
      const q = this.#values.rows(part, count);
      for (let i = 0; i < count * A * H; i++) out[from * A * H + i] = mean[i % H] + deviation[i % H] * q[i];
    });
  }

  save(): Uint8Array {
    const { encoder, network, features, actions, outcomes, mean, deviation, weights } = this.parts;
    const details = { shape: network.shape, actions, outcomes, mean, deviation, weights };
    const arrays = { parameters: network.blocks.parameters.values, running: network.blocks.running, features };
    const metadata = { format: VALUE_FORMAT, version: '1', encoder: JSON.stringify(encoder) };
    return encode(bundle(arrays, { ...metadata, details: JSON.stringify(details) }));
  }
}

/**
 * Policies for a* = argmax α·Q_first + (1 − α)·Q_second with α on a grid from 0 to 1: the frontier of PRL-PUTS, whose
 * dominated points are for a judge to drop.
 *
 * @param points 25 there
 */
export function alphaSweep(
  policy: ValuePolicy,
  first: string,
  second: string,
  points = 25,
): { readonly alpha: number; readonly policy: ValuePolicy }[] {
  const { outcomes } = policy.parts;
  for (const name of [first, second]) {
    if (!outcomes.includes(name)) {
      throw complaint('usage', {
        where: 'alpha sweep',
        expected: `one of ${outcomes.join(', ')}`,
        received: `'${name}'`,
      });
    }
  }
  if (!(Number.isInteger(points) && points >= 2)) {
    throw complaint('usage', { where: 'alpha sweep', expected: '2 points or more', received: String(points) });
  }
  return Array.from({ length: points }, (_, i) => {
    const alpha = i / (points - 1);
    const weights = outcomes.map((name) => (name === first ? alpha : 0) + (name === second ? 1 - alpha : 0));
    return { alpha, policy: policy.weighing(weights) };
  });
}

function valueScores({ encoder, actions, deviation, weights }: ValueParts, values: PlainValues): ContextScores {
  const [A, H] = [actions.length, deviation.length];
  // Means are the same for every action.
  const scale = Float64Array.from(weights, (weight, h) => weight * deviation[h]);
  const best = (x: Float32Array, count: number, out: Int32Array): void => {
    inBlocks(x, encoder.width, A, count, (part, rows, from) => {
      const q = values.rows(part, rows);
      for (let n = 0, at = 0; n < rows; n++) {
        let top = -Infinity;
        for (let a = 0; a < A; a++) {
          let score = 0;
          for (let h = 0; h < H; h++, at++) score += scale[h] * q[at];
          if (score > top) {
            top = score;
            out[from + n] = a;
          }
        }
      }
    });
  };
  return { actions, best, chances: certain(A, best) };
}

/** The chances of a policy that always serves its best action. */
export function certain(A: number, best: ContextScores['best']): ContextScores['chances'] {
  let chosen = new Int32Array(0);
  return (x, count, out) => {
    if (chosen.length < count) chosen = new Int32Array(count);
    best(x, count, chosen.length === count ? chosen : chosen.subarray(0, count));
    out.fill(0);
    for (let n = 0; n < count; n++) out[n * A + chosen[n]] = 1;
  };
}

function inBlocks(
  x: Float32Array,
  width: number,
  A: number,
  rows: number,
  use: (part: Float32Array, count: number, from: number) => void,
): void {
  const size = Math.max(1, Math.floor(PAIRS / A));
  for (let from = 0; from < rows; from += size) {
    const count = Math.min(size, rows - from);
    use(x.subarray(from * width, (from + count) * width), count, from);
  }
}

const count = z.int().min(0);
const detailsSchema = z.object({
  shape: z.object({
    context: count,
    action: z.int().min(1),
    embedding: z.int().min(1),
    hidden: z.array(z.int().min(1)),
    outcomes: z.int().min(1),
    dropout: z.number(),
  }),
  actions: z.array(z.string()),
  outcomes: z.array(z.string()),
  mean: z.array(z.number()),
  deviation: z.array(z.number()),
  weights: z.array(z.number()),
});

/** @throws a data error for anything that `save` did not write */
export function loadValuePolicy(bytes: Uint8Array): ValuePolicy {
  const { metadata, tensors } = decode(bytes, VALUE_FORMAT);
  expectFormat(metadata, VALUE_FORMAT);
  const parsed = detailsSchema.safeParse(JSON.parse(metadata['details']));
  const wrong = (received: string): Error =>
    complaint('data', { where: VALUE_FORMAT, expected: 'a policy of version 1', received: received.slice(0, 200) });
  if (!parsed.success) throw wrong(messageOf(parsed.error));
  const array = (name: string): Float32Array => {
    const found = Object.hasOwn(tensors, name) ? tensors[name].values : undefined;
    if (found instanceof Float32Array) return found;
    throw wrong(`no numbers '${name}'`);
  };
  const { shape, ...details } = parsed.data;
  const network = new ValueNetwork(shape, stream('loaded'));
  network.blocks.parameters.load(array('parameters'), VALUE_FORMAT);
  network.blocks.loadRunning(array('running'), VALUE_FORMAT);
  const encoder = restoreContextEncoder(JSON.parse(metadata['encoder']), VALUE_FORMAT);
  return new ValuePolicy({ ...details, encoder, network, features: array('features') });
}
