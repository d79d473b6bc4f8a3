import test, { type ExecutionContext } from 'ava';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../cli/main.js';
import type { ReportDocument } from '../../contract.js';
import { runExperiment } from '../../run/run.js';
import { silent } from '../../run/watch.js';

const home = mkdtempSync(join(tmpdir(), 'recsys-gym-ab-'));
const file = (name: string, text: string): string => {
  const path = join(home, `${name}.yaml`);
  writeFileSync(path, text);
  return path;
};

const slates = file(
  'slates',
  `
kind: ab
id: slates
question: Does what is good keep users longer?
world:
  from: env
  id: recsim/InterestEvolution-v1
  worlds: 16
  features: [{ name: taste, field: interests, from: 14, to: 20, cuts: [0] }]
users: 40
days: 4
arms:
  - { name: now, agent: slate-scorer }
  - { name: later, agent: slate-scorer, settings: { topicWeights: [-3,-2.8,-2.5,-2.3,-2.1,-1.8,-1.6,-1.4,-1.2,-0.9,-0.7,-0.5,-0.2,0,0,0.6,1.2,1.8,2.4,3] } }
design: { split: session }
metrics:
  - { name: minutes, column: watched, role: primary, covariate: taste }
  - { name: steps, column: requests, role: guardrail, margin: 0.05 }
  - { name: pace, kind: ratio, column: watched, denominator: requests }
aa: true
power: { replications: 5 }
`,
);
const market = file(
  'market',
  `
kind: ab
id: market
question: Does relevance earn more?
world: { from: shared-market, settings: { budget: 2 } }
users: 400
days: 4
before: 2
arms:
  - { name: served, settings: { clickWeight: 0.3, exploration: 0.2 } }
  - { name: relevant, settings: { clickWeight: 1, exploration: 0.2 } }
metrics: [{ name: revenue, column: revenue, role: primary, covariate: before }]
design: { clusters: 4 }
designs: { names: [user, budget, session, request, cluster, time], replications: 3 }
power: { replications: 2 }
`,
);

let runs = 0;
const run = async (
  config: string,
  overrides: readonly string[] = [],
  more: { out?: string; resume?: boolean; workers?: number } = {},
): Promise<{ document: ReportDocument; dir: string; bytes: string }> => {
  const out = more.out ?? join(home, `run-${runs++}`);
  const { document, dir } = await runExperiment({
    config,
    overrides,
    ...more,
    out,
    home,
    watcher: silent,
    clock: () => 0,
  });
  return { document, dir, bytes: readFileSync(join(dir, 'report.json'), 'utf8') };
};
const refuses = async (t: ExecutionContext, config: string, overrides: string[], message: RegExp): Promise<void> => {
  const error = await t.throwsAsync(() => run(config, overrides));
  t.regex(error.message, message);
};

test.serial('the same bytes for any number of threads, and after an interruption', async (t) => {
  for (const config of [slates, market]) {
    const { bytes } = await run(config, [], { workers: 1 });
    const second = await run(config, [], { workers: 3 });
    t.true(bytes === second.bytes);
    // As if it had been killed half-way: the report is missing, and every other play.
    rmSync(join(second.dir, 'report.json'));
    const plays = readdirSync(join(second.dir, 'checkpoints'));
    t.true(plays.length > 4);
    plays.filter((_, i) => i % 2 === 0).forEach((name) => rmSync(join(second.dir, 'checkpoints', name)));
    const resumed = await run(config, [], { out: second.dir, resume: true });
    t.true(bytes === resumed.bytes);
    t.true(existsSync(join(second.dir, 'report.html')));
  }
});

test.serial('a test of slates: truth, test, A/A and power stand side by side', async (t) => {
  const { document } = await run(slates);
  const [section, aa] = document.abTests ?? [];
  t.is(section.unit, 'session');
  t.is(section.arms[0].units + section.arms[1].units, 160);
  const [minutes, steps] = section.metrics;
  const [effect] = minutes.effects;
  t.true((effect.truth ?? 0) > 50, 'the other arm keeps users far longer');
  t.is(effect.cuped?.covariate, 'taste');
  t.is(steps.effects[0].guardrail, 'kept');
  t.is(section.segments[0].by, 'taste');
  t.is(section.looks[0].looks.length, 4);
  t.is(aa.name, 'A/A: the control in every arm');
  t.true(Math.abs(aa.metrics[0].effects[0].difference.value ?? NaN) < 20);
  t.is(document.agreements?.[0].rows.length, 3);
  t.is(document.power?.length, 2);
  t.regex(document.answer.sentence, /'later' for everybody improves minutes/);
});

test.serial('the same policy in both arms: no effect at all, whatever the split', async (t) => {
  const same = ['arms=[{name: a, agent: slate-scorer}, {name: b, agent: slate-scorer}]', 'power.replications=0'];
  for (const split of ['user', 'session', 'cluster', 'time']) {
    const { document } = await run(slates, [
      ...same,
      `design.split=${split}`,
      'design.clusters=6',
      'metrics=[{name: minutes, column: watched, role: primary}]',
    ]);
    const [section, aa] = document.abTests ?? [];
    t.is(section.metrics[0].effects[0].truth, 0, split);
    t.deepEqual(section.metrics[0].effects[0].difference, aa.metrics[0].effects[0].difference, split);
  }
});

