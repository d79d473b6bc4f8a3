import test from 'ava';
import { mkdtemp, readFile, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunFolder } from './folder.js';

const identity = { id: 'demo', configHash: 'aaaa', codeVersion: '0', config: { seed: 1 } };
const fresh = { resume: false, overwrite: false };
const temporary = (): Promise<string> => mkdtemp(join(tmpdir(), 'recsys-gym-run-'));
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

test('runs are numbered; a stage is computed once and remembered by a resumed run', async (t) => {
  const root = await temporary();
  const first = await RunFolder.open(identity, { ...fresh, root });
  t.is(first.dir, join(root, 'demo', '001'));
  let computed = 0;
  const stage = (): Uint8Array => new TextEncoder().encode(`result ${++computed}`);
  t.is(text(await first.remember('fit', stage)), 'result 1');
  await first.release();
  const second = await RunFolder.open(identity, { ...fresh, root });
  t.is(second.dir, join(root, 'demo', '002'));
  await second.release();

  const resumed = await RunFolder.open(identity, { ...fresh, out: first.dir, resume: true, root });
  t.is(text(await resumed.remember('fit', stage)), 'result 1');
  t.is(resumed.finished, undefined);
  await resumed.write('report.json', 'done');
  await resumed.release();
  const done = await RunFolder.open(identity, { ...fresh, out: first.dir, resume: true, root });
  t.is(done.finished, 'done');
  await done.release();

  const again = await RunFolder.open(identity, { ...fresh, out: first.dir, root });
  t.is(text(await again.remember('fit', stage)), 'result 2', 'a fresh start forgets checkpoints');
  t.is(
    await readFile(join(first.dir, 'report.json'), 'utf8'),
    'done',
    'but keeps the old report until the new one is there',
  );
  await again.release();
});

test('a folder of another config is not touched unless asked', async (t) => {
  const root = await temporary();
  const out = join(root, 'mine');
  await (await RunFolder.open(identity, { ...fresh, out, root })).release();
  const other = { ...identity, configHash: 'bbbb' };
  await t.throwsAsync(RunFolder.open(other, { ...fresh, out, root }), {
    message: /expected a run of 'demo' with config bbbb, received one of 'demo' with config aaaa.*--overwrite/,
  });
  await (await RunFolder.open(other, { ...fresh, out, root, overwrite: true })).release();
  await t.throwsAsync(RunFolder.open(identity, { ...fresh, root, resume: true }), {
    message: /a run with config aaaa to resume, received none/,
  });
  await t.throwsAsync(RunFolder.open(identity, { ...fresh, root, out: join(root, 'none'), resume: true }), {
    message: /an interrupted run to resume, received none/,
  });
});

test('one process at a time; the lock of a dead one is taken over', async (t) => {
  const root = await temporary();
  const out = join(root, 'busy');
  const folder = await RunFolder.open(identity, { ...fresh, out, root });
  await writeFile(folder.path('run.lock'), '1');
  await t.throwsAsync(RunFolder.open(identity, { ...fresh, out, root }), {
    message: /expected no other run in it, received one by process 1/,
  });
  await writeFile(folder.path('run.lock'), '999999999');
  await t.notThrowsAsync(RunFolder.open(identity, { ...fresh, out, root }));
});

test('a folder that cannot be made or read is a clear error, and nothing is left behind', async (t) => {
  const root = await temporary();
  await writeFile(join(root, 'file'), 'kept');
  await t.throwsAsync(RunFolder.open(identity, { ...fresh, root, out: join(root, 'file', 'run') }), {
    code: 'io',
    message: /file that can be|folder that can be made|readable file/,
  });
  t.is(await readFile(join(root, 'file'), 'utf8'), 'kept');
  await writeFile(join(root, 'config.json'), '{');
  await t.throwsAsync(RunFolder.open(identity, { ...fresh, root, out: root }), {
    message: /config\.json: expected JSON/,
  });
  t.deepEqual((await readdir(root)).sort(), ['config.json', 'file']);
});
