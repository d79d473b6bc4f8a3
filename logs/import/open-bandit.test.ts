import test from 'ava';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { GymError } from '../../core/check.js';
import { loadLog } from '../load.js';
import type { Log } from '../record.js';
import { scratch } from '../sample.test.helper.js';
import { openStore } from '../store/log-store.js';
import { importOpenBandit } from './open-bandit.js';

/** The real data, where this machine has it: beside the project or one folder further up. */
const REAL = ['../shared/data/obd', '../../shared/data/obd'].find(existsSync);

/** Three items, four impressions. */
const ITEMS = ',item_id,item_feature_0,item_feature_1\n0,2,0.5,aa\n1,0,-1.5,bb\n2,10,2,aa\n';
const HEADER =
  ',timestamp,item_id,position,click,propensity_score,user_feature_0,user-item_affinity_0,user-item_affinity_2,user-item_affinity_10\n';
const ROWS = [
  '0,2019-11-24 00:00:01+00:00,10,3,0,0.25,u,0.0,1.0,2.0',
  '1,2019-11-24 00:00:02+00:00,2,1,1,0.5,v,1.0,0.0,3.5',
  '2,2019-11-24 00:00:03+00:00,2,2,0,1,,0.0,0.0,0.0',
];

function folderWith(t: ExecutionContext, rows: string, items = ITEMS): string {
  const folder = join(scratch(t), 'random', 'men');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'men.csv'), rows);
  writeFileSync(join(folder, 'item_context.csv'), items);
  return folder;
}

async function load(t: ExecutionContext, folder: string, maxBadShare = 0): Promise<Log> {
  return (await loadLog({ path: folder, store: join(scratch(t), 'gym.sqlite'), maxBadShare })).log;
}

test('a small folder by hand', async (t) => {
  const log = await load(t, folderWith(t, HEADER + ROWS.join('\n') + '\n'));
  t.is(log.rows, 3);
  t.deepEqual(log.actions.values, ['0', '2', '10'], 'codes in the order of the ids, item 0 never shown');
  t.deepEqual([...log.actions.numeric], [-1.5, 0.5, 2]);
  t.deepEqual([...log.actions.categorical], [0, 1, 1]);
  t.deepEqual(log.actions.categoricalValues, [{ values: ['bb', 'aa'] }]);
  t.deepEqual([...log.action], [2, 1, 1]);
  t.deepEqual([...log.position], [2, 0, 1]);
  t.deepEqual([...log.propensity], [0.25, 0.5, 1]);
  t.deepEqual([...log.outcomes[0]], [0, 1, 0]);
  t.deepEqual([...log.categorical], [0, 1, -1]);
  t.deepEqual(log.schema.perAction, [{ name: 'affinity', columns: [0, 1, 2] }]);
  t.deepEqual([...log.numeric], [0, 1, 2, 1, 0, 3.5, 0, 0, 0]);
  t.is(log.timeMs[0], Date.UTC(2019, 10, 24, 0, 0, 1));
  t.deepEqual(log.policies.values, ['random']);
  t.deepEqual([log.users.values.length, log.user[0], log.request[0], log.session[0]], [0, -1, -1, -1]);
  t.is(log.schema.source, 'open-bandit random/men');
});

test('BOM, CRLF, quotes and a missing last line end make no difference', async (t) => {
  const plain = await load(t, folderWith(t, HEADER + ROWS.join('\n') + '\n'));
  const odd = `\ufeff${(HEADER + ROWS.join('\n')).replaceAll('\n', '\r\n').replace('timestamp', '"timestamp"')}`;
  t.is((await load(t, folderWith(t, odd, `\ufeff${ITEMS.replaceAll('\n', '\r\n')}`))).hash, plain.hash);
});

