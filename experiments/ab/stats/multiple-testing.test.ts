import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import { adjust, CORRECTIONS, gatekept } from './multiple-testing.js';

const close = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((x, i) => Math.abs(x - b[i]) <= 1e-12);

test('every correction by hand', (t) => {
  const p = [0.04, 0.01, 0.03];
  const expected = {
    none: p,
    bonferroni: [0.12, 0.03, 0.09],
    sidak: [1 - 0.96 ** 3, 1 - 0.99 ** 3, 1 - 0.97 ** 3],
    holm: [0.06, 0.03, 0.06],
    // From the top: 0.04, then 2 · 0.03 and 3 · 0.01, none above the one before.
    hochberg: [0.04, 0.03, 0.04],
    // {0.01}: with both others Simes gives min(3 · 0.01, 3/2 · 0.03, 0.04) = 0.03.
    hommel: [0.04, 0.03, 0.04],
    'benjamini-hochberg': [0.04, 0.03, 0.04],
    // 1 + 1/2 + 1/3 = 11/6 times the line above.
    'benjamini-yekutieli': [(11 / 6) * 0.04, (11 / 6) * 0.03, (11 / 6) * 0.04],
  };
  for (const method of CORRECTIONS) t.true(close(adjust(p, method), expected[method]), method);
  for (const method of CORRECTIONS) t.deepEqual(adjust([], method), []);
  for (const method of CORRECTIONS) t.true(close(adjust([0.02], method), [0.02]), method);
});

/** Simes' test of one set. */
function simes(p: readonly number[]): number {
  return Math.min(...[...p].sort((a, b) => a - b).map((x, k) => (p.length * x) / (k + 1)));
}

/** The closure: the largest p of all sets that hold a hypothesis. */
function closure(p: readonly number[], test: (set: readonly number[]) => number): number[] {
  const adjusted = p.map(() => 0);
  for (let set = 1; set < 1 << p.length; set++) {
    const members = p.flatMap((_, i) => ((set >> i) & 1 ? [i] : []));
    const value = Math.min(1, test(members.map((i) => p[i])));
    for (const i of members) adjusted[i] = Math.max(adjusted[i], value);
  }
  return adjusted;
}

const families = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 8 });

testProp('hommel is the closure of Simes, holm that of Bonferroni', [families], (t, p) => {
  t.true(close(adjust(p, 'hommel'), closure(p, simes)));
  t.true(
    close(
      adjust(p, 'holm'),
      closure(p, (set) => set.length * Math.min(...set)),
    ),
  );
});

testProp('stricter corrections give larger p, and none changes their order', [families], (t, p) => {
  const by = (method: (typeof CORRECTIONS)[number]): number[] => adjust(p, method);
  const chains = [
    ['none', 'benjamini-hochberg', 'hommel', 'hochberg', 'holm', 'bonferroni'],
    ['none', 'sidak', 'bonferroni'],
    ['benjamini-hochberg', 'benjamini-yekutieli'],
  ] as const;
  for (const chain of chains)
    for (let i = 1; i < chain.length; i++)
      t.true(
        by(chain[i]).every((x, k) => x >= by(chain[i - 1])[k] - 1e-12 && x <= 1),
        chain[i],
      );
  for (const method of CORRECTIONS) {
    const adjusted = by(method);
    p.forEach((x, i) => p.forEach((y, j) => t.true(x > y || adjusted[i] <= adjusted[j] + 1e-12)));
  }
});

test('gates by hand', (t) => {
  const [primary, secondary] = [
    [0.01, 0.2],
    [0.001, 0.03],
  ];
  // Holm inside: 0.02, 0.2 and 0.002, 0.03. Behind all primaries nothing is below 0.2.
  const all = gatekept(primary, secondary, { gate: 'all', method: 'holm' });
  t.true(close(all.primary, [0.02, 0.2]) && close(all.secondary, [0.2, 0.2]));
  // One of two primaries below α = 0.02 hands on half of it: 0.002 · 2 = 0.004 < 0.02, 0.03 · 2 = 0.06.
  const any = gatekept(primary, secondary, { gate: 'any', method: 'holm' });
  t.true(close(any.primary, [0.02, 0.4]) && close(any.secondary, [0.02, 0.06]));
  t.deepEqual(gatekept([], [0.5], { gate: 'any', method: 'holm' }).secondary, [0.5]);
  t.deepEqual(gatekept([], [0.5], { gate: 'all', method: 'holm' }).secondary, [0.5]);
});

testProp('behind a gate no secondary is found without a primary', [families, families], (t, primary, secondary) => {
  for (const gate of ['all', 'any'] as const) {
    const adjusted = gatekept(primary, secondary, { gate, method: 'holm' });
    const first = gate === 'all' ? Math.max(...adjusted.primary) : Math.min(...adjusted.primary);
    t.true(adjusted.secondary.every((q) => q >= first && q <= 1));
  }
});
