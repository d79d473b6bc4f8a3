import tf from '@tensorflow/tfjs';
import { complaint, expectLength } from '../../../core/check.js';
import type { Source } from '../../../core/random.js';
import { compileInference } from '../../../core/tensor/compile.js';
import type { Inputs, InputTensors, Numbers } from '../../../core/tensor/compiled-programs.js';
import { ParameterSet } from '../../../core/tensor/parameters.js';
import { oneHot } from '../../policy/one-hot.js';
import type { JudgedResponses, PreferenceModel, ResponseBatch } from '../contract.js';
import type { CandidateNetwork, MakeNetwork } from './network.js';

/** ln of the probability of what cannot be chosen: padding, and candidates that earlier places took. */
export const IMPOSSIBLE = -1e9;

export interface ChoiceOptions {
  readonly contexts: number;
  /** Most candidates of a context, K. */
  readonly candidates: number;
  /** Places of a response, W: 1 for a choice, more for a slate. */
  readonly places: number;
  /** [C, K] ln π_ref of the candidates, −1e9 for padding; up to a constant per context. */
  readonly reference: Float32Array;
  readonly network: MakeNetwork;
  /** Makes one network for bad and one for good responses. */
  readonly conditional?: boolean;
}

/**
 * A softmax over the candidates of a context, or Plackett–Luce over slates of them, beside a frozen reference:
 *
 *     π_θ(·|x) ∝ π_ref(·|x) exp(s_θ(x, ·))
 *
 * so that zero scores are the reference itself. The divergence is exact for single choices; for slates it is the sum
 * over places of each place's divergence, given the places before it as they were shown.
 */
export class ChoiceModel implements PreferenceModel {
  readonly parameters = new ParameterSet();
  readonly #options: ChoiceOptions;
  /** [C, K] normalised. */
  readonly #reference: Float32Array;
  /** For good responses, then for bad ones where that matters. */
  readonly #networks: readonly CandidateNetwork[];
  readonly #outputs: (inputs: Inputs) => Readonly<Record<string, Float32Array>>;

