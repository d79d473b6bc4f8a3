import test from 'ava';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { normal } from '../../../core/distributions.js';
import { stream } from '../../../core/random.js';
import { parseReport } from '../../report/document.js';
import { ran } from '../_ran.test.js';

/** The command `ab analyze` from the outside: what it prints, and its exit code. Serial, because it writes to stdout. */

const dir = mkdtempSync(join(tmpdir(), 'recsys-gym-ab-'));

const run = (...args: string[]): ReturnType<typeof ran> => ran('ab', 'analyze', ...args);

function file(name: string, rows: readonly string[]): string {
  const path = join(dir, name);
  writeFileSync(path, `${rows.join('\n')}\n`);
  return path;
}

/** n numbers with the given sum and sum of squares: half below their mean, the others above it. */
function withSums(n: number, sum: number, squares: number): number[] {
  const low = Math.floor(n / 2);
  const deviation = Math.sqrt(squares / n - (sum / n) ** 2);
  return Array.from({ length: n }, (_, i) =>
    i < low ? sum / n - deviation * Math.sqrt((n - low) / low) : sum / n + deviation * Math.sqrt(low / (n - low)),
  );
}

const shares = (k: number, n: number): number[] => Array.from({ length: n }, (_, i) => (i < k ? 1 : 0));
const arm = (name: string, values: readonly number[]): string[] => values.map((value) => `${name},${value}`);
const ARMS = ['--arm', 'arm', '--control', 'A'];
const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.abs(b);

/** gbstats as published: difference, interval, p; relative, interval, p. */
type Golden = readonly [name: string, metric: string, a: number[], b: number[], ...figures: number[]];
const spent = withSums(3461, 2422.7, 134698.29);
// prettier-ignore
const GOLDEN: readonly Golden[] = [
  ['3407', 'x', withSums(3407, 1396.87, 52377.9767), spent, 0.29, 0.04537789255929012, 0.5346221074407098, 0.020158402643587036, 0.7073170731707317, -0.03526008906611777, 1.449894235407581, 0.06191182745618362],
  ['3000', 'x', withSums(3000, 1396.87, 52377.9767), spent, 0.23437666666666668, -0.020137655346249617, 0.48889098867958297, 0.07108544979746045, 0.5033610858562358, -0.15024480398283102, 1.1569669756953027, 0.13116525736935492],
  ['14/28', 'x:proportion', shares(14, 28), shares(16, 30), 0.033333333333333326, -0.2296095491043773, 0.29627621577104396, 0.8004455444388894, 0.06666666666666665, -0.4776740282706786, 0.6110073616040119, 0.8070716832021887],
  ['1396/3000', 'x:proportion', shares(1396, 3000), shares(2422, 3461), 0.23446441298276027, 0.2109702711126937, 0.25795855485282687, 9.957708730885708e-83, 0.5038633516821496, 0.43748547201990234, 0.5702412313443967, 3.1434043605123264e-49],
  ['500/5000', 'x:proportion', shares(500, 5000), shares(560, 5000), 0.011999999999999997, -6.618503079661338e-05, 0.024066185030796605, 0.05126971741705155, 0.11999999999999997, -0.007745019440392992, 0.24774501944039293, 0.06559889387111317],
];

for (const [name, metric, a, b, ...figures] of GOLDEN) {
  test.serial(`a table with the sums of gbstats gives its figures: ${name}`, async (t) => {
    const path = file('golden.csv', ['arm,x', ...arm('B', b), ...arm('A', a)]);
    const { code, out } = await run(
      path,
      ...ARMS,
      '--metric',
      metric,
      '--planned',
      `A=${a.length},B=${b.length}`,
      '--json',
    );
    t.is(code, 0);
    const answer = JSON.parse(out);
    const { difference, interval, pValue, relative, relativeInterval, relativePValue } = answer.metrics.x.B;
    [difference, ...interval, pValue, relative, ...relativeInterval, relativePValue].forEach((received, i) =>
      t.true(near(received, figures[i]), `figure ${i}: ${received} against ${figures[i]}`),
    );
    t.true(near(answer.srm.p, 1));
    t.deepEqual(
      answer.arms.map((one: { units: number }) => one.units),
      [a.length, b.length],
    );
  });
}

test.serial('sample ratios: the published p, an alarm, and shares by name or in order', async (t) => {
  const path = file('split.csv', [
    'arm,x',
    ...arm('A', withSums(1000, 500, 400)),
    ...arm('B', withSums(1200, 600, 500)),
  ]);
  const equal = JSON.parse((await run(path, ...ARMS, '--metric', 'x', '--json')).out);
  t.true(near(equal.srm.p, 2.007865612426481e-5));
  t.true(equal.srm.alarm);
  t.is(equal.verdict, 'unsupported');
  t.regex(equal.reasons[0], /^The split is broken: units A 1000, B 1200/);
  for (const planned of ['10,12', 'B=12,A=10', '0.5,0.6']) {
    const { srm, verdict } = JSON.parse(
      (await run(path, ...ARMS, '--metric', 'x', '--planned', planned, '--json')).out,
    );
    t.true(near(srm.p, 1));
    t.is(verdict, 'supported');
  }
});

