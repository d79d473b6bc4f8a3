import test from 'ava';
import { stream } from '../../core/random.js';
import { PreferenceBandit, sigmoid } from './tabular.js';

const uniform = (world: PreferenceBandit): Float64Array =>
  new Float64Array(world.contexts * world.responses).fill(1 / world.responses);

test('the reference has no divergence and wins half the time; the optimum is the closed form, and nothing beats it', (t) => {
  const world = new PreferenceBandit({ seed: 3 });
  const own = world.judge(uniform(world));
  t.true(Math.abs(own.divergence) < 1e-12 && Math.abs(own.winRate - 0.5) < 1e-12);
  const best = world.optimum();
  const { objective } = world.judge(best);
  let closed = 0;
  for (let c = 0; c < 24; c++) {
    let total = 0;
    for (let i = c * 40; i < (c + 1) * 40; i++) total += Math.exp((world.preference[i] + world.reward[i]) / 0.5) / 40;
    closed += (0.5 * Math.log(total)) / 24;
  }
  t.true(Math.abs(objective - closed) < 1e-9);
  const random = stream('other policies');
  for (let trial = 0; trial < 50; trial++) {
    const other = best.map((p) => p * Math.exp(0.3 * (random.next() - 0.5)));
    for (let c = 0; c < 24; c++) {
      const row = other.subarray(c * 40, (c + 1) * 40);
      const total = row.reduce((a, b) => a + b, 0);
      row.forEach((p, k) => (row[k] = p / total));
    }
    t.true(world.judge(other).objective < objective);
  }
});

test('the dial turns preference and designer towards and away from each other', (t) => {
  const wanted = (correlation: number): number => {
    const { preference, reward } = new PreferenceBandit({ correlation, contexts: 100 });
    return preference.reduce((sum, own, i) => sum + own * (2 * reward[i] - 1), 0) / preference.length;
  };
  // E[u · sign z] = ρ √(2/π)
  for (const rho of [-1, -0.6, 0, 0.6, 1]) t.true(Math.abs(wanted(rho) - rho * Math.sqrt(2 / Math.PI)) < 0.05);
});

test('labels are Bradley–Terry, contradicting ones are against the designer, and a seed is a world', (t) => {
  const world = new PreferenceBandit({ contexts: 1, responses: 2, seed: 5 });
  const n = 20_000;
  const { chosen, propensity } = world.pairs(n, stream('labels'));
  const share = chosen.reduce((sum, own) => sum + Number(own === 0), 0) / n;
  t.true(Math.abs(share - sigmoid(world.preference[0] - world.preference[1])) < 0.012);
  t.is(propensity[0], 0.5);
  const wide = new PreferenceBandit();
  const against = wide.pairs(200, stream(1), { contradicting: true });
  for (let i = 0; i < 200; i++) {
    const at = against.context[i] * 40;
    t.is(wide.reward[at + against.chosen[i]], 0);
    t.is(wide.reward[at + against.rejected[i]], 1);
  }
  t.deepEqual(wide.pairs(50, stream(1)), new PreferenceBandit().pairs(50, stream(1)));
  t.notDeepEqual(new PreferenceBandit({ seed: 2 }).preference, wide.preference);
  t.throws(() => new PreferenceBandit({ contexts: 1, responses: 2, correlation: 2 }), { message: /correlation/ });
  t.throws(() => new PreferenceBandit({ responses: 2.5 }), { message: /whole number/ });
  t.throws(() => wide.judge(new Float64Array(3)), { message: /960/ });
});
