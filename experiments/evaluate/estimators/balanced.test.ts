import test from 'ava';
import { stream } from '../../../core/random.js';
import { normal } from '../../../core/distributions.js';
import { termsOf, type LoggedRounds } from '../rounds.js';
import { valueOf } from '../summarise.js';
import { close, eight, value } from './_worlds.test.js';
import { bips } from './balanced.js';
import { densityRatios } from './density-ratio.js';

/** Two actions, chosen by a logistic policy of one feature; the target leans the other way. */
function leaning(seed: number, n: number): { rounds: LoggedRounds; target: Float64Array; truth: number } {
  const luck = stream(seed);
  const action = new Int32Array(n);
  const reward = new Float64Array(n);
  const propensity = new Float64Array(n);
  const features = new Float64Array(n);
  const target = new Float64Array(2 * n);
  let truth = 0;
  for (let i = 0; i < n; i++) {
    const x = normal(luck);
    const serving = 1 / (1 + Math.exp(-x));
    const wanted = 1 / (1 + Math.exp(1.5 * x));
    features[i] = x;
    action[i] = luck.next() < serving ? 1 : 0;
    propensity[i] = action[i] === 1 ? serving : 1 - serving;
    target[2 * i] = 1 - wanted;
    target[2 * i + 1] = wanted;
    const mean = (a: number): number => 0.5 + 0.4 * (a === 1 ? Math.tanh(x) : -Math.tanh(x));
    reward[i] = mean(action[i]) + 0.1 * normal(luck);
    truth += (wanted * mean(1) + (1 - wanted) * mean(0)) / n;
  }
  return { rounds: { actions: 2, action, reward, propensity, features }, target, truth };
}

test('without features the ratio of an action is what the policy does of it over what was logged, without the fold', (t) => {
  // Fold 0 is rounds 0, 3, 6; the others hold Σπ(0) = 0.1 + 0.6 + 0.05 + 0.3 + 0.1 and no action 0 at all.
  const ratio = densityRatios(eight.rounds, eight.target);
  t.true(close(ratio[0], (1.15 + 0.5) / 0.5, 1e-9), String(ratio[0]));
  // Fold 1 is rounds 1, 4, 7, all action 1: Σπ(1) of the others is 0.5 + 0.3 + 0.25 + 0.3 + 0.1, and none logged.
  t.true(close(ratio[1], (1.45 + 0.5) / 0.5, 1e-9), String(ratio[1]));
  t.is(ratio[0], ratio[3]);
});

test('with the feature that served, the ratio is near the weights and the value near the truth, without propensities', (t) => {
  const { rounds, target, truth } = leaning(7, 6000);
  const wrong = { ...rounds, propensity: new Float64Array(6000).fill(0.5) };
  const blind = { ...wrong, features: new Float64Array(0) };
  const of = (log: LoggedRounds): number => valueOf(bips.perRound(termsOf(log, target), 1000));
  t.true(Math.abs(of(wrong) - truth) < 0.02, `${of(wrong)} against ${truth}`);
  t.true(Math.abs(of(blind) - truth) > 0.1, `${of(blind)} against ${truth}`);
  const ratio = densityRatios(rounds, target);
  const { weight } = termsOf(rounds, target);
  const off = ratio.map((r, i) => Math.log(r) - Math.log(weight[i])).sort();
  t.true(Math.abs(off[3000]) < 0.1, `median log error ${off[3000]}`);
});

test('rewards play no part in the ratio, and a policy that is what was logged gets the logged mean', (t) => {
  const { rounds } = leaning(3, 900);
  const same = new Float64Array(1800);
  for (let i = 0; i < 900; i++) same[2 * i + rounds.action[i]] = 1;
  const ratio = densityRatios({ ...rounds, features: new Float64Array(0) }, same);
  const mean = rounds.reward.reduce((a, b) => a + b) / 900;
  t.true(ratio.every((r) => Math.abs(r - 1) < 1e-9));
  const world = { rounds: { ...rounds, features: new Float64Array(0) }, target: same, guesses: new Float64Array(1800) };
  t.true(close(value('bips', world), mean));
  t.deepEqual(densityRatios({ ...rounds, reward: new Float64Array(900) }, same), densityRatios(rounds, same));
});

test('classes that a feature separates stay finite', (t) => {
  const n = 90;
  const action = Int32Array.from({ length: n }, (_, i) => (i < 45 ? 0 : 1));
  const rounds: LoggedRounds = {
    actions: 2,
    action,
    reward: new Float64Array(n).fill(1),
    propensity: new Float64Array(n).fill(0.5),
    features: Float64Array.from(action, (a) => a),
  };
  const target = Float64Array.from({ length: 2 * n }, (_, at) => (at % 2 === 1 - action[at >> 1] ? 1 : 0));
  const ratio = densityRatios(rounds, target);
  t.true(ratio.every((r) => Number.isFinite(r) && r > 0 && r < 0.1));
});
