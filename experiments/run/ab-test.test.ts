import test from 'ava';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReportDocument } from '../contract.js';
import { runExperiment } from './run.js';
import { silent } from './watch.js';

const home = mkdtempSync(join(tmpdir(), 'recsys-gym-world-test-'));
const config = join(home, 'river.yaml');
writeFileSync(
  config,
  `
kind: log
id: river
question: Does the learned policy earn more than the one that wrote the log?
log: { from: world, world: click-world, rows: 6000, settings: { items: 6, baseRate: 0.2 } }
reward: click
rewardModel: { folds: 2 }
policy: { settings: { epochs: 4 } }
baselines: [{ id: uniform }]
evaluation: { bootstrap: 0, segments: [], abTest: 20000 }
`,
);
const run = async (overrides: readonly string[], out: string): Promise<ReportDocument> => {
  const { document } = await runExperiment({
    ...{ config, overrides, out: join(home, out), home, watcher: silent, clock: () => 0 },
  });
  return document;
};

test.serial('new users of the world say what the log said: off-policy, test and simulator side by side', async (t) => {
  const { abTests = [], agreements = [], policies } = await run([], 'a');
  const [section] = abTests;
  t.deepEqual(
    section.arms.map(({ name }) => name),
    ['logged policy', 'learned', 'uniform'],
  );
  const [{ effects }] = section.metrics;
  for (const { difference, truth } of effects)
    t.true(Math.abs((difference.value ?? 0) - (truth ?? 0)) < 5 * (difference.standardError ?? 0));
  const [{ rows, agree, truth }] = agreements;
  t.is(rows.length, 3);
  t.true(agree);
  // The truth of new users is that of the judging rows up to which users they are.
  t.true(Math.abs((truth ?? 0) - ((policies[0].truth ?? 0) - (policies[1].truth ?? 0))) < 0.2);
  t.true((effects[0].truth ?? 0) > (effects[1].truth ?? 0), 'the learned policy is better than the uniform one');
});

test.serial('without a world nobody can try a policy', async (t) => {
  const table = join(home, 'log.csv');
  const lines = Array.from({ length: 600 }, (_, i) => `a${i % 2},${i % 3 === 0 ? 1 : 0},0.5`);
  writeFileSync(table, `action,click,propensity\n${lines.join('\n')}\n`);
  const log = `log={from: file, format: table, path: ${table}, map: {action: action, outcome.click: click, propensity: propensity}}`;
  await t.throwsAsync(() => run([log, 'reward=click'], 'b'), {
    message: /evaluation: abTest: expected a log written by a world, received one from a file/,
  });
});
