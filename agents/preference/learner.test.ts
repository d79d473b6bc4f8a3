import test from 'ava';
import { stream } from '../../core/random.js';
import { startBackend } from '../../core/tensor/backend.js';
import { compileStep } from '../../core/tensor/compile.js';
import { Trainer } from '../../core/tensor/train.js';
import type { PreferenceData } from './contract.js';
import { batchInputs, fitPreferences, isConditional, preferenceDefaults, type PreferenceSettings } from './learner.js';
import { ChoiceModel, IMPOSSIBLE } from './models/choice.js';
import { featureNetwork, tabularNetwork, textNetwork, type MakeNetwork } from './models/network.js';
import { preferenceLosses } from './losses/index.js';
import { preferenceObjective } from './objective.js';

test.before(async () => {
  await startBackend(process.env['RECSYS_GYM_BACKEND']);
});

/** Two contexts, three candidates. Candidate 0 is preferred in both, candidate 2 is what the designer wants. */
function pairs(n = 64, reward: (candidate: number) => number = (k) => Number(k === 2)): PreferenceData {
  const random = stream('pairs');
  const [context, chosen, rejected] = [new Int32Array(n), new Int32Array(n), new Int32Array(n)];
  for (let i = 0; i < n; i++) {
    context[i] = i % 2;
    const first = Math.floor(3 * random.next());
    const second = (first + 1 + Math.floor(2 * random.next())) % 3;
    const wins = random.next() < (first < second ? 0.9 : 0.1);
    [chosen[i], rejected[i]] = wins ? [first, second] : [second, first];
  }
  return {
    context,
    sides: [chosen, rejected],
    good: [new Float32Array(n).fill(1), new Float32Array(n)],
    reward: [Float32Array.from(chosen, reward), Float32Array.from(rejected, reward)],
  };
}

function model(options: { conditional?: boolean; network?: MakeNetwork; candidates?: number } = {}): ChoiceModel {
  const { candidates = 3, network = tabularNetwork(2, candidates), conditional = false } = options;
  const reference = new Float32Array(2 * candidates).fill(0);
  return new ChoiceModel({ contexts: 2, candidates, places: 1, reference, network, conditional }, stream('model'));
}

function settings(more: Partial<PreferenceSettings>): PreferenceSettings {
  return { ...preferenceDefaults, passes: 150, batch: 64, learningRate: 0.05, ...more };
}

function learned(data: PreferenceData, more: Partial<PreferenceSettings>): { own: ChoiceModel; chances: number[] } {
  const all = settings(more);
  const own = model({ conditional: isConditional(all.loss) });
  fitPreferences({ model: own, data, settings: all, random: stream('fit') });
  return { own, chances: Array.from(own.policy(Int32Array.of(0)).logs, Math.exp) };
}

test('every loss moves the policy as it should, and tells its KL', (t) => {
  for (const loss of Object.keys(preferenceLosses)) {
    const own = model({ conditional: isConditional(loss) });
    const curve = fitPreferences({
      model: own,
      data: pairs(),
      settings: settings({ loss, auxiliary: 0.02 }),
      random: stream(1),
    });
    const [first, last] = [curve[0], curve[curve.length - 1]];
    t.true(Math.abs(first['divergence']) < 1e-6, `${loss} starts as the reference`);
    t.true(last['divergence'] > 1e-4, loss);
    const [best, , wanted] = Array.from(own.policy(Int32Array.of(0)).logs, Math.exp);
    if (loss === 'advantage-weighted' || loss === 'relabelled-dpo') t.true(wanted > 0.4, loss);
    else t.true(best > 0.34, `${loss}: ${best}`);
  }
});

test('without an auxiliary weight HPO is its base loss, bit for bit', (t) => {
  for (const [hybrid, base] of [
    ['hpo-dpo', 'dpo'],
    ['hpo-kto', 'kto'],
  ]) {
    const [a, b] = [hybrid, base].map((loss) => learned(pairs(), { loss, auxiliary: 0 }).own.parameters.values);
    t.deepEqual(a, b);
    const c = learned(pairs(), { loss: hybrid, auxiliary: 0.05 }).own.parameters.values;
    t.notDeepEqual(a, c);
  }
});

test('the auxiliary term moves the policy to the designer’s wish, a constant reward to what was shown', (t) => {
  const [base, hybrid] = [0, 1].map((auxiliary) => learned(pairs(), { loss: 'hpo-dpo', auxiliary }).chances);
  t.true(hybrid[2] > base[2] + 0.1);
  const cloned = learned(pairs(), { loss: 'advantage-weighted', passes: 600 }).chances;
  const constant = learned(
    pairs(64, () => 0.7),
    { loss: 'advantage-weighted', passes: 600 },
  );
  const { context, sides } = pairs();
  const shown = [0, 1, 2].map((k) => {
    const here = sides.flatMap((side) => Array.from(side).filter((_, i) => context[i] === 0));
    return here.filter((own) => own === k).length / here.length;
  });
  constant.chances.forEach((chance, k) => t.true(Math.abs(chance - shown[k]) < 0.01));
  t.true(cloned[2] > shown[2] + 0.2);
  t.true(Math.abs(constant.own.policy(Int32Array.of(0)).value[0] - 0.7) < 0.01);
});

test('the value is the mean at τ = 0.5 and goes to the best response as τ goes to 1', (t) => {
  const value = (expectile: number): number => {
    const { own } = learned(pairs(), { loss: 'advantage-weighted', expectile, passes: 800 });
    return own.policy(Int32Array.of(0)).value[0];
  };
  const { context, reward } = pairs();
  const here = reward.flatMap((side) => Array.from(side).filter((_, i) => context[i] === 0));
  const mean = here.reduce((a, b) => a + b, 0) / here.length;
  t.true(Math.abs(value(0.5) - mean) < 0.01);
  t.true(value(0.99) > 0.9);
});

