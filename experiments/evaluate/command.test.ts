import test, { type ExecutionContext } from 'ava';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stream } from '../../core/random.js';
import { makeLog } from '../../logs/columns.js';
import { openStore } from '../../logs/store/log-store.js';
import { ran } from '../cli/_ran.test.js';

/** The command `evaluate` from the outside: what it prints, and its exit code. Serial, because it writes to stdout. */

const dir = mkdtempSync(join(tmpdir(), 'recsys-gym-evaluate-'));
const golden = '../shared/golden/ope_bandit.json';
const men = '../shared/data/obd/bts/men';
/** A test on reference data; where they are not, it is skipped and its title says why. */
const needing =
  (path: string) =>
  (title: string, body: (t: ExecutionContext) => Promise<void>): void => {
    if (existsSync(path)) test.serial(title, body);
    else test.serial.skip(`${title} (${path} is not here)`, body);
  };
const withGolden = needing(golden);
const withMen = needing(men);

const run = (...args: string[]): ReturnType<typeof ran> => ran('evaluate', ...args);

function file(name: string, content: string): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

const COLUMNS = ['--action', 'a', '--reward', 'r', '--propensity', 'p', '--policy', 'pi_0,pi_1'];
const HEADER = 'a,r,p,pi_0,pi_1';

/** A healthy log of two actions; rows can be changed by hand. */
function log(rows = 400): string[] {
  const luck = stream(11);
  return Array.from({ length: rows }, () => {
    const a = luck.next() < 0.4 ? 0 : 1;
    return `${a},${luck.next() < 0.3 + 0.2 * a ? 1 : 0},${a === 0 ? 0.4 : 0.6},0.3,0.7`;
  });
}

const text = (rows: readonly string[], header = HEADER): string => `${[header, ...rows].join('\n')}\n`;

withGolden('the eight-round table as CSV, TSV and NDJSON: every value to 1e-9', async (t) => {
  const { inputs, policy_value: expected } = JSON.parse(readFileSync(golden, 'utf8'));
  const actions = inputs.action as number[];
  const [policies, guesses] = [inputs.pi_e, inputs.q_hat] as number[][][];
  const rows = Array.from(actions, (action, i): number[] => [
    ...[action, Number(inputs.reward[i]), Number(inputs.pscore[i])],
    ...policies[i],
    ...guesses[i],
  ]);
  const names = ['a', 'r', 'p', 'pi_0', 'pi_1', 'pi_2', 'q_0', 'q_1', 'q_2'];
  const join_ = (separator: string): string => [names, ...rows].map((row) => row.join(separator)).join('\n');
  const objects = rows.map((row) => JSON.stringify(Object.fromEntries(row.map((value, i) => [names[i], value]))));
  const files = [
    file('golden.csv', join_(',')),
    file('golden.tsv', join_('\t')),
    file('golden.ndjson', objects.join('\n')),
  ];
  const cases: Record<string, string> = {
    dm: 'dm',
    ips: 'ipw',
    'clippedIps=1.5': 'ipw_clip_1.5',
    'clippedIps=2': 'ipw_clip_2',
    snips: 'snipw',
    dr: 'dr',
    sndr: 'sndr',
    ...Object.fromEntries([0.6, 1.5, 2, 10].map((tau) => [`switchDr=${tau}`, `switch_dr_${tau}`])),
    ...Object.fromEntries([0, 0.5, 1, 10, 100].map((lambda) => [`dros=${lambda}`, `dros_${lambda}`])),
    switchDr: 'switch_dr_10',
    dros: 'dros_10',
  };
  for (const path of files) {
    const policy = ['--policy', 'pi_0,pi_1,pi_2', '--guess', 'q_0,q_1,q_2'];
    const columns = ['--action', 'a', '--reward', 'r', '--propensity', 'p', ...policy];
    const { code, out } = await run(path, ...columns, '--estimators', Object.keys(cases).join(','), '--json');
    t.is(code, 0);
    const answer = JSON.parse(out);
    t.deepEqual(Object.keys(answer), ['estimates', 'diagnostics', 'verdict', 'reasons']);
    t.deepEqual(Object.keys(answer.estimates), Object.keys(cases));
    for (const [key, name] of Object.entries(cases)) {
      const { value, standardError, interval, method, setting } = answer.estimates[key];
      t.true(Math.abs(value - expected[name]) < 1e-9, `${path} ${key}: ${value} against ${expected[name]}`);
      t.true(standardError > 0 && interval[0] < value && value < interval[1]);
      t.is(method, 'delta 95%');
      t.is(
        setting,
        key.includes('=') ? Number(key.split('=')[1]) : ['switchDr', 'dros'].includes(key) ? 10 : undefined,
      );
    }
    t.is(answer.verdict, 'weak');
    t.is(answer.diagnostics.rounds, 8);
    t.true(Math.abs(answer.diagnostics.effectiveSampleSize - 3.913620516866369) < 1e-12);
  }
});

