import test from 'ava';
import fc from 'fast-check';
import { close, eight, form, randomWorld, value, type World } from './_worlds.test.js';
import { embeddingShares } from './embeddings.js';

const GIVEN = Float64Array.of(0.8, 0.2, 0.6, 0.4, 0.1, 0.9);
const looks = { count: 2, code: Int32Array.of(0, 0, 1, 0, 0, 1, 1, 1) };
const withLooks = (embedding: NonNullable<World['rounds']['embedding']>): World => ({
  ...eight,
  rounds: { ...eight.rounds, embedding },
});

test('the eight-round table: marginal weights and values, as published', (t) => {
  const world = withLooks({ ...looks, given: GIVEN });
  t.true(close(value('mips', world), 0.48913344943240455, 1e-14));
  t.true(close(value('snMips', world), 0.4289971707432041, 1e-14));
  const published = [
    0.8166666666666668, 1.0555555555555556, 0.4230769230769231, 0.5797101449275363, 1.1470588235294117,
    1.136842105263158, 3.183673469387755, 0.7788461538461537,
  ];
  form('snMips', world).denominator?.forEach((weight, i) => {
    t.true(close(weight, published[i], 1e-14), `round ${i}`);
  });
});

test('p(e|a) is counted: by hand, and never-logged actions look like the log', (t) => {
  // Action 0 showed 0, 0, 1; action 1 showed 0, 0, 1; action 2 showed 1, 1.
  const shares = embeddingShares(withLooks(looks).rounds);
  [2 / 3, 1 / 3, 2 / 3, 1 / 3, 0, 1].forEach((share, at) => {
    t.true(close(shares[at], share, 1e-15));
  });
  const { rounds } = withLooks(looks);
  t.deepEqual([...embeddingShares({ ...rounds, actions: 4 })].slice(6), [0.5, 0.5]);
});

test('an embedding that names the action is IPS; one that says nothing is the logged mean', (t) => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 2, max: 40 }), fc.integer({ min: 2, max: 6 }), (seed, n, actions) => {
      const world = randomWorld(seed, n, actions);
      const named = Float64Array.from({ length: actions * actions }, (_, at) => (at % (actions + 1) === 0 ? 1 : 0));
      const telling = { count: actions, code: world.rounds.action, given: named };
      const silent = { count: 1, code: new Int32Array(n) };
      const mean = world.rounds.reward.reduce((a, b) => a + b) / n;
      const by = (embedding: NonNullable<World['rounds']['embedding']>): World => ({
        ...world,
        rounds: { ...world.rounds, embedding },
      });
      t.true(close(value('mips', by(telling)), value('ips', world)));
      t.true(close(value('snMips', by(telling)), value('snips', world)));
      t.true(close(value('mips', by(silent)), mean) && close(value('snMips', by(silent)), mean));
    }),
    { numRuns: 40 },
  );
});