test.serial('arms by request act in turns within a session', async (t) => {
  const { document } = await run(slates, [
    'design.split=request',
    'users=8',
    'days=2',
    'metrics=[{name: pace, kind: ratio, column: watched, denominator: requests, role: primary}]',
    'power.replications=0',
  ]);
  const [section] = document.abTests ?? [];
  t.is(section.unit, 'request');
  t.true(section.arms.every(({ units }) => units > 300));
  t.is(section.metrics[0].effects[0].truth, undefined, 'sessions differ in length, so requests have no pairs');
});

test.serial('a market: a split of users looks better than it is, and the report says so', async (t) => {
  const { document } = await run(market, ['users=4000', 'designs.replications=4', 'power.replications=0']);
  const [section] = document.abTests ?? [];
  const [effect] = section.metrics[0].effects;
  t.true((effect.difference.value ?? 0) > 2 * Math.abs(effect.truth ?? Infinity));
  const [table] = document.designs ?? [];
  const bias = (name: string): number => table.rows.find(({ design }) => design === name)?.bias.value ?? NaN;
  t.deepEqual(
    table.rows.map(({ design }) => design),
    ['user split', 'budget split', 'session split', 'request split', 'cluster split', 'switchback'],
  );
  t.true(Math.abs(bias('user split')) > 4 * Math.abs(bias('budget split')));
  t.is(document.agreements?.[0].agree, false);
  t.true(document.answer.reasons.some((reason) => reason.includes('Disagrees')));
  t.regex((document.agreements?.[1].rows ?? []).map(({ method }) => method).join(), /off-policy/);
  t.is(effect.cuped?.covariate, 'revenue before');
});

test.serial('a test may stop early, and says what may still be read', async (t) => {
  const { document } = await run(slates, ['analysis.stop=always-valid', 'power.replications=0', 'users=100']);
  const [section] = document.abTests ?? [];
  t.regex(section.name, /stopped on day [012]/);
  t.true(section.reasons.some((reason) => reason.includes('only the always-valid interval')));
  t.is(section.looks[0].looks.length, 4, 'what would have come after is still drawn');
});

test.serial('a novelty that wears off is found, and is not in the truth', async (t) => {
  const settings = ['users=3000', 'days=10', 'designs.names=[]', 'power.replications=0', 'world.settings.budget=0'];
  const plain = await run(market, settings);
  const { document } = await run(market, [...settings, 'novelty={size: 2, halfLifeDays: 2}']);
  t.true(document.answer.reasons.some((reason) => reason.includes('falls from day to day')));
  t.false(plain.document.answer.reasons.some((reason) => reason.includes('from day to day')));
  const truth = (one: ReportDocument): number | undefined => one.abTests?.[0].metrics[0].effects[0].truth;
  t.is(truth(document), truth(plain.document));
});

test.serial('what cannot be played is refused before anything is, in words', async (t) => {
  await refuses(t, market, ['arms.1.agent=random'], /arm relevant: expected no agent in a market, received random/);
  await refuses(t, market, ['arms.1.settings.clickweight=1'], /clickweight.*Did you mean 'clickWeight'/s);
  await refuses(t, market, ['arms.1.name=served'], /arms: expected names that differ/);
  await refuses(t, market, ['arms.0.share=0.9', 'arms.1.share=0.9'], /shares above 0 that sum to 1/);
  await refuses(t, market, ['metrics.0.column=revenu'], /no column called 'revenu'. Did you mean 'revenue'/);
  await refuses(t, market, ['before=0'], /metric revenue: covariate/);
  await refuses(t, slates, ['design.split=budget'], /Users of an env share nothing/);
  await refuses(t, slates, ['designs.names=[request]'], /no request split in an env/);
  await refuses(t, slates, ['design.split=time', 'days=3'], /at least two windows per arm/);
  await refuses(
    t,
    slates,
    ['arms.1={name: later, trainedBy: {path: nowhere}}'],
    /arm later: trainedBy: expected a run of kind env/,
  );
  await refuses(t, slates, ['world.features.0.field=interest'], /places of a field of the observation/);
});

test.serial('an arm may act as an earlier run left its agent', async (t) => {
  const training = file(
    'training',
    `
kind: env
id: training
question: Can a pole be kept upright?
seeds: [4]
env: { id: reference/CartPole-v1 }
agent: { id: reinforce }
run: { worlds: 4, steps: 6000 }
evaluation: { episodes: 4 }
`,
  );
  const { dir } = await run(training);
  const balance = file(
    'balance',
    `
kind: ab
id: balance
question: Does the trained agent keep the pole up longer?
world: { from: env, id: reference/CartPole-v1, worlds: 16 }
users: 16
days: 2
arms: [{ name: random, agent: random }, { name: trained, trainedBy: { path: ${dir}, seed: 4 } }]
metrics: [{ name: steps, column: return, role: primary }]
`,
  );
  const { document } = await run(balance);
  t.true((document.abTests?.[0].metrics[0].effects[0].truth ?? 0) > 10);
  t.is(document.provenance.dataHash?.length, 12);
});

test.serial('ab simulate takes experiments of kind ab only', async (t) => {
  t.is(await main(['ab', 'simulate', 'experiments/configs/quickstart.yaml', '--out', join(home, 'never')]), 2);
  t.false(existsSync(join(home, 'never')));
});
