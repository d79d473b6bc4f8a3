import test from 'ava';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { GymError } from '../../core/check.js';
import { loadLog } from '../load.js';
import type { Log } from '../record.js';
import { scratch } from '../sample.test.helper.js';
import { openStore } from '../store/log-store.js';
import { importTable, type TableOptions } from './table.js';
import { parseMap } from './table-map.js';

function write(t: ExecutionContext, name: string, text: string): string {
  const path = join(scratch(t), name);
  writeFileSync(path, text);
  return path;
}

async function load(
  t: ExecutionContext,
  path: string,
  options: TableOptions & { maxBadShare?: number } = {},
): Promise<Log> {
  return (await loadLog({ path, store: join(scratch(t), 'gym.sqlite'), ...options })).log;
}

const MAP = parseMap([
  'action=item',
  'outcome.click=clicked',
  'outcome.dwell=seconds',
  'propensity=p',
  'position=slot',
  'user=who',
  'session=visit',
  'request=page',
  'time=at',
  'policy=server',
  'candidates=shown',
  'endReason=end',
  'numeric.age=age',
  'categorical.device=device',
]);
const COLUMNS = 'item,clicked,seconds,p,slot,who,visit,page,at,server,shown,end,age,device,ignored';
const ROWS = [
  'b,1,3.5,0.5,1,zoe,s1,r1,2024-01-01T00:00:00Z,bts,a|b,,31,phone,x',
  'a,0,0,0.25,2,zoe,s1,r1,1704067201,bts,b|a|c,left,31,phone,x',
  'b,0,1e2,1,,,,,,random,b,none,-2.5,,x',
];

test('every field of a CSV file by hand', async (t) => {
  const log = await load(t, write(t, 'log.csv', [COLUMNS, ...ROWS].join('\n')), { map: MAP });
  t.deepEqual(log.schema, {
    numericNames: ['age'],
    categoricalNames: ['device'],
    perAction: [],
    endReasons: ['none', 'left'],
    hasPropensity: true,
    outcomes: ['click', 'dwell'],
    source: 'table log.csv',
  });
  t.deepEqual(log.actions.values, ['a', 'b', 'c'], 'candidates of a row are met before its action');
  t.deepEqual([...log.action], [1, 0, 1]);
  t.deepEqual(log.candidates, { offsets: Int32Array.of(0, 2, 5, 6), codes: Int32Array.of(0, 1, 1, 0, 2, 1) });
  t.deepEqual(
    log.outcomes.map((column) => [...column]),
    [
      [1, 0, 0],
      [3.5, 0, 100],
    ],
  );
  t.deepEqual([...log.propensity], [0.5, 0.25, 1]);
  t.deepEqual([...log.position], [0, 1, -1]);
  t.deepEqual([log.users.values, log.sessions.values, log.requests.values], [['zoe'], ['s1'], ['r1']]);
  t.deepEqual([[...log.user], [...log.session], [...log.request]], Array(3).fill([0, 0, -1]));
  t.deepEqual([...log.timeMs], [1704067200000, 1704067201000, NaN]);
  t.deepEqual(log.policies.values, ['bts', 'random']);
  t.deepEqual([...log.policy], [0, 0, 1]);
  t.deepEqual([...log.endReason], [0, 1, 0]);
  t.deepEqual([...log.numeric], [31, 31, -2.5]);
  t.deepEqual([...log.categorical], [0, 0, -1]);
});

test('the same rows as NDJSON and as tabs are the same log', async (t) => {
  const names = COLUMNS.split(',');
  const json = ROWS.map((row) => {
    const cells = row.split(',');
    const entries = names.map((name, i): [string, unknown] => {
      if (name === 'shown') return [name, cells[i].split('|')];
      if (cells[i] === '') return [name, i % 2 === 0 ? null : ''];
      if (name === 'clicked') return [name, cells[i] === '1'];
      return [name, ['seconds', 'p', 'slot', 'age'].includes(name) ? Number(cells[i]) : cells[i]];
    });
    return JSON.stringify(Object.fromEntries(entries));
  });
  const csv = await load(t, write(t, 'log.csv', [COLUMNS, ...ROWS].join('\r\n')), { map: MAP });
  const ndjson = await load(t, write(t, 'log.ndjson', `\ufeff${json.join('\r\n')}\n\n`), { map: MAP });
  const tabs = await load(t, write(t, 'log.tsv', [COLUMNS, ...ROWS].join('\n').replaceAll(',', '\t')), { map: MAP });
  t.is(ndjson.hash, csv.hash);
  t.is(tabs.hash, csv.hash);
});

test('without a map, columns that bear our names are taken', async (t) => {
  const log = await load(t, write(t, 'log.csv', 'action,outcome.click,colour\nx,1,red\n'));
  t.deepEqual([log.actions.values, log.schema.outcomes, log.schema.hasPropensity], [['x'], ['click'], false]);
  t.is(log.propensity[0], NaN);
  t.deepEqual([log.policies.values, log.candidates], [['logged'], 'all']);
});

