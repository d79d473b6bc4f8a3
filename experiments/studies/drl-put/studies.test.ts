import test from 'ava';
import { CTR, LONG_CTR, REVENUE } from '../../ad-utility/metrics.js';
import { snipsCoverage } from './coverage.js';
import { signsOf } from './rewards.js';

/** Lifts of the prototype of the notes, in percent: revenue, CTR, long CTR. */
const NOTES: Readonly<Record<string, readonly [number, number, number]>> = {
  'revenue only': [5.4, -26, -30],
  'click only': [-64, 65, 62],
  'long click only': [-61, 52, 79],
  'revenue + click': [-9, 24, 25],
  'revenue + long click': [-11, 17, 41],
  all: [-27, 37, 57],
};
const PLACE: readonly string[] = [REVENUE, CTR, LONG_CTR];

test('the sign pattern is that of the notes, and each part of it can be missed', (t) => {
  const lift =
    (table: typeof NOTES) =>
    (reward: string, metric: string): number =>
      table[reward][PLACE.indexOf(metric)] / 100;
  t.deepEqual(signsOf(lift(NOTES)), []);
  t.regex(signsOf(lift({ ...NOTES, 'revenue only': [-1, -26, -30] })).join(), /^revenue only, revenue.*a gain/);
  t.regex(signsOf(lift({ ...NOTES, 'click only': [-64, -1, 62] })).join(), /^click only, CTR: expected a gain/);
  t.regex(signsOf(lift({ ...NOTES, all: [-27, 37, 80] })).join(), /largest for 'long click only', received 'all'/);
});

test('coverage in three small markets: every estimator told for both policies', async (t) => {
  const settings = { seeds: 3, rows: 4000, requests: 400, learned: 3000 };
  const { tables, numbers } = await snipsCoverage.run({ data: undefined, seed: 1, settings });
  t.deepEqual(
    tables[0].rows.map(([policy, estimator]) => `${policy} ${estimator}`),
    ['drl-put', 'manual'].flatMap((policy) => ['snips', 'ips', 'dr', 'dm'].map((one) => `${policy} ${one}`)),
  );
  t.regex(JSON.stringify(numbers), /"policy":"manual","estimator":"snips","held":[0-3],"told":[0-3]/);
});
