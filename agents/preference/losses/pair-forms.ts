import tf from '@tensorflow/tfjs';
import { stopGradient } from '../../../core/tensor/ops/stop-gradient.js';
import type { LossSettings } from '../contract.js';
import { minusLogSigmoid } from './ratios.js';

/** A loss of the two log-ratios c (chosen) and r (rejected); m = β(c − r) is the margin. */
type PairForm = (chosen: tf.Tensor, rejected: tf.Tensor, settings: LossSettings) => tf.Tensor;

/** Least smoothing where a form takes its logarithm. */
const LEAST_SMOOTHING = 1e-3;
/** Temperature of DiscoPOP's mixture (Lu et al. 2024). */
const DISCOPOP = 0.05;

const marginOf = (c: tf.Tensor, r: tf.Tensor, beta: number): tf.Tensor => tf.mul(tf.sub(c, r), beta);
const square = (x: tf.Tensor): tf.Tensor => tf.square(x);

/**
 * Forms of the pairwise loss, as TRL defines them (trl/trainer/dpo_trainer.py, 2026-07).
 *
 *     sigmoid   −ln σ(m)                                          hinge     max(0, 1 − m)
 *     ipo       (c − r − 1/(2β))²                                 robust    [(1−ε)(−ln σ(m)) − ε(−ln σ(−m))]/(1 − 2ε)
 *     exo-pair  σ(m)(ln σ(m) − ln(1−ε)) + σ(−m)(ln σ(−m) − ln ε)  nca-pair  −ln σ(βc) − ½ ln σ(−βc) − ½ ln σ(−βr)
 *     bco-pair  −ln σ(βc − δ) − ln σ(δ − βr), δ their mean        sppo-hard (c − 1/(2β))² + (r + 1/(2β))²
 *     apo-zero  1 − σ(βc) + σ(βr)                                 apo-down  σ(βc) + 1 − σ(m)
 *     discopop  (1 − s)(−ln σ(m)) + s·e^−m, s = σ(m/0.05)
 */
export const pairForms: Readonly<Record<string, PairForm>> = {
  sigmoid: (c, r, { beta }) => minusLogSigmoid(marginOf(c, r, beta)),
  hinge: (c, r, { beta }) => tf.relu(tf.sub(1, marginOf(c, r, beta))),
  ipo: (c, r, { beta }) => square(tf.sub(tf.sub(c, r), 1 / (2 * beta))),
  robust: (c, r, { beta, smoothing }) => {
    const m = marginOf(c, r, beta);
    const right = tf.mul(minusLogSigmoid(m), 1 - smoothing);
    return tf.div(tf.sub(right, tf.mul(minusLogSigmoid(tf.neg(m)), smoothing)), 1 - 2 * smoothing);
  },
  'exo-pair': (c, r, { beta, smoothing }) => {
    const m = marginOf(c, r, beta);
    const flipped = Math.max(smoothing, LEAST_SMOOTHING);
    const side = (x: tf.Tensor, share: number): tf.Tensor =>
      tf.mul(tf.sigmoid(x), tf.sub(tf.neg(minusLogSigmoid(x)), Math.log(share)));
    return tf.add(side(m, 1 - flipped), side(tf.neg(m), flipped));
  },
  'nca-pair': (c, r, { beta }) => {
    const [bc, br] = [tf.mul(c, beta), tf.mul(r, beta)];
    const both = tf.add(minusLogSigmoid(tf.neg(bc)), minusLogSigmoid(tf.neg(br)));
    return tf.add(minusLogSigmoid(bc), tf.mul(both, 0.5));
  },
  'bco-pair': (c, r, { beta }) => {
    const [bc, br] = [tf.mul(c, beta), tf.mul(r, beta)];
    const centre = stopGradient(tf.mul(tf.add(tf.mean(bc), tf.mean(br)), 0.5));
    return tf.add(minusLogSigmoid(tf.sub(bc, centre)), minusLogSigmoid(tf.sub(centre, br)));
  },
  'sppo-hard': (c, r, { beta }) => {
    const half = 1 / (2 * beta);
    return tf.add(square(tf.sub(c, half)), square(tf.add(r, half)));
  },
  'apo-zero': (c, r, { beta }) => tf.add(tf.sub(1, tf.sigmoid(tf.mul(c, beta))), tf.sigmoid(tf.mul(r, beta))),
  'apo-down': (c, r, { beta }) => tf.add(tf.sigmoid(tf.mul(c, beta)), tf.sub(1, tf.sigmoid(marginOf(c, r, beta)))),
  discopop: (c, r, { beta }) => {
    const m = marginOf(c, r, beta);
    const share = tf.sigmoid(tf.mul(m, 1 / DISCOPOP));
    return tf.add(tf.mul(minusLogSigmoid(m), tf.sub(1, share)), tf.mul(tf.exp(tf.neg(m)), share));
  },
};