test('every kind of bad row is told with its line', async (t) => {
  const bad = (from: string, to: string): string => ROWS[1].replace(from, to);
  const rows = [
    ROWS[0],
    bad(',0.5,', ',0,'),
    bad(',0.5,', ',,'),
    bad(',0.5,', ',NaN,'),
    bad(',0.5,', ',1.01,'),
    bad(',2,1,1,', ',7,1,1,'),
    bad(',2,1,1,', ',,1,1,'),
    bad(',2,1,1,', ',2,0,1,'),
    bad(',2,1,1,', ',2,1,2,'),
    bad(',2,1,1,', ',2,1,,'),
    bad('2019-11-24', '2019-11-44'),
    bad(',3.5', ',x'),
    bad(',3.5', ''),
    bad(',3.5', ',3.5,9'),
    ROWS[2],
  ];
  const folder = folderWith(t, HEADER + rows.join('\n') + '\n');
  const error = await t.throwsAsync<GymError>(load(t, folder));
  t.is(error.code, 'data');
  const reasons = [
    'men.csv: expected no bad rows, received 13 among 15 rows:',
    "line 3: propensity_score '0', expected a number in (0, 1]",
    'line 4: propensity_score nothing,',
    "line 5: propensity_score 'NaN',",
    "line 6: propensity_score '1.01',",
    "line 7: item_id '7' is not in item_context.csv",
    'line 8: item_id nothing',
    "line 9: position '0',",
    "line 10: click '2', expected 0 or 1",
    'line 11: click nothing',
    "line 12: timestamp '2019-11-44",
    "line 13: user-item_affinity_10 'x', expected a number",
    'line 14: 9 fields where the header has 10',
    'line 15: 11 fields where the header has 10',
    'raise --max-bad-share (0.8667 here)',
  ];
  for (const reason of reasons) t.true(error.message.includes(reason), `${reason}\nis not in\n${error.message}`);

  const store = await openStore(join(scratch(t), 'gym.sqlite'));
  await t.throwsAsync(importOpenBandit(store, folder, { name: 'men', maxBadShare: 0.8 }), {
    message: /at most a share of 0.8 bad rows, received 13 among 15/,
  });
  t.deepEqual(await store.list(), []);
  const { badRows, log } = await importOpenBandit(store, folder, { name: 'men', maxBadShare: 0.9 });
  t.is(badRows.count, 13);
  t.is(badRows.first.length, 13);
  t.is(log.rows, 2);
  await store.close();
});

test('with many bad rows the import stops early and lists the first twenty', async (t) => {
  const rows = Array.from({ length: 500 }, () => ROWS[1].replace(',0.5,', ',0,'));
  const error = await t.throwsAsync<GymError>(load(t, folderWith(t, HEADER + rows.join('\n'))));
  t.regex(error.message, /received at least 20 among 20 rows/);
  t.is(error.message.match(/line \d+/g)?.length, 20);
});

test('cut off files: a short last line, an open quote', async (t) => {
  const whole = HEADER + ROWS.join('\n');
  await t.throwsAsync(load(t, folderWith(t, whole.slice(0, -10))), {
    message: /line 4: 8 fields where the header has 10; the file seems cut off here/,
  });
  await t.throwsAsync(load(t, folderWith(t, whole.replace(',v,', ',"v,'))), {
    message: /men.csv after line 2: expected a closing quote, received the end of the file.*cut off/,
  });
  await t.throwsAsync(load(t, folderWith(t, whole.replace(',v,', ',"v"x,'))), {
    message: /after line 2: expected well-formed CSV/,
  });
});

