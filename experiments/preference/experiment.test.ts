import test, { type ExecutionContext } from 'ava';
import { cp, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { preferenceLosses } from '../../agents/preference/losses/index.js';
import { loadChoice } from '../../agents/preference/models/choice-file.js';
import { startBackend } from '../../core/tensor/backend.js';
import { importLog } from '../../logs/load.js';
import { openStore } from '../../logs/store/log-store.js';
import { LOSSES } from '../config/preference-schema.js';
import { DESIGNER, DIVERGENCE, OBJECTIVE } from './contract.js';
import type { ReportDocument } from '../contract.js';
import { runExperiment } from '../run/run.js';
import { silent } from '../run/watch.js';

const shared = { clock: () => 0, watcher: silent, backend: process.env['RECSYS_GYM_BACKEND'], workers: 1 } as const;

const TINY = {
  kind: 'preference',
  id: 'tiny-preference',
  question: 'Does HPO give the designer more than DPO?',
  source: { from: 'table', pairs: 100, contexts: 6, responses: 8 },
  learning: { passes: 20 },
  rivals: [{ loss: 'dpo' }, { loss: 'margin' }],
  baselines: ['reference', 'optimum'],
};

function file(replaced: Readonly<Record<string, unknown>> = {}): { home: string; config: string } {
  const home = mkdtempSync(join(tmpdir(), 'recsys-gym-preference-'));
  const config = join(home, 'experiment.yaml');
  writeFileSync(config, stringify({ ...TINY, ...replaced }));
  return { home, config };
}

async function run(
  replaced: Readonly<Record<string, unknown>> = {},
): Promise<{ document: ReportDocument; dir: string }> {
  const { home, config } = file(replaced);
  return runExperiment({ ...shared, config, home, out: join(home, 'run') });
}

function value({ lifts = [] }: ReportDocument, policy: string, metric: string): number {
  return lifts[0].rows.find((row) => row.policy === policy && row.metric === metric)?.value ?? NaN;
}

test('a config may name every loss there is', (t) => {
  t.deepEqual(new Set<string>(LOSSES), new Set(Object.keys(preferenceLosses)));
});

test.serial(
  'a table over three seeds: every policy and metric, the optimum above all, intervals over worlds',
  async (t) => {
    const { document, dir } = await run({ seeds: [1, 2, 3], reference: 'sft' });
    const [first, second] = document.lifts ?? [];
    t.deepEqual([first.control, second.control, first.scale, first.unit], ['dpo', 'hpo-dpo', 'difference', 'contexts']);
    const policies = (table: typeof first): string[] => [...new Set(table.rows.map(({ policy }) => policy))];
    t.deepEqual(policies(first), ['hpo-dpo', 'margin', 'reference', 'optimum']);
    t.deepEqual(policies(second), ['margin', 'reference', 'optimum']);
    for (const policy of ['hpo-dpo', 'margin', 'reference'])
      t.true(value(document, policy, OBJECTIVE) < value(document, 'optimum', OBJECTIVE), policy);
    t.is(value(document, 'reference', DIVERGENCE), 0);
    for (const { relative, value: own, control, perSeed } of first.rows) {
      t.is(perSeed.length, 3);
      t.true(Math.abs((relative.value ?? NaN) - ((own ?? NaN) - (control ?? NaN))) < 1e-9);
      t.regex(relative.method, /over 3 seeds/);
    }
    t.regex(document.answer.sentence, /^(Yes|No|Not shown): .*designer reward .*win rate .*against 'dpo'\./);
    t.true(document.curves.some(({ chart, points }) => chart === 'hpo-dpo: loss' && points.length === 20));
    const page = await readFile(join(dir, 'report.html'), 'utf8');
    t.regex(page, /Difference/);
    t.regex(page, /18 contexts/);
    t.notRegex(page, /NaN|undefined/);
  },
);

test.serial(
  'a run that was cut off ends in the same bytes without learning again; its policy can be loaded',
  async (t) => {
    const { home, config } = file({ seeds: [1, 2] });
    const whole = await runExperiment({ ...shared, config, home, out: join(home, 'whole') });
    const bytes = await readFile(join(whole.dir, 'report.json'), 'utf8');
    const again = await runExperiment({ ...shared, config, home, out: join(home, 'again') });
    t.is(await readFile(join(again.dir, 'report.json'), 'utf8'), bytes);
    const out = join(home, 'cut');
    await mkdir(out);
    await cp(join(whole.dir, 'config.json'), join(out, 'config.json'));
    await cp(join(whole.dir, 'checkpoints'), join(out, 'checkpoints'), { recursive: true });
    const own = join(out, 'checkpoints', 'seed-2');
    t.deepEqual(
      (await readdir(own)).sort(),
      ['dpo', 'hpo-dpo', 'margin'].map((name) => `${name}.policy.safetensors`),
    );
    await rm(join(out, 'checkpoints', 'seed-2.json'));
    await rm(join(own, 'margin.policy.safetensors'));
    const kept = join(own, 'dpo.policy.safetensors');
    const before = (await stat(kept)).mtimeMs;
    await runExperiment({ ...shared, config, home, out, resume: true });
    t.is(await readFile(join(out, 'report.json'), 'utf8'), bytes);
    t.is((await stat(kept)).mtimeMs, before, 'the policy was not learned again');
    await startBackend(process.env['RECSYS_GYM_BACKEND']);
    const { model } = loadChoice(new Uint8Array(await readFile(kept)));
    const sum = model.policy(Int32Array.of(5)).logs.reduce((total, own) => total + Math.exp(own), 0);
    t.true(Math.abs(sum - 1) < 1e-5);
  },
);

test.serial('slates: with γ = 0 HPO is DPO; the control may be a baseline', async (t) => {
  const source = {
    from: 'slates',
    pairs: 100,
    settings: { contexts: 10, candidates: 5, places: 2, users: 10, items: 50 },
  };
  const method = { loss: 'hpo-dpo', settings: { auxiliary: 0 } };
  const { document } = await run({ source, method, rivals: [{ loss: 'dpo' }], baselines: ['reference', 'uniform'] });
  const rows = document.lifts?.at(0)?.rows ?? [];
  for (const { policy, relative } of rows) if (policy === 'hpo-dpo') t.is(relative.value, 0);
  t.is(value(document, 'reference', DIVERGENCE), 0);
  t.true(value(document, 'uniform', DIVERGENCE) > 0);
  t.regex(document.answer.sentence, /^Not shown/);
  const { document: plain } = await run({ source, rivals: [], baselines: ['reference'], reward: 'fresh' });
  t.is(plain.lifts?.at(0)?.control, 'reference');
  t.is(plain.lifts?.length, 1);
});

/** An archive in which headlines with 'good' are clicked more. */
function archive(tests: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'upworthy-'));
  const rows = Array.from({ length: tests }, (_, i) => [
    `t${i},A good one of number ${i},1000,120,201450,a`,
    `t${i},The bad one of number ${i},1000,40,201450,a`,
  ]).flat();
  const header = 'clickability_test_id,headline,impressions,clicks,test_week,eyecatcher_id';
  writeFileSync(join(folder, 'upworthy_packages.csv'), `${[header, ...rows].join('\n')}\n`);
  return folder;
}

