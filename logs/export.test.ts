import test from 'ava';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { GymError } from '../core/check.js';
import { makeLog } from './columns.js';
import { exportLog, piecesOf, storedPieces } from './export.js';
import { importTable } from './import/table.js';
import type { Log } from './record.js';
import { plainLog, sampleLog, scratch } from './sample.test.helper.js';
import { openStore } from './store/log-store.js';

/** Exports and imports a log and returns what came back. */
async function roundTrip(t: ExecutionContext, log: Log, file: string): Promise<Log> {
  const path = join(scratch(t), file);
  await exportLog(piecesOf(log), path);
  const store = await openStore(join(scratch(t), 'gym.sqlite'));
  await importTable(store, path, {}, { name: 'back' });
  const back = await store.read('back');
  await store.close();
  return back;
}

test('what is exported is imported to the same hash', async (t) => {
  const small = sampleLog(9);
  const back = await roundTrip(t, small, 'log.csv');
  t.deepEqual({ ...back, schema: small.schema, name: small.name }, small);
  for (const file of ['log.csv', 'log.tsv', 'log.ndjson', 'log.jsonl']) {
    for (const log of [sampleLog(5000), plainLog(300)]) t.is((await roundTrip(t, log, file)).hash, log.hash);
  }
});

test('a stored log streams out to the same bytes as one in memory', async (t) => {
  const folder = scratch(t);
  const store = await openStore(join(folder, 'gym.sqlite'));
  const log = sampleLog(9000);
  await store.put(log);
  const seen: number[] = [];
  await exportLog(await storedPieces(store, 'sample'), join(folder, 'a.csv'), {
    onProgress: (rows) => seen.push(rows),
  });
  await exportLog(piecesOf(log), join(folder, 'b.csv'));
  for (const end of ['csv', 'csv.head.json']) {
    t.true(readFileSync(join(folder, `a.${end}`)).equals(readFileSync(join(folder, `b.${end}`))));
  }
  t.deepEqual(seen, [4096, 8192, 9000]);
  await store.close();
});

test('a plain table by hand', async (t) => {
  const log = makeLog({
    name: 'hand',
    rows: 2,
    schema: { outcomes: ['click'], source: 'hand', numericNames: ['x'] },
    actions: ['a', 'b,"c"'],
    action: Int32Array.of(1, 0),
    outcomes: [Float32Array.of(1, 0)],
    propensity: Float64Array.of(0.1, Math.fround(0.1)),
    position: Int32Array.of(0, -1),
    users: ['zoe'],
    user: Int32Array.of(0, -1),
    numeric: Float32Array.of(0.1, 1e-7),
  });
  const path = join(scratch(t), 'hand.csv');
  await exportLog(piecesOf(log), path);
  t.is(
    readFileSync(path, 'utf8'),
    'action,outcome.click,propensity,position,time,user,policy,numeric.x\n' +
      '"b,""c""",1,0.1,1,,zoe,logged,0.1\n' +
      'a,0,0.10000000149011612,,,,logged,1e-7\n',
  );
  const json = join(scratch(t), 'hand.ndjson');
  await exportLog(piecesOf(log), json);
  t.deepEqual(JSON.parse(readFileSync(json, 'utf8').split('\n')[1]), {
    action: 'a',
    'outcome.click': 0,
    propensity: Math.fround(0.1),
    position: null,
    time: null,
    user: null,
    policy: 'logged',
    'numeric.x': 1e-7,
  });
});

test('files in the way are kept unless forced', async (t) => {
  const folder = scratch(t);
  const path = join(folder, 'log.csv');
  writeFileSync(path, 'precious');
  const error = await t.throwsAsync<GymError>(exportLog(piecesOf(plainLog(5)), path), {
    message: /exists already.*--force/,
  });
  t.is(error.code, 'usage');
  t.is(readFileSync(path, 'utf8'), 'precious');
  await exportLog(piecesOf(plainLog(5)), path, { force: true });
  t.not(readFileSync(path, 'utf8'), 'precious');
  const alone = join(folder, 'other.csv');
  writeFileSync(`${alone}.head.json`, '{}');
  await t.throwsAsync(exportLog(piecesOf(plainLog(5)), alone), { message: /other.csv.head.json: exists already/ });
});

test('what a table cannot hold is told with its row, and nothing half is left', async (t) => {
  const folder = scratch(t);
  const base = plainLog(10);
  const failing = async (log: Log, file: string, message: RegExp): Promise<void> => {
    await t.throwsAsync(exportLog(piecesOf(log), join(folder, file)), { message });
  };
  const nan = Float32Array.from(base.outcomes[0], (value, row) => (row === 7 ? NaN : value));
  await failing({ ...base, outcomes: [nan] }, 'a.csv', /log 'plain' row 7: outcome click is NaN/);
  await failing(
    { ...base, actions: { ...base.actions, values: ['', '', ''] } },
    'a.csv',
    /row 0: action is an empty text/,
  );
  const bar = { ...sampleLog(5), actions: { ...sampleLog(5).actions, values: ['|', '|', '|', '|', '|', '|'] } };
  await failing(bar, 'a.csv', /candidate '\|' contains "\|".*Export to .ndjson/);
  await failing(base, 'nowhere/deep/a.csv', /expected a file that can be written/);
  t.deepEqual(readdirSync(folder), []);
});

test('a format that contradicts the name is refused', async (t) => {
  const path = join(scratch(t), 'log.csv');
  await t.throwsAsync(exportLog(piecesOf(plainLog(5)), path, { format: 'ndjson' }), {
    message: /its name says csv, ndjson was asked for. Let the name end in .ndjson/,
  });
  t.false(existsSync(path));
});

test('a head that does not belong to its table is refused; a map reads the table without it', async (t) => {
  const folder = scratch(t);
  const path = join(folder, 'log.csv');
  await exportLog(piecesOf(plainLog(20)), path);
  const store = await openStore(join(folder, 'gym.sqlite'));
  writeFileSync(path, readFileSync(path, 'utf8').replace('outcome.click', 'outcome.tap'));
  await t.throwsAsync(importTable(store, path, {}, { name: 'x' }), {
    message: /head.json: expected the columns of log.csv/,
  });
  const map = { action: 'action', 'outcome.tap': 'outcome.tap' };
  t.is((await importTable(store, path, { map }, { name: 'x' })).log.rows, 20);
  writeFileSync(`${path}.head.json`, '{"format":"else"}');
  await t.throwsAsync(importTable(store, path, {}, { name: 'y' }), {
    message: /expected the head of a log.*Delete it/s,
  });
  writeFileSync(`${path}.head.json`, '{');
  await t.throwsAsync(importTable(store, path, {}, { name: 'y' }), { message: /head.json: expected JSON/ });
  await store.close();
});

test('damaged content is not exported', async (t) => {
  const folder = scratch(t);
  const store = await openStore(join(folder, 'gym.sqlite'));
  await store.put(plainLog(100));
  await store.database.run("UPDATE chunk SET bytes = zeroblob(length(bytes)) WHERE field = 'outcome.0'");
  await t.throwsAsync(storedPieces(store, 'plain'), { message: /damaged or changed/ });
  await store.close();
});