/** Days of units: user, arm, day, spend, orders, visit, before, country, team. */
function days(): string[] {
  const luck = stream(5);
  const rows = ['user,arm,day,spend,orders,visit,before,country,team'];
  for (let u = 0; u < 600; u++) {
    const team = u % 60;
    const given = team % 2 === 0 ? 'A' : 'B';
    const before = 5 + normal(luck);
    for (let d = 1; d <= 3; d++)
      rows.push(
        [
          `u${u}`,
          given,
          `2024-02-0${d}`,
          (before + 0.5 * normal(luck) + (given === 'B' ? 0.2 : 0)).toFixed(6),
          1 + Math.floor(3 * luck.next()),
          luck.next() < 0.3 ? 1 : 0,
          before.toFixed(6),
          u % 5 === 0 ? '' : u % 3 === 0 ? 'de' : 'fr',
          team,
        ].join(','),
      );
  }
  return rows;
}

const USERS = [...ARMS, '--unit', 'user', '--rows', 'sum'];

test.serial('everything at once: the JSON object, in shape and consistent', async (t) => {
  const path = file('days.csv', days());
  const report = join(dir, 'test.html');
  const metrics = [
    '--metric',
    'spend',
    '--metric',
    'visit:proportion',
    '--metric',
    'spend/orders:ratio',
    '--metric',
    'orders:quantile=0.5',
  ];
  const extras = [
    '--guardrail',
    'orders:mean:lower=0.1',
    '--covariate',
    'spend=before',
    '--day',
    'day',
    '--segment',
    'country',
  ];
  const { code, out, err } = await run(
    path,
    ...USERS,
    ...metrics,
    ...extras,
    '--sequential',
    '--report',
    report,
    '--json',
  );
  t.is(code, 0);
  const answer = JSON.parse(out);
  t.deepEqual(Object.keys(answer).slice(0, 5), ['arms', 'control', 'level', 'srm', 'metrics']);
  t.deepEqual(Object.keys(answer.metrics), ['spend', 'visit', 'spend/orders', 'orders', 'orders:mean']);
  const { spend } = answer.metrics;
  t.deepEqual(Object.keys(spend), ['B']);
  const { difference, interval, relative, relativeInterval, pValue, adjustedPValue, sequential, cuped } = spend.B;
  t.true(interval[0] < difference && difference < interval[1]);
  t.true(relativeInterval[0] < relative && relative < relativeInterval[1]);
  t.true(sequential.interval[0] < interval[0] && interval[1] < sequential.interval[1]);
  t.true(sequential.pValue > pValue && adjustedPValue >= pValue);
  t.true(cuped.varianceReduction > 0.8 && cuped.interval[1] - cuped.interval[0] < 0.5 * (interval[1] - interval[0]));
  t.is(answer.metrics['orders:mean'].B.guardrail, 'kept');
  t.deepEqual(
    answer.looks.map((look: { metric: string }) => look.metric),
    ['spend', 'visit', 'spend/orders', 'orders:mean'],
  );
  t.deepEqual(
    answer.looks[0].looks.map((look: { day: number }) => look.day),
    [19754, 19755, 19756],
  );
  t.deepEqual(answer.segments[0].rows.map((row: { segment: string }) => row.segment).sort(), ['(missing)', 'de', 'fr']);
  t.true(existsSync(report) && err.includes('test.html'));
  const document = parseReport(readFileSync(join(dir, 'report.json'), 'utf8'), 'report.json');
  t.is(document.abTests?.length, 1);
  t.false(JSON.stringify(document).includes(dir));
  t.true(readFileSync(report, 'utf8').includes('spend'));
});

