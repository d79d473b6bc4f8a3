import test from 'ava';
import { stream } from '../../core/random.js';
import { startBackend } from '../../core/tensor/backend.js';
import { memoryHeld } from '../../logs/sample.test.helper.js';
import { sliceColumns, type LogColumns } from '../../logs/store/fields.js';
import { importanceWeighted } from './importance-weighted.js';
import { luckyToy } from './toy.test.helper.js';

// A file of its own, so that it runs in a thread of its own.
test('memory stays flat while 1,000,000 rows are learned from, piece by piece', async (t) => {
  await startBackend(process.env['RECSYS_GYM_BACKEND']);
  const { log } = luckyToy([[0.2, 0.5, 0.1, 0.3]], 4096);
  const pieces = 244;
  const grown: number[] = [];
  const start = memoryHeld();
  function* open(): Generator<LogColumns> {
    for (let i = 0; i < pieces; i++) {
      grown.push(memoryHeld() - start);
      yield sliceColumns(log, 0, log.rows);
    }
  }
  const learned = await importanceWeighted.stream({
    head: { ...log, name: 'many', rows: pieces * log.rows },
    open,
    reward: ({ outcomes: [reward] }, out) => out.set(reward),
    settings: { ...importanceWeighted.defaults, hidden: [8], epochs: 1, batch: 4096, dropout: 0 },
    random: stream(1),
  });
  t.is(learned.curve.length, 2);
  t.is(grown.length, 2 * pieces);
  // The rows with two features, a reward, a propensity and an action would take 1,000,000 × 28 bytes = 28 MB each pass.
  const tenth = Math.max(...grown.slice(0, pieces + pieces / 10));
  const peak = Math.max(...grown);
  t.log(`grew to ${tenth.toFixed(0)} MB by the first tenth of the learning pass, to ${peak.toFixed(0)} MB in all`);
  t.true(peak - tenth < 20, `grew from ${tenth.toFixed(0)} to ${peak.toFixed(0)} MB`);
});
