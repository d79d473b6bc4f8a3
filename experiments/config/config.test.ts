import test, { type ExecutionContext } from 'ava';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { estimators } from '../evaluate/estimators/index.js';
import type { Estimator } from '../evaluate/estimators/form.js';
import { ESTIMATORS, jsonSchema } from './schema.js';
import { readExperiment } from './read.js';

const log = `# comment
kind: log
id: fashion
question: Is the learned policy better than uniform?
log:
  from: file
  format: open-bandit
  path: data/men
reward: click
`;

async function file(text: string): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'recsys-gym-config-')), 'e.yaml');
  await writeFile(path, text);
  return path;
}

async function failure(t: ExecutionContext, text: string, overrides: string[] = []): Promise<string> {
  const path = await file(text);
  const error = await t.throwsAsync(readExperiment(path, overrides));
  return error.message.replaceAll(path, 'e.yaml');
}

test('defaults are filled in and --set wins', async (t) => {
  const { experiment } = await readExperiment(await file(log), ['seed=7', 'log.path=../x', 'baselines.0.id=popular']);
  t.is(experiment.kind, 'log');
  if (experiment.kind !== 'log') return;
  t.is(experiment.seed, 7);
  t.is(experiment.split.train, 0.5);
  t.deepEqual(experiment.log, { from: 'file', format: 'open-bandit', path: '../x', map: {}, maxBadShare: 0 });
  t.deepEqual(experiment.baselines, [{ id: 'popular', exploration: 0 }]);
});

test('a mistyped key is answered with line, column and the nearest valid key', async (t) => {
  t.is(
    await failure(t, log.replace('  path:', '  paht:')),
    "e.yaml:6:3: log.path: expected string, received undefined\ne.yaml:8:9: log.paht: unknown key. Did you mean 'path'? Known: from, format, path, map, maxBadShare.",
  );
  t.regex(
    await failure(t, log.replace('reward:', 'rewrad:')),
    /e\.yaml:9:9: rewrad: unknown key\. Did you mean 'reward'\?/,
  );
  t.regex(
    await failure(t, `${log}evaluation:\n  boostrap: 5\n`),
    /e\.yaml:11:13: evaluation\.boostrap: unknown key\. Did you mean 'bootstrap'\?/,
  );
  t.regex(
    await failure(t, `${log}baselines:\n  - id: uniform\n  - id: populer\n`),
    /e\.yaml:12:9: baselines\.1\.id: .*Did you mean 'popular'/,
  );
  t.regex(
    await failure(t, log, ['evaluation.lvel=0.9']),
    /--set evaluation\.lvel: unknown key\. Did you mean 'level'\?/,
  );
});

test('wrong values say what was expected and what came', async (t) => {
  t.regex(await failure(t, `${log}split: {train: 1.5}\n`), /e\.yaml:10:16: split\.train: .*<1/);
  t.regex(await failure(t, `${log}seed: -1\n`), /seed: .*>=0/);
  t.regex(await failure(t, log.replace('kind: log', 'kind: logs')), /kind: .*Did you mean 'log'/);
  t.regex(await failure(t, `${log}seed: [1\n`), /expected YAML, received/);
  t.regex(await failure(t, 'just text'), /e\.yaml/);
});

test('config files are data: no path to prototypes, no alias bombs, no huge files', async (t) => {
  t.regex(await failure(t, log, ['__proto__.polluted=1']), /expected key\.of\.the\.config=value/);
  t.regex(await failure(t, log, ['seed']), /expected key\.of\.the\.config=value/);
  t.is(({} as Record<string, unknown>)['polluted'], undefined);
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n`;
  await t.throwsAsync(readExperiment(await file(bomb)), { message: /alias/i });
  await t.throwsAsync(readExperiment(await file('#'.repeat(300_000))), { message: /at most 262144 bytes/ });
  await t.throwsAsync(readExperiment('nowhere.yaml'), {
    message: /nowhere\.yaml: expected a readable experiment file/,
  });
});

test('intervals: unknown names, repetitions and bounds that cannot be', async (t) => {
  t.regex(
    await failure(t, `${log}evaluation:\n  interval: [delta, hofding]\n`),
    /e\.yaml:11:21: evaluation\.interval\.1: expected one of the known names, received 'hofding'\. Did you mean 'hoeffding'/,
  );
  t.regex(await failure(t, log, ['evaluation.interval=[bca,bca]']), /evaluation\.interval: expected each method once/);
  t.regex(await failure(t, log, ['evaluation.interval=[]']), /evaluation\.interval: /);
  t.regex(await failure(t, log, ['evaluation.rewardRange=[1,0]']), /rewardRange: expected the smaller number first/);
  t.regex(await failure(t, log, ['evaluation.weightMax=0']), /evaluation\.weightMax: .*>0/);
  const overrides = ['evaluation.interval=[bca,sequence]', 'evaluation.rewardRange=[0,1]', 'evaluation.weightMax=20'];
  const { experiment } = await readExperiment(await file(log), overrides);
  t.like(experiment, { evaluation: { interval: ['bca', 'sequence'], rewardRange: [0, 1], weightMax: 20 } });
});

test('the published JSON Schema is the one that validates', (t) => {
  const published: unknown = JSON.parse(readFileSync('experiments/config/experiment.schema.json', 'utf8'));
  t.deepEqual(published, JSON.parse(JSON.stringify(jsonSchema())), 'run: npm run schema');
});

test('a config may name every estimator that needs no more than action, reward and propensity', (t) => {
  const plain = Object.entries<Estimator>(estimators).filter(([, { needs = [] }]) => needs.length === 0);
  t.deepEqual(new Set<string>(ESTIMATORS), new Set(plain.map(([key]) => key)));
});
