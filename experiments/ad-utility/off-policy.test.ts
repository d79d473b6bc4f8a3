import test, { type ExecutionContext } from 'ava';
import { stream } from '../../core/random.js';
import { uniformInt } from '../../core/distributions.js';
import { factorsOf, WeightGrid } from '../../logs/ad-utility/weight-grid.js';
import { makeLog } from '../../logs/columns.js';
import type { Log } from '../../logs/record.js';
import { LinearGuesses } from './linear-guesses.js';
import { actionsOn, doublyRobustRows, heldOutOf, judgeOffPolicy, termsOfActions } from './off-policy.js';

const near = (t: ExecutionContext, found: number | null | undefined, wanted: number, by = 1e-9): void => {
  t.true(Math.abs((found ?? NaN) - wanted) <= by, `${found} is not ${wanted}`);
};

const grid = new WeightGrid(['click', 'longClick', 'hide'].map((name) => ({ name, levels: [0, 1], production: 0 })));
const A = grid.size;

/** One feature x and one surface; rewards r(x, a), and noise on top. */
function logOf(
  rows: number,
  rewardOf: (x: number, action: number) => number,
  seed = 1,
): { log: Log; reward: Float64Array } {
  const random = stream(seed);
  const action = Int32Array.from({ length: rows }, () => uniformInt(random, A));
  const numeric = Float32Array.from({ length: rows }, () => Math.fround(random.next()));
  const reward = Float64Array.from(action, (a, n) => rewardOf(numeric[n], a));
  const log = makeLog({
    ...{ name: 'toy', rows, actions: grid.actionTable(), action, numeric },
    schema: {
      outcomes: ['ecpm'],
      numericNames: ['x'],
      categoricalNames: ['surface'],
      perAction: [],
      endReasons: ['none'],
      hasPropensity: true,
      source: 'toy',
    },
    propensity: new Float64Array(rows).fill(1 / A),
    outcomes: [Float32Array.from(reward)],
    categorical: Int32Array.from({ length: rows }, (_, n) => n % 2),
    categoricalValues: [['search', 'home']],
  });
  return { log, reward };
}

/** Level of a group in an action of the toy grid. */
const level = (action: number, group: number): number => grid.levelOf(action, group);

test('guesses find a reward that is linear in features, levels and their products', (t) => {
  const truth = (x: number, a: number): number => 2 + x + level(a, 0) * (0.5 - x) - 0.25 * level(a, 1);
  const { log, reward } = logOf(4000, truth);
  const factors = factorsOf(log.actions);
  if (factors === undefined) return t.fail();
  const guesses = new LinearGuesses(
    log,
    factors,
    Int32Array.from({ length: 3000 }, (_, n) => n),
    reward,
  );
  const out = new Float64Array(A);
  for (const n of [3000, 3500, 3999]) {
    guesses.write(n, out);
    // A row of ridge among 3,000 pulls by less than this.
    out.forEach((guess, a) => near(t, guess, truth(log.numeric[n], a), 0.02));
  }
});

test('terms by hand: 8 times the reward where the policy was hit, the guess elsewhere', (t) => {
  const { log, reward } = logOf(6, (x, a) => a + x);
  const chosen = Int32Array.from(log.action, (a, n) => (n < 2 ? a : (a + 1) % A));
  const terms = termsOfActions(
    { log, reward, guess: (n, out) => out.forEach((_, a) => (out[a] = 10 * n + a)) },
    chosen,
  );
  t.deepEqual([...terms.weight], [8, 8, 0, 0, 0, 0]);
  t.deepEqual(
    [...(terms.direct ?? [])],
    [...chosen].map((a, n) => 10 * n + a),
  );
  t.deepEqual(
    [...(terms.guess ?? [])],
    [...log.action].map((a, n) => 10 * n + a),
  );
  const rows = doublyRobustRows(terms);
  near(t, rows[1], 10 + chosen[1] + 8 * (reward[1] - 10 - log.action[1]));
  near(t, rows[5], 50 + chosen[5]);
});

test('SNIPS of a static policy is the mean reward of its rows; every estimate holds the truth; log sizes follow', (t) => {
  const { log, reward } = logOf(20_000, (x, a) => 1 + 0.5 * level(a, 2) + x);
  const own = grid.jointOf([0, 1, 1]);
  const act = (_: unknown, out: Int32Array): void => {
    out.fill(own);
  };
  t.deepEqual(new Set(actionsOn(log, act)), new Set([own]));
  const heldOut = heldOutOf(log, reward);
  const { section, size } = judgeOffPolicy(heldOut, { name: 'own', summary: '', act }, { level: 0.95, truth: 2 });
  const hits = reward.filter((_, n) => log.action[n] === own);
  near(t, section.estimates['snips'].value, hits.reduce((sum, r) => sum + r, 0) / hits.length);
  t.is(size.hits, hits.length);
  for (const key of ['ips', 'snips', 'dr']) {
    const { interval } = section.estimates[key];
    t.true(interval !== null && interval[0] < 2 && interval[1] > 2, key);
  }
  // x is uniform: sd ÷ mean = √(1/12) ÷ 2 = 0.1443, hits (1.96 · 0.1443 ÷ 0.02)² = 200, rows 8 times that.
  near(t, size.variation, 0.1443, 0.005);
  near(t, size.needed[0].rows, 1601, 120);
  near(t, size.needed[1].rows, 1601, 120);
  t.is(section.truth, 2);
});

test('a log that is no grid of weights is refused', (t) => {
  const { log, reward } = logOf(10, () => 1);
  const other = { ...log, actions: { ...log.actions, numericNames: [], numeric: new Float32Array(0) } };
  t.throws(() => heldOutOf(other, reward), { message: /log 'toy': expected a grid of weights/ });
});
