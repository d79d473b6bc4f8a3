import tf from '@tensorflow/tfjs';
import test from 'ava';
import { stream } from '../../core/random.js';
import { startBackend } from '../../core/tensor/backend.js';
import { logSoftmaxAt } from '../../core/tensor/ops/log-softmax-at.js';
import { infer, Trainer } from '../../core/tensor/train.js';
import type { LossParts, Reading } from './gradient-learning.js';
import { headsOf } from './heads.js';
import { importanceWeighted, policyGradient } from './importance-weighted.js';
import { PolicyNetwork } from './policy-network.js';
import { rewardLikelihood, rewardLikelihoodReading } from './reward-likelihood.js';
import { GRID } from './toy.test.helper.js';

test.before(async () => {
  await startBackend(process.env['RECSYS_GYM_BACKEND']);
});

const X = [1, 0, 0.5, -1, 2, 1, -0.5, 0.3, 1.5, -2];
const ROWS = 5;
const TAKEN = [0, 3, 1, 2, 3];
const REWARD = [1, -0.5, 2, 0.3, 0.7];
const INVERSE = [4, 4, 4, 4, 4];
const heads = headsOf('joint', GRID.actionTable());

/** A network of one block with random numbers everywhere, and what a reading makes of five rows. */
function setUp(reading: Reading): { network: PolicyNetwork; loss: () => tf.Scalar; logChance: () => tf.Tensor } {
  const shape = { inputs: 2, hidden: [3], outputs: 4, dropout: 0, startAtZero: false, onNumbers: true };
  const network = new PolicyNetwork(shape, stream(4));
  const logits = (): tf.Tensor2D => network.forward(tf.tensor2d(X, [ROWS, 2]), {}).logits;
  const logChance = (): tf.Tensor => logSoftmaxAt(logits(), tf.tensor1d(TAKEN, 'int32'));
  const loss = (): tf.Scalar => {
    const inputs = { x: tf.tensor2d(X, [ROWS, 2]), reward: tf.tensor1d(REWARD), inverse: tf.tensor1d(INVERSE) };
    const parts: LossParts = { logits: logits(), logChance: logChance(), inputs, heads };
    return reading.loss(parts).asScalar();
  };
  return { network, loss, logChance };
}

/** Gradient by one step of plain descent with rate 1. */
function gradientOf(network: PolicyNetwork, loss: () => tf.Scalar): Float32Array {
  const before = network.parameters.values.slice();
  new Trainer(network.parameters, { optimiser: 'sgd', learningRate: 1 }).step(loss);
  const slope = network.parameters.values.map((value, i) => before[i] - value);
  network.parameters.values.set(before);
  return slope;
}

/** (f(θ + h) − f(θ − h)) / 2h along every parameter. */
function differences(network: PolicyNetwork, value: () => number, h = 1e-2): number[] {
  const { values } = network.parameters;
  return Array.from(values, (kept, i) => {
    values[i] = kept + h;
    const up = value();
    values[i] = kept - h;
    const down = value();
    values[i] = kept;
    return (up - down) / (2 * h);
  });
}

test('gradient of the reward-weighted likelihood, batch norm included, is that of finite differences', (t) => {
  const { network, loss } = setUp(rewardLikelihoodReading(rewardLikelihood.defaults));
  const gradient = gradientOf(network, loss);
  const wanted = differences(network, () => infer(network.parameters, loss)[0]);
  gradient.forEach((slope, i) => t.true(Math.abs(slope - wanted[i]) < 3e-3, `${i}: ${slope} for ${wanted[i]}`));
});

test('gradient of the policy gradient is that of −mean min(π/μ, c)·r where no weight is cut', (t) => {
  const { network, loss, logChance } = setUp(
    policyGradient('test', { ...importanceWeighted.defaults, entropy: 0, clip: 1e6 }),
  );
  const gradient = gradientOf(network, loss);
  const value = (): number =>
    infer(network.parameters, logChance).reduce(
      (sum, log, n) => sum - (Math.exp(log) * INVERSE[n] * REWARD[n]) / ROWS,
      0,
    );
  const wanted = differences(network, value);
  gradient.forEach((slope, i) => t.true(Math.abs(slope - wanted[i]) < 3e-3, `${i}: ${slope} for ${wanted[i]}`));
});

test('where every weight is cut, the gradient is c times that of −mean r·ln π', (t) => {
  const cut = setUp(policyGradient('test', { ...importanceWeighted.defaults, entropy: 0, clip: 0.001 }));
  const plain = setUp(policyGradient('test', { ...importanceWeighted.defaults, entropy: 0, ratio: false }));
  const wanted = gradientOf(plain.network, plain.loss);
  gradientOf(cut.network, cut.loss).forEach((slope, i) => t.true(Math.abs(slope - 0.001 * wanted[i]) < 1e-6));
});
