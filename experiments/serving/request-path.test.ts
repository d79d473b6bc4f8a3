import test from 'ava';
import { stream } from '../../core/random.js';
import { startBackend } from '../../core/tensor/backend.js';
import { adUtilityDefaults, gridOf } from '../../envs/ad-utility/settings.js';
import { allRows } from '../../logs/split.js';
import { writeAdLog } from '../../simulators/ad-market/log.js';
import { AdMarket } from '../../simulators/ad-market/market.js';
import { logLearners } from '../tables.js';
import { drillBytes } from './drill.js';
import { learnedPolicyBytes, loadPolicy } from './learned-policy.js';
import { rankerWork } from './ranker.js';
import { RequestPath, tellBy } from './request-path.js';
import { WeightService } from './weight-service.js';

const clock = (): number => 1000 * process.uptime();
const grid = gridOf(adUtilityDefaults);
const world = { users: 500, ads: 100, advertisers: 10 };
const LEARNER = 'reward-likelihood';

test('a learned policy decides beside the ranker as it does alone; what is blind or broken is served with production', async (t) => {
  await startBackend(process.env['RECSYS_GYM_BACKEND']);
  const market = new AdMarket(world);
  const log = writeAdLog(market, { grid, rows: 2000 });
  const learned = logLearners[LEARNER].with({ epochs: 1 }).fit({
    ...{ log, rows: allRows(log), reward: Float64Array.from(log.outcomes[2]), random: stream(1) },
  });
  const bytes = learnedPolicyBytes(LEARNER, learned.save());
  const policy = loadPolicy(bytes);
  t.is(policy.actions, 125);
  const base = { slots: 8, numericWidth: market.shape.numeric, categoricalWidth: market.shape.categorical };
  const settings = { ...base, production: grid.production, actions: grid.size, budgetMs: 5000 };
  const module = new URL('./learned-policy.js', import.meta.url);
  const service = await WeightService.start({ ...settings, module, bytes }, clock);
  const rows = market.context(1);
  const chances = new Float64Array(125);
  for (let n = 0; n < 20; n++) {
    market.fillContext(Float64Array.of(n * 7919), rows);
    policy.decide(rows, chances);
    const best = chances.indexOf(Math.max(...chances));
    t.deepEqual(service.answer(service.ask(rows.numeric, rows.categorical)), { joint: best, by: 'policy' });
  }
  const path = new RequestPath(market, grid, rankerWork(20, stream(2)), clock);
  const ways = path.interleaved(30, { service, policy });
  t.deepEqual(
    ways.map(({ by }) => by.policy),
    [30, 30, 30],
  );
  t.true(ways.every(({ p50, p99 }) => p50 > 0 && p99 >= p50));
  t.is(tellBy(path.drill(15, service, true).by), 'missing features 15');
  await service.close();
  const drill = new URL('./drill.js', import.meta.url);
  const faulty = await WeightService.start({ ...settings, module: drill, bytes: drillBytes('throws', 125) }, clock);
  t.is(tellBy(path.drill(15, faulty).by), 'failure 15');
  await faulty.close();
});

test('bytes of no learner are refused', (t) => {
  t.throws(() => loadPolicy(new TextEncoder().encode('guesswork\nabc')), {
    message: /expected a policy of .*received one of 'guesswork'/,
  });
  t.throws(() => loadPolicy(new Uint8Array(3)), { message: /received one of ''/ });
});
