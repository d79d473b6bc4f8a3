import test from 'ava';
import { fc, testProp } from '@fast-check/ava';
import { advantages, discountedReturns, standardise, type Trace } from './returns.js';

/** One world, with no endings unless given. */
function trace(reward: readonly number[], parts: Partial<Trace> = {}): Trace {
  const none = reward.map(() => 0);
  return {
    steps: reward.length,
    worlds: 1,
    reward,
    terminated: none,
    truncated: none,
    finalValue: reward.map(() => NaN),
    lastValue: [0],
    ...parts,
  };
}

function returns(of: Trace, gamma: number): number[] {
  const out = new Float64Array(of.reward.length);
  discountedReturns(of, gamma, out);
  return [...out];
}

function gae(of: Trace, value: readonly number[], gamma: number, lambda: number): number[] {
  const out = new Float64Array(of.reward.length);
  advantages(of, value, gamma, lambda, out);
  return [...out];
}

test('returns by hand: γ = ½', (t) => {
  t.deepEqual(returns(trace([1, 0, 3], { terminated: [0, 0, 1] }), 0.5), [1.75, 1.5, 3]);
  t.deepEqual(returns(trace([0.375, 0, 2], { lastValue: [2] }), 0.5), [1.125, 1.5, 3], 'bootstraps the last state');
});

test('an ending in the middle cuts: to zero when terminated, to V(final) when truncated', (t) => {
  const parts = { lastValue: [8], finalValue: [NaN, 4, NaN] };
  t.deepEqual(returns(trace([1, 1, 1], { ...parts, terminated: [0, 1, 0] }), 0.5), [1.5, 1, 5]);
  t.deepEqual(returns(trace([1, 1, 1], { ...parts, truncated: [0, 1, 0] }), 0.5), [2.5, 3, 5]);
});

test('an ending at the last step keeps the last state out', (t) => {
  t.deepEqual(returns(trace([1, 1], { lastValue: [NaN], terminated: [0, 1] }), 0.5), [1.5, 1]);
  t.deepEqual(returns(trace([1, 1], { lastValue: [NaN], truncated: [0, 1], finalValue: [NaN, 2] }), 0.5), [2, 2]);
});

test('advantages by hand: γ = λ = ½', (t) => {
  // δ = [1 + ½·2 − 1, 0 + ½·4 − 2, 3 − 4] = [1, 0, −1]; Â₂ = −1, Â₁ = 0 − ¼, Â₀ = 1 − 1/16.
  t.deepEqual(gae(trace([1, 0, 3], { terminated: [0, 0, 1] }), [1, 2, 4], 0.5, 0.5), [0.9375, -0.25, -1]);
  // A truncation after the first step: δ₀ = 1 + ½·6 − 1 = 3, and nothing flows back over it.
  t.deepEqual(
    gae(trace([1, 0], { truncated: [1, 0], finalValue: [6, NaN], lastValue: [2] }), [1, 2], 0.5, 0.5),
    [3, -1],
  );
});

test('worlds do not mix: two interleaved worlds equal each alone', (t) => {
  const first = { reward: [1, 2, 3], terminated: [0, 1, 0], truncated: [0, 0, 0], lastValue: [5] };
  const second = { reward: [-1, 0, 4], terminated: [0, 0, 0], truncated: [1, 0, 0], lastValue: [-2] };
  const weave = (a: readonly number[], b: readonly number[]): number[] => a.flatMap((x, i) => [x, b[i]]);
  const both: Trace = {
    steps: 3,
    worlds: 2,
    reward: weave(first.reward, second.reward),
    terminated: weave(first.terminated, second.terminated),
    truncated: weave(first.truncated, second.truncated),
    finalValue: weave([0, 0, 0], [7, 0, 0]),
    lastValue: [5, -2],
  };
  t.deepEqual(
    returns(both, 0.9),
    weave(
      returns(trace(first.reward, first), 0.9),
      returns(trace(second.reward, { ...second, finalValue: [7, 0, 0] }), 0.9),
    ),
  );
});

/** Random traces where no step ends both ways. */
const randomTrace = fc
  .record({ steps: fc.integer({ min: 1, max: 12 }), worlds: fc.integer({ min: 1, max: 3 }) })
  .chain(({ steps, worlds }) => {
    const column = (n: number): fc.Arbitrary<number[]> =>
      fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: n, maxLength: n });
    const n = steps * worlds;
    return fc.record({
      steps: fc.constant(steps),
      worlds: fc.constant(worlds),
      reward: column(n),
      value: column(n),
      finalValue: column(n),
      lastValue: column(worlds),
      ending: fc.array(fc.constantFrom(0, 0, 0, 1, 2), { minLength: n, maxLength: n }),
    });
  })
  .map(({ ending, value, ...rest }) => ({
    value,
    trace: { ...rest, terminated: ending.map((e) => Number(e === 1)), truncated: ending.map((e) => Number(e === 2)) },
  }));

const unit = fc.double({ min: 0, max: 1, noNaN: true });
const near = (a: number, b: number): boolean => Math.abs(a - b) < 1e-9 * (1 + Math.abs(a));

testProp('λ = 1 is the discounted return minus the value', [randomTrace, unit], (t, { trace: of, value }, gamma) => {
  const expected = returns(of, gamma).map((g, i) => g - value[i]);
  t.true(gae(of, value, gamma, 1).every((a, i) => near(a, expected[i])));
});

testProp('λ = 0 is the one-step advantage', [randomTrace, unit], (t, { trace: of, value }, gamma) => {
  const oneStep = value.map((v, i) => {
    const after = i + of.worlds < value.length ? value[i + of.worlds] : of.lastValue[i % of.worlds];
    const beyond = of.terminated[i] === 1 ? 0 : of.truncated[i] === 1 ? of.finalValue[i] : after;
    return of.reward[i] + gamma * beyond - v;
  });
  t.true(gae(of, value, gamma, 0).every((a, i) => near(a, oneStep[i])));
});

testProp(
  'a perfect critic leaves no advantage, at any λ',
  [randomTrace, unit, unit],
  (t, { trace: of }, gamma, lambda) => {
    const exact = returns(of, gamma);
    t.true(gae(of, exact, gamma, lambda).every((a) => Math.abs(a) < 1e-9));
  },
);

test('standardised numbers have mean 0 and deviation 1; equal ones become 0', (t) => {
  const values = Float64Array.of(1, 2, 3);
  standardise(values);
  t.true(values.every((v, i) => Math.abs(v - (i - 1)) < 1e-7));
  const same = Float64Array.of(4, 4);
  standardise(same);
  t.deepEqual([...same], [0, 0]);
});

test('columns of the wrong length are refused with their dimensions', (t) => {
  t.throws(() => returns(trace([1, 2], { terminated: [0] }), 0.5), {
    message: /trace: terminated: expected 2 numbers \(steps=2 × worlds=1\), received 1/,
  });
});