test('empty files, headers alone, missing files and columns', async (t) => {
  await t.throwsAsync(load(t, folderWith(t, '')), { message: /expected a table, received an empty file/ });
  await t.throwsAsync(load(t, folderWith(t, '\n\n')), { message: /expected a header, received only empty lines/ });
  await t.throwsAsync(load(t, folderWith(t, HEADER)), {
    message: /men.csv: expected rows below the header, received none/,
  });
  await t.throwsAsync(load(t, folderWith(t, HEADER + ROWS[0], ',item_id\n')), {
    message: /expected items below the header/,
  });
  await t.throwsAsync(load(t, folderWith(t, 'a,b\n1,2\n')), {
    message: /expected a column 'timestamp', received the columns a, b/,
  });
  await t.throwsAsync(load(t, folderWith(t, 'a,a\n1,2\n')), {
    message: /header of different names, received 'a' twice/,
  });
  await t.throwsAsync(load(t, folderWith(t, HEADER + ROWS[0], `${ITEMS}3,3,1,cc\n`)), {
    message: /expected a column user-item_affinity_3.*same campaign/,
  });
  await t.throwsAsync(load(t, folderWith(t, HEADER + ROWS[0], `${ITEMS}3,2,1,cc\n`)), {
    message: /item_context.csv line 5/,
  });

  const folder = folderWith(t, HEADER + ROWS[0]);
  rmSync(join(folder, 'item_context.csv'));
  const error = await t.throwsAsync<GymError>(load(t, folder), {
    message: /without item_context.csv \(it holds men.csv\)/,
  });
  t.is(error.code, 'io');
  rmSync(join(folder, 'men.csv'));
  await t.throwsAsync(load(t, folder), { message: /without item_context.csv and men.csv \(it holds nothing\)/ });
  await t.throwsAsync(load(t, join(folder, 'nowhere')), { message: /expected a file or folder that exists/ });
});

test('the same content is not read twice, changed content is', async (t) => {
  const folder = folderWith(t, HEADER + ROWS.join('\n'));
  const store = await openStore(join(scratch(t), 'gym.sqlite'));
  await importOpenBandit(store, folder, { name: 'by hand' });
  const first = await loadLog({ path: folder, store });
  t.is(first.imported, undefined, 'imported under another name already');
  t.regex(first.log.name, /^men-[0-9a-f]{8}$/);
  t.is((await store.list()).length, 1);

  const elsewhere = join(scratch(t), 'random', 'men');
  cpSync(folder, elsewhere, { recursive: true });
  t.is((await loadLog({ path: elsewhere, store })).imported, undefined, 'another path, the same content');

  writeFileSync(join(folder, 'men.csv'), readFileSync(join(folder, 'men.csv'), 'utf8').replace(',1,1,0.5', ',1,0,0.5'));
  const changed = await loadLog({ path: folder, store });
  t.deepEqual(changed.imported, { count: 0, first: [] });
  t.not(changed.log.hash, first.log.hash);
  t.is((await loadLog({ name: changed.log.name, store })).log.hash, changed.log.hash);
  t.is((await store.list()).length, 2);
  await store.close();
});

test('the real men campaigns: rows, items, clicks, rates by position, propensities', async (t) => {
  if (REAL === undefined) {
    t.log('the Open Bandit Dataset is not beside the project: not tried');
    t.pass();
    return;
  }
  const rates = (log: Log): number[] =>
    [0, 1, 2].map((position) => {
      const clicks = log.outcomes[0].filter((_, row) => log.position[row] === position);
      return clicks.reduce((sum, click) => sum + click, 0) / clicks.length;
    });
  const near = (actual: number, expected: number): boolean => t.true(Math.abs(actual - expected) < 1e-9, `${actual}`);
  const random = await load(t, join(REAL, 'random', 'men'));
  t.is(random.rows, 10_000);
  t.is(random.actions.values.length, 34);
  t.is(
    random.outcomes[0].reduce((sum, click) => sum + click, 0),
    46,
  );
  for (const [i, expected] of [0.003045067, 0.0064935065, 0.0042067308].entries()) near(rates(random)[i], expected);
  t.true(random.propensity.every((p) => p === 1 / 34));

  const bts = await load(t, join(REAL, 'bts', 'men'));
  t.is(
    bts.outcomes[0].reduce((sum, click) => sum + click, 0),
    69,
  );
  t.is(Math.min(...bts.propensity), 0.000165);
  t.is(Math.max(...bts.propensity), 0.72529);
  t.true(Math.abs(bts.propensity.reduce((sum, p) => sum + p, 0) / bts.rows - 0.1635944) < 1e-7);
  t.deepEqual(bts.policies.values, ['bts']);
  t.is(bts.schema.numericNames.length, 34);

  const women = await load(t, join(REAL, 'random', 'women'));
  t.is(women.actions.values.length, 46);
});
