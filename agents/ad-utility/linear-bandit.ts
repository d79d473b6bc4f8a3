import { z } from 'zod';
import type { Affine } from '../../core/affine-rows.js';
import { complaint, expectNumber } from '../../core/check.js';
import { bundle, decode, encode } from '../../core/safetensors.js';
import { solveLinear } from '../../core/stats/linear-solve.js';
import type { Metrics } from '../contract.js';
import { ContextStatistics, restoreContextEncoder, type ContextEncoder, type Encode } from './context-encoder.js';
import {
  fitInMemory,
  fitStreaming,
  learningHead,
  type LearnedContextPolicy,
  type PieceLearning,
  type StreamingLearner,
} from './fit-log.js';
import { expectFormat } from './network-policy.js';
import { PlainNetwork } from './plain-network.js';
import { RowCheck, type LearningHead, type Piece } from './rounds.js';
import { ScoredPolicy, type ContextScores } from './scored-policy.js';
import { certain } from './value-policy.js';

export interface LinearBanditSettings {
  /** λ, rows' worth of pull towards 0 on every coefficient; 1 is usual. */
  readonly ridge: number;
}

const NAME = 'linear-bandit';
const FORMAT = `recsys-gym/${NAME}`;
const ONE_PASS = { epochs: 1, shuffle: false };

/**
 * Ridge regression of the reward on the context, one per action, by exact normal equations (disjoint LinUCB of Li et al.
 * 2010, without its bonus: a log is all there is), with z = (1, x) and rewards less the log's mean:
 *
 *   θ_a = (λI + Σ_{n: a_n = a} z_n z_nᵀ)⁻¹ Σ_{n: a_n = a} z_n r_n        a* = argmax_a θ_a·z
 *
 * An action that was never logged counts as average. The control: linear, and nothing is shared between actions.
 */
export const linearBandit: StreamingLearner<LinearBanditSettings> = {
  summary: 'ridge regression of the reward per action; serves the action of the highest guess',
  defaults: { ridge: 1 },
  fit(request) {
    const learning = new RidgeLearning(learningHead(request), request.settings);
    return fitInMemory(learning, { ...request, settings: ONE_PASS });
  },
  stream(request) {
    return fitStreaming(new RidgeLearning(request.head, request.settings), { ...request, settings: ONE_PASS });
  },
  load,
};

/** Sums of z zᵀ and z r per action. */
interface Sums {
  readonly encoder: ContextEncoder;
  readonly encode: Encode;
  readonly mean: number;
  /** [A, d, d] upper triangles. */
  readonly squares: Float64Array;
  /** [A, d] */
  readonly products: Float64Array;
  x: Float32Array;
}

class RidgeLearning implements PieceLearning {
  readonly curve: Metrics[] = [];
  readonly #ridge: number;
  readonly #head: LearningHead;
  readonly #check: RowCheck;
  readonly #statistics: ContextStatistics;
  #surveyed = 0;
  #sums: Sums | undefined;

  constructor(head: LearningHead, { ridge }: LinearBanditSettings) {
    expectNumber(`${NAME}: ridge`, ridge, 1e-9);
    this.#ridge = ridge;
    this.#head = head;
    this.#check = new RowCheck(NAME, head);
    this.#statistics = new ContextStatistics(head);
  }

  survey(piece: Piece): void {
    this.#check.add(piece, this.#surveyed);
    this.#statistics.add(piece.columns, piece.pick);
    this.#surveyed += piece.pick?.length ?? piece.columns.rows;
  }