test.serial('for people: a table, the sample ratio, the verdict in capitals', async (t) => {
  const path = file('days.csv', days());
  const { code, out } = await run(path, ...USERS, '--metric', 'spend', '--segment', 'country', '--day', 'day');
  t.is(code, 0);
  t.regex(out, /A \(control\) +300 +50 % +50 %/);
  t.regex(out, /sample ratio p = 1\n/);
  t.regex(out, /spend +B +1\d\.\d+ +1\d\.\d+ +0\.\d+ +\[-?\d/);
  t.regex(out, /by country; the same effect everywhere: p = /);
  t.regex(out, /3 looks; the always-valid band/);
  t.regex(out, /SUPPORTED|WEAK/);
});

test.serial('few units: rough by t, exact by permutation', async (t) => {
  const path = file('few.csv', ['arm,x', ...arm('A', [1, 2, 3]), ...arm('B', [4, 5, 6])]);
  const { out } = await run(path, ...ARMS, '--metric', 'x', '--permutations', '20', '--json');
  const { metrics, verdict, reasons } = JSON.parse(out);
  // Of the 20 splits of 1 … 6 only the seen one and its mirror are as extreme.
  t.is(metrics.x.B.permutationPValue, 0.1);
  t.true(metrics.x.B.pValue < 0.03);
  t.is(verdict, 'weak');
  t.regex(reasons[0], /^Fewer than 30 randomised units in A and B: the standard errors are rough; --permutations/);
  t.regex((await run(path, ...ARMS, '--metric', 'x', '--permutations', '20')).out, /permutation p/);
  const wrong = await run(path, ...ARMS, '--metric', 'x', '--permutations', '0.5');
  t.is(wrong.code, 2);
});

test.serial('sum and mean of rows; teams widen what users narrow', async (t) => {
  const path = file('days.csv', days());
  interface Told {
    readonly difference: number;
    readonly standardError: number;
  }
  const ask = async (...more: string[]): Promise<Told> => {
    const { out } = await run(path, ...ARMS, '--unit', 'user', '--metric', 'spend', '--json', ...more);
    return JSON.parse(out).metrics.spend.B as Told;
  };
  const sum = await ask('--rows', 'sum');
  const mean = await ask('--rows', 'mean');
  t.true(near(sum.difference, 3 * mean.difference));
  t.true(near(sum.standardError, 3 * mean.standardError));
  const withDays = await ask('--rows', 'mean', '--day', 'day');
  t.true(near(withDays.difference, mean.difference));
  const teams = await ask('--rows', 'sum', '--cluster', 'team');
  t.true(near(teams.difference, sum.difference));
  t.true(teams.standardError !== sum.standardError);
});

/** What cannot be used of a table: its rows, flags, and what is said with exit code 1. */
const BAD: readonly (readonly [name: string, rows: string[], flags: string[], said: RegExp])[] = [
  [
    'a cell that is no number',
    ['arm,x', 'A,1', 'B,2', 'A,NaN', 'B,4'],
    [],
    /Row 2 \(line 4\): x 'NaN' is not a finite number/,
  ],
  ['an empty cell', ['arm,x', 'A,1', 'B,2', 'A,', 'B,4'], [], /Row 2 \(line 4\): x nothing is not a finite number/],
  ['a missing arm', ['arm,x', 'A,1', 'B,2', ',3', 'B,4'], [], /Row 2 \(line 4\): arm is missing/],
  [
    'a metric of text',
    ['arm,x', 'A,red', 'B,blue', 'A,red'],
    [],
    /column 'x': expected numbers to make a metric of, received 'red' \(line 2\)/,
  ],
  [
    'a unit in two arms',
    ['arm,u,x', 'A,a,1', 'B,b,2', 'B,a,3'],
    ['--unit', 'u', '--rows', 'sum'],
    /Row 2 \(line 4\): unit 'a' has arm 'B' here and 'A' in row 0 \(line 2\)/,
  ],
  [
    'a cluster in two arms',
    ['arm,u,x', 'A,a,1', 'B,b,2', 'B,a,3'],
    ['--cluster', 'u'],
    /Row 2 \(line 4\): cluster 'a' has arm 'B' here and 'A' in row 0 \(line 2\)/,
  ],
  [
    'a unit twice',
    ['arm,u,x', 'A,a,1', 'B,b,2', 'A,a,3'],
    ['--unit', 'u'],
    /Row 2 \(line 4\): unit 'a' was in row 0 already; say with --rows/,
  ],
  [
    'a covariate that changes',
    ['arm,u,x,c', 'A,a,1,1', 'B,b,2,1', 'A,a,3,2'],
    ['--unit', 'u', '--rows', 'sum', '--covariate', 'c'],
    /unit 'a' has c 2 here and 1 in row 0/,
  ],
  [
    'a day that is none',
    ['arm,d,x', 'A,1,1', 'B,soon,2', 'A,3,3'],
    ['--day', 'd'],
    /Row 1 \(line 3\): d 'soon' is neither a whole number nor a date/,
  ],
  [
    'a row that breaks off',
    ['arm,x', 'A,1', 'B', 'A,3', 'B,2'],
    [],
    /Row 1 \(line 3\): 1 fields where the header has 2/,
  ],
  ['no rows', ['arm,x'], [], /expected rows below the header, received none/],
];

for (const [name, rows, flags, said] of BAD) {
  test.serial(`bad data: ${name}: exit 1, the row named, nothing but reasons in JSON`, async (t) => {
    const path = file('bad.csv', rows);
    const plain = await run(path, ...ARMS, '--metric', 'x', ...flags);
    t.is(plain.code, 1);
    t.is(plain.out, '');
    t.regex(plain.err, said);
    const json = await run(path, ...ARMS, '--metric', 'x', ...flags, '--json');
    t.is(json.code, 1);
    const { verdict, reasons, metrics } = JSON.parse(json.out);
    t.is(verdict, 'unsupported');
    t.regex(reasons[0], said);
    t.deepEqual(metrics, {});
  });
}

test.serial('many bad rows: twenty are told, the others counted', async (t) => {
  const path = file('many.csv', ['arm,x', 'A,1', ...Array.from({ length: 50 }, () => 'B,x')]);
  const { code, out } = await run(path, ...ARMS, '--metric', 'x', '--json');
  t.is(code, 1);
  const { reasons } = JSON.parse(out);
  t.is(reasons.length, 21);
  t.regex(reasons[20], /And 30 more rows/);
});

test.serial('wrong use is exit 2 and says what to try', async (t) => {
  const path = file('use.csv', ['arm,x,y', 'A,1,1', 'B,2,2', 'A,3,3', 'B,5,5']);
  const cases: readonly (readonly [string[], RegExp])[] = [
    [['--arm', 'arms', '--control', 'A', '--metric', 'x'], /no column called 'arms'\. Did you mean 'arm'/],
    [['--arm', 'arm', '--control', 'C', '--metric', 'x'], /--control: no arm called 'C' in column 'arm'/],
    [[...ARMS, '--metric', 'z'], /no column called 'z'/],
    [[...ARMS, '--metric', 'x:quantil=0.9'], /--metric x:quantil=0\.9: expected COLUMN.*Did you mean 'quantile'/],
    [[...ARMS, '--metric', 'x:ratio'], /received a ratio of 'x'/],
    [[...ARMS, '--metric', 'x:quantile'], /received 'quantile'/],
    [[...ARMS, '--metric', 'x:quantile=2'], /a quantile between 0 and 1, received 2/],
    [[...ARMS, '--metric', 'x:lower=0.1'], /Margins are for --guardrail/],
    [[...ARMS, '--metric', 'x', '--covariate', 'w=y'], /no metric called 'w'/],
    [[...ARMS, '--metric', 'x', '--planned', '0.5'], /--planned: expected one share per arm \(A, B\)/],
    [[...ARMS, '--metric', 'x', '--planned', 'A=1,C=1'], /--planned: no arm called 'C'/],
    [[...ARMS, '--metric', 'x', '--level', '95'], /level: expected a number between 0\.5 and 1/],
    [[...ARMS, '--metric', 'x', '--rows', 'sum'], /--rows: expected --unit/],
    [[...ARMS, '--metric', 'x', '--correction', 'none-such'], /Invalid values/],
    [[...ARMS], /metric/],
  ];
  for (const [args, said] of cases) {
    const { code, out, err } = await run(path, ...args);
    t.is(code, 2, args.join(' '));
    t.is(out, '');
    t.regex(err, said);
  }
  const missing = await run(join(dir, 'nowhere.csv'), ...ARMS, '--metric', 'x');
  t.is(missing.code, 2);
  t.regex(missing.err, /nowhere\.csv: expected a file, received ENOENT/);
});

test.serial('answered with exit 0 but refused: a lone unit, a constant, a control near 0', async (t) => {
  const lone = file('lone.csv', ['arm,x', 'A,1', 'A,2', 'B,3']);
  const { code, out } = await run(lone, ...ARMS, '--metric', 'x', '--json');
  t.is(code, 0);
  const answer = JSON.parse(out);
  t.is(answer.verdict, 'unsupported');
  t.is(answer.metrics.x.B.difference, null);
  t.regex(answer.reasons[0], /x, B: refused: an arm has fewer than 2 randomised units/);
  const flat = file('flat.csv', ['arm,x', ...arm('A', shares(0, 40)), ...arm('B', shares(0, 40))]);
  t.regex(JSON.parse((await run(flat, ...ARMS, '--metric', 'x', '--json')).out).reasons[0], /constant in both arms/);
  const zero = file('zero.csv', ['arm,x', ...arm('A', withSums(40, 0, 40)), ...arm('B', withSums(40, 20, 40))]);
  const { metrics, verdict, reasons } = JSON.parse((await run(zero, ...ARMS, '--metric', 'x', '--json')).out);
  t.is(verdict, 'weak');
  t.is(metrics.x.B.relative, null);
  t.is(metrics.x.B.relativePValue, null);
  t.true(metrics.x.B.difference > 0.4);
  t.regex(reasons[0], /no relative effect, the control is not clearly different from 0/);
});
