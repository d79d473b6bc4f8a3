import test from 'ava';
import { benchAdUtility } from './ad-utility.js';

test('the benchmark of utility tuning measures what it says', async (t) => {
  const { columns, rows } = await benchAdUtility({ rows: 9000, repeats: 1 });
  t.is(rows.length, 3);
  for (const row of rows) {
    const [, seconds, rate] = row.map(Number);
    t.is(row.length, columns.length);
    t.true(seconds > 0 && Math.abs(seconds * rate - 1e6) < 0.02 * 1e6, `${seconds} ${rate}`);
  }
});
