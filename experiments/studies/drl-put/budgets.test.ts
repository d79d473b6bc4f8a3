import test from 'ava';
import { budgets } from './budgets.js';

test('a split of users is biased where budgets are shared; a budget per arm and a switchback are not', async (t) => {
  const settings = { replications: 4, users: 800, days: 4 };
  const { tables, failures } = await budgets.run({ data: undefined, seed: 1, settings });
  t.is(tables.length, 3);
  const bias = (market: number, design: string): number =>
    Number(tables[market].rows.find(([name]) => name === design)?.[2]);
  t.true(bias(1, 'user split') < -0.006, String(bias(1, 'user split')));
  t.true(Math.abs(bias(1, 'budget split')) < 0.006, String(bias(1, 'budget split')));
  t.true(Math.abs(bias(1, 'switchback')) < 0.006, String(bias(1, 'switchback')));
  t.true(Math.abs(bias(0, 'user split')) < 0.006, String(bias(0, 'user split')));
  t.deepEqual(
    failures.filter((text) => text.startsWith('shared budgets, user split')),
    [],
  );
});
