import test from 'ava';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { normal } from '../../../core/distributions.js';
import { stream } from '../../../core/random.js';
import { switchbackPlan } from '../../ab/switchback/plan.js';
import { ran } from '../_ran.test.js';

/** The command `ab switchback` from the outside. Serial, because it writes to stdout. */

const dir = mkdtempSync(join(tmpdir(), 'recsys-gym-switchback-'));

const run = (...args: string[]): ReturnType<typeof ran> => ran('ab', 'switchback', ...args);

function file(name: string, rows: readonly string[]): string {
  const path = join(dir, name);
  writeFileSync(path, `${rows.join('\n')}\n`);
  return path;
}

const COLUMNS = ['--time', 'hour', '--treated', 'on', '--metric', 'orders'];

interface Told {
  readonly places: number;
  readonly periods: number;
  readonly windows: number;
  readonly estimates: Record<
    'horvitzThompson' | 'hajek' | 'washout',
    { difference: number; interval: [number, number] }
  >;
  readonly randomisation: { readonly pValue: number };
  readonly remarks: readonly string[];
}

test.serial('four periods by hand', async (t) => {
  const rows = ['1,1,9', '2,1,5', '3,0,7', '4,0,2', '5,0,4', '6,1,8', '7,1,6'];
  const path = file('hand.csv', ['hour,on,orders', ...rows]);
  const { code, out } = await run(path, ...COLUMNS, '--carry-over', '1', '--json');
  t.is(code, 0);
  const { estimates, windows, periods } = JSON.parse(out) as Told;
  // Clean after one period: 5 and 6 treated, 2 and 4 not.
  t.true(Math.abs(estimates.hajek.difference - (5.5 - 3)) < 1e-12);
  t.true(Math.abs(estimates.horvitzThompson.difference - (4 * (5 + 6 - 2 - 4)) / 6) < 1e-12);
  t.deepEqual([windows, periods], [7, 7]);
});

test.serial('a planted effect in two cities, out of order, with several rows per hour', async (t) => {
  const luck = stream(8);
  const rows = ['north', 'south'].flatMap((city) => {
    const { treated, window } = switchbackPlan(240, { kind: 'regular', length: 4 }, luck);
    return Array.from(treated, (on, hour) => {
      const before = hour > 0 ? treated[hour - 1] : 0;
      const orders = 50 + 3 * on + 2 * before + normal(luck);
      const name = on === 1 ? 'new' : 'old';
      const at = `2024-03-${String(1 + Math.floor(hour / 24)).padStart(2, '0')}T${String(hour % 24).padStart(2, '0')}:00`;
      return [-1, 1].map((apart) => `${at},${name},${orders + apart},${city},${window[hour]}`);
    }).flat();
  });
  const shuffled = rows.map((row) => [luck.next(), row] as const).sort(([a], [b]) => a - b);
  const path = file('cities.csv', ['hour,on,orders,city,window', ...shuffled.map(([, row]) => row)]);
  const { code, out, err } = await run(
    path,
    ...COLUMNS,
    '--control',
    'old',
    '--unit',
    'city',
    '--window',
    'window',
    '--json',
  );
  t.is(code, 0, err);
  const { places, periods, windows, estimates, randomisation, remarks } = JSON.parse(out) as Told;
  t.deepEqual([places, periods, windows], [2, 480, 120]);
  for (const key of ['hajek', 'washout'] as const) {
    t.true(Math.abs(estimates[key].difference - 5) < 0.6, `${key}: ${estimates[key].difference}`);
    t.true(estimates[key].interval[0] > 0);
  }
  t.is(randomisation.pValue, 0.001);
  t.deepEqual(remarks, []);
});

test.serial('what looks odd is said: gaps, and windows that were longer', async (t) => {
  const { treated } = switchbackPlan(80, { kind: 'regular', length: 4 }, stream(3));
  const rows = Array.from(treated, (on, hour) => `${hour < 40 ? hour : hour + 5},${on},${hour % 7}`);
  const { code, out } = await run(file('odd.csv', ['hour,on,orders', ...rows]), ...COLUMNS);
  t.is(code, 0);
  t.regex(out, /Periods are missing in 1 place/);
  t.regex(out, /Treatment only changes every 4 periods, but windows are at most 1/);
  t.regex(out, /washout, by windows/);
});

test.serial('rows that cannot be used, and wrong use', async (t) => {
  const bad = await run(
    file('bad.csv', ['hour,on,orders', '1,1,2', '1,0,3', 'x,1,1', '2,maybe,1', '3,0,much']),
    ...COLUMNS,
  );
  t.is(bad.code, 1);
  for (const said of [
    /both treated and not/,
    /hour 'x' is neither a number nor a time/,
    /on 'maybe' is neither 1 nor 0; name the control with --control/,
    /orders 'much' is not a finite number/,
  ])
    t.regex(bad.err, said);
  const told = await run(file('bad.csv', ['hour,on,orders', '1,1,2', 'x,0,3']), ...COLUMNS, '--json');
  t.is((JSON.parse(told.out) as { verdict: string }).verdict, 'unsupported');
  const inside = await run(
    file('inside.csv', ['hour,on,orders', '1,1,2', '2,0,3']),
    ...COLUMNS,
    '--window-length',
    '2',
  );
  t.is(inside.code, 1);
  t.regex(inside.err, /treatment changes inside a window/);
  const few = await run(file('few.csv', ['hour,on,orders', '1,1,2', '2,0,3', '3,0,1']), ...COLUMNS);
  t.is(few.code, 1);
  t.regex(few.err, /two windows of each arm that outlast the carry-over/);
  for (const [args, said] of [
    [['nowhere.csv', ...COLUMNS], /nowhere\.csv: expected a file/],
    [
      [file('ok.csv', ['hour,on,orders', '1,1,2']), '--time', 'hours', '--treated', 'on', '--metric', 'orders'],
      /Did you mean 'hour'/,
    ],
    [['x', ...COLUMNS, '--window-length', '0'], /--window-length: expected a whole number/],
    [['x', ...COLUMNS, '--window', 'w', '--window-length', '2'], /received both/],
  ] as const) {
    const { code, err } = await run(...args);
    t.is(code, 2, args.join(' '));
    t.regex(err, said);
  }
});
