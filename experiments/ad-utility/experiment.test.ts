import test from 'ava';
import { cp, mkdir, readFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { startBackend } from '../../core/tensor/backend.js';
import { readExperiment } from '../config/read.js';
import { keepIn } from '../run/keep.js';
import { runExperiment } from '../run/run.js';
import { silent } from '../run/watch.js';
import { REWARD } from './metrics.js';
import { runUtilitySeed } from './seed-run.js';
import { tinyFile } from './_tiny.test.js';

const shared = { clock: () => 0, watcher: silent, backend: 'wasm', workers: 1 } as const;

test.serial('two seeds from a config to a report: every part is there, every policy in every table', async (t) => {
  const { home, config } = tinyFile({ seeds: [1, 2] });
  const { document, dir } = await runExperiment({ ...shared, config, home, out: join(home, 'run') });
  const [treated, all, best, matched] = document.lifts ?? [];
  t.deepEqual(
    [...new Set(treated.rows.map(({ policy }) => policy))],
    ['importance-weighted', 'best-global', 'matched-static', 'random'],
  );
  t.is(treated.rows.length, 4 * 5);
  t.deepEqual([all.place, best.control, matched.control], ['all traffic', 'best-global', 'matched-static']);
  t.deepEqual(treated.seeds, [1, 2]);
  t.deepEqual(treated.guardrail?.states.length, 4);
  for (const { relative, perSeed } of treated.rows) {
    t.is(perSeed.length, 2);
    t.true(Math.abs((relative.value ?? NaN) - ((perSeed[0].value ?? NaN) + (perSeed[1].value ?? NaN)) / 2) < 1e-12);
  }
  // What happens to a part of the traffic happens to all of it, thinner.
  const lift = (table: typeof treated, policy: string): number =>
    table.rows.find((row) => row.policy === policy && row.metric === REWARD)?.relative.value ?? NaN;
  t.true(Math.abs(lift(all, 'random')) < Math.abs(lift(treated, 'random')));
  t.is(Math.sign(lift(all, 'random')), Math.sign(lift(treated, 'random')));
  t.deepEqual(document.policies.map(({ id }) => id).slice(0, 3), [
    'manual, seed 1',
    'importance-weighted, seed 1',
    'best-global, seed 1',
  ]);
  for (const { truth, estimates } of document.policies) {
    t.true((truth ?? NaN) > 0);
    t.deepEqual(Object.keys(estimates), ['ips', 'snips', 'dm', 'dr']);
  }
  t.is(document.logSizes?.length, 6);
  t.is(document.weightTables?.at(0)?.buckets.length, 4);
  t.is(document.agreements?.at(0)?.rows.length, 3);
  t.is(document.abTests?.length, 4);
  t.regex(
    document.answer.sentence,
    /^(Yes|No|Not shown): .*against 'manual', CTR .*, long CTR .*, revenue per request/,
  );
  const page = await readFile(join(dir, 'report.html'), 'utf8');
  for (const id of ['lifts', 'learned-weights', 'log-sizes', 'policies', 'agreement'])
    t.true(page.includes(`id="${id}"`), id);
  t.regex(page, /Guardrail: revenue per request may fall by at most 3/);
});

test.serial('a run that was cut off after its learning ends in the same bytes, with the log in a file', async (t) => {
  const replaced = { log: { rows: 3000, exploration: 0.5, heldOut: 1500, keep: 'store' } };
  const { home, config } = tinyFile(replaced);
  const whole = await runExperiment({ ...shared, config, home, out: join(home, 'whole') });
  const bytes = await readFile(join(whole.dir, 'report.json'), 'utf8');
  const out = join(home, 'cut');
  const own = join(out, 'checkpoints', 'seed-1');
  await mkdir(own, { recursive: true });
  await cp(join(whole.dir, 'config.json'), join(out, 'config.json'));
  const { experiment } = await readExperiment(config);
  if (experiment.kind !== 'ad-utility') return t.fail();
  await startBackend('wasm');
  const cutting = runUtilitySeed({
    ...{ experiment, seed: 1, keep: keepIn(own), store: join(own, 'log.sqlite') },
    onProgress: (stage) => {
      if (stage === 'treated requests') throw new Error('power cut');
    },
  });
  await t.throwsAsync(cutting, { message: 'power cut' });
  const policy = 'importance-weighted.policy.safetensors';
  t.true((await readdir(own)).includes(policy));
  const before = (await stat(join(own, policy))).mtimeMs;
  await runExperiment({ ...shared, config, home, out, resume: true });
  t.is(await readFile(join(out, 'report.json'), 'utf8'), bytes);
  t.is((await stat(join(own, policy))).mtimeMs, before, 'the policy was not learned again');
  // The policy is lost, the log is not.
  for (const file of ['report.json', 'checkpoints/seed-1.json', `checkpoints/seed-1/${policy}`])
    await rm(join(out, file));
  await runExperiment({ ...shared, config, home, out, resume: true });
  t.is(await readFile(join(out, 'report.json'), 'utf8'), bytes);
  t.true((await runExperiment({ ...shared, config, home, out, resume: true })).alreadyFinished);
});