test('positions count from the base, times in the unit asked for', async (t) => {
  const path = write(t, 'log.csv', 'action,outcome.click,position,time\nx,1,0,5\n');
  const log = await load(t, path, { positionBase: 0, timeUnit: 'ms' });
  t.deepEqual([log.position[0], log.timeMs[0]], [0, 5]);
  await t.throwsAsync(load(t, path), { message: /line 2: position '0', expected a whole number from 1/ });
});

test('unknown fields and columns in a map are answered with the nearest', async (t) => {
  const path = write(t, 'log.csv', [COLUMNS, ...ROWS].join('\n'));
  const failing = async (...entries: string[]): Promise<GymError> => {
    const map = parseMap(['action=item', 'outcome.click=clicked', ...entries]);
    return t.throwsAsync<GymError>(load(t, path, { map }), { instanceOf: GymError });
  };
  const column = await failing('propensity=pp');
  t.is(column.code, 'usage');
  t.regex(column.message, /has no column 'pp'. Did you mean 'p'\? Known: item, clicked/);
  t.regex((await failing('propensty=p')).message, /no field 'propensty'. Did you mean 'propensity'/);
  t.regex((await failing('outcom.buy=seconds')).message, /no field 'outcom.buy'. Did you mean 'outcome.NAME'/);
  t.regex((await failing('outcome=seconds')).message, /no field 'outcome'. Did you mean 'outcome.NAME'/);
  t.throws(() => parseMap(['action']), { message: /--map action: expected field=column/ });
  await t.throwsAsync(load(t, path, { map: parseMap(['outcome.click=clicked']) }), {
    message: /--map action=COLUMN. Its columns: item, clicked/,
  });
  await t.throwsAsync(load(t, path, { map: parseMap(['action=item']) }), { message: /at least one outcome/ });
  await t.throwsAsync(load(t, path), { message: /expected to be told its action/ });
});

test('every kind of bad row is told with its line, and leaves nothing behind when it is left out', async (t) => {
  const bad = (from: string, to: string): string => ROWS[1].replace('zoe', 'ghost').replace(from, to);
  const rows = [
    ROWS[0],
    bad(',0.25,', ',0,'),
    bad(',0.25,', ',,'),
    bad(',0.25,', ',-1,'),
    bad(',0.25,', ',1.5,'),
    bad('a,0,0,', ',0,0,'),
    bad('a,0,0,', 'a,NaN,0,'),
    bad('a,0,0,', 'a,,0,'),
    bad('a,0,0,', 'a,0,soon,'),
    bad('a,0,0,', 'a,0,1e39,'),
    bad(',2,ghost', ',1.5,ghost'),
    bad('1704067201', 'noon'),
    bad(',bts,', ',,'),
    bad('b|a|c', 'b|c'),
    bad('b|a|c', ''),
    bad(',31,', ',,'),
    bad(',x', ',x,y'),
    bad(',phone,x', ''),
    '"open, but closed",0',
    ROWS[2],
  ];
  const path = write(t, 'log.csv', [COLUMNS, ...rows].join('\n'));
  const error = await t.throwsAsync<GymError>(load(t, path, { map: MAP }), { instanceOf: GymError });
  const reasons = [
    'log.csv: expected no bad rows, received 18 among 20 rows',
    "line 3: propensity '0', expected a number in (0, 1]",
    'line 4: propensity nothing',
    "line 5: propensity '-1'",
    "line 6: propensity '1.5'",
    'line 7: action nothing, expected a name',
    "line 8: outcome click 'NaN', expected a number",
    'line 9: outcome click nothing',
    "line 10: outcome dwell 'soon'",
    "line 11: outcome dwell '1e39'",
    "line 12: position '1.5', expected a whole number from 1",
    "line 13: time 'noon', expected ISO text or a unix time",
    'line 14: policy nothing',
    "line 15: candidates 'b|c' do not include the action 'a'",
    'line 16: candidates nothing do not include',
    'line 17: numeric age nothing, expected a number',
    'line 18: 16 fields where the header has 15',
    'line 19: 13 fields where the header has 15',
    'line 20: 2 fields where',
    '(0.9 here) to leave them out. Nothing was stored.',
  ];
  for (const reason of reasons) t.true(error.message.includes(reason), `${reason}\nis not in\n${error.message}`);
  const log = await load(t, path, { map: MAP, maxBadShare: 0.9 });
  const clean = await load(t, write(t, 'log.csv', [COLUMNS, ROWS[0], ROWS[2]].join('\n')), { map: MAP });
  t.is(log.hash, clean.hash, 'no ghost in the dictionaries');
  await t.throwsAsync(load(t, path, { map: MAP, maxBadShare: 2 }), { message: /--max-bad-share: expected a share/ });
});

