import test from 'ava';
import { stream } from '../../core/random.js';
import { startBackend } from '../../core/tensor/backend.js';
import { importanceWeighted } from './importance-weighted.js';
import { rewardLikelihood } from './reward-likelihood.js';
import { exactToy, played, type Rates } from './toy.test.helper.js';

test.before(async () => {
  await startBackend(process.env['RECSYS_GYM_BACKEND']);
});

/** Two contexts, four actions; the best ones are 3 and 0. In context 0 each group alone would choose 1 and 1 as well. */
const Q: Rates = [
  [1, 2, 3, 4],
  [6, 2, 1, 1],
];
const small = { hidden: [16], dropout: 0, batch: 256, epochs: 60, learningRate: 0.02, weightDecay: 0, heldOut: 0 };
const close = (got: readonly number[], wanted: readonly number[], by: number): boolean =>
  got.every((value, i) => Math.abs(value - wanted[i]) <= by);

test('reward-weighted likelihood meets q ÷ Σ q, which is not greedy; its best action is', (t) => {
  const toy = exactToy(Q, 400);
  const settings = { ...rewardLikelihood.defaults, ...small, serving: 'draw' as const };
  const { policy } = rewardLikelihood.fit({ ...toy, settings, random: stream(1) });
  const got = played(policy, toy);
  t.log(got);
  t.true(close(got[0], [0.1, 0.2, 0.3, 0.4], 0.02));
  t.true(close(got[1], [0.6, 0.2, 0.1, 0.1], 0.02));
});
test('importance weighted', (t) => {
  const toy = exactToy(Q, 400);
  const settings = { ...importanceWeighted.defaults, ...small, serving: 'draw' as const };
  const { policy } = importanceWeighted.fit({ ...toy, settings, random: stream(1) });
  t.log(played(policy, toy));
  t.pass();
});