  learn(piece: Piece): void {
    const sums = (this.#sums ??= this.#start());
    const rows = piece.pick?.length ?? piece.columns.rows;
    const width = sums.encoder.width;
    if (sums.x.length < rows * width) sums.x = new Float32Array(rows * width);
    sums.encode(piece.columns, sums.x.subarray(0, rows * width), piece.pick);
    const z = new Float64Array(width + 1).fill(1);
    for (let n = 0; n < rows; n++) {
      const row = piece.pick === undefined ? n : piece.pick[n];
      for (let i = 0; i < width; i++) z[i + 1] = sums.x[n * width + i];
      addRow(sums, piece.columns.action[row], z, piece.reward[row] - sums.mean);
    }
  }

  endPass(): boolean {
    this.curve.push({ epoch: 1 });
    return false;
  }

  finish(): Omit<LearnedContextPolicy, 'curve'> {
    const { encoder, squares, products } = (this.#sums ??= this.#start());
    const d = encoder.width + 1;
    const A = this.#head.actions.values.length;
    const line = { inputs: d - 1, outputs: A, weights: new Float32Array((d - 1) * A), bias: new Float32Array(A) };
    for (let a = 0; a < A; a++) {
      const matrix = new Float64Array(d * d);
      for (let i = 0; i < d; i++) {
        for (let j = i; j < d; j++) {
          matrix[i * d + j] = matrix[j * d + i] = squares[(a * d + i) * d + j] + (i === j ? this.#ridge : 0);
        }
      }
      const theta = solveLinear(matrix, products.subarray(a * d, (a + 1) * d));
      line.bias[a] = theta[0];
      for (let i = 1; i < d; i++) line.weights[(i - 1) * A + a] = theta[i];
    }
    const actions = this.#head.actions.values;
    return { policy: policyOf(encoder, line, actions), save: () => save(encoder, line, actions) };
  }

  #start(): Sums {
    const encoder = this.#statistics.encoder();
    const d = encoder.width + 1;
    const A = this.#head.actions.values.length;
    return {
      encoder,
      encode: encoder.bind(this.#head),
      mean: this.#check.moments().mean,
      squares: new Float64Array(A * d * d),
      products: new Float64Array(A * d),
      x: new Float32Array(0),
    };
  }
}

function addRow({ squares, products }: Sums, action: number, z: Float64Array, reward: number): void {
  const d = z.length;
  for (let i = 0; i < d; i++) {
    const value = z[i];
    if (value === 0) continue;
    products[action * d + i] += value * reward;
    const from = (action * d + i) * d;
    for (let j = i; j < d; j++) squares[from + j] += value * z[j];
  }
}

function policyOf(encoder: ContextEncoder, line: Affine, actions: readonly string[]): ScoredPolicy {
  const plain = new PlainNetwork([line]);
  const A = actions.length;
  const best: ContextScores['best'] = (x, count, out) => {
    const guesses = plain.rows(x, count);
    for (let n = 0; n < count; n++) {
      let top = 0;
      for (let a = 1; a < A; a++) if (guesses[n * A + a] > guesses[n * A + top]) top = a;
      out[n] = top;
    }
  };
  return new ScoredPolicy(NAME, encoder, { actions, best, chances: certain(A, best) }, 'best');
}

function save(encoder: ContextEncoder, { weights, bias }: Affine, actions: readonly string[]): Uint8Array {
  const metadata = { format: FORMAT, version: '1', encoder: JSON.stringify(encoder), actions: JSON.stringify(actions) };
  return encode(bundle({ weights, bias }, metadata));
}

function load(bytes: Uint8Array): ScoredPolicy {
  const { metadata, tensors } = decode(bytes, FORMAT);
  expectFormat(metadata, FORMAT);
  const encoder = restoreContextEncoder(JSON.parse(metadata['encoder']), FORMAT);
  const actions = z.array(z.string()).parse(JSON.parse(metadata['actions']));
  const numbers = (name: string, size: number): Float32Array => {
    const found = Object.hasOwn(tensors, name) ? tensors[name].values : undefined;
    if (found instanceof Float32Array && found.length === size) return found;
    throw complaint('data', {
      where: FORMAT,
      expected: `${size} numbers '${name}'`,
      received: String(found?.length ?? 'none'),
    });
  };
  const [inputs, outputs] = [encoder.width, actions.length];
  const line = { inputs, outputs, weights: numbers('weights', inputs * outputs), bias: numbers('bias', outputs) };
  return policyOf(encoder, line, actions);
}