test('with a list of actions, others are bad, also among the candidates', async (t) => {
  const path = write(t, 'log.csv', 'action,outcome.click,candidates\na,1,a|b\nc,1,a|c\na,0,a|d\n');
  const error = await t.throwsAsync<GymError>(load(t, path, { actions: ['z', 'a', 'b'] }), { instanceOf: GymError });
  t.regex(
    error.message,
    /line 3: action 'c' is not in the list of actions\n +line 4: candidate 'd' is not in the list/,
  );
  const log = await load(t, path, { actions: ['z', 'a', 'b'], maxBadShare: 0.7 });
  t.deepEqual([log.actions.values, [...log.action]], [['z', 'a', 'b'], [1]]);
});

test('NDJSON: broken lines, strange values, cut off files', async (t) => {
  const good = '{"action":"x","outcome.click":1}';
  const lines = [good, '{"action":"x",', '[1]', '{"action":{"id":1},"outcome.click":1}', '{"outcome.click":1}', good];
  const error = await t.throwsAsync<GymError>(load(t, write(t, 'log.jsonl', lines.join('\n'))), {
    instanceOf: GymError,
  });
  for (const reason of [
    'received 4 among 6 rows',
    'line 2: not JSON',
    'line 3: not a JSON object',
    "line 4: 'action' is neither text nor a number nor a list of texts",
    'line 5: action nothing',
  ])
    t.true(error.message.includes(reason), `${reason}\nis not in\n${error.message}`);
  await t.throwsAsync(load(t, write(t, 'log.ndjson', `${good}\n${good.slice(0, 20)}`)), {
    message: /line 2: not JSON .*; the file seems cut off here/,
  });
  await t.throwsAsync(load(t, write(t, 'log.ndjson', '\n\n')), {
    message: /expected JSON lines, received only empty lines/,
  });
});

test('empty files, headers alone, folders and missing files', async (t) => {
  await t.throwsAsync(load(t, write(t, 'log.csv', '')), { message: /received an empty file/ });
  await t.throwsAsync(load(t, write(t, 'log.csv', 'action,outcome.click\n')), {
    message: /log.csv: expected rows below the header, received none/,
  });
  await t.throwsAsync(load(t, write(t, 'log.csv', 'action,outcome.click\n,1\n'), { maxBadShare: 1 }), {
    message: /received 1 bad rows and no good one:\n +line 2: action nothing/,
  });
  await t.throwsAsync(load(t, join(scratch(t), 'none.csv')), { message: /expected a file or folder that exists/ });
  const store = await openStore(join(scratch(t), 'gym.sqlite'));
  await t.throwsAsync(importTable(store, join(scratch(t), 'none.csv'), {}, { name: 'x' }), { message: /ENOENT/ });
  await t.throwsAsync(importTable(store, scratch(t), {}, { name: 'x' }), { message: /received a folder.*open-bandit/ });
  await store.close();
});

test('a failed import leaves what was stored before', async (t) => {
  const store = await openStore(join(scratch(t), 'gym.sqlite'));
  const good = write(t, 'log.csv', 'action,outcome.click\nx,1\n');
  const { log } = await importTable(store, good, {}, { name: 'log' });
  const many = Array.from({ length: 9000 }, (_, i) => `a${i % 5},${i % 2}`);
  const bad = write(t, 'log.csv', ['action,outcome.click', ...many, 'x,broken'].join('\n'));
  await t.throwsAsync(importTable(store, bad, {}, { name: 'log', replace: true }), { message: /line 9002/ });
  await t.throwsAsync(importTable(store, bad, {}, { name: 'new' }), { message: /line 9002/ });
  t.deepEqual(
    (await store.list()).map(({ name, hash }) => [name, hash]),
    [['log', log.hash]],
  );
  t.is((await store.read('log')).hash, log.hash);
  await store.close();
});

test('quoted fields may hold line ends; lines are counted in the file', async (t) => {
  const path = write(t, 'log.csv', 'action,outcome.click\n"two\nlines, ""quoted""",1\nx,oops\n');
  await t.throwsAsync(load(t, path), { message: /line 4: outcome click 'oops'/ });
  const log = await load(t, path, { maxBadShare: 0.5 });
  t.deepEqual(log.actions.values, ['two\nlines, "quoted"']);
});

test('a quote that never closes ends the import before it swallows the file', async (t) => {
  const rows = Array.from({ length: 200_000 }, () => 'x,1,some text').join('\n');
  const path = write(t, 'log.csv', `action,outcome.click,note\nx,1,"open\n${rows}\n`);
  await t.throwsAsync(load(t, path), {
    message: /after line 1: expected a closing quote, received a row of over 1048576/,
  });
});

test('settings that change the log change what it was imported from', async (t) => {
  const store = await openStore(join(scratch(t), 'gym.sqlite'));
  const path = write(t, 'log.csv', 'action,outcome.click,position\nx,1,1\n');
  await loadLog({ path, store });
  await loadLog({ path, store, positionBase: 0 });
  await loadLog({ path, store, map: { action: 'action', 'outcome.tap': 'outcome.click' } });
  await loadLog({ path, store, positionBase: 0 });
  t.is((await store.list()).length, 3);
  await store.close();
});