  constructor(options: ChoiceOptions, source: Source) {
    const { contexts, candidates, reference, network, conditional = false } = options;
    expectLength('choice model: reference', reference, { contexts, candidates });
    this.#options = options;
    this.#reference = normalised(reference, candidates);
    const marks = conditional ? ['good', 'bad'] : ['good'];
    this.#networks = marks.map((mark) => network(this.parameters, mark, source));
    this.#outputs = compileInference(this.parameters, (inputs) => ({
      logs: tf.logSoftmax(this.#scored(inputs, this.#networks[0])),
      value: this.#networks[0].judge(inputs, inputs['reference'].shape[0]).value,
    }));
  }

  encode({ context, sides, good }: ResponseBatch): Inputs {
    const { contexts, candidates: K, places } = this.#options;
    const B = context.length;
    // Single choices of many rows read one table of all contexts; slates are scored row by row.
    const shared = places === 1 && B >= contexts;
    const row = shared ? context : Int32Array.from({ length: B }, (_, b) => b);
    const scored = shared ? Int32Array.from({ length: contexts }, (_, c) => c) : context;
    const inputs: Record<string, Numbers> = { ...this.#contextInputs(scored) };
    if (shared) this.#checkContexts(context);
    if (places === 1) inputs['row'] = { values: row.slice(), shape: [B] };
    sides.forEach((response, side) => {
      expectLength('choice model: responses', response, { contexts: B, places });
      inputs[`response${side}`] =
        places === 1
          ? { values: response.map((choice, b) => row[b] * K + choice), shape: [B] }
          : { values: Float32Array.from(response), shape: [B, places] };
      if (this.#networks.length > 1) inputs[`mark${side}`] = { values: good[side], shape: [B, 1] };
    });
    return inputs;
  }

  judge(inputs: InputTensors, sides: number): JudgedResponses {
    const { candidates: K, places } = this.#options;
    const [rows] = inputs['reference'].shape;
    const reference = inputs['reference'].as2D(rows, K);
    const [good, bad] = this.#networks.map((network) => network.judge(inputs, rows));
    // Every parameter must be reached by the gradient, those of an unread value too.
    const value = this.#networks.length === 1 ? good.value : tf.add(good.value, tf.mul(bad.value, 0)).as1D();
    const scored = { good: good.scores, bad: this.#networks.length === 1 ? undefined : bad.scores, value, reference };
    return places === 1 ? judgeChoices(scored, inputs, sides) : judgeSlates(scored, inputs, sides, places);
  }

  /** [B, K] ln π_θ of the candidates at the first place, and [B] the values; fresh arrays. */
  policy(context: Int32Array): { readonly logs: Float32Array; readonly value: Float32Array } {
    const { logs, value } = this.#outputs(this.#contextInputs(context));
    return { logs: logs.slice(), value: value.slice() };
  }

  /** [C, K] ln π_ref. */
  get reference(): Float32Array {
    return this.#reference;
  }

  #scored(inputs: InputTensors, network: CandidateNetwork): tf.Tensor2D {
    const [B, K = 0] = inputs['reference'].shape;
    return tf.add(network.judge(inputs, B).scores, inputs['reference']).as2D(B, K);
  }

  #checkContexts(context: Int32Array): void {
    const { contexts } = this.#options;
    const wrong = context.find((c) => !(c >= 0 && c < contexts));
    if (wrong === undefined) return;
    throw complaint('data', {
      where: 'choice model',
      expected: `contexts in [0, ${contexts})`,
      received: String(wrong),
    });
  }

  #contextInputs(context: Int32Array): Inputs {
    const { candidates: K } = this.#options;
    this.#checkContexts(context);
    const reference = new Float32Array(context.length * K);
    context.forEach((c, b) => {
      reference.set(this.#reference.subarray(c * K, (c + 1) * K), b * K);
    });
    const inputs: Record<string, Numbers> = { reference: { values: reference, shape: [context.length, K] } };
    for (const network of this.#networks) Object.assign(inputs, network.encode(context));
    return inputs;
  }
}

/** What the networks say of the contexts that were scored, [U, K] and [U]. */
interface Scored {
  readonly good: tf.Tensor2D;
  readonly bad: tf.Tensor2D | undefined;
  readonly value: tf.Tensor1D;
  readonly reference: tf.Tensor2D;
}

/** Single choices: looked up in the tables of ln π. */
function judgeChoices({ good, bad, value, reference }: Scored, inputs: InputTensors, sides: number): JudgedResponses {
  const row = inputs['row'].as1D();
  const logs = tf.logSoftmax(tf.add(good, reference));
  const logsOfBad = bad === undefined ? undefined : tf.logSoftmax(tf.add(bad, reference));
  const divergence = tf.sum(tf.mul(tf.exp(logs), tf.sub(logs, reference)), 1);
  const look = (table: tf.Tensor, side: number): tf.Tensor => tf.gather(table.as1D(), inputs[`response${side}`].as1D());
  const all = Array.from({ length: sides }, (_, side) => side);
  return {
    policy: all.map((side) => {
      if (logsOfBad === undefined) return look(logs, side);
      const mark = inputs[`mark${side}`].as1D();
      return tf.add(tf.mul(look(logs, side), mark), tf.mul(look(logsOfBad, side), tf.sub(1, mark)));
    }),
    reference: all.map((side) => look(reference, side)),
    value: tf.gather(value, row),
    divergence: tf.gather(divergence, row),
  };
}

/** Slates: place after place. */
function judgeSlates(
  { good, bad, value, reference }: Scored,
  inputs: InputTensors,
  sides: number,
  places: number,
): JudgedResponses {
  const [B, K] = reference.shape;
  const judged = Array.from({ length: sides }, (_, side) => {
    const mark = inputs[`mark${side}`];
    const mixed = bad === undefined ? good : tf.add(tf.mul(good, mark), tf.mul(bad, tf.sub(1, mark)));
    const scores = tf.add(mixed, reference).as2D(B, K);
    return judgeSlate({ scores, reference, response: inputs[`response${side}`], places });
  });
  return {
    policy: judged.map(({ policy }) => policy),
    reference: judged.map(({ reference: own }) => own),
    value,
    divergence: tf.div(tf.addN(judged.map(({ divergence }) => divergence)), sides),
  };
}

interface Slate {
  readonly scores: tf.Tensor2D;
  readonly reference: tf.Tensor2D;
  /** [B, W] */
  readonly response: tf.Tensor;
  readonly places: number;
}

function judgeSlate({
  scores,
  reference,
  response,
  places,
}: Slate): Record<'policy' | 'reference' | 'divergence', tf.Tensor> {
  const [B, K] = scores.shape;
  const [policies, references, divergences]: tf.Tensor[][] = [[], [], []];
  let [left, leftOfReference]: tf.Tensor[] = [scores, reference];
  for (let place = 0; place < places; place++) {
    const taken = oneHot(tf.slice(response, [0, place], [B, 1]).as1D(), K);
    const logs = tf.logSoftmax(left);
    const ofReference = place === 0 ? reference : tf.logSoftmax(leftOfReference);
    policies.push(tf.sum(tf.mul(logs, taken), 1));
    references.push(tf.sum(tf.mul(ofReference, taken), 1));
    divergences.push(tf.sum(tf.mul(tf.exp(logs), tf.sub(logs, ofReference)), 1));
    if (place + 1 === places) break;
    left = tf.add(left, tf.mul(taken, IMPOSSIBLE));
    leftOfReference = tf.add(leftOfReference, tf.mul(taken, IMPOSSIBLE));
  }
  return { policy: tf.addN(policies), reference: tf.addN(references), divergence: tf.addN(divergences) };
}

/** Rows brought to Σ exp = 1; those that are there already keep their bits, so that a saved reference stays itself. */
function normalised(logs: Float32Array, width: number): Float32Array {
  const out = logs.slice();
  for (let at = 0; at < logs.length; at += width) {
    const row = logs.subarray(at, at + width);
    if (Math.abs(row.reduce((sum, value) => sum + Math.exp(value), 0) - 1) < 1e-5) continue;
    const highest = row.reduce((most, value) => Math.max(most, value), -Infinity);
    const total = row.reduce((sum, value) => sum + Math.exp(value - highest), 0);
    row.forEach((value, k) => (out[at + k] = value - highest - Math.log(total)));
  }
  return out;
}
