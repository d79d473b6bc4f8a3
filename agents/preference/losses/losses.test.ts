import tf from '@tensorflow/tfjs';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { startBackend } from '../../../core/tensor/backend.js';
import { ParameterSet } from '../../../core/tensor/parameters.js';
import { infer } from '../../../core/tensor/train.js';
import type { LossSettings, PairTerms, PreferenceLoss, ResponseTerms } from '../contract.js';
import { expectileLoss } from '../value.js';
import { advantageWeighted } from './advantage-weighted.js';
import { lossDefaults, preferenceLosses } from './index.js';
import { pairForms } from './pair-forms.js';

test.before(async () => {
  await startBackend(process.env['RECSYS_GYM_BACKEND']);
});

const one = { ...lossDefaults, beta: 1 };

interface Side {
  readonly policy: readonly number[];
  readonly reference?: readonly number[];
  readonly reward?: readonly number[];
  readonly good?: readonly number[];
  readonly value?: readonly number[];
  readonly divergence?: readonly number[];
}

function terms({ policy, ...rest }: Side, good = 1): ResponseTerms {
  const column = (values: readonly number[] | undefined, otherwise: number): tf.Tensor =>
    tf.tensor1d(Float32Array.from(values ?? policy.map(() => otherwise)));
  return {
    policy: tf.tensor1d(Float32Array.from(policy)),
    reference: column(rest.reference, 0),
    reward: column(rest.reward, 0),
    good: column(rest.good, good),
    value: column(rest.value, 0),
    divergence: column(rest.divergence, 0),
  };
}

function numbers(build: () => tf.Tensor): number[] {
  return Array.from(infer(new ParameterSet(), build));
}

function ofPair(loss: PreferenceLoss, chosen: Side, rejected: Side, settings: Partial<LossSettings> = {}): number {
  if (loss.kind !== 'pairs') throw new Error('not of pairs');
  return numbers(() => loss.each({ chosen: terms(chosen), rejected: terms(rejected, 0) }, { ...one, ...settings }))[0];
}

function ofResponse(loss: PreferenceLoss, side: Side, settings: Partial<LossSettings> = {}): number {
  if (loss.kind !== 'responses') throw new Error('not of responses');
  return numbers(() => loss.each(terms(side), { ...one, ...settings }))[0];
}

function near(t: ExecutionContext, got: number, wanted: number, within = 1e-6): void {
  t.true(Math.abs(got - wanted) <= within, `${got} is not within ${within} of ${wanted}`);
}

test('hand values of the sigmoid form: margins 0, 1 and −1', (t) => {
  for (const [m, wanted] of [
    [0, 0.693147],
    [1, 0.313262],
    [-1, 1.313262],
  ])
    near(t, ofPair(preferenceLosses.dpo, { policy: [m] }, { policy: [0] }), wanted);
});

test('at policy = reference the first DPO loss is ln 2 to float32', (t) => {
  const same = { policy: [-3.7], reference: [-3.7] };
  t.is(ofPair(preferenceLosses.dpo, same, { policy: [-1.2], reference: [-1.2] }), Math.fround(Math.LN2));
});

test('hand values of the other pairwise forms', (t) => {
  const sigma = (x: number): number => 1 / (1 + Math.exp(-x));
  const ln = (x: number): number => -Math.log(sigma(x));
  // c = 0.5, r = −0.5, β = 1: m = 1
  const hand: Readonly<Record<string, number>> = {
    sigmoid: 0.313262,
    hinge: 0,
    ipo: 0.25,
    robust: (0.9 * 0.313262 - 0.1 * 1.313262) / 0.8,
    'exo-pair': sigma(1) * (-ln(1) - Math.log(0.9)) + sigma(-1) * (-ln(-1) - Math.log(0.1)),
    'nca-pair': ln(0.5) + 0.5 * ln(-0.5) + 0.5 * ln(0.5),
    'bco-pair': 2 * ln(0.5),
    'sppo-hard': 0,
    'apo-zero': 1 - sigma(0.5) + sigma(-0.5),
    'apo-down': sigma(0.5) + 1 - sigma(1),
    discopop: (1 - sigma(20)) * 0.313262 + sigma(20) * Math.exp(-1),
  };
  t.deepEqual(Object.keys(pairForms).sort(), Object.keys(hand).sort());
  for (const [form, wanted] of Object.entries(hand))
    near(
      t,
      ofPair(preferenceLosses.dpo, { policy: [0.5] }, { policy: [-0.5] }, { form, smoothing: 0.1 }),
      wanted,
      2e-6,
    );
  near(t, ofPair(preferenceLosses.dpo, { policy: [-1] }, { policy: [0] }, { form: 'hinge' }), 2);
  near(t, ofPair(preferenceLosses.ipo, { policy: [2] }, { policy: [0] }, { beta: 0.5 }), 1);
  t.throws(() => ofPair(preferenceLosses.dpo, { policy: [0] }, { policy: [0] }, { form: 'sigmod' }), {
    message: /Did you mean 'sigmoid'/,
  });
});