withMen('the men/BTS log for the uniform policy: the published values, to the digits given', async (t) => {
  const { code, out } = await run(men, '--policy', 'uniform', '--guess', 'smoothed-rate', '--json');
  t.is(code, 0);
  const { estimates, diagnostics, verdict, reasons } = JSON.parse(out);
  const published: Record<string, [number, number]> = {
    ips: [0.00300862632726, 1e-14],
    snips: [0.00318942316228, 1e-14],
    dm: [0.00615711941266, 1e-14],
    dr: [0.00328550988911, 1e-14],
    sndr: [0.00311294677997, 1e-14],
    dros: [0.00554379586743, 1e-14],
    switchDr: [0.00503593252844, 1e-14],
  };
  for (const [key, [value, within]] of Object.entries(published))
    t.true(Math.abs(estimates[key].value - value) < within, `${key}: ${estimates[key].value} against ${value}`);
  t.is(estimates.ips.standardError.toFixed(9), '0.000773935');
  t.is(estimates.snips.standardError.toFixed(9), '0.000827823');
  t.is(estimates.dm.standardError, 0);
  t.is(diagnostics.effectiveSampleSize.toFixed(5), '655.70985');
  t.is(diagnostics.maxWeight.toFixed(5), '178.25312');
  t.is(diagnostics.meanWeight.toFixed(8), '0.94331363');
  t.is(diagnostics.propensityFloor, 0.000165);
  t.is(verdict, 'weak');
  t.deepEqual(reasons, ['The effective sample size is 656 of 10000 rounds (6.6 %).']);
});

test.serial('a healthy log: a table in words, JSON on request, both intervals', async (t) => {
  const path = file('healthy.csv', text(log()));
  const plain = await run(path, ...COLUMNS);
  t.is(plain.code, 0);
  t.regex(plain.out, /estimator +setting +value +standard error +interval +method/);
  t.regex(plain.out, /ips +0\.\d+ +0\.\d+ +\[0\.\d+, 0\.\d+\] +delta 95%/);
  t.regex(plain.out, /rounds 400, effective sample size/);
  t.regex(plain.out, /SUPPORTED/);
  const asked = await run(
    path,
    ...COLUMNS,
    '--interval',
    'bootstrap',
    '--replicates',
    '300',
    '--level',
    '0.9',
    '--json',
  );
  const { estimates } = JSON.parse(asked.out);
  t.is(estimates.ips.method, 'bootstrap 90% (300)');
  t.true(estimates.ips.interval[0] < estimates.ips.value && estimates.ips.value < estimates.ips.interval[1]);
  const again = await run(
    path,
    ...COLUMNS,
    '--interval',
    'bootstrap',
    '--replicates',
    '300',
    '--level',
    '0.9',
    '--json',
  );
  t.is(again.out, asked.out);
  const beside = JSON.parse((await run(path, ...COLUMNS, '--replicates', '300', '--level', '0.9', '--json')).out);
  t.is(beside.estimates.ips.method, 'delta 90%');
  t.deepEqual(beside.estimates.ips.bootstrap, estimates.ips.interval);
});

