import test from 'ava';
import { cp, mkdir, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startBackend } from '../../core/tensor/backend.js';
import { readExperiment } from '../config/read.js';
import { runExperiment } from '../run/run.js';
import { readCheckpoint } from '../run/seed-checkpoint.js';
import { silent } from '../run/watch.js';
import { keepIn } from '../run/keep.js';
import { runFeedSeed } from './seed-run.js';
import { tinyFile } from './_tiny.test.js';

test.serial('a run that was cut off ends in the same bytes: after the artefacts, and amid the training', async (t) => {
  const { home, config } = tinyFile();
  const shared = { config, home, clock: () => 0, watcher: silent, backend: 'wasm', workers: 1 };
  const whole = await runExperiment({ ...shared, out: join(home, 'whole') });
  const bytes = await readFile(join(whole.dir, 'report.json'), 'utf8');
  const page = await readFile(join(whole.dir, 'report.html'), 'utf8');

  // Another run of the same config that nobody let finish.
  const out = join(home, 'cut');
  const own = join(out, 'checkpoints', 'seed-1');
  await mkdir(own, { recursive: true });
  await cp(join(whole.dir, 'config.json'), join(out, 'config.json'));
  const { experiment } = await readExperiment(config);
  if (experiment.kind !== 'feed-session') return t.fail();
  await startBackend('wasm');
  const cutting = runFeedSeed({
    ...{ experiment, seed: 1, keep: keepIn(own), checkpoints: own },
    onProgress: (stage, done) => {
      if (stage === 'training recomind' && done >= 900) throw new Error('power cut');
    },
  });
  await t.throwsAsync(cutting, { message: 'power cut' });
  const models = ['first ranker', 'people', 'production'].flatMap((name) => [
    `${name}-response.safetensors`,
    `${name}-tower.safetensors`,
  ]);
  t.deepEqual(
    (await readdir(own)).sort(),
    [...models, 'population.safetensors', 'recomind.training.safetensors'].sort(),
  );
  t.is(readCheckpoint(join(own, 'recomind.training.safetensors'))?.state.step, 800);
  const resumed = await runExperiment({ ...shared, out, resume: true });
  t.false(resumed.alreadyFinished);
  t.is(await readFile(join(out, 'report.json'), 'utf8'), bytes);
  t.is(await readFile(join(out, 'report.html'), 'utf8'), page);

  // The training had ended, the trial had not.
  for (const file of ['report.json', 'checkpoints/seed-1.json']) await rm(join(out, file));
  t.is(readCheckpoint(join(own, 'recomind.training.safetensors'))?.state.step, 1200);
  await runExperiment({ ...shared, out, resume: true });
  t.is(await readFile(join(out, 'report.json'), 'utf8'), bytes);

  // A model and the training are lost.
  for (const file of ['report.json', 'checkpoints/seed-1.json']) await rm(join(out, file));
  await rm(join(own, 'recomind.training.safetensors'));
  await rm(join(own, 'people-response.safetensors'));
  await runExperiment({ ...shared, out, resume: true });
  t.is(await readFile(join(out, 'report.json'), 'utf8'), bytes);

  // Only the last step is left: the report of the seed is taken as it is.
  await rm(join(out, 'report.json'));
  await rm(own, { recursive: true });
  const quick = await runExperiment({ ...shared, out, resume: true });
  t.false(quick.alreadyFinished);
  t.is(await readFile(join(out, 'report.json'), 'utf8'), bytes);
  t.true((await runExperiment({ ...shared, out, resume: true })).alreadyFinished);
});
