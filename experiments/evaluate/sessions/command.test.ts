import test from 'ava';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stream } from '../../../core/random.js';
import { makeLog } from '../../../logs/columns.js';
import { openStore } from '../../../logs/store/log-store.js';
import { ran } from '../../cli/_ran.test.js';
import { drawn, exactValue, WORLD } from './world.test.helper.js';

/** The commands `evaluate sessions` and `evaluate distribution` from the outside. Serial, because it writes to stdout. */

const dir = mkdtempSync(join(tmpdir(), 'recsys-gym-sessions-'));

type Ran = { code: number; out: string; err: string };
const run = (...args: string[]): Promise<Ran> => command('sessions', ...args);

const command = (...args: string[]): ReturnType<typeof ran> => ran('evaluate', ...args);

function file(name: string, lines: readonly string[]): string {
  const path = join(dir, name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

const HEADER = 's,t,a,r,p,pi,pi_0,pi_1,x,f_0,f_1';
const COLUMNS = ['--session', 's', '--step', 't', '--action', 'a', '--reward', 'r', '--propensity', 'p'];

/** The small world as a table; `base` is the first step. */
function rows(count: number, base = 0): string[] {
  const { offsets, action, reward, propensity, state } = drawn(stream(41), count);
  return Array.from({ length: count }, (_, s) =>
    Array.from({ length: offsets[s + 1] - offsets[s] }, (_row, t) => {
      const i = offsets[s] + t;
      const x = state?.code[i] ?? 0;
      const pi = WORLD.target[x];
      return [
        `u${s}`,
        t + base,
        action[i],
        reward[i],
        propensity[i],
        pi[action[i]],
        ...pi,
        `state ${x}`,
        Number(x === 0),
        Number(x === 1),
      ].join(',');
    }),
  ).flat();
}

test.serial('weights alone, then with states, features and a network', async (t) => {
  const log = file('world.csv', [HEADER, ...rows(800)]);
  const truth = exactValue(WORLD.target, 0.9);
  const near = async (expected: readonly string[], ...args: string[]): Promise<void> => {
    const { code, out, err } = await run(log, ...COLUMNS, '--discount', '0.9', '--json', ...args);
    t.is(code, 0, err);
    const { estimates, diagnostics, verdict } = JSON.parse(out);
    t.deepEqual(Object.keys(estimates), expected);
    for (const key of expected)
      t.true(Math.abs(estimates[key].value - truth) < 0.35, `${key}: ${estimates[key].value}`);
    t.is(verdict, 'supported');
    t.is(diagnostics.sessions, 800);
  };
  const weights = ['tis', 'pdis', 'snTis', 'snPdis'];
  const models = ['dm', 'dr', 'snDr', 'magic'];
  await near(weights, '--target', 'pi');
  await near([...weights, ...models, 'smis', 'samis'], '--policy', 'pi_0,pi_1', '--state', 'x');
  await near([...weights, ...models, 'mwl'], '--policy', 'pi_0,pi_1', '--features', 'f_0,f_1');
  await near(
    ['snDr', 'magic'],
    '--policy',
    'pi_0,pi_1',
    '--features',
    'f_0,f_1',
    '--fit',
    'network',
    '--folds',
    '2',
    '--estimators',
    'snDr,magic',
  );
  await near(['smis'], '--target', 'pi', '--state', 'x', '--state-by-step', '--estimators', 'smis');
  const { out } = await run(log, ...COLUMNS, '--target', 'pi', '--interval', 'bootstrap', '--replicates', '50');
  t.regex(out, /snPdis .*bootstrap 95% \(50\)/);
  t.regex(out, /SUPPORTED/);
  t.regex(out, /effective sample size by step: 0: /);
});

test.serial('the order of the log does not matter, only that of the steps', async (t) => {
  const plain = rows(300);
  const byTime = plain.map((row) => ({ row, step: Number(row.split(',')[1]) })).sort((a, b) => a.step - b.step);
  const answer = async (name: string, lines: readonly string[]): Promise<unknown> =>
    JSON.parse((await run(file(name, [HEADER, ...lines]), ...COLUMNS, '--target', 'pi', '--json')).out).estimates;
  const wanted = await answer('plain.csv', plain);
  t.deepEqual(
    await answer(
      'by-time.csv',
      byTime.map(({ row }) => row),
    ),
    wanted,
  );
  t.deepEqual(await answer('from-one.csv', rows(300, 1)), wanted);
});

test.serial('rows that cannot be used are named, and no number is printed', async (t) => {
  const good = rows(40);
  const at = good.findIndex((row) => row.split(',')[1] === '1');
  const cell = (row: string, column: number, text: string): string =>
    row
      .split(',')
      .map((old, c) => (c === column ? text : old))
      .join(',');
  const changed = (column: number, text: string): string[] =>
    good.map((row, i) => (i === at ? cell(row, column, text) : row));
  const cases: [string, string[], RegExp][] = [
    ['propensity', changed(4, '1.2'), /propensity '1\.2' is not in \(0, 1\]/],
    ['propensity 0', changed(4, '0'), /propensity '0' is not in/],
    ['text', changed(3, 'much'), /reward 'much' is not a finite number/],
    ['target', changed(5, '1.5'), /policy probability '1\.5' is not in \[0, 1\]/],
    ['no action', changed(2, ''), /the action is missing/],
    ['step', changed(1, 'first'), /step 'first' is not a whole number/],
    ['gap', changed(1, '2'), /step 1 of its session is missing before step 2/],
    ['twice', changed(1, '0'), /step 0 of its session is there twice/],
    ['session', changed(0, ''), /the session is missing/],
  ];
  for (const [name, lines, message] of cases) {
    const { code, out, err } = await run(file('bad.csv', [HEADER, ...lines]), ...COLUMNS, '--target', 'pi', '--json');
    t.is(code, 1, name);
    t.regex(err, message, name);
    t.regex(err, new RegExp(`Row ${at} \\(line ${at + 2}\\)`), name);
    const { estimates, verdict, reasons, diagnostics } = JSON.parse(out);
    t.is(verdict, 'unsupported');
    t.true(Object.values<{ value: unknown }>(estimates).every(({ value }) => value === null));
    t.regex(reasons[0], message);
    t.true(diagnostics.offendingRows.includes(at));
  }
  const swapped = [...good];
  [swapped[at - 1], swapped[at]] = [swapped[at], swapped[at - 1]];
  const { code, err } = await run(file('bad.csv', [HEADER, ...swapped]), ...COLUMNS, '--target', 'pi');
  t.is(code, 1);
  t.regex(err, /step 0 comes after step 1 of its session: out of order/);
  const late = await run(file('bad.csv', [HEADER, ...good.slice(1)]), ...COLUMNS, '--target', 'pi');
  if (good[1].split(',')[1] === '1') t.regex(late.err, /begins at step 1 instead of 0/);
  const unknown = await run(file('bad.csv', [HEADER, ...changed(2, '7')]), ...COLUMNS, '--policy', 'pi_0,pi_1');
  t.regex(unknown.err, /unknown action '7'/);
  const sums = await run(file('bad.csv', [HEADER, ...changed(6, '0.9')]), ...COLUMNS, '--policy', 'pi_0,pi_1');
  t.regex(sums.err, /sum to/);
});

test.serial('wrong use is answered with what to do', async (t) => {
  const log = file('use.csv', [HEADER, ...rows(20)]);
  const wrong = async (message: RegExp, ...args: string[]): Promise<void> => {
    const { code, err } = await run(...args);
    t.is(code, 2, err);
    t.regex(err, message);
  };
  await wrong(/expected --target .* or --policy/, log, ...COLUMNS);
  await wrong(
    /expected --session, --step/,
    log,
    '--action',
    'a',
    '--reward',
    'r',
    '--propensity',
    'p',
    '--target',
    'pi',
  );
  await wrong(/no column called 'pie'. Did you mean 'pi'/, log, ...COLUMNS, '--target', 'pie');
  await wrong(/samis: expected .*--policy/, log, ...COLUMNS, '--target', 'pi', '--state', 'x', '--estimators', 'samis');
  await wrong(/dr: expected guesses/, log, ...COLUMNS, '--target', 'pi', '--estimators', 'dr');
  await wrong(/--fit linear: expected --features/, log, ...COLUMNS, '--policy', 'pi_0,pi_1', '--fit', 'linear');
  await wrong(/--discount/, log, ...COLUMNS, '--target', 'pi', '--discount', '1.5');
  await wrong(/expected a file/, 'nowhere.csv', ...COLUMNS, '--target', 'pi');
  await wrong(/--guess: expected one column per action/, log, ...COLUMNS, '--policy', 'pi_0,pi_1', '--guess', 'f_0');
});

test.serial('a stored log under the uniform policy', async (t) => {
  const path = join(dir, 'gym.sqlite');
  const { offsets, action, reward, propensity } = drawn(stream(5), 200);
  const n = action.length;
  const store = await openStore(path);
  await store.put(
    makeLog({
      name: 'visits',
      rows: n,
      schema: { outcomes: ['paid'], source: 'test' },
      actions: ['a', 'b'],
      action,
      outcomes: [Float32Array.from(reward)],
      propensity,
      sessions: Array.from({ length: 200 }, (_, s) => `v${s}`),
      session: Int32Array.from({ length: n }, (_, i) => offsets.findLastIndex((offset) => offset <= i)),
    }),
  );
  await store.close();
  const { code, out, err } = await run('visits', '--store', path, '--policy', 'uniform', '--json');
  t.is(code, 0, err);
  const { estimates, diagnostics } = JSON.parse(out);
  const truth = exactValue(
    [
      [0.5, 0.5],
      [0.5, 0.5],
      [0.5, 0.5],
    ],
    1,
  );
  t.true(Math.abs(estimates.pdis.value - truth) < 4 * estimates.pdis.standardError);
  t.is(diagnostics.sessions, 200);
  t.is((await run('visits', '--store', path, '--target', 'pi')).code, 2);
});

interface Spread {
  readonly estimates: Record<string, Record<string, { readonly value: number; readonly setting: number }>>;
  readonly cdf: Record<string, { readonly point: number[]; readonly probability: number[] }>;
  readonly diagnostics: { readonly sessions: number; readonly rounds: number };
}

test.serial('the distribution of sessions, and of rows without one', async (t) => {
  const log = file('spread.csv', [HEADER, ...rows(600)]);
  const answer = async (...args: string[]): Promise<Spread> => {
    const { code, out, err } = await command('distribution', log, '--replicates', '100', '--json', ...args);
    t.is(code, 0, err);
    return JSON.parse(out) as Spread;
  };
  const whole = await answer(...COLUMNS, '--policy', 'pi_0,pi_1', '--state', 'x', '--discount', '0.9', '--tail', '0.2');
  t.deepEqual(Object.keys(whole.estimates), ['cdIs', 'cdSn', 'cdDm', 'cdDr']);
  for (const key of ['cdSn', 'cdDm', 'cdDr'])
    t.true(Math.abs(whole.estimates[key]['mean'].value - exactValue(WORLD.target, 0.9)) < 0.35, key);
  t.is(whole.estimates['cdSn']['cvar'].setting, 0.2);
  t.true(whole.cdf['cdSn'].point.length === whole.cdf['cdSn'].probability.length);
  t.is(whole.diagnostics.sessions, 600);
  const single = ['--action', 'a', '--reward', 'r', '--propensity', 'p'];
  const each = await answer(...single, '--target', 'pi');
  t.deepEqual(Object.keys(each.estimates), ['cdIs', 'cdSn']);
  t.is(each.diagnostics.sessions, each.diagnostics.rounds);
  const table = await command('distribution', log, ...single, '--target', 'pi', '--replicates', '50');
  t.regex(table.out, /cdSn +mean/);
  t.regex(table.out, /cvar \(worst 10 %\)/);
  for (const [message, ...args] of [
    [/expected --step to name columns/, ...single, '--target', 'pi', '--session', 's'],
    [/--tail/, ...single, '--target', 'pi', '--tail', '0'],
    [/cdDr: expected guesses/, ...single, '--target', 'pi', '--estimators', 'cdDr'],
  ] as [RegExp, ...string[]][]) {
    const { code, err } = await command('distribution', log, ...args);
    t.is(code, 2);
    t.regex(err, message);
  }
  const bad = file('spread-bad.csv', [HEADER, ...rows(20), 'late,0,0,x,0.5,0.5,0.5,0.5,state 0,0,0']);
  const { code, out } = await command('distribution', bad, ...single, '--target', 'pi', '--json');
  t.is(code, 1);
  t.is(JSON.parse(out).verdict, 'unsupported');
  t.is(JSON.parse(out).estimates.cdSn.mean.value, null);
});
