import tf from '@tensorflow/tfjs';
import { complaint } from '../../core/check.js';
import { fitInMemory, fitStreaming, learningHead, type StreamingLearner } from './fit-log.js';
import { GradientLearning, type Reading } from './gradient-learning.js';
import { expectOneOf, GRADIENT_DEFAULTS, type GradientSettings } from './gradient-settings.js';
import { loadNetwork } from './network-policy.js';

export interface RewardLikelihoodSettings extends GradientSettings {
  /**
   * What to do with negative rewards: `none` refuses them; `minimum` takes the least reward of the rows off all of them,
   * which moves the optimum towards uniform (below) and adds noise, but leaves its best action where it was.
   */
  readonly shift: 'none' | 'minimum';
}

const NAME = 'reward-likelihood';

/**
 * Reward-weighted likelihood, the first reading of DRL-PUT:
 *
 *   L(θ) = −mean_n (r_n − s)/(A·μ_n) · ln π_θ(a_n | x_n),     r ≥ s;  s = 0, or the least reward
 *
 * Its optimum is π*(a|x) = (q(x,a) − s) / Σ_a' (q(x,a') − s) with q = E[r | x, a]: not greedy, an action that earns 5 % more
 * gets 5 % more of the chances. Serving takes the best action. With a factorised head each softmax meets its group's mean
 * over uniform other groups, π_g*(l|x) ∝ mean over actions with level l: the marginal optimum, not the joint one.
 */
export const rewardLikelihood: StreamingLearner<RewardLikelihoodSettings> = {
  summary: 'softmax policy by reward-weighted likelihood; needs rewards that are not negative',
  defaults: { ...GRADIENT_DEFAULTS, shift: 'none' },
  fit(request) {
    const { settings, random } = request;
    return fitInMemory(
      new GradientLearning(rewardLikelihoodReading(settings), learningHead(request), settings, random),
      request,
    );
  },
  stream(request) {
    const { settings, random, head } = request;
    return fitStreaming(new GradientLearning(rewardLikelihoodReading(settings), head, settings, random), request);
  },
  load: (bytes) => loadNetwork(bytes, `recsys-gym/${NAME}`),
};

/** The loss, for those who build on it. */
export function rewardLikelihoodReading({ shift }: RewardLikelihoodSettings): Reading {
  expectOneOf(`${NAME}: shift`, shift, ['none', 'minimum']);
  let actions = 1;
  return {
    name: NAME,
    centre({ least }) {
      if (least < 0 && shift === 'none') {
        throw complaint('data', {
          where: NAME,
          expected: 'rewards of at least 0',
          received: String(least),
          try: "Set shift: minimum, which draws the optimum towards uniform, or use 'importance-weighted'.",
        });
      }
      return shift === 'minimum' ? least : 0;
    },
    loss({ logChance, inputs, heads }) {
      actions = heads.actions;
      const weight = tf.mul(inputs['reward'], tf.mul(inputs['inverse'], 1 / actions));
      return tf.neg(tf.mean(tf.mul(weight, logChance)));
    },
    judge() {
      let [sum, rows] = [0, 0];
      return {
        add(chance, reward, inverse) {
          sum += reward * inverse * Math.log(chance);
          rows++;
        },
        value: () => sum / rows / actions,
      };
    },
  };
}
