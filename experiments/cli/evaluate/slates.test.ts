import test from 'ava';
import { csv as file, ran } from '../_ran.test.js';

/** The command `evaluate slates` from the outside. Serial, because it writes to stdout. */

const run = (...args: string[]): ReturnType<typeof ran> => ran('evaluate', 'slates', ...args);

/** The published three slates, their rows and positions as some log may have them. */
const HEADER = ['s', 'k', 'r', 'mu', 'pi', 'q', 'v', 'mu_all', 'pi_all'];
const ROWS = [
  ['b', 2, 1, 0.6, 0.2, 0.6, 0.3 * 0.8 + 0.6 * 0.2, 0.3, 0.15],
  ['a', 1, 1, 0.5, 0.25, 0.6, 0.6 * 0.25 + 0.3 * 0.75, 0.2, 0.2],
  ['a', 2, 0.2, 0.4, 0.8, 0.5, 0.2 * 0.2 + 0.5 * 0.8, 0.2, 0.2],
  ['c', 1, 0.3, 0.8, 0.6, 0.5, 0.5 * 0.6 + 0.1 * 0.4, 0.24, 0.36],
  ['c', 2, 0.9, 0.3, 0.6, 0.9, 0.9 * 0.6 + 0.4 * 0.4, 0.24, 0.36],
  ['b', 1, 0.5, 0.5, 0.75, 0.7, 0.4 * 0.25 + 0.7 * 0.75, 0.3, 0.15],
];
const NAMED = ['--slate', 's', '--position', 'k', '--reward', 'r'];
const SLOTS = [...NAMED, '--propensity', 'mu', '--policy', 'pi'];

test.serial('the published slates: every value, from probabilities of slots and of slates', async (t) => {
  const path = file('slates.csv', [HEADER, ...ROWS]);
  const { code, out, err } = await run(path, ...SLOTS, '--guess', 'q', '--direct', 'v', '--json');
  t.is(code, 0, err);
  const { estimates, diagnostics, verdict, reasons } = JSON.parse(out);
  const published: Record<string, number> = {
    sips: 1.2500000000000002,
    iips: 1.3361111111111112,
    rips: 1.175,
    snSips: 1.2500000000000002,
    snIips: 1.1209790209790211,
    snRips: 1.21969696969697,
    cascadeDr: 0.7583333333333333,
    pseudoInverse: 1.7166666666666668,
  };
  for (const [key, value] of Object.entries(published))
    t.true(Math.abs(estimates[key].value - value) < 1e-12, `${key} ${estimates[key].value}`);
  const [low, high] = estimates.pseudoInverse.interval;
  t.true(Math.abs(low - 1.22885826934) < 1e-10 && Math.abs(high - 2.204475064) < 1e-9);
  t.is(estimates.sips.method, 'delta 95%');
  t.is(diagnostics.rounds, 3);
  t.is(verdict, 'weak');
  t.true(reasons.length > 0);
  const whole = await run(path, ...NAMED, '--slate-propensity', 'mu_all', '--slate-policy', 'pi_all', '--json');
  t.deepEqual(Object.keys(JSON.parse(whole.out).estimates), ['sips', 'snSips']);
  t.true(Math.abs(JSON.parse(whole.out).estimates.sips.value - 1.25) < 1e-12);
});

test.serial('a table in words, with the bootstrap beside it', async (t) => {
  const path = file('words.csv', [HEADER, ...ROWS]);
  const { code, out } = await run(path, ...SLOTS, '--estimators', 'iips,snIips', '--replicates', '200');
  t.is(code, 0);
  t.regex(out, /^estimator +value +standard error +interval +method +bootstrap/);
  t.regex(out, /snIips +1\.12098 .*delta 95%/);
  t.regex(out, /slates 3, effective sample size/);
  t.regex(out, /WEAK\n +– iips, snIips: The effective sample size is/);
});

test.serial('bad rows are named with exit 1, wrong use with exit 2', async (t) => {
  const bad: [string, (string | number)[], RegExp][] = [
    [
      'propensity',
      ['d', 1, 1, 0, 0.2, 1, 1, 1, 1],
      /Row 6 \(line 8\): propensity 0 is not in \(0, 1\] \(--propensity, column 'mu'\)/,
    ],
    ['policy', ['d', 1, 1, 0.5, 1.2, 1, 1, 1, 1], /Row 6 \(line 8\): probability 1\.2 is not in \[0, 1\]/],
    [
      'reward',
      ['d', 1, 'much', 0.5, 0.2, 1, 1, 1, 1],
      /Row 6 \(line 8\): --reward 'much' in column 'r' is not a finite number/,
    ],
    ['position', ['d', 1.5, 1, 0.5, 0.2, 1, 1, 1, 1], /position 1\.5 is not a whole number/],
    ['twice', ['c', 1, 1, 0.5, 0.2, 1, 1, 1, 1], /Row 6: another row of slate 'c' has its position/],
    ['nameless', ['', 1, 1, 0.5, 0.2, 1, 1, 1, 1], /--slate: column 's' is empty/],
  ];
  for (const [name, row, said] of bad) {
    const path = file(`${name}.csv`, [HEADER, ...ROWS, row]);
    const { code, out, err } = await run(path, ...SLOTS, '--json');
    t.is(code, 1, name);
    t.regex(err, said);
    const { estimates, diagnostics, verdict } = JSON.parse(out);
    t.is(verdict, 'unsupported');
    t.is(estimates.sips.value, null);
    t.deepEqual(diagnostics.offendingRows, [6]);
  }
  const path = file('fine.csv', [HEADER, ...ROWS]);
  const wrong: [string[], RegExp][] = [
    [[path, ...NAMED], /expected columns that an estimator can use/],
    [[path, ...SLOTS, '--estimators', 'iisp'], /No slate estimator called 'iisp'\. Did you mean 'iips'/],
    [[path, ...SLOTS, '--guess', 'q'], /--guess: expected --direct with it/],
    [
      [path, ...NAMED, '--propensity', 'mo', '--policy', 'pi'],
      /--propensity: no column called 'mo'\. Did you mean 'mu'/,
    ],
    [[path, ...SLOTS, '--estimators', 'positionBased'], /positionBased: expected probabilities of the row's item/],
    [['/none.csv', ...SLOTS], /expected a file, received/],
    [[path, ...SLOTS, '--level', '2'], /--level: expected a number between 0\.5 and 1/],
  ];
  for (const [args, said] of wrong) {
    const { code, err } = await run(...args);
    t.is(code, 2, args.join(' '));
    t.regex(err, said);
  }
});
