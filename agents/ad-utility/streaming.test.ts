import test from 'ava';
import { join } from 'node:path';
import { stream } from '../../core/random.js';
import { startBackend } from '../../core/tensor/backend.js';
import { scratch } from '../../logs/sample.test.helper.js';
import { openStore, type LogStore } from '../../logs/store/log-store.js';
import type { StreamRequest } from './fit-log.js';
import { importanceWeighted } from './importance-weighted.js';
import { linearBandit } from './linear-bandit.js';
import { rewardLikelihood } from './reward-likelihood.js';
import { luckyToy } from './toy.test.helper.js';
import { valueRegression } from './value-regression.js';

test.before(async () => {
  await startBackend(process.env['RECSYS_GYM_BACKEND']);
});

async function streamed(
  store: LogStore,
  name: string,
): Promise<Pick<StreamRequest<unknown>, 'head' | 'open' | 'reward' | 'random'>> {
  const found = await store.find(name);
  return {
    head: { name, rows: found.rows, ...(await store.head(found)) },
    open: () => store.pieces(found),
    reward: ({ outcomes: [reward], rows }, out) => {
      for (let n = 0; n < rows; n++) out[n] = reward[n];
    },
    random: stream(5),
  };
}

test('read piece by piece from the store, 50,000 rows teach the same bits as in memory', async (t) => {
  const toy = luckyToy(
    [
      [0.2, 0.5, 0.1, 0.3],
      [0.6, 0.1, 0.1, 0.2],
    ],
    50_000,
  );
  const store = await openStore(join(scratch(t), 'gym.sqlite'));
  await store.put(toy.log);
  const rows = await streamed(store, 'toy');
  const memory = { ...toy, random: stream(5) };
  const common = { hidden: [8, 8], batch: 1024, epochs: 2, dropout: 0.1, shuffle: false, head: 'factorised' } as const;

  const weighted = { ...importanceWeighted.defaults, ...common };
  const one = importanceWeighted.fit({ ...memory, settings: weighted });
  const other = await importanceWeighted.stream({ ...rows, settings: weighted });
  t.deepEqual(other.save(), one.save());
  t.deepEqual(other.curve, one.curve);

  const likelihood = { ...rewardLikelihood.defaults, ...common };
  t.deepEqual(
    (await rewardLikelihood.stream({ ...rows, settings: likelihood })).save(),
    rewardLikelihood.fit({ ...memory, settings: likelihood }).save(),
  );

  const values = { ...valueRegression.defaults, hidden: [8], batch: 1024, epochs: 2, shuffle: false };
  t.deepEqual(
    (await valueRegression.stream({ ...rows, settings: values })).save(),
    valueRegression.fit({ ...memory, settings: values }).save(),
  );

  const { defaults: settings } = linearBandit;
  t.deepEqual(
    (await linearBandit.stream({ ...rows, settings })).save(),
    linearBandit.fit({ ...memory, settings }).save(),
  );
  await store.close();
});

test('a stream with a bad row is refused by its number', async (t) => {
  const toy = luckyToy([[0.2, 0.5, 0.1, 0.3]], 9000);
  toy.log.propensity[8000] = 0;
  const store = await openStore(join(scratch(t), 'gym.sqlite'));
  await store.put(toy.log);
  const settings = importanceWeighted.defaults;
  await t.throwsAsync(async () => importanceWeighted.stream({ ...(await streamed(store, 'toy')), settings }), {
    message: /log 'toy': row 8000: expected a propensity in/,
  });
  await store.close();
});