/** What goes wrong in row 2, which stands in line 4, and what is said of it. */
const BAD: readonly (readonly [name: string, row: string, said: RegExp])[] = [
  ['zero propensity', '1,1,0,0.3,0.7', /propensity '0' is not in \(0, 1\]/],
  ['negative propensity', '1,1,-0.2,0.3,0.7', /propensity '-0.2' is not in/],
  ['propensity above 1', '1,1,1.2,0.3,0.7', /propensity '1.2' is not in/],
  ['missing propensity', '1,1,,0.3,0.7', /propensity nothing is not in/],
  ['NaN propensity', '1,1,NaN,0.3,0.7', /propensity 'NaN' is not in/],
  ['NaN reward', '1,NaN,0.6,0.3,0.7', /reward 'NaN' is not a finite number/],
  ['missing reward', '1,,0.6,0.3,0.7', /reward nothing is not a finite number/],
  ['text for a reward', '1,yes,0.6,0.3,0.7', /reward 'yes' is not a finite number/],
  ['text for a propensity', '1,1,half,0.3,0.7', /propensity 'half' is not in \(0, 1\]/],
  ['infinite reward', '1,1e999,0.6,0.3,0.7', /reward '1e999' is not a finite number/],
  ['missing action', ',1,0.6,0.3,0.7', /the action is missing/],
  ['unknown action', '2,1,0.6,0.3,0.7', /unknown action '2'.*(Known: 0, 1|from 0 to 1)/],
  ['policy not summing to 1', '1,1,0.6,0.3,0.71', /policy probabilities sum to 1\.01 instead of 1/],
  ['negative policy', '1,1,0.6,-0.3,1.3', /policy probability '-0.3' in column 'pi_0' is not in \[0, 1\]/],
  ['text for a policy', '1,1,0.6,x,0.7', /policy probability 'x' in column 'pi_0'/],
  ['too few fields', '1,1,0.6,0.3', /4 fields where the header has 5/],
  ['too many fields', '1,1,0.6,0.3,0.7,9', /6 fields where the header has 5/],
];

for (const [name, bad, said] of BAD) {
  test.serial(`bad row: ${name} names row and line, exit 1, numbers refused`, async (t) => {
    const rows = log();
    rows[2] = bad;
    const path = file('bad.csv', text(rows));
    const plain = await run(path, ...COLUMNS);
    t.is(plain.code, 1);
    t.is(plain.out, '');
    t.regex(plain.err, /Row 2 \(line 4\): /);
    t.regex(plain.err, said);
    const json = await run(path, ...COLUMNS, '--json', '--force');
    t.is(json.code, 1);
    const { estimates, diagnostics, verdict, reasons } = JSON.parse(json.out);
    t.is(verdict, 'unsupported');
    t.deepEqual(diagnostics.offendingRows, [2]);
    t.is(diagnostics.rounds, 400);
    t.is(reasons.length, 1);
    t.regex(reasons[0], /^Row 2 \(line 4\): /);
    t.regex(reasons[0], said);
    t.is(estimates.ips.value, null);
    t.is(estimates.ips.interval, null);
    t.regex(estimates.ips.method, /^refused: Row 2/);
  });
}

test.serial('many bad rows: twenty are told, the others counted', async (t) => {
  const path = file('many.csv', text(log().map((row) => row.replace(/^1,/, 'x,'))));
  const { code, out } = await run(path, ...COLUMNS, '--json');
  t.is(code, 1);
  const { diagnostics, reasons } = JSON.parse(out);
  t.is(diagnostics.offendingRows.length, 20);
  t.is(reasons.length, 21);
  t.regex(reasons[20], /And \d+ more rows that cannot be used/);
});

