import test from 'ava';
import { existsSync } from 'node:fs';
import { readColumns } from '../../logs/import/fast-csv.js';
import { evaluatePolicy, defaultRequests } from './evaluate.js';
import { smoothedRates } from './smoothed-rates.js';
import { readOpenBanditTable } from './sources.js';

/** Published values on the small Open Bandit logs that the command does not cover: a policy made of another log. */

const folder = '../shared/data/obd';
const withData = existsSync(folder) ? test : test.skip;
const title = existsSync(folder) ? '' : ` (${folder} is not here)`;

/** [N] position 1, 2 or 3 of each row. */
async function positions(path: string): Promise<Float64Array> {
  return (await readColumns(path, { numbers: [['position']], texts: [] })).numbers[0];
}

withData(`men: the item frequencies per position of the BTS log, judged on the random log${title}`, async (t) => {
  const [log, other] = await Promise.all([
    readOpenBanditTable(`${folder}/random/men`, {}),
    readOpenBanditTable(`${folder}/bts/men`, {}),
  ]);
  const [at, otherAt] = await Promise.all(
    ['random', 'bts'].map((policy) => positions(`${folder}/${policy}/men/men.csv`)),
  );
  const { actions, action } = other.rounds;
  const counts = new Float64Array(4 * actions);
  const shown = new Float64Array(4);
  action.forEach((a, n) => {
    counts[otherAt[n] * actions + a]++;
    shown[otherAt[n]]++;
  });
  const target = new Float64Array(log.rounds.action.length * actions);
  for (let n = 0; n < at.length; n++)
    for (let a = 0; a < actions; a++) target[n * actions + a] = counts[at[n] * actions + a] / shown[at[n]];
  const judged = evaluatePolicy(log.rounds, target, smoothedRates(log.rounds), {
    requests: defaultRequests(true),
    level: 0.95,
    replicates: 0,
    seed: 0,
  });
  const published: Record<string, number> = {
    ips: 0.00565626670084,
    snips: 0.00573986470195,
    dm: 0.00536129468193,
    dr: 0.00577317023566,
    sndr: 0.00577925763833,
    dros: 0.00552715286593,
    switchDr: 0.00577317023566,
  };
  for (const [key, value] of Object.entries(published))
    t.true(Math.abs((judged.estimates[key].value ?? NaN) - value) < 1e-14, `${key} ${judged.estimates[key].value}`);
  t.is(judged.estimates['ips'].standardError?.toFixed(7), '0.0013976');
  const { effectiveSampleSize, maxWeight, meanWeight } = judged.diagnostics;
  t.deepEqual(
    [effectiveSampleSize.toFixed(4), maxWeight.toFixed(7), meanWeight.toFixed(8)],
    ['2869.2753', '7.4842767', '0.98543555'],
  );
});
