import test, { type ExecutionContext } from 'ava';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeyedDraws } from '../../../core/draws.js';
import { exactFigures } from './exact.js';
import { relogWorld } from './protocol.js';
import { relog, writeLog } from './relog.js';
import { relogging, type RelogSet } from './relogging.js';

const folder = '../shared/data/uci_ope';
/** A test on the real sets; where they are not, it is skipped and its title says why. */
const withData = (title: string, body: (t: ExecutionContext) => void | Promise<void>): void => {
  if (existsSync(folder)) test(title, body);
  else test.skip(`${title} (${folder} is not here)`, body);
};
const close = (a: number, b: number, tolerance = 1e-11): boolean => Math.abs(a - b) <= tolerance * Math.abs(b);

/** Published closed forms of the two sets (twelve digits). */
const PUBLISHED = {
  optdigits: {
    rounds: 2810,
    accuracy: [0.913523131673, 0.899644128114],
    served: 0.425409252669,
    target: 0.819679715302,
    ips: 0.0189713364694,
    dm: 0.700355871886,
    dr: 0.00886704092582,
    effective: 0.430403265817,
  },
  pendigits: {
    rounds: 5496,
    accuracy: [0.811863173217, 0.825145560408],
    served: 0.384745269287,
    target: 0.752631004367,
    ips: 0.0145311875405,
    dm: 0.68058224163,
    dr: 0.00941950458507,
    effective: 0.375603929329,
  },
} as const;

withData('the protocol reproduces every published closed form to twelve digits', async (t) => {
  for (const [name, published] of Object.entries(PUBLISHED)) {
    const world = await relogWorld(folder, name);
    const exact = exactFigures(world);
    t.is(world.rounds, published.rounds);
    t.is(world.actions, 10);
    t.true(close(world.accuracy.serving, published.accuracy[0]) && close(world.accuracy.target, published.accuracy[1]));
    t.true(close(exact.servedValue, published.served));
    t.true(close(exact.targetValue, published.target));
    t.true(close(exact.estimators.ips.mean, published.target) && close(exact.estimators.dr.mean, published.target));
    t.true(close(exact.estimators.ips.deviation, published.ips));
    t.true(close(exact.estimators.dr.deviation, published.dr));
    t.true(close(exact.estimators.dm.mean, published.dm));
    t.is(exact.estimators.dm.deviation, 0);
    t.true(close(exact.maxWeight, 15.1666666667));
    t.true(close(exact.effectiveShare, published.effective));
  }
});

withData('500 re-written logs come near the exact spread, and intervals hold the truth', async (t) => {
  const { failures, numbers } = await relogging.run({ data: folder, seed: 3, settings: { relogs: 500 } });
  t.deepEqual(failures, []);
  for (const { relogged } of (numbers as { sets: RelogSet[] }).sets) {
    for (const key of ['ips', 'snips', 'dr', 'null'] as const)
      t.true(relogged[key].coverage > 0.92, `${key} covers ${relogged[key].coverage}`);
    t.is(relogged.dm.coverage, 0);
  }
});

/** Two classes on a line, seen through one number; small enough to enumerate by hand. */
function tinyWorld(): string {
  const dir = mkdtempSync(join(tmpdir(), 'recsys-gym-relog-'));
  writeFileSync(join(dir, 'tiny.data'), ['0,0', '1,0', '10,1', '9,1', '0,0', '2,1', '10,1', '8,1'].join('\n'));
  return dir;
}

test('a world of four rounds by hand', async (t) => {
  const world = await relogWorld(tinyWorld(), 'tiny');
  t.deepEqual([...world.label], [0, 1, 1, 1]);
  // Centroids of the even rows are 0 and 10, so the round at 2 is taken for class 0 by both rules.
  t.deepEqual([...world.preferred], [0, 1, 0, 1]);
  t.deepEqual(world.accuracy, { serving: 0.75, target: 0.75 });
  const { targetValue, servedValue, estimators } = exactFigures(world);
  t.true(close(targetValue, (3 * 0.95 + 0.05) / 4));
  t.true(close(servedValue, (3 * 0.7 + 0.3) / 4));
  // Var of w·r per round: π²/μ − π² with (π, μ) = (0.95, 0.7) three times and (0.05, 0.3) once.
  const variance = 3 * (0.95 ** 2 / 0.7 - 0.95 ** 2) + (0.05 ** 2 / 0.3 - 0.05 ** 2);
  t.true(close(estimators.ips.deviation, Math.sqrt(variance) / 4));
});

test('the written logs follow the serving policy, whatever was written before', async (t) => {
  const world = await relogWorld(tinyWorld(), 'tiny');
  const empty = () => ({
    actions: 2,
    action: new Int32Array(4),
    reward: new Float64Array(4),
    propensity: new Float64Array(4),
  });
  const draws = new KeyedDraws(1, 'relogging/tiny');
  const counts = new Float64Array(4);
  const log = empty();
  for (let r = 0; r < 20_000; r++) {
    writeLog(world, draws.at(r, 0), log);
    log.action.forEach((a, i) => (counts[i] += a));
    log.action.forEach((a, i) => t.is(log.propensity[i], world.serving[2 * i + a]));
  }
  [0.3, 0.7, 0.3, 0.7].forEach((share, i) => t.true(Math.abs(counts[i] / 20_000 - share) < 0.015));
  const again = empty();
  writeLog(world, new KeyedDraws(1, 'relogging/tiny').at(19_999, 0), again);
  t.deepEqual(again, log);
  const truth = { target: 1, served: 1 };
  t.deepEqual(relog(world, { relogs: 20, seed: 1, truth }), relog(world, { relogs: 20, seed: 1, truth }));
});

test('missing data, bad files and bad numbers are said', async (t) => {
  const run = (data: string | undefined, relogs = 10) => relogging.run({ data, seed: 1, settings: { relogs } });
  await t.throwsAsync(run(undefined), { message: /expected --data/ });
  await t.throwsAsync(run(folder, 1.5), { message: /--relogs: expected a whole number from 2 up, received 1\.5/ });
  const dir = tinyWorld();
  await t.throwsAsync(run(dir), { message: /optdigits\.data: expected a UCI data file/ });
  writeFileSync(join(dir, 'broken.data'), '1,0\n1,2,0\n');
  await t.throwsAsync(relogWorld(dir, 'broken'), { message: /broken\.data line 2: expected 2 numbers/ });
});
