import test from 'ava';
import { existsSync, mkdtempSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readExperiment } from '../config/read.js';
import { runExperiment } from '../run/run.js';
import { silent } from '../run/watch.js';
import { checkFeedExperiment } from './checks.js';

const config = 'experiments/configs/kuairand.yaml';
const slice = '../shared/data/kuairand_slice/kuairand27k_like_hate_kcore15.tsv';

test('the sample config of a real log is fine, and says where its log is', async (t) => {
  const { experiment } = await readExperiment(config, [`source.path=${slice}`]);
  t.like(experiment, {
    kind: 'feed-session',
    source: { from: 'file', format: 'kuairand', path: slice, leaveOutEarly: true },
    env: { source: 'catalogue' },
    judge: 'judge',
  });
  if (experiment.kind === 'feed-session') t.notThrows(() => checkFeedExperiment(experiment));
  const home = mkdtempSync(join(tmpdir(), 'recsys-gym-kuairand-'));
  await t.throwsAsync(
    runExperiment({ config, home, clock: () => 0, watcher: silent, overrides: ['source.path=/nowhere'], workers: 1 }),
    { code: 'io', message: /seed 1: \/nowhere: expected a file or folder that exists/ },
  );
});

const withData = existsSync(slice) ? test.serial : test.serial.skip;
withData(`a real log${existsSync(slice) ? '' : ` (skipped: ${slice} is not here)`}: refused, and forced`, async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'recsys-gym-kuairand-'));
  const quick = ['production', 'people', 'judge'].flatMap((name) => [
    `artefacts.${name}.response={hidden: [8], attention: 0, epochs: 4, batch: 256}`,
    `artefacts.${name}.tower={epochs: 1}`,
  ]);
  const small = ['train.steps=600', 'train.worlds=16', 'evaluation.sessions=100', 'agent.settings.hidden=[8]'];
  const overrides = [`source.path=${slice}`, 'misspecify={exitSign: -1}', ...small, ...quick];
  const shared = { config, home, clock: () => 0, watcher: silent, backend: 'wasm', workers: 1 };
  await t.throwsAsync(runExperiment({ ...shared, overrides }), {
    code: 'data',
    message: /simulator of seed 1, judged on held-out sessions.*refused: the exit gate is not passed.*force/s,
  });

  const { document, dir } = await runExperiment({ ...shared, overrides: [...overrides, 'realism.force=true'] });
  const { answer, data, lifts = [], realism = [] } = document;
  t.is(answer.verdict, 'weak');
  t.regex(answer.sentence, /in the second simulator/);
  const reasons = answer.reasons.join('\n');
  t.regex(reasons, /The log: All rows were liked or hated/);
  t.regex(reasons, /The simulator of seed 1 is refused and was used all the same: the exit gate is not passed/);
  t.regex(reasons, /nobody knows the truth/);
  t.deepEqual(
    lifts.map(({ place }) => place),
    ['the second simulator', 'the simulator it learned in'],
  );
  t.is(realism[0].verdict, 'refused');
  t.is(data?.propensity, undefined, 'KuaiRand knows none');
  t.is(data?.warnings?.length, 2);
  t.deepEqual(
    data?.splits.map(({ name }) => name),
    ['production', 'people', 'judge', 'held out'],
  );
  const used = data?.splits.reduce((sum, { rows }) => sum + rows, 0) ?? 0;
  t.true(used > 0 && used < (data?.rows ?? 0), 'sessions of the first fifth are left out');
  const page = await readFile(join(dir, 'report.html'), 'utf8');
  t.regex(page, /What to know of this log/);
  t.false(page.includes('/shared/'), 'no path in the report');
});
