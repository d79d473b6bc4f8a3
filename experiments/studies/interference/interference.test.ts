import test from 'ava';
import { interference } from './interference.js';

test('a split of users is biased exactly where something is shared; a pool per arm is not', async (t) => {
  const settings = { replications: 6, users: 1500, days: 6 };
  const { tables, failures } = await interference.run({ data: undefined, seed: 1, settings });
  t.is(tables.length, 4);
  const bias = (market: number, design: string): number =>
    Number(tables[market].rows.find(([name]) => name === design)?.[2]);
  for (const market of [1, 2]) {
    t.true(bias(market, 'user split') > 0.02, String(bias(market, 'user split')));
    t.true(Math.abs(bias(market, 'budget split')) < 0.01, String(bias(market, 'budget split')));
  }
  t.true(Math.abs(bias(0, 'user split')) < 0.01);
  // With so few users a share of the stock is a handful of sales, and with so few tests what is learned is noise.
  t.deepEqual(
    failures.filter((text) => text.startsWith('shared budgets') || text.startsWith('nothing')),
    [],
  );
});
