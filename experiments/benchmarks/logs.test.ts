import test from 'ava';
import { benchLogs } from './logs.js';

test('the log benchmark measures what it says', async (t) => {
  const result = await benchLogs({ rows: 5000 });
  t.is(result.rows, 5000);
  for (const [name, value] of Object.entries(result)) t.true(Number.isFinite(value) && value >= 0, name);
  t.true(result.importRowsPerSecond > 1000);
});