test('one gradient of a batch of 8 is the mean of 8 gradients', (t) => {
  for (const loss of ['dpo', 'hpo-dpo', 'margin', 'dro-v'] as const) {
    const data = pairs(8);
    const gradientOf = (rows: Int32Array): Float32Array => {
      const own = model();
      const trainer = new Trainer(own.parameters, { optimiser: 'sgd', learningRate: 1 });
      const before = own.parameters.values.slice();
      stepOnce(own, trainer, data, rows, loss);
      return before.map((value, i) => value - own.parameters.values[i]);
    };
    const whole = gradientOf(Int32Array.from({ length: 8 }, (_, i) => i));
    const singles = Array.from({ length: 8 }, (_, i) => gradientOf(Int32Array.of(i)));
    whole.forEach((value, at) => {
      const mean = singles.reduce((sum, own) => sum + own[at], 0) / 8;
      t.true(Math.abs(value - mean) <= 1e-6, `${loss} ${at}: ${value} and ${mean}`);
    });
  }
});

test('slates, features and texts learn by the same losses', (t) => {
  const data = pairs();
  const features = new Float32Array(2 * 3 * 2);
  for (let c = 0; c < 2; c++)
    for (let k = 0; k < 3; k++) features.set([Number(k === 0), Number(k === 2)], 2 * (3 * c + k));
  const ids = Int32Array.from({ length: 2 * 3 * 2 }, (_, i) => (i % 2 === 0 ? (i / 2) % 3 : -1));
  for (const network of [
    featureNetwork({ values: features, candidates: 3, width: 2, hidden: [] }),
    featureNetwork({ values: features, candidates: 3, width: 2, hidden: [8] }),
    textNetwork({ ids, candidates: 3, bag: 2, buckets: 8, width: 0 }),
    textNetwork({ ids, candidates: 3, bag: 2, buckets: 8, width: 4 }),
  ]) {
    const own = model({ network });
    fitPreferences({ model: own, data, settings: settings({ loss: 'hpo-dpo' }), random: stream(1) });
    t.true(Math.exp(own.policy(Int32Array.of(1)).logs[0]) > 0.4);
  }
  // Slates of two places: the pair prefers [0, 1] to [2, 1].
  const n = 16;
  const slates = (slate: number[]): Int32Array => Int32Array.from({ length: 2 * n }, (_, i) => slate[i % 2]);
  const own = new ChoiceModel(
    { contexts: 2, candidates: 3, places: 2, reference: new Float32Array(6), network: tabularNetwork(2, 3) },
    stream(1),
  );
  const ones = new Float32Array(n).fill(1);
  const side = { good: [ones, new Float32Array(n)], reward: [ones, ones] };
  const of: PreferenceData = { context: new Int32Array(n), sides: [slates([0, 1]), slates([2, 1])], ...side };
  fitPreferences({ model: own, data: of, settings: settings({ loss: 'dpo' }), random: stream(1) });
  const { logs } = own.policy(Int32Array.of(0));
  t.true(logs[0] > logs[2] + 1);
});

test('padding is never chosen, and contexts without it are not changed by it', (t) => {
  const padded = new Float32Array(2 * 4);
  padded[3] = padded[7] = IMPOSSIBLE;
  const own = new ChoiceModel(
    { contexts: 2, candidates: 4, places: 1, reference: padded, network: tabularNetwork(2, 4) },
    stream('model'),
  );
  fitPreferences({ model: own, data: pairs(), settings: settings({ loss: 'hpo-dpo' }), random: stream('fit') });
  const { logs } = own.policy(Int32Array.of(0));
  t.is(Math.exp(logs[3]), 0);
  const { chances } = learned(pairs(), { loss: 'hpo-dpo' });
  chances.forEach((chance, k) => t.true(Math.abs(chance - Math.exp(logs[k])) < 1e-5));
});

test('same seed, same bytes, and bad requests are refused in words', (t) => {
  const fit = (): Float32Array => learned(pairs(), { batch: 16 }).own.parameters.values;
  t.deepEqual(fit(), fit());
  const refused = (data: PreferenceData, more: Partial<PreferenceSettings>, message: RegExp): void => {
    t.throws(() => fitPreferences({ model: model(), data, settings: settings(more), random: stream(1) }), { message });
  };
  const all = pairs();
  const single = { ...all, sides: [all.sides[0]], good: [all.good[0]], reward: [all.reward[0]] };
  refused(single, { loss: 'dpo' }, /expected pairs of responses/);
  refused(all, { loss: 'hpo' }, /No preference loss called 'hpo'/);
  refused(all, { beta: 0 }, /beta/);
  refused(all, { expectile: 1 }, /expectile/);
  refused(all, { passes: 0 }, /passes/);
  refused({ ...all, context: new Int32Array(0) }, {}, /at least one comparison/);
  refused({ ...all, context: new Int32Array(64).fill(2) }, {}, /contexts in \[0, 2\)/);
});

function stepOnce(
  own: ChoiceModel,
  trainer: Trainer,
  data: PreferenceData,
  rows: Int32Array,
  loss: 'dpo' | 'hpo-dpo' | 'margin' | 'dro-v',
): void {
  const inputs = batchInputs(own, data, rows);
  const step = compileStep(trainer, (tensors) =>
    preferenceObjective(preferenceLosses[loss], preferenceDefaults, own.judge(tensors, 2), tensors),
  );
  step(inputs);
}
