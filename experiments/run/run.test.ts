import test from 'ava';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReportDocument } from '../contract.js';
import { estimators } from '../evaluate/estimators/index.js';
import { runExperiment } from './run.js';
import { RunStore } from './store.js';
import { silent, type Watcher } from './watch.js';

const temporary = (): Promise<string> => mkdtemp(join(tmpdir(), 'recsys-gym-river-'));
const clock = (): number => 1_700_000_000_000;

const river = `
kind: log
id: small-river
question: Does the learned policy earn more than the one that wrote the log?
log: { from: world, world: click-world, rows: 4000, settings: { items: 6, baseRate: 0.2 } }
reward: click
rewardModel: { folds: 2 }
policy: { settings: { epochs: 6 } }
baselines: [{ id: uniform }, { id: popular }, { id: greedy, exploration: 0.2 }]
evaluation: { bootstrap: 50, segments: [position, segment] }
`;

const training = `
kind: env
id: small-training
question: Does REINFORCE learn to balance the pole at all?
seeds: [1, 2]
env: { id: reference/CartPole-v1 }
agent: { id: reinforce }
run: { worlds: 4, steps: 800, checkpointEvery: 300 }
evaluation: { episodes: 4 }
`;

async function write(text: string): Promise<{ home: string; config: string }> {
  const home = await temporary();
  const config = join(home, 'experiment.yaml');
  await writeFile(config, text);
  return { home, config };
}

/** Stops a run where a crash would: when the named stage begins. */
function crashingAt(stage: string): Watcher {
  return {
    stage: (name) => {
      if (name === stage) throw new Error(`power cut at ${stage}`);
      return silent.stage(name);
    },
  };
}

test.serial(
  'the river: same seed, same bytes; a run that was cut off ends in the same bytes; another seed differs',
  async (t) => {
    const { home, config } = await write(river);
    const options = { config, home, clock, watcher: silent, backend: 'wasm' };
    const first = await runExperiment(options);
    const bytes = await readFile(join(first.dir, 'report.json'), 'utf8');
    const second = await runExperiment(options);
    t.not(second.dir, first.dir);
    t.is(await readFile(join(second.dir, 'report.json'), 'utf8'), bytes);

    const out = join(home, 'cut');
    for (const stage of ['guesses to judge with', 'policy', 'evaluation']) {
      const resume = stage !== 'guesses to judge with';
      await t.throwsAsync(runExperiment({ ...options, out, resume, watcher: crashingAt(stage) }), {
        message: `power cut at ${stage}`,
      });
    }
    t.deepEqual((await readdir(join(out, 'checkpoints'))).sort(), [
      'click-model.safetensors',
      'guesses-judge.safetensors',
      'guesses-train.safetensors',
      'policy.safetensors',
    ]);
    const resumed = await runExperiment({ ...options, out, resume: true });
    t.is(await readFile(join(out, 'report.json'), 'utf8'), bytes);
    t.false(resumed.alreadyFinished);
    t.true((await runExperiment({ ...options, out, resume: true })).alreadyFinished);

    const overrides = ['seed=2', 'evaluation.interval=[student,sequence]', 'evaluation.rewardRange=[0,1]'];
    const other = await runExperiment({ ...options, overrides });
    const { estimates } = other.document.policies[1];
    t.not(estimates['ips'].value, first.document.policies[1].estimates['ips'].value);
    t.is(estimates['ips'].method, 'Student 95%');
    const [beside] = estimates['ips'].others ?? [];
    t.is(beside.method, 'confidence sequence 95%');
    t.true((beside.interval?.[0] ?? 1) < (estimates['ips'].interval?.[0] ?? 0), 'always valid, so wider');
    t.regex(await readFile(join(other.dir, 'report.html'), 'utf8'), /confidence sequence 95%: 0\.\d+ to 0\.\d+/);
    t.false(bytes.includes(home), 'no path in the report');

    const { policies, comparisons, models, segments } = first.document;
    t.deepEqual(
      policies.map(({ id }) => id),
      ['learned', 'uniform', 'popular', 'greedy'],
    );
    const [learned, uniform] = policies;
    t.true((learned.truth ?? 0) > (uniform.truth ?? 1), 'the learned policy is truly better than uniform');
    const [low, high] = uniform.estimates['ips'].interval ?? [NaN, NaN];
    t.true(low <= (uniform.truth ?? NaN) && (uniform.truth ?? NaN) <= high, 'the interval holds the truth');
    t.deepEqual(
      comparisons.map(({ against }) => against),
      ['logged policy', 'uniform', 'popular', 'greedy'],
    );
    t.is(models.length, 2);
    t.deepEqual(
      segments.map(({ by }) => by),
      ['position', 'segment'],
    );
    t.true((await readFile(join(first.dir, 'report.html'), 'utf8')).startsWith('<!doctype html>'));
    t.true((await readFile(join(first.dir, 'metrics.jsonl'), 'utf8')).split('\n').length > 5);

    const store = await RunStore.open(join(home, 'gym.sqlite'));
    const runs = await store.list();
    await store.close();
    t.is(runs.filter(({ status }) => status === 'finished').length, 4);
  },
);