test.serial('a truncated file, an unclosed quote, an empty file, a name twice, a header alone', async (t) => {
  const rows = text(log());
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['cut.csv', rows.slice(0, -10), /Row 399 \(line 401\): .*cut off here/],
    ['quote.csv', text([...log(), '1,"1,0.6,0.3,0.7']), /expected a closing quote, received the end of the file/],
    ['empty.csv', '', /expected a table, received an empty file/],
    [
      'twice.csv',
      text(
        log().map((row) => `${row},1`),
        `${HEADER},r`,
      ),
      /different names, received 'r' twice/,
    ],
    ['header.csv', `${HEADER}\n`, /expected rows below the header, received none/],
    ['broken.ndjson', '{"a":1,"r":1,"p":0.6,"pi_0":0.3,"pi_1":0.7}\n{"a":1,"r":', /Row 1 \(line 2\): not JSON/],
  ];
  for (const [name, content, said] of cases) {
    const path = file(name, content);
    const plain = await run(path, ...COLUMNS);
    t.is(plain.code, 1, name);
    t.regex(plain.err, said, name);
    const json = await run(path, ...COLUMNS, '--json');
    t.is(json.code, 1, name);
    const { estimates, verdict, reasons } = JSON.parse(json.out);
    t.is(verdict, 'unsupported', name);
    t.regex(reasons[0], said, name);
    t.is(estimates.ips.value, null, name);
  }
});

test.serial(
  'several intervals: the first leads, the others stand beside it, and those that cannot be say why',
  async (t) => {
    const path = file('intervals.csv', text(log()));
    const ways = [
      '--interval',
      'hoeffding,bca,sequence',
      '--reward-range',
      '0,1',
      '--weight-max',
      '4',
      '--replicates',
      '100',
    ];
    const { out } = await run(path, ...COLUMNS, ...ways, '--json');
    const { estimates } = JSON.parse(out) as {
      estimates: Record<
        string,
        { interval: number[] | null; method: string; others: { method: string; interval: number[] | null }[] }
      >;
    };
    t.is(estimates['ips'].method, 'Hoeffding 95%');
    t.deepEqual(
      estimates['ips'].others.map(({ method }) => method),
      ['BCa 95% (100)', 'confidence sequence 95%'],
    );
    t.is(estimates['snips'].interval, null);
    t.regex(estimates['snips'].method, /refused: a self-normalised ratio/);
    const shown = await run(path, ...COLUMNS, ...ways);
    t.regex(shown.out, /no interval: Hoeffding 95% refused: a self-normalised ratio is no mean of rounds/);
  },
);

test.serial('wrong use is exit 2 and says what to try', async (t) => {
  const path = file('use.csv', text(log()));
  const cases: readonly (readonly [string[], RegExp])[] = [
    [['--action', 'a', '--reward', 'reward', ...COLUMNS.slice(4)], /--reward: no column called 'reward'/],
    [['--action', 'a', '--reward', 'r', '--propensity', 'P', ...COLUMNS.slice(6)], /Did you mean 'p'\? Known: a, r, p/],
    [[...COLUMNS.slice(0, 6), '--policy', 'pi_0,pi1'], /--policy: no column called 'pi1'.*Did you mean 'pi_1'/],
    [[...COLUMNS.slice(0, 6), '--policy', 'pi_0,pi_0'], /expected one column per action, received 'pi_0' twice/],
    [[...COLUMNS, '--guess', 'pi_0'], /--guess: expected one column per action \(2\), received 1/],
    [[...COLUMNS, '--estimators', 'dr'], /dr: expected --guess/],
    [[...COLUMNS, '--estimators', 'snip'], /No estimator called 'snip'\. Did you mean 'snips'/],
    [[...COLUMNS, '--level', '95'], /--level: expected a number between 0\.5 and 1, received 95/],
    [[...COLUMNS, '--clip', '-1'], /--clip: expected a number of at least 0, received -1/],
    [[...COLUMNS, '--interval', 'hofding'], /--interval: no method called 'hofding'\. Did you mean 'hoeffding'/],
    [[...COLUMNS, '--interval', 'delta,delta'], /each method once/],
    [[...COLUMNS, '--reward-range', '1,0'], /--reward-range: expected two numbers, the smaller first/],
    [[...COLUMNS, '--weight-max', '0'], /--weight-max: expected a number above 0/],
    [['--policy', 'pi_0,pi_1'], /expected --action, --reward, --propensity to name columns/],
    [[...COLUMNS, '--polcy', 'x'], /polcy/],
  ];
  for (const [args, said] of cases) {
    const { code, out, err } = await run(path, ...args);
    t.is(code, 2, args.join(' '));
    t.is(out, '');
    t.regex(err, said);
  }
  const missing = await run(join(dir, 'nowhere.csv'), ...COLUMNS);
  t.is(missing.code, 2);
  t.regex(missing.err, /nowhere\.csv: expected a file or folder, received ENOENT/);
});

