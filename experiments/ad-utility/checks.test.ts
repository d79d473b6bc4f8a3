import test, { type ExecutionContext } from 'ava';
import { adUtilityExperiment } from '../config/ad-utility-schema.js';
import { checkAdUtility } from './checks.js';
import { gridOf } from './prepare.js';
import { tinyExperiment } from './_tiny.test.js';

async function refused(t: ExecutionContext, replaced: object, message: RegExp): Promise<void> {
  await t.throwsAsync(async () => checkAdUtility(tinyExperiment({ ...replaced })), { message });
}

test('the smallest config is filled in with five levels, the slice of the sister paper and the reward near neutrality', (t) => {
  const experiment = adUtilityExperiment.parse({ kind: 'ad-utility', id: 'x', question: 'Is it better?' });
  t.is(gridOf(experiment).size, 125);
  t.is(gridOf(experiment).nameOf(gridOf(experiment).production), 'click=0.2 longClick=0.2 hide=0.2');
  t.is(experiment.log.exploration, 0.0125);
  t.is(experiment.reward, 'ecpm + 0.25*click + 0.25*longClick - 0.2*hide');
  t.is(experiment.guardrail.margin, 0.03);
  t.deepEqual(experiment.baselines, ['manual', 'best-global', 'matched-static', 'random']);
});

test('a range is spaced by equal ratios around the weight of today', (t) => {
  const click = { levels: { low: 0.05, high: 0.8, count: 5 }, production: 0.25 };
  const [group] = gridOf(tinyExperiment({ grid: { click } })).groups;
  t.deepEqual(
    group.levels.map((level) => Number(level.toFixed(6))),
    [0.05, 0.1, 0.25, 0.4, 0.8],
  );
});

test('what can be known to be wrong is said before a market is made', async (t) => {
  await t.notThrowsAsync(checkAdUtility(tinyExperiment()));
  await refused(
    t,
    { grid: { click: { levels: [0, 0.4], production: 0.2 } } },
    /group 'click': expected the weight in production/,
  );
  await refused(
    t,
    { grid: { hide: { levels: [0.4, 0.2], production: 0.2 } } },
    /group 'hide': expected ascending levels/,
  );
  await refused(t, { surface: 'moon' }, /surface: expected one of home, related, search, received 'moon'/);
  await refused(t, { market: { userz: 5 } }, /userz/);
  await refused(t, { market: { candidates: 0 } }, /candidates/);
  await refused(t, { reward: 'ecmp + click' }, /ecmp/);
  await refused(t, { reward: '3' }, /reward '3': expected at least one outcome/);
  await refused(t, { policy: { id: 'importance-weigthed', settings: {} } }, /importance-weighted/);
  await refused(t, { policy: { id: 'importance-weighted', settings: { epoch: 3 } } }, /epochs/);
  await refused(t, { rivals: [{ id: 'importance-weighted', settings: {} }] }, /'importance-weighted' twice/);
  await refused(t, { policy: { id: 'importance-weighted', name: 'manual', settings: {} } }, /'manual' twice/);
});

test('the schema refuses what no market could mean', (t) => {
  for (const wrong of [
    { log: { exploration: 0 } },
    { log: { rows: 10 } },
    { guardrail: { margin: -0.1 } },
    { baselines: [] },
    { baselines: ['best'] },
    { grid: { bids: { levels: [1], production: 1 } } },
  ]) {
    t.false(
      adUtilityExperiment.safeParse({ kind: 'ad-utility', id: 'x', question: 'Is it better?', ...wrong }).success,
    );
  }
});
