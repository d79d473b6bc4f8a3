import test from 'ava';
import { peeking } from './peeking.js';
import { playedTest, RULES } from './rules.js';

interface Row {
  readonly rule: string;
  readonly falseAlarms: number;
  readonly power: number;
  readonly days: number;
}

const run = async (settings: Partial<Record<'tests' | 'days' | 'units' | 'drift', number>>, seed = 1) => {
  const result = await peeking.run({
    data: undefined,
    seed,
    settings: { tests: 150, days: 10, units: 40, drift: 3.5, ...settings },
  });
  return { ...result, rows: result.numbers as readonly Row[] };
};

test('a small study: the same seed, the same figures; daily peeking never finds less than one look', async (t) => {
  const [first, again, other] = [await run({}), await run({}), await run({}, 2)];
  t.deepEqual(first.rows, again.rows);
  t.notDeepEqual(first.rows, other.rows);
  t.is(first.tables.length, 2);
  t.is(first.tables[0].rows.length, RULES.length);
  const [once, daily] = first.rows;
  t.true(daily.falseAlarms >= once.falseAlarms && daily.power >= once.power && daily.days <= once.days);
});

test('one day: peeking is the one look, and the score says that it is not broken enough', async (t) => {
  const { rows, failures } = await run({ days: 1 });
  t.is(rows[0].falseAlarms, rows[1].falseAlarms);
  t.true(failures.some((text) => /peeking every day: expected surely above 10.0 %/.test(text)));
});

test('an overwhelming effect is found by every rule', async (t) => {
  const { rows } = await run({ tests: 20, drift: 10, units: 200 });
  for (const { power } of rows) t.is(power, 1);
});

test('arms alike in every unit never raise an alarm; arms that share nothing do, on the first day that may', (t) => {
  const units = [50, 100, 150];
  const [zeros, ones] = [new Float64Array(150), new Float64Array(150).fill(1)];
  // One unit differs, so that there is a variance.
  const [low, high] = [zeros.with(0, 1), ones.with(0, 0)];
  const plan = { units, tau2: 0.01 };
  for (const rule of RULES) {
    const firstAlarm = rule.plan(plan);
    t.is(firstAlarm(playedTest(low, low, units)), -1, rule.name);
    t.is(firstAlarm(playedTest(zeros, zeros, units)), -1, rule.name);
    t.is(firstAlarm(playedTest(low, high, units)), rule.name.endsWith('end') ? 2 : 0, rule.name);
  }
});
