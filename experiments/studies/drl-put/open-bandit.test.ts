import test, { type ExecutionContext } from 'ava';
import { existsSync } from 'node:fs';
import { openBandit, type OpenBanditCampaign } from './open-bandit.js';

const folder = '../shared/data/obd';
/** A test on the dataset; where it is not, it is skipped and its title says why. */
const withData = (title: string, body: (t: ExecutionContext) => Promise<void>): void => {
  if (existsSync(folder)) test(title, body);
  else test.skip(`${title} (${folder} is not here)`, body);
};

test('without the data it says what it wants', async (t) => {
  await t.throwsAsync(openBandit.run({ data: undefined, seed: 1, settings: {} }), { message: /expected --data/ });
});

withData('with about 50 clicks nothing is claimed, and the uniform control is the log itself', async (t) => {
  const { numbers, failures, tables } = await openBandit.run({ data: folder, seed: 1, settings: {} });
  t.deepEqual(failures, []);
  t.is(tables.length, 2);
  const { campaigns } = numbers as { campaigns: OpenBanditCampaign[] };
  for (const { clicks, judged, rounds } of campaigns) {
    t.true(clicks.learned + clicks.heldOut < 60);
    t.true(judged.every(({ claim }) => claim.startsWith('none')));
    const control = judged.find(({ policy }) => policy === 'uniform');
    t.is(control?.clicks, clicks.heldOut);
    t.true(Math.abs((control?.effective ?? 0) - rounds / 2) < 0.03 * rounds);
  }
  t.true(campaigns[0].served !== undefined && campaigns[0].served.clicks > 0);
});