test('hand values of the other losses', (t) => {
  const { margin, kto, sft } = preferenceLosses;
  // Δ = 1, R_w − R_l = 1: the bracket is 0; and −1 where R_w − R_l = 2.
  near(t, ofPair(margin, { policy: [1], reward: [1] }, { policy: [0] }), 0.693147);
  near(t, ofPair(margin, { policy: [1], reward: [1] }, { policy: [0], reward: [-1] }), 1.313262);
  near(t, ofPair(margin, { policy: [1], reward: [5] }, { policy: [0] }, { margin: 0 }), 0.313262);
  near(t, ofPair(preferenceLosses['relabelled-dpo'], { policy: [1] }, { policy: [0], reward: [1] }), 1.313262);
  near(t, ofPair(preferenceLosses['relabelled-dpo'], { policy: [1] }, { policy: [0] }), 0.313262);
  near(t, ofResponse(kto, { policy: [1], divergence: [1] }), 0.5);
  near(t, ofResponse(kto, { policy: [1], divergence: [0] }), 1 - 1 / (1 + Math.exp(-1)));
  near(t, ofResponse(kto, { policy: [1], divergence: [0], good: [0] }, { undesirable: 2 }), 2 / (1 + Math.exp(-1)));
  near(t, ofResponse(sft, { policy: [-2] }), 2);
  near(t, ofResponse(sft, { policy: [-2], good: [0] }), 0);
  near(t, ofResponse(preferenceLosses['conditional-sft'], { policy: [-2], good: [0] }), 2);
  // ratio 2, clip 0.2: a good response earns 1.2, a bad one costs 2.
  const double = Math.log(2);
  near(t, ofResponse(preferenceLosses['offline-ppo'], { policy: [double] }), -1.2);
  near(t, ofResponse(preferenceLosses['offline-ppo'], { policy: [double], good: [0] }), 2);
  near(t, ofResponse(preferenceLosses['offline-ppo-reward'], { policy: [double], reward: [1] }), -2.4);
  // A = 1 + 0.5 − 0.25
  near(t, ofResponse(preferenceLosses['a-lol'], { policy: [0], reward: [0.5], value: [0.25] }), -1.25);
  near(t, ofResponse(preferenceLosses['a-lol'], { policy: [0], good: [0], value: [0.25] }), 0);
  near(t, ofResponse(preferenceLosses['dro-v'], { policy: [0.5], reward: [1], value: [0.5] }), 0.5);
});

test('the auxiliary term: hand values, cloning for a constant reward, weights at their limit', (t) => {
  const weighted = (side: Side, more: Partial<LossSettings> = {}): number =>
    numbers(() => advantageWeighted(terms(side), { ...one, ...more }))[0];
  near(t, weighted({ policy: [-2], reward: [0.5], value: [0.25] }, { temperature: 0.25 }), 2 * Math.E);
  near(t, weighted({ policy: [-2], reward: [0.7], value: [0.7] }), 2);
  near(t, weighted({ policy: [-2], reward: [1000], value: [0] }), 40, 1e-4);
  near(t, weighted({ policy: [-2], good: [0] }, { auxiliaryOn: 'chosen' }), 0);
});

