import test from 'ava';
import { benchLanguage } from './language.js';

test('the benchmark of the language model prints speeds, and why a peer is missing', async (t) => {
  const size = { vocabulary: 40, width: 8, depth: 1, heads: 2, context: 8, tied: true, batch: 2, places: 8 };
  const { ours, sampling, kto, hpo, torch, rows, columns, notes } = await benchLanguage({
    size,
    rounds: 1,
    seconds: 0.01,
  });
  t.true([ours, sampling, kto, hpo].every((speed) => speed > 0));
  t.true(rows.every((row) => row.length === columns.length));
  const told = notes.join('\n');
  t.regex(told, torch === undefined ? /PyTorch skipped: ./ : /PyTorch \d+\.\d+.*: Adam/);
  t.regex(told, /steps of 2 × 8 tokens/);
});