test.serial('one propensity of 1e-6: unsupported with exit 0, the row named, numbers only by force', async (t) => {
  const rows = log(10_000);
  rows[77] = '1,1,0.000001,0.3,0.7';
  const path = file('tiny.csv', text(rows));
  const { code, out } = await run(path, ...COLUMNS, '--json');
  t.is(code, 0);
  const { estimates, diagnostics, verdict, reasons } = JSON.parse(out);
  t.is(verdict, 'unsupported');
  t.deepEqual(diagnostics.offendingRows, [77]);
  t.regex(reasons[0], /^Row 77 holds 99 % of all weight: its propensity is 0\.000001/);
  t.is(estimates.snips.value, null);
  const forced = await run(path, ...COLUMNS, '--force');
  t.regex(forced.out, /ips +\d+\.\d+/);
  t.regex(forced.out, /UNSUPPORTED/);
});

const EVERY_WAY = [
  ...['--interval', 'delta,bca,studentised,student,hoeffding,bernstein,clopper-pearson,sequence'],
  ...['--reward-range', '0,1', '--weight-max', '4', '--replicates', '100'],
];

test.serial('no overlap, and no reward within reach: unsupported, no number by any method', async (t) => {
  const cases: readonly (readonly [string, string[], RegExp])[] = [
    [
      'apart.csv',
      log().map((row) => row.replace(/^\d,(\d),.*$/, '0,$1,1,0,1')),
      /^The policy never does what was logged/,
    ],
    ['nothing.csv', log().map((row) => row.replace(/^(\d),\d/, '$1,0')), /^No round that the policy could have caused/],
  ];
  for (const [name, rows, said] of cases) {
    const path = file(name, text(rows));
    const { code, out } = await run(path, ...COLUMNS, ...EVERY_WAY, '--json');
    t.is(code, 0, name);
    const { estimates, verdict, reasons } = JSON.parse(out);
    t.is(verdict, 'unsupported', name);
    t.regex(reasons[0], said);
    for (const estimate of Object.values<Record<string, unknown>>(estimates)) {
      t.is(estimate['value'], null, name);
      t.is(estimate['interval'], null, name);
      t.is(estimate['others'], undefined, name);
    }
    t.regex((await run(path, ...COLUMNS)).out, /ips +— +— +— +refused/);
  }
});

test.serial('a constant reward: weak, with the reason, in words and as JSON', async (t) => {
  const path = file('constant.csv', text(log().map((row) => row.replace(/^(\d),\d/, '$1,1'))));
  const { code, out } = await run(path, ...COLUMNS, ...EVERY_WAY, '--json');
  t.is(code, 0);
  const { estimates, verdict, reasons } = JSON.parse(out);
  t.is(verdict, 'weak');
  t.regex(reasons[0], /^Every reward is 1: there is nothing to learn/);
  t.is(estimates.snips.value, 1);
  const shown = await run(path, ...COLUMNS);
  t.regex(shown.out, /WEAK\n.*Every reward is 1/);
});

