import test from 'ava';
import { drillBytes, type Fault } from './drill.js';
import { WeightService, type DecidedBy } from './weight-service.js';

const MODULE = new URL('./drill.js', import.meta.url);
const shape = { slots: 4, numericWidth: 2, categoricalWidth: 1 };
const clock = (): number => 1000 * process.uptime();

const start = (
  fault: Fault,
  more: { readonly budgetMs?: number; readonly actions?: number } = {},
): Promise<WeightService> =>
  WeightService.start(
    {
      ...{ ...shape, production: 2, actions: 5, budgetMs: more.budgetMs ?? 2000 },
      ...{ module: MODULE, bytes: drillBytes(fault, more.actions ?? 5) },
    },
    clock,
  );

test('a sound policy decides, whether the caller waits or not, request after request', async (t) => {
  const service = await start('none');
  for (let n = 0; n < 50; n++) t.deepEqual(service.answer(service.ask([n, 1], [0])), { joint: 1, by: 'policy' });
  const tickets = [0, 1, 2, 3].map((n) => service.ask([n, 1], [0]));
  t.deepEqual(
    (await Promise.all(tickets.map((ticket) => service.answerLater(ticket)))).map(({ by }) => by),
    ['policy', 'policy', 'policy', 'policy'],
  );
  await service.close();
});

test('missing features are served with production and never reach the policy', async (t) => {
  const service = await start('none');
  for (const [numeric, categorical] of [
    [[1], [0]],
    [[1, NaN], [0]],
    [[1, Infinity], [0]],
    [[1, 2], []],
    [[1, 2], [-1]],
  ] as const) {
    t.deepEqual(service.answer(service.ask(numeric, categorical)), { joint: 2, by: 'missing features' });
  }
  t.deepEqual(service.answer(service.ask([1, 2], [3])), { joint: 1, by: 'policy' });
  await service.close();
});

for (const [fault, by, more] of [
  ['slow', 'time-out', { budgetMs: 5 }],
  ['hangs', 'time-out', { budgetMs: 5 }],
  ['throws', 'failure', {}],
  ['nonsense', 'failure', {}],
  ['outside', 'failure', { actions: 9 }],
] as const satisfies readonly (readonly [Fault, DecidedBy, object])[]) {
  test(`a policy that is ${fault}: production is served, because of ${by}`, async (t) => {
    const service = await start(fault, more);
    t.deepEqual(service.answer(service.ask([1, 2], [0])), { joint: 2, by });
    t.deepEqual((await service.answerLater(service.ask([1, 2], [0]))).joint, 2);
    await service.close();
  });
}

test('a budget of nothing never waits', async (t) => {
  const service = await start('hangs', { budgetMs: 0 });
  const began = clock();
  t.is(service.answer(service.ask([1, 2], [0])).by, 'time-out');
  t.true(clock() - began < 500);
  await service.close();
});

test('a policy that hangs fills its slots, then requests are not even asked', async (t) => {
  const service = await start('hangs', { budgetMs: 1 });
  const by = Array.from({ length: 6 }, () => service.answer(service.ask([1, 2], [0])).by);
  t.deepEqual(by, ['time-out', 'time-out', 'time-out', 'time-out', 'overload', 'overload']);
  await service.close();
});

test('a slow policy catches up, and a late answer is never taken for that of another request', async (t) => {
  const service = await start('slow', { budgetMs: 1 });
  const late = service.ask([1, 2], [0]);
  t.is(service.answer(late).by, 'time-out');
  await new Promise((done) => setTimeout(done, 200));
  t.deepEqual(service.answer(late), { joint: 1, by: 'policy' });
  for (let n = 0; n < 4; n++) service.answer(service.ask([1, 2], [0]));
  await new Promise((done) => setTimeout(done, 400));
  t.is(service.answer(late).by, 'time-out', 'its slot belongs to a later request');
  await service.close();
});

test('a policy that dies or cannot be loaded leaves production, and says why', async (t) => {
  const dying = await start('dies', { budgetMs: 300 });
  t.is((await dying.answerLater(dying.ask([1, 2], [0]))).joint, 2);
  await new Promise((done) => setTimeout(done, 100));
  t.deepEqual(dying.answer(dying.ask([1, 2], [0])), { joint: 2, by: 'failure' });
  const lost = await WeightService.start(
    {
      ...shape,
      production: 2,
      actions: 5,
      budgetMs: 100,
      module: new URL('./no-such-module.js', import.meta.url),
      bytes: new Uint8Array(1),
    },
    clock,
  );
  t.deepEqual(lost.answer(lost.ask([1, 2], [0])), { joint: 2, by: 'failure' });
  t.regex(lost.faults.join(' '), /no-such-module/);
  await Promise.all([dying.close(), lost.close()]);
});

test('refused: a production action outside the actions, and budgets that are none', async (t) => {
  const given = { ...shape, production: 2, actions: 5, budgetMs: 5, module: MODULE, bytes: drillBytes('none', 5) };
  await t.throwsAsync(WeightService.start({ ...given, production: 5 }, clock), {
    message: /joint action from 0 to 4, received 5/,
  });
  await t.throwsAsync(WeightService.start({ ...given, budgetMs: -1 }, clock), { message: /budgetMs/ });
  await t.throwsAsync(WeightService.start({ ...given, slots: 0 }, clock), { message: /slots/ });
});