test('expectiles: half the square at 0.5, and their optimum goes from the mean to the largest', (t) => {
  const targets = [0, 1, 5, 2];
  const at = (v: number, tau: number): number =>
    numbers(() => tf.mean(expectileLoss(tf.tensor1d(targets), tf.fill([4], v), tau)))[0];
  near(t, at(1, 0.5), 0.5 * ((1 + 0 + 16 + 1) / 4));
  const optimum = (tau: number): number => {
    let [low, high] = [0, 5];
    for (let i = 0; i < 60; i++) {
      const middle = (low + high) / 2;
      const slope = targets.reduce((sum, y) => sum + Math.abs(tau - Number(y < middle)) * (middle - y), 0);
      if (slope > 0) high = middle;
      else low = middle;
    }
    return low;
  };
  near(t, optimum(0.5), 2, 1e-6);
  for (const tau of [0.5, 0.7, 0.999]) {
    const best = optimum(tau);
    t.true(at(best, tau) <= at(best + 0.05, tau) && at(best, tau) <= at(best - 0.05, tau));
  }
  t.true(optimum(0.999) > 4.9);
});

test('slopes agree with finite differences, for every loss and form', (t) => {
  const pair = { chosen: [-0.9, -2.1], rejected: [-1.4, -0.8] };
  const cases: [string, PreferenceLoss, Partial<LossSettings>][] = [
    ...Object.entries(preferenceLosses).map(([name, loss]): [string, PreferenceLoss, object] => [name, loss, {}]),
    ...Object.keys(pairForms).map((form): [string, PreferenceLoss, object] => [
      form,
      preferenceLosses.dpo,
      { form, smoothing: 0.1, beta: 0.3 },
    ]),
  ];
  for (const [name, loss, settings] of cases) {
    const build = (policy: tf.Tensor): tf.Tensor => {
      const side = (at: number, good: number): ResponseTerms => ({
        ...terms({ policy: [0, 0], reference: [-1, -1.5], reward: [0.8, 0.1], value: [0.2, 0.3] }, good),
        policy: tf.slice(policy.as1D(), at, 2),
      });
      const all = { ...one, ...settings };
      if (loss.kind === 'pairs') return tf.mean(loss.each({ chosen: side(0, 1), rejected: side(2, 0) }, all));
      return tf.add(tf.mean(loss.each(side(0, 1), all)), tf.mean(loss.each(side(2, 0), all)));
    };
    const start = Float32Array.from([...pair.chosen, ...pair.rejected]);
    const slope = numbers(() => tf.grad((x) => build(x).asScalar())(tf.tensor1d(start)));
    const value = (x: Float32Array): number => numbers(() => build(tf.tensor1d(x)))[0];
    // bco-pair centres its margins by numbers that it holds fixed, as its authors do.
    if (name === 'bco-pair') continue;
    start.forEach((_, i) => {
      const [up, down] = [start.slice(), start.slice()];
      up[i] += 1e-2;
      down[i] -= 1e-2;
      near(t, slope[i], (value(up) - value(down)) / 2e-2, 2e-3);
    });
  }
});

test('a batch of 8 equals 8 singles', (t) => {
  const number = fc.double({ min: -4, max: 0, noNaN: true });
  const eight = fc.array(number, { minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(eight, eight, eight, eight, (chosen, rejected, reference, reward) => {
      for (const [name, loss] of Object.entries<PreferenceLoss>(preferenceLosses)) {
        const side = (policy: readonly number[], good: number): ResponseTerms =>
          terms({ policy, reference, reward, value: policy.map(() => 0.1) }, good);
        const whole = numbers(() => {
          if (loss.kind === 'responses') return loss.each(side(chosen, 1), one);
          const pairs: PairTerms = { chosen: side(chosen, 1), rejected: side(rejected, 0) };
          return loss.each(pairs, one);
        });
        const mean = whole.reduce((a, b) => a + b, 0) / 8;
        const singles = chosen.map((_, i) => {
          const only = (values: readonly number[], good: number): ResponseTerms =>
            terms({ policy: [values[i]], reference: [reference[i]], reward: [reward[i]], value: [0.1] }, good);
          return numbers(() =>
            loss.kind === 'responses'
              ? loss.each(only(chosen, 1), one)
              : loss.each({ chosen: only(chosen, 1), rejected: only(rejected, 0) }, one),
          )[0];
        });
        const accumulated = singles.reduce((a, b) => a + b, 0) / 8;
        near(t, mean, accumulated, 1e-6 * Math.max(1, Math.abs(mean)));
        t.is(whole.length, 8, name);
      }
    }),
    { numRuns: 5 },
  );
});