test.serial('headlines: what was clicked in some tests is chosen in others, intervals over tests', async (t) => {
  const source = { from: 'file', path: archive(60) };
  const { document } = await run({
    ...{ source, seeds: [1, 2, 3], learning: { passes: 10 }, reward: '-readingGrade' },
    ...{ model: { buckets: 512, bag: 16 }, baselines: ['uniform', 'hindsight'] },
  });
  t.true(value(document, 'hpo-dpo', 'click rate') > 0.09);
  t.true(Math.abs(value(document, 'uniform', 'click rate') - 0.08) < 1e-6);
  t.true(Math.abs(value(document, 'hindsight', 'click rate') - 0.12) < 1e-6);
  const [first] = document.lifts ?? [];
  t.regex(first.rows[0].relative.method, /over the tests they share/);
  t.is(first.unit, 'tests');
  t.true(first.users < 40);
  t.true(value(document, 'hpo-dpo', DESIGNER) < 0);
});

test.serial('headlines that were imported earlier give what the file gives', async (t) => {
  const path = archive(30);
  const replaced = { learning: { passes: 2 }, model: { buckets: 64, bag: 8 }, baselines: ['uniform'] };
  const fromFile = await run({ ...replaced, source: { from: 'file', path } });
  const { home, config } = file({ ...replaced, source: { from: 'store', name: 'archive' } });
  const store = await openStore(join(home, 'gym.sqlite'));
  await importLog(store, { path, format: 'upworthy' }, { name: 'archive' });
  await store.close();
  const fromStore = await runExperiment({ ...shared, config, home, out: join(home, 'run') });
  t.deepEqual(fromStore.document.lifts, fromFile.document.lifts);
  const encoder = { buckets: 64, bag: 8, width: 4, heads: 2, depth: 1 };
  const read = await run({ ...replaced, source: { from: 'file', path }, model: encoder });
  t.notDeepEqual(read.document.lifts, fromFile.document.lifts);
});

async function refusal(t: ExecutionContext, replaced: Readonly<Record<string, unknown>>): Promise<string> {
  const error = await t.throwsAsync(run(replaced));
  return error.message;
}

test.serial('what cannot be is refused, in words', async (t) => {
  t.regex(await refusal(t, { method: { loss: 'hpo' } }), /method\.loss: .*Did you mean 'ipo'|method\.loss/);
  t.regex(
    await refusal(t, { method: { loss: 'hpo-dpo', settings: { gama: 1 } } }),
    /method 'hpo-dpo': gama: unknown key/,
  );
  t.regex(await refusal(t, { learning: { loss: 'dpo' } }), /learning: loss: unknown key/);
  t.regex(await refusal(t, { rivals: [{ loss: 'hpo-dpo' }] }), /'hpo-dpo' twice/);
  t.regex(await refusal(t, { rivals: [], baselines: [] }), /somebody to compare with/);
  t.regex(await refusal(t, { baselines: ['hindsight'] }), /a source of headlines/);
  t.regex(await refusal(t, { rivals: [{ loss: 'sft', name: 'reference' }], baselines: [] }), /another name/);
  t.regex(await refusal(t, { reward: 'fresh' }), /fresh/);
  t.regex(await refusal(t, { model: { hidden: [4] } }), /model: hidden: unknown key/);
  t.regex(await refusal(t, { source: { from: 'slates', settings: { places: 0 } }, baselines: [] }), /places/);
  t.regex(
    await refusal(t, { source: { from: 'file', path: archive(2) }, baselines: [] }),
    /tests to judge by|pairs of tests/,
  );
  t.regex(await refusal(t, { source: { from: 'store', name: 'nowhere' }, baselines: [] }), /nowhere/);
});