test.serial('training: results do not depend on the number of workers or on interruptions', async (t) => {
  const { home, config } = await write(training);
  const options = { config, home, clock, watcher: silent, backend: 'cpu' };
  const one = await runExperiment({ ...options, workers: 1 });
  const two = await runExperiment({ ...options, workers: 2 });
  const bytes = await readFile(join(one.dir, 'report.json'), 'utf8');
  t.is(await readFile(join(two.dir, 'report.json'), 'utf8'), bytes);
  t.is(one.document.rollouts.length, 2);
  t.deepEqual(
    one.document.rollouts[0].perSeed.map(({ episodes }) => episodes),
    [4, 4],
  );

  // A run that lost everything after a checkpoint in the middle: only that checkpoint is left.
  const out = join(home, 'cut');
  const longer = { ...options, out, workers: 1, overrides: ['run.steps=500'] };
  await runExperiment(longer);
  const kept = await readFile(join(out, 'checkpoints', 'seed-1.safetensors'));
  const whole = await readFile(join(out, 'report.json'), 'utf8');
  await runExperiment(longer);
  const { rm } = await import('node:fs/promises');
  for (const file of [
    'report.json',
    'checkpoints/seed-1.json',
    'checkpoints/seed-2.json',
    'checkpoints/seed-2.safetensors',
  ])
    await rm(join(out, file));
  await writeFile(join(out, 'checkpoints', 'seed-1.safetensors'), kept);
  await runExperiment({ ...longer, resume: true });
  t.is(await readFile(join(out, 'report.json'), 'utf8'), whole);
});

test.serial('what cannot run says why, and the store remembers it', async (t) => {
  const { home, config } = await write(river);
  const options = { config, home, clock, watcher: silent, backend: 'wasm' };
  await t.throwsAsync(runExperiment({ ...options, overrides: ['policy.settings.epcohs=3'] }), {
    message: /policy log-policy-gradient: epcohs: unknown key\. Did you mean 'epochs'\?/,
  });
  await t.throwsAsync(runExperiment({ ...options, overrides: ['log.world=clik-world'] }), {
    message: /No world called 'clik-world'\. Did you mean 'click-world'\?/,
  });
  await t.throwsAsync(runExperiment({ ...options, overrides: ['reward=clck'] }), { message: /clck.*click/s });
  await t.throwsAsync(runExperiment({ ...options, overrides: ['evaluation.segments=[postion]'] }), {
    message: /no 'postion'.*Did you mean 'position'\?/,
  });
  await t.throwsAsync(runExperiment({ ...options, backend: 'wsam' }), { message: /Did you mean 'wasm'\?/ });
  if (!existsSync('/dev/nvidiactl')) {
    await t.throwsAsync(runExperiment({ ...options, backend: 'tensorflow-gpu' }), {
      message: /backend 'tensorflow-gpu': expected it to load/,
    });
  }
  const store = await RunStore.open(join(home, 'gym.sqlite'));
  const runs = await store.list();
  await store.close();
  t.true(runs.every(({ status }) => status === 'failed') && runs.length >= 3);

  await writeFile(join(home, 'gym.sqlite'), 'this is not a database, it is a text of some length to be found out');
  await t.throwsAsync(runExperiment(options), { message: /gym\.sqlite/ });
});

test.serial('a river with estimators of its own, their settings tuned; the headline joins the list', async (t) => {
  const small = river.replace('bootstrap: 50', 'bootstrap: 0').replace('segments: [position, segment]', 'segments: []');
  const asked = (extra: string): string => small.replace(/ \}\s*$/, `, ${extra} }\n`);
  const { home, config } = await write(
    asked('headline: sgDr, tune: slope, estimators: [cressieRead, clippedIps=3, replay, bips]'),
  );
  const { dir } = await runExperiment({ config, home, clock, watcher: silent, backend: 'wasm' });
  const { policies, comparisons } = JSON.parse(await readFile(join(dir, 'report.json'), 'utf8')) as ReportDocument;
  t.deepEqual(Object.keys(policies[0].estimates), ['sgDr', 'cressieRead', 'clippedIps=3', 'replay', 'bips']);
  t.is(policies[0].estimates['clippedIps=3'].setting, 3);
  t.true(estimators.sgDr.setting?.tuned?.candidates.includes(policies[0].estimates['sgDr'].setting ?? NaN));
  t.is(comparisons[0].estimator, 'sgDr');
  for (const [extra, said] of [
    ['estimators: [mips]', /evaluation: estimators: expected estimators that need no more than action/],
    ['estimators: [snipz]', /No estimator called 'snipz'\. Did you mean 'snips'/],
  ] as const) {
    const wrong = await write(asked(extra));
    await t.throwsAsync(runExperiment({ ...wrong, clock, watcher: silent, backend: 'wasm' }), { message: said });
  }
});
