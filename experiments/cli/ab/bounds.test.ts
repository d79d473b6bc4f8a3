import test from 'ava';
import { ran } from '../_ran.test.js';

/** The command `ab bounds` from the outside. Serial, because it writes to stdout. */
const run = (...args: string[]): ReturnType<typeof ran> => ran('ab', 'bounds', ...args);

const close = (a: number, b: number, tolerance: number): boolean => Math.abs(a - b) <= tolerance;

test.serial('bounds, error and stops of five looks', async (t) => {
  const { code, out } = await run('--looks', '5', '--json');
  t.is(code, 0);
  const { looks, size, effect } = JSON.parse(out) as {
    looks: { at: number; z: number; spent: number; stopUnderNone: number }[];
    size: { inflation: number };
    effect?: unknown;
  };
  const published = [4.8769, 3.357, 2.6803, 2.2898, 2.031];
  looks.forEach(({ at, z }, k) => t.true(close(at, (k + 1) / 5, 1e-12) && close(z, published[k], 6e-5)));
  t.true(close(looks[4].spent, 0.05, 1e-12));
  t.true(
    close(
      looks.reduce((sum, look) => sum + look.stopUnderNone, 0),
      0.05,
      1e-9,
    ),
  );
  t.true(size.inflation > 1.02 && size.inflation < 1.04);
  t.is(effect, undefined);
});

test.serial('an effect: one look has the textbook power; a harmful effect counts on its own side', async (t) => {
  const flags = ['--looks', '1', '--sd', '1', '--units', '1570', '--json'];
  for (const effect of ['0.1', '-0.1']) {
    const { out } = await run('--effect', effect, ...flags);
    const answer = JSON.parse(out) as { effect: { power: number; expectedUnitsPerArm: number } };
    t.true(close(answer.effect.power, 0.8, 1e-3));
    t.is(answer.effect.expectedUnitsPerArm, 1570);
  }
});

test.serial('for people, with looks at times of their own', async (t) => {
  const { code, out } = await run('--at', '0.01,0.5,1', '--effect', '0.1', '--sd', '1', '--units', '2000');
  t.is(code, 0);
  // Nothing may be spent at 1 %.
  t.regex(out, /1 {2}0\.01 +—/);
  t.regex(out, /An effect of 0\.1 is found with power 0\.8/);
});

test.serial('wrong use: exit code 2 and what to try', async (t) => {
  for (const [flags, said] of [
    [['--effect', '0.1'], /--sd and --units together/],
    [['--looks', '0'], /--looks: expected a whole number from 1 to 200/],
    [['--at', '0.5,x'], /ascending information fractions/],
    [['--spending', 'pococ'], /Did you mean 'pocock'/],
  ] as const) {
    const { code, err } = await run(...flags);
    t.is(code, 2);
    t.regex(err, said);
  }
});
