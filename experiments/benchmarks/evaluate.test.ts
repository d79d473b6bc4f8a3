import test from 'ava';
import { benchEvaluate } from './evaluate.js';

test('the evaluation benchmark measures what it says, and agrees with NumPy where there is one', (t) => {
  const sizes = { rounds: 3000, actions: 4, replicates: 50, resampled: 1000, rows: 2000, repeats: 2 };
  const { measured, notes, difference } = benchEvaluate(sizes);
  for (const { what, seconds } of measured) t.true(Number.isFinite(seconds) && seconds >= 0, what);
  t.is(measured.filter(({ what }) => what.startsWith('the command')).length, 2);
  if (difference === undefined) t.log(notes[0]);
  else t.true(difference < 1e-9, `differs by ${difference}`);
});
