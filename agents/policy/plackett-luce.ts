import tf from '@tensorflow/tfjs';
import { complaint } from '../../core/check.js';
import type { ActionHead } from './head.js';
import { oneHot } from './one-hot.js';

/** Added to the score of a candidate that an earlier place took: its chance is then exactly 0. */
const TAKEN = -1e9;

/**
 * Ordered choice of `size` distinct candidates, one score s per candidate (Plackett 1975; Luce 1959): place j is drawn
 * from the softmax of the candidates that earlier places left over,
 *
 *     π(a | s) = Π_j exp(s_{a_j}) / Σ_{i ∉ a_1 … a_{j−1}} exp(s_i)
 *
 * With size 1 it is the categorical distribution, and that is how discrete actions use it.
 *
 * Entropy: the sum over places of the entropy of that place's softmax, given the places before it as they were drawn.
 * Exact for size 1; for longer slates an unbiased estimate of the slate's entropy (chain rule), with its slope taken
 * at the drawn order.
 */
export function plackettLuce(candidates: number, size: number): ActionHead {
  if (!(size >= 1 && size <= candidates)) {
    throw complaint('usage', {
      where: 'slate head',
      expected: 'from 1 to as many places as candidates',
      received: `${size} places, ${candidates} candidates`,
    });
  }
  // Scratch of one row: the probability of each candidate at the present place; −1 marks one that is already taken.
  const chance = new Float64Array(candidates);

  /** Softmax over what is left, in place. Returns the natural log of its normaliser, relative to the scores. */
  const softmax = (output: Float32Array, at: number): number => {
    let highest = -Infinity;
    for (let i = 0; i < candidates; i++) if (chance[i] >= 0) highest = Math.max(highest, output[at + i]);
    let total = 0;
    for (let i = 0; i < candidates; i++) {
      if (chance[i] < 0) continue;
      chance[i] = Math.exp(output[at + i] - highest);
      total += chance[i];
    }
    for (let i = 0; i < candidates; i++) if (chance[i] >= 0) chance[i] /= total;
    return highest + Math.log(total);
  };

  return {
    outputs: candidates,
    width: size,
    draw(output, at, random, action, place) {
      chance.fill(0);
      let logProbability = 0;
      for (let j = 0; j < size; j++) {
        const logTotal = softmax(output, at);
        let left = random.next();
        let pick = -1;
        for (let i = 0; i < candidates && left >= 0; i++) {
          if (chance[i] <= 0) continue;
          pick = i;
          left -= chance[i];
        }
        action[place + j] = pick;
        logProbability += output[at + pick] - logTotal;
        chance[pick] = -1;
      }
      return logProbability;
    },
    best(output, at, action, place) {
      chance.fill(0);
      for (let j = 0; j < size; j++) {
        let pick = -1;
        for (let i = 0; i < candidates; i++) {
          if (chance[i] >= 0 && (pick < 0 || output[at + i] > output[at + pick])) pick = i;
        }
        action[place + j] = pick;
        chance[pick] = -1;
      }
    },
    encoded: size,
    encode(action, place, out, to) {
      for (let j = 0; j < size; j++) out[to + j] = action[place + j];
    },
    score(outputs, actions) {
      const [rows] = outputs.shape;
      const logs: tf.Tensor[] = [];
      const entropies: tf.Tensor[] = [];
      let left: tf.Tensor = outputs;
      for (let j = 0; j < size; j++) {
        const picks = tf.slice(actions, [0, j], [rows, 1]).as1D();
        const taken = oneHot(picks, candidates);
        const chances = tf.logSoftmax(left);
        logs.push(tf.sum(tf.mul(chances, taken), 1));
        entropies.push(tf.neg(tf.sum(tf.mul(tf.exp(chances), chances), 1)));
        if (j + 1 < size) left = tf.add(left, tf.mul(taken, TAKEN));
      }
      return { logProbability: tf.addN(logs), entropy: tf.addN(entropies) };
    },
  };
}
