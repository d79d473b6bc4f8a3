import test from 'ava';
import { compileReward } from '../reward-models/formula.js';
import { rewardLine } from './reward.js';

const names = ['watch10s', 'like', 'hide', 'dwellSeconds'];

test('a linear reward as constant and weights, by hand', async (t) => {
  const reward = await compileReward('1 + watch10s - 2 * hide + dwellSeconds / 4', names);
  const line = rewardLine(reward, names);
  t.is(line?.constant, 1);
  t.deepEqual(line?.weights, Float64Array.of(1, 0, -2, 0.25));
  const values = [1, 1, 1, 10];
  const sum = values.reduce((total, value, h) => total + (line?.weights[h] ?? NaN) * value, line?.constant ?? NaN);
  t.is(sum, 2.5);
  t.is(reward.evaluateRow(values), 2.5);
});

test('no reward is the main outcome; other forms have no line', async (t) => {
  t.deepEqual(rewardLine(undefined, names), { constant: 0, weights: Float64Array.of(1, 0, 0, 0) });
  t.is(rewardLine(await compileReward('watch10s * dwellSeconds', names), names), undefined);
});
