import test from 'ava';
import { missed, share, type Covered } from './claims.js';
import { coverageOfLogs } from './logs.js';
import { coverageOfTrials } from './trials.js';

const seen = (covered: number, claim: Covered['claim'], tests = 10_000): Covered => ({
  ...{ where: 'here', estimate: 'ips', method: 'delta', claim, tests, covered, width: 1 },
});

test('the score: 93 to 97 % of what claims 95 %, never less of what promises it', (t) => {
  t.deepEqual(missed(seen(9500, 'nominal')), []);
  t.deepEqual(missed(seen(9301, 'nominal')), []);
  t.regex(missed(seen(9200, 'nominal'))[0], /here, ips, delta: expected to cover in 93.0 % to 97.0 %, received 92.0 %/);
  t.is(missed(seen(9800, 'nominal')).length, 1);
  t.deepEqual(missed(seen(10_000, 'conservative')), []);
  t.is(missed(seen(9400, 'conservative')).length, 1);
  // Few tests are allowed what chance does to them.
  t.deepEqual(missed(seen(91, 'nominal', 100)), []);
});

test('a small run: every method of every estimator covers as it claims', (t) => {
  const logs = coverageOfLogs({ reward: 'clicks', rounds: 500, tests: 120, replicates: 120, seed: 5 });
  const trials = [false, true].flatMap((clustered) => coverageOfTrials({ tests: 150, seed: 5, clustered }));
  const found = [...logs, ...trials];
  t.true(found.length > 45);
  // 120 tests: three Monte-Carlo errors of 2 % below what 500 rounds give at worst, and above.
  for (const one of found)
    t.true(share(one) > 0.87 && (one.claim === 'nominal' ? share(one) <= 1 : share(one) > 0.93), JSON.stringify(one));
  const width = (method: string): number =>
    logs.find((one) => one.estimate === 'ips' && one.method === method)?.width ?? NaN;
  t.true(width('delta') < width('clopper-pearson') && width('clopper-pearson') < width('bernstein'));
  t.true(width('bernstein') < width('hoeffding'));
});

test('an interval that is wrong is found out: half the standard error covers in two thirds', (t) => {
  const [honest] = coverageOfLogs({ reward: 'clicks', rounds: 400, tests: 200, replicates: 100, seed: 7 });
  t.is(honest.method, 'delta');
  t.true(share(honest) > 0.9);
  t.is(missed({ ...honest, covered: Math.round(0.67 * honest.tests) }).length, 1);
});
