import test from 'ava';
import { benchAdUtility } from './ad-utility.js';

test('the benchmark of utility tuning measures what it says', (t) => {
  const { columns, rows } = benchAdUtility({ rows: 9000, repeats: 1 });
  const [, seconds, rate] = rows[0].map(Number);
  t.is(rows[0].length, columns.length);
  t.true(seconds > 0 && Math.abs(seconds * rate - 1e6) < 0.02 * 1e6, `${seconds} ${rate}`);
});
