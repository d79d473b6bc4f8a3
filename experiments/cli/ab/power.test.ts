import test from 'ava';
import { ran } from '../_ran.test.js';

/** The command `ab power` from the outside. Serial, because it writes to stdout. */
const run = (...args: string[]): ReturnType<typeof ran> => ran('ab', 'power', ...args);

interface Answer {
  readonly effect: number;
  readonly needed: Record<string, { units: { total: number }; expectedUnits: number; days: number | null }>;
  readonly byDay: {
    day: number;
    units: number;
    power: Record<string, number>;
    smallestEffect: Record<string, number>;
  }[];
}

async function json(...args: string[]): Promise<Answer> {
  const { code, out, err } = await run(...args, '--json');
  if (code !== 0) throw new Error(err);
  return JSON.parse(out) as Answer;
}

test.serial('10 % to 12 %: textbook units, and the day on which they are there', async (t) => {
  const { needed, byDay, effect } = await json(
    'proportions',
    '--baseline',
    '0.1',
    '--effect',
    '20%',
    '--units-per-day',
    '1000',
  );
  t.true(Math.abs(effect - 0.02) < 1e-15);
  t.is(needed['fixed'].units.total, 7678);
  t.is(needed['fixed'].days, 8);
  t.true(needed['groupSequential'].expectedUnits < needed['fixed'].units.total);
  t.true((needed['alwaysValid'].days ?? 0) > 8);
  t.deepEqual(
    byDay.map(({ day }) => day),
    [1, 2, 3, 5, 7, 10, 14, 21, 28],
  );
  // The table crosses 80 % where the answer says so.
  for (const { day, power, smallestEffect } of byDay) {
    t.is(power['fixed'] >= 0.8, day >= 8);
    t.is(power['alwaysValid'] >= 0.8, day >= (needed['alwaysValid'].days ?? 0));
    t.is(smallestEffect['fixed'] <= effect, day >= 8);
  }
});

test.serial('what changes the units, changes them by its factor', async (t) => {
  const base = ['means', '--sd', '10', '--effect', '1'];
  const fixed = async (...more: string[]): Promise<number> =>
    (await json(...base, ...more)).needed['fixed'].units.total;
  const plain = await fixed();
  t.true(Math.abs((await fixed('--cuped', '0.6')) / plain - 0.64) < 1e-3);
  t.true(Math.abs((await fixed('--cluster-size', '11', '--icc', '0.1')) / plain - 2) < 1e-3);
  t.true((await fixed('--one-sided')) < plain && (await fixed('--comparisons', '3')) > plain);
  // One-sided and non-inferiority tests have no always-valid form here.
  t.deepEqual(Object.keys((await json(...base, '--margin', '0.5')).needed), ['fixed', 'groupSequential']);
  const { needed } = await json('switchback', '--sd', '1', '--window', '4', '--effect', '0.5', '--units-per-day', '24');
  // Windows: 2 · 7.84888 · (1/4)/0.25 = 15.7 per arm, six a day.
  t.deepEqual([needed['fixed'].units.total, needed['fixed'].days], [32, 6]);
});

test.serial('interleaving and splits', async (t) => {
  const queries = await run('interleaving', '--share', '0.55', '--ties', '0.5', '--units-per-day', '500', '--json');
  const told = JSON.parse(queries.out) as { queries: number; days: number };
  t.deepEqual([told.queries, told.days], [1640, 4]);
  const split = await run('split', '--planned', '0.5,0.5', '--actual', '0.5,0.5', '--json');
  t.is((JSON.parse(split.out) as { units: number | null }).units, null);
  t.regex(
    (await run('split', '--actual', '0.48,0.52', '--units-per-day', '500')).out,
    /notices this split with power 0\.8/,
  );
});

test.serial('for people', async (t) => {
  const { code, out } = await run(
    'means',
    '--baseline',
    '20',
    '--sd',
    '60',
    '--effect',
    '5%',
    '--units-per-day',
    '5000',
  );
  t.is(code, 0);
  t.regex(out, /An effect of 1 \(5 %\) is found with power 0\.8 by/);
  t.regex(out, /one look +56512 +56512 +113024/);
  t.regex(
    (await run('interleaving', '--share', '0.52')).out,
    /A share of 0\.52 is found with power 0\.8 by 4984 queries\./,
  );
});

test.serial('wrong use: exit code 2 and what is missing', async (t) => {
  for (const [args, said] of [
    [['proportions'], /--baseline with a number, received none/],
    [['means', '--sd', '1', '--effect', 'much'], /--effect: expected a difference such as 0\.02/],
    [['means', '--sd', '1', '--effect', '2%'], /--baseline to take a percentage of/],
    [['proportions', '--baseline', '0.9', '--effect', '0.2'], /an effect between -0\.9/],
    [['means', '--sd', '1', '--power', '1'], /--power: expected a number in \(0, 1\)/],
    [['ratio', '--sd', '1', '--relative'], /--relative: expected means/],
    [['split'], /--actual with the real shares/],
    [['median'], /median/],
  ] as const) {
    const { code, err } = await run(...args);
    t.is(code, 2, args.join(' '));
    t.regex(err, said);
  }
});
