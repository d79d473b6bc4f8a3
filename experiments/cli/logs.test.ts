import test from 'ava';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratch } from '../../logs/sample.test.helper.js';
import { main } from './main.js';

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line in this process and keeps what it writes. Tests that use it run one after the other. */
async function run(...args: string[]): Promise<Outcome> {
  const written = { out: '', err: '' };
  const stdout = process.stdout.write.bind(process.stdout);
  const stderr = process.stderr.write.bind(process.stderr);
  process.stdout.write = (text) => ((written.out += String(text)), true);
  process.stderr.write = (text) => ((written.err += String(text)), true);
  try {
    return { code: await main(['logs', ...args]), ...written };
  } finally {
    process.stdout.write = stdout;
    process.stderr.write = stderr;
  }
}

test.serial('a log on its way: import, list, summary, export, import again, remove', async (t) => {
  const folder = scratch(t);
  const store = ['--store', join(folder, 'deep/gym.sqlite')];
  const csv = join(folder, 'clicks.csv');
  writeFileSync(csv, 'item,clicked,p\na,1,0.5\nb,0,0.5\n');
  const map = ['--map', 'action=item', '--map', 'outcome.click=clicked', '--map', 'propensity=p'];

  const imported = await run('import', csv, ...map, ...store);
  t.is(imported.code, 0, imported.err);
  t.regex(imported.out, /^clicks: 2 rows, hash [0-9a-f]{16}/);
  t.regex(imported.err, /import clicks: done/);
  const again = await run('import', csv, ...map, ...store);
  t.is(again.code, 2);
  t.regex(again.err, /already stored.*--replace/);
  const replaced = await run('import', csv, ...map, ...store, '--replace', '--json');
  const { hash, rows, badRows } = JSON.parse(replaced.out);
  t.deepEqual([rows, badRows], [2, { count: 0, first: [] }]);

  const list = await run('list', ...store);
  t.regex(list.out, /clicks +2 +click +logged +[0-9a-f]{16} +table clicks.csv/);
  const listed = JSON.parse((await run('list', ...store, '--json')).out);
  t.deepEqual([listed.length, listed[0].name, listed[0].hash], [1, 'clicks', hash]);

  const summary = await run('summary', 'clicks', ...store);
  t.regex(summary.out, /actions +2 logged of 2 known/);
  t.regex(summary.out, /click +50 % +\[9.453 %, 90.55 %\] +Wilson 95%/);
  t.regex(summary.out, /Nothing suspicious/);
  t.is(JSON.parse((await run('summary', 'clicks', ...store, '--json')).out).hash, hash);

  const out = join(folder, 'out.ndjson');
  t.is((await run('export', 'clicks', out, ...store)).code, 0);
  t.is(readFileSync(out, 'utf8').split('\n').length, 3);
  t.is((await run('export', 'clicks', out, ...store)).code, 2, 'the file is in the way');
  t.is((await run('export', 'clicks', out, ...store, '--force')).code, 0);
  const back = JSON.parse((await run('import', out, '--name', 'back', ...store, '--json')).out);
  t.is(back.hash, hash);

  t.is((await run('remove', 'back', ...store)).out, 'removed back\n');
  const gone = await run('summary', 'back', ...store);
  t.is(gone.code, 2);
  t.regex(gone.err, /No log called 'back'.*Known: clicks/);
});

test.serial('a folder is looked at without keeping it', async (t) => {
  const folder = join(scratch(t), 'bts', 'men');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'men.csv'),
    ',timestamp,item_id,position,click,propensity_score\n0,2019-11-24,0,1,1,0.5\n1,2019-11-24,1,2,0,0\n',
  );
  writeFileSync(join(folder, 'item_context.csv'), ',item_id\n0,0\n1,1\n');
  const store = join(scratch(t), 'gym.sqlite');
  const failed = await run('summary', folder, '--store', store);
  t.is(failed.code, 1);
  t.regex(failed.err, /line 3: propensity_score '0', expected a number in \(0, 1\]/);
  const found = await run('summary', folder, '--store', store, '--max-bad-share', '0.5', '--json');
  t.is(found.code, 0, found.err);
  t.regex(found.err, /left out 1 bad row\(s\):\n +line 3/);
  t.like(JSON.parse(found.out), { rows: 1, source: 'open-bandit bts/men' });
  t.false(existsSync(store));

  const named = await run('import', '--format', 'open-bandit', folder, '--max-bad-share', '0.5', '--store', store);
  t.regex(named.out, /^bts-men: 1 rows/);
});

test.serial('wrong use is told and has exit code 2', async (t) => {
  const folder = scratch(t);
  const store = ['--store', join(folder, 'gym.sqlite')];
  const csv = join(folder, 'log.csv');
  writeFileSync(csv, 'action,outcome.click\na,1\n');
  for (const [args, message] of [
    [[], /Name a command/],
    [['import'], /Not enough non-option arguments/],
    [['imprt', csv], /Unknown|Did you mean/],
    [['import', csv, '--map', 'action', ...store], /--map action: expected field=column/],
    [['import', csv, '--map', 'acton=action', ...store], /Did you mean 'action'/],
    [['import', csv, '--format', 'parquet', ...store], /Choices: "open-bandit", "kuairand", "upworthy", "table"/],
    [['import', csv, '--actions', join(folder, 'none.txt'), ...store], /--actions .*none.txt: expected a file/],
    [['import', csv, '--max-bad-share', '3', ...store], /expected a share from 0 to 1/],
    [['summary', 'nothing', ...store], /neither a file or folder nor|No log called 'nothing'/],
    [['export', 'x', 'y.csv', '--store', join(folder, 'other.sqlite')], /No store at .*other.sqlite yet/],
    [['remove', 'x', '--store', join(folder, 'other.sqlite')], /No store at .*other.sqlite yet/],
  ] as const) {
    const { code, err } = await run(...args);
    t.is(code, 2, `${args.join(' ')}\n${err}`);
    t.regex(err, message);
  }
  t.regex((await run('list', '--store', join(folder, 'other.sqlite'))).out, /^No logs in /);
  t.false(existsSync(join(folder, 'other.sqlite')), 'looking creates no store');
});

test.serial('a list of actions from a file', async (t) => {
  const folder = scratch(t);
  writeFileSync(join(folder, 'log.csv'), 'action,outcome.click\nb,1\n');
  writeFileSync(join(folder, 'actions.txt'), 'a\r\nb\r\n');
  const store = join(folder, 'gym.sqlite');
  const args = [join(folder, 'log.csv'), '--store', store, '--actions', join(folder, 'actions.txt')];
  t.is((await run('import', ...args)).code, 0);
  const summary = JSON.parse((await run('summary', 'log', '--store', store, '--json')).out);
  t.deepEqual(summary.actions, { known: 2, logged: 1 });
});

test.serial('a damaged store has exit code 1', async (t) => {
  const file = join(scratch(t), 'gym.sqlite');
  writeFileSync(file, 'not a database '.repeat(100));
  const { code, err } = await run('list', '--store', file);
  t.is(code, 1);
  t.regex(err, /expected an SQLite database/);
});
