import tf from '@tensorflow/tfjs';
import { expectNumber } from '../../core/check.js';
import { withoutGradient } from '../../core/tensor/differentiable.js';
import { dense, type Layer } from '../../core/tensor/layers.js';
import { zeros } from '../../core/tensor/parameters.js';
import { fitInMemory, fitStreaming, learningHead, type StreamingLearner } from './fit-log.js';
import { GradientLearning, type LossParts, type Reading } from './gradient-learning.js';
import { expectOneOf, GRADIENT_DEFAULTS, type GradientSettings } from './gradient-settings.js';
import { loadNetwork } from './network-policy.js';
import { matrix } from './policy-network.js';

/** What the policy gradient needs besides rows; also that of the on-policy reading. */
export interface PolicyGradientSettings {
  /** Largest importance weight, c below; 5–100. */
  readonly clip: number;
  /** What is taken off rewards: their mean, a line of the context learned beside the policy, or nothing. */
  readonly baseline: 'mean' | 'linear' | 'none';
  /** Reward of one nat of entropy, β below, in standard deviations of the reward; as much as a cost of KL(π ‖ uniform). */
  readonly entropy: number;
  /** Without the ratio the gradient is not one of the reward on a log of another policy: for the comparison only. */
  readonly ratio: boolean;
}

export interface ImportanceWeightedSettings extends GradientSettings, PolicyGradientSettings {}

const NAME = 'importance-weighted';

/**
 * Off-policy policy gradient from a log, the second reading of DRL-PUT:
 *
 *   ∇J(θ) = mean_n min(π_θ(a_n|x_n)/μ_n, c) · (r_n − b_n) · ∇ ln π_θ(a_n|x_n) + β·∇H(π_θ)
 *
 * The weight is cut, not its gradient: an action that is preferred already (π/μ > c) goes on learning, slower. Optimum: the
 * best action of every context. It starts as the uniform policy; where held-out rows are kept, passes are judged by
 *
 *   V = Σ w_n r_n / Σ w_n,    w_n = π_θ(a_n|x_n)/μ_n     (self-normalised)
 *
 * and the best one is served, the start included. V of a policy that is nearly sure has a standard error of √(A/rows)
 * deviations of the reward: keep 10⁵ rows or more for 125 actions, or none (the default, which serves the last pass). `ratio: false` leaves the weight out: the centred likelihood that pushes
 * the chances of actions below average towards 0, and is not a policy gradient on such a log.
 */
export const importanceWeighted: StreamingLearner<ImportanceWeightedSettings> = {
  summary: 'softmax policy by importance-weighted policy gradient, clipped, with a baseline',
  defaults: { ...GRADIENT_DEFAULTS, clip: 10, baseline: 'mean', entropy: 0.02, ratio: true },
  fit(request) {
    const { settings, random } = request;
    return fitInMemory(
      new GradientLearning(policyGradient(NAME, settings), learningHead(request), settings, random),
      request,
    );
  },
  stream(request) {
    const { settings, random, head } = request;
    return fitStreaming(new GradientLearning(policyGradient(NAME, settings), head, settings, random), request);
  },
  load: (bytes) => loadNetwork(bytes, `recsys-gym/${NAME}`),
};

/** The loss whose gradient is −∇J. */
export function policyGradient(name: string, settings: PolicyGradientSettings): Reading {
  const { clip, baseline, entropy, ratio } = settings;
  expectNumber(`${name}: clip`, clip, 1e-9);
  expectNumber(`${name}: entropy`, entropy, 0);
  expectOneOf(`${name}: baseline`, baseline, ['mean', 'linear', 'none']);
  let line: Layer | undefined;
  return {
    name,
    centre: ({ mean }) => (baseline === 'none' ? 0 : mean),
    prepare({ parameters, shape: { inputs } }, random) {
      if (baseline !== 'linear') return;
      line = dense(parameters, { name: 'baseline', inputs, outputs: 1, initialise: zeros, onNumbers: true }, random);
    },
    loss(parts) {
      const { logChance, inputs } = parts;
      const { x, reward } = inputs;
      const rest = line === undefined ? reward : tf.sub(reward, line(matrix(x)).as1D());
      const weight = ratio ? tf.minimum(tf.mul(tf.exp(logChance), inputs['inverse']), clip) : undefined;
      const slope = withoutGradient(weight === undefined ? rest : tf.mul(weight, rest));
      let loss: tf.Tensor = tf.neg(tf.mean(tf.mul(slope, logChance)));
      if (line !== undefined) loss = tf.add(loss, tf.mean(tf.square(rest)));
      return entropy === 0 ? loss : tf.sub(loss, tf.mul(entropyOf(parts), entropy));
    },
    judge() {
      let [sum, weights] = [0, 0];
      return {
        add(chance, reward, inverse) {
          sum += chance * inverse * reward;
          weights += chance * inverse;
        },
        value: () => sum / weights,
      };
    },
  };
}

/** Mean entropy of π in nats: the sum of its softmaxes' entropies. */
function entropyOf({ logits, heads }: LossParts): tf.Tensor {
  let from = 0;
  const parts = heads.widths.map((width): tf.Tensor => {
    const logs = tf.logSoftmax(tf.slice(logits, [0, from], [logits.shape[0], width]));
    from += width;
    return tf.neg(tf.mean(tf.sum(tf.mul(tf.exp(logs), logs), 1)));
  });
  return parts.reduce((sum, part) => tf.add(sum, part));
}
