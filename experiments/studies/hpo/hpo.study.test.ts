import test from 'ava';
import { existsSync } from 'node:fs';
import { benchmarks } from '../../benchmarks/index.js';
import { studies } from '../index.js';

for (const name of ['hpo', 'hpo-frontier', 'hpo-ablation', 'hpo-grid', 'hpo-contradiction', 'hpo-slates', 'hpo-sizes'])
  test.serial(`${name} reaches its score`, async (t) => {
    const study = studies[name];
    const settings = Object.fromEntries(Object.entries(study.settings).map(([key, { value }]) => [key, value]));
    const { failures } = await study.run({ data: undefined, seed: 1, settings });
    t.deepEqual(failures, []);
  });

const data = '../shared/data/upworthy';
(existsSync(data) ? test.serial : test.skip)(
  `hpo-upworthy reaches its score${existsSync(data) ? '' : ` (${data} is not here)`}`,
  async (t) => {
    const study = studies['hpo-upworthy'];
    const settings = Object.fromEntries(Object.entries(study.settings).map(([key, { value }]) => [key, value]));
    t.deepEqual((await study.run({ data, seed: 1, settings })).failures, []);
  },
);

test.serial('HPO’s step takes at most 1.2 times KTO’s', async (t) => {
  const { rows } = await benchmarks['preference'].run({ threads: 1 });
  const ratio = rows.find(([loss]) => loss === 'hpo-kto')?.[2];
  t.true(Number(ratio) <= 1.2, String(ratio));
});