test.serial('the help says what each method of intervals promises', async (t) => {
  for (const way of [[], ['continuous']]) {
    const { code, out } = await run(...way, '--help');
    t.is(code, 0);
    t.regex(out, /Intervals:\n {2}delta {2}/);
    t.regex(out, /\n {2}sequence +Holds at every time at once/);
  }
});

test.serial('actions by name, by number, by what follows a prefix; as pandas writes them', async (t) => {
  const rename = (zero: string, one: string): string[] =>
    log().map((row) => row.replace(/^0,/, `${zero},`).replace(/^1,/, `${one},`));
  const flags = ['--action', 'a', '--reward', 'r', '--propensity', 'p', '--estimators', 'ips,snips', '--json'];
  const answers: string[] = [];
  for (const [rows, columns] of [
    [log(), ['pi_0', 'pi_1']],
    [log(), ['left', 'right']],
    [rename('0.0', '1.0'), ['pi_0', 'pi_1']],
    [rename('red', 'rose'), ['pi_red', 'pi_rose']],
    [rename('pi_red', 'pi_rose'), ['pi_red', 'pi_rose']],
    [rename('10', '11'), ['pi_10', 'pi_11']],
    [rename('10', '11'), ['pi10', 'pi11']],
  ] as const) {
    const path = file('names.csv', text(rows, `a,r,p,${columns.join(',')}`));
    answers.push((await run(path, ...flags, '--policy', columns.join(','))).out);
  }
  t.true(JSON.parse(answers[0]).estimates.ips.value > 0);
  for (const answer of answers) t.is(answer, answers[0]);
});

test.serial('the uniform policy over the actions that were logged, or over as many as are asked for', async (t) => {
  const path = file('uniform.csv', text(log()));
  const value = async (...more: string[]): Promise<number> => {
    const { out } = await run(path, ...COLUMNS.slice(0, 6), '--policy', 'uniform', ...more, '--force', '--json');
    return Number(JSON.parse(out).estimates.ips.value);
  };
  const two = await value();
  t.true(Math.abs((await value('--actions', '4')) - two / 2) < 1e-12);
  const { code, err } = await run(path, ...COLUMNS.slice(0, 6), '--policy', 'uniform', '--actions', '1');
  t.is(code, 1);
  t.regex(err, /unknown action '1': expected a whole number from 0 to 0/);
});

test.serial('a stored log, by its name', async (t) => {
  const rows = log(2000).map((row) => row.split(',').map(Number));
  const store = join(dir, 'gym.sqlite');
  const open = await openStore(store);
  await open.put(
    makeLog({
      name: 'shop',
      rows: rows.length,
      schema: { outcomes: ['click', 'sale'], source: 'test' },
      actions: ['red', 'blue'],
      action: Int32Array.from(rows, ([a]) => a),
      propensity: Float64Array.from(rows, (row) => row[2]),
      outcomes: [Float32Array.from(rows, (row) => row[1]), new Float32Array(rows.length)],
    }),
  );
  await open.close();
  const flags = ['--store', store, '--policy', 'uniform', '--json'];
  const answer = await run('shop', ...flags, '--reward', 'click', '--guess', 'smoothed-rate');
  t.is(answer.code, 0);
  const path = file('same.csv', text(log(2000)));
  const table = ['--policy', 'uniform', '--actions', '2', '--guess', 'smoothed-rate', '--json'];
  t.is((await run(path, ...COLUMNS.slice(0, 6), ...table)).out, answer.out);
  for (const [args, said] of [
    [['shop', ...flags], /--reward: expected one of the outcomes click, sale/],
    [['shop', ...flags, '--reward', 'clicks'], /no outcome called 'clicks'. Did you mean 'click'/],
    [['shoq', ...flags, '--reward', 'click'], /shop/],
    [['shop', '--store', store, '--policy', 'a,b'], /--store: expected --policy uniform/],
    [['shop', '--store', join(dir, 'no.sqlite'), '--policy', 'uniform'], /no file/],
  ] as const) {
    const { code, err } = await run(...args);
    t.is(code, 2);
    t.regex(err, said);
  }
});
