import test from 'ava';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseReport } from '../report/document.js';
import { runExperiment } from '../run/run.js';
import { silent } from '../run/watch.js';
import { overSeeds } from '../lifts/merge.js';
import { tinyFile } from './_tiny.test.js';

const shared = { clock: () => 0, watcher: silent, backend: 'wasm' };

test.serial('from a config to a report: the same bytes for any number of workers, every section filled', async (t) => {
  const rivals = [{ id: 'recomind', name: 'Myopic (γ = 0)', settings: { hidden: [8], discount: 0 } }];
  const { home, config } = tinyFile({ seeds: [1, 2], rivals, baselines: [{ id: 'supervised' }, { id: 'random' }] });
  const two = await runExperiment({ ...shared, config, home, out: join(home, 'two'), workers: 2 });
  const one = await runExperiment({ ...shared, config, home, out: join(home, 'one'), workers: 1 });
  const bytes = await readFile(join(two.dir, 'report.json'), 'utf8');
  t.is(await readFile(join(one.dir, 'report.json'), 'utf8'), bytes);
  t.false(bytes.includes(home), 'no path in the report');
  const report = parseReport(bytes, 'report.json');
  const { lifts = [], realism = [], abTests = [], curves, models, data, provenance } = report;

  t.deepEqual(
    lifts.map(({ place, control, seeds }) => [place, control, seeds]),
    [
      ['the generated world', 'supervised', [1, 2]],
      ['the simulator it learned in', 'supervised', [1, 2]],
    ],
  );
  const policies = ['recomind', 'Myopic (γ = 0)', 'random'];
  for (const { rows, users } of lifts) {
    t.deepEqual([...new Set(rows.map(({ policy }) => policy))], policies);
    t.is(rows.length, 3 * 11);
    t.true(users > 50);
    for (const { perSeed, relative, control, value } of rows) {
      t.is(perSeed.length, 2);
      t.deepEqual(relative, overSeeds(perSeed, 0.95));
      t.true(control !== null && value !== null && control >= 0 && value >= 0);
    }
  }
  const [first, second] = lifts[0].rows[0].perSeed;
  t.not(first.value, second.value, 'seeds differ');
  t.deepEqual(
    realism.map(({ simulator }) => simulator),
    ['simulator of seed 1', 'simulator of seed 2'],
  );
  t.deepEqual(
    abTests.map(({ name, arms }) => [name, arms.map((arm) => arm.name)]),
    [1, 2].map((seed) => [
      `seed ${seed}: the generated world, every user given one policy`,
      ['supervised', ...policies],
    ]),
  );
  const returns = curves.filter(({ chart }) => chart === 'meanReturn');
  t.deepEqual(
    returns.map(({ name }) => name),
    [1, 2].flatMap((seed) => ['recomind', 'Myopic (γ = 0)'].map((name) => `${name}, seed ${seed}`)),
  );
  t.true(returns.every(({ points }) => points.length > 5));
  t.deepEqual(
    models.map(({ role }) => role),
    [1, 2].flatMap((seed) => [
      `seed ${seed}: production: retrieves and ranks in production`,
      `seed ${seed}: people: plays the people that the policy learns with`,
    ]),
  );
  t.deepEqual(
    data?.splits.map(({ name }) => name),
    ['production', 'people', 'held out'],
  );
  t.is(
    data?.splits.reduce((sum, { rows }) => sum + rows, 0),
    data?.rows,
  );
  t.true((data?.propensity?.min ?? 0) > 0 && (data?.propensity?.max ?? 2) <= 1);
  t.deepEqual(provenance.seeds, [1, 2]);
  t.true((await readFile(join(two.dir, 'report.html'), 'utf8')).includes('Policies side by side'));
  t.true((await readFile(join(two.dir, 'metrics.jsonl'), 'utf8')).split('\n').length > 50);
  t.deepEqual(
    (await readdir(join(one.dir, 'checkpoints', 'seed-2'))).filter((name) => name.includes('training')).length,
    2,
    'a training of either policy is kept',
  );
});

test.serial(
  'slates of two, another reward, sessions too short to be deep, artefacts called as one likes',
  async (t) => {
    const { artefacts, ...rest } = {
      artefacts: { served: { share: 0.4 }, cold: { share: 0.4 } },
      ...{ ranker: 'served', simulator: 'cold', reward: 'watch10s + 0.5 * like - 2 * hide' },
      env: { candidates: 6, slateSize: 2, maxSteps: 7 },
    };
    const quick = { response: { hidden: [8], attention: 0, epochs: 1 }, tower: { epochs: 1 } };
    const { home, config } = tinyFile({
      ...rest,
      artefacts: Object.fromEntries(Object.entries(artefacts).map(([name, own]) => [name, { ...own, ...quick }])),
      agent: {
        ...{ id: 'recomind', name: 'slates', env: { injected: 1 } },
        settings: { hidden: [8], learner: 'ppo', exploration: 'top-k-inject', injected: 1 },
      },
    });
    const { document } = await runExperiment({ ...shared, config, home, workers: 1 });
    const { lifts = [], data, answer, curves } = document;
    t.is(data?.rewardFormula, 'watch10s + 0.5 * like - 2 * hide');
    t.regex(answer.sentence, /watch10s per session .* against 'supervised' in the generated world/);
    for (const { rows } of lifts) {
      const deep = rows.filter(({ metric }) => metric === 'depth given 10 items');
      t.true(deep.length === 3 && deep.every(({ control, relative }) => control === null && relative.value === null));
      const depth = rows.filter(({ metric }) => metric === 'depth');
      t.true(depth.every(({ value }) => value !== null && value > 1 && value <= 7));
      t.is(rows[0].policy, 'slates');
    }
    t.true(curves.some(({ chart }) => chart === 'meanReturn'));
  },
);
