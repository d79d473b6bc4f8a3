import test from 'ava';
import { stream } from '../../../core/random.js';
import { startBackend } from '../../../core/tensor/backend.js';
import type { PreferenceData } from '../contract.js';
import { align, alignmentDefaults, type AlignmentSettings } from './alignment.js';
import { BytePairs, LEAST_VOCABULARY } from './byte-pairs.js';
import { Decoder, type DecoderSettings } from './decoder.js';
import { Pretraining, pretrainingDefaults } from './pretraining.js';
import { responseLogs, sample, samplingDefaults } from './sampling.js';
import { TokenRows } from './token-rows.js';

test.before(() => startBackend());

const texts = ['a cat', 'a dog', 'the feline animal', 'the canine animal'];
const pairs = BytePairs.train(texts, LEAST_VOCABULARY + 30);
const tiny: DecoderSettings = {
  ...{ vocabulary: pairs.vocabulary, width: 32, depth: 1, heads: 2, context: 24, tied: true },
};
const rows = new TokenRows(texts.map((text) => ({ response: pairs.encode(text) })));
const start = new Decoder(tiny, stream(1));
test.before(() => {
  const settings = { ...pretrainingDefaults, passes: 60, batch: 4, learningRate: 0.01, warmUp: 5, weightDecay: 0 };
  new Pretraining({ decoder: start, rows, settings, seed: 1 }).run();
});

/** Cats were preferred to dogs; short words are rewarded, which the labels say nothing of. */
const data = (reward: (row: number) => number = (row) => (row < 2 ? 1 : 0)): PreferenceData => {
  const [chosen, rejected] = [Int32Array.of(0, 2), Int32Array.of(1, 3)];
  const rewards = (side: Int32Array): Float32Array => Float32Array.from(side, reward);
  return {
    context: new Int32Array(2),
    sides: [chosen, rejected],
    good: [Float32Array.of(1, 1), Float32Array.of(0, 0)],
    reward: [rewards(chosen), rewards(rejected)],
  };
};

const run = (settings: Partial<AlignmentSettings>, given = data()) => {
  const decoder = start.copy();
  const all = { ...alignmentDefaults, learningRate: 2e-3, passes: 15, ...settings };
  const curve = align({ decoder, rows, data: given, settings: all, random: stream(2) });
  return { decoder, curve, logs: responseLogs(decoder, rows) };
};
const chance = (logs: Float64Array, ...which: number[]): number =>
  which.reduce((sum, row) => sum + Math.exp(logs[row]), 0);

test('the first loss of DPO is ln 2, and the reference is a frozen column', (t) => {
  for (const beta of [0.1, 1]) {
    const [first] = run({ loss: 'dpo', beta, passes: 1 }).curve;
    t.true(Math.abs(first['loss'] - Math.LN2) < 2e-6, `${first['loss']}`);
  }
  const reference = responseLogs(start, rows);
  t.deepEqual(
    run({ loss: 'dpo' }).decoder.parameters.values,
    (() => {
      const decoder = start.copy();
      const settings = { ...alignmentDefaults, loss: 'dpo', learningRate: 2e-3, passes: 15 };
      align({ decoder, rows, data: data(), reference, settings, random: stream(2) });
      return decoder.parameters.values;
    })(),
  );
});

test('no auxiliary term: HPO is its base loss, to the bit', (t) => {
  for (const [hybrid, base] of [
    ['hpo-dpo', 'dpo'],
    ['hpo-kto', 'kto'],
  ]) {
    const given = { passes: 4 };
    t.deepEqual(
      run({ ...given, loss: hybrid, auxiliary: 0 }).decoder.parameters.values,
      run({ ...given, loss: base }).decoder.parameters.values,
    );
  }
});

test('a reward that the value knows already makes the term cloning: per token as per response', (t) => {
  // V starts at 0 and R is 0, so every weight is 1.
  const none = data(() => 0);
  const parts = (['token', 'response'] as const).map((level) => {
    const [{ loss, preference }] = run({ loss: 'hpo-dpo', level, auxiliary: 0.5, passes: 1 }, none).curve;
    return loss - preference;
  });
  const logs = responseLogs(start, rows);
  const cloning = (-0.5 * logs.reduce((a, b) => a + b, 0)) / 4;
  for (const part of parts) t.true(Math.abs(part - cloning) < 1e-4, `${part} and ${cloning}`);
});

test('weights of tokens by hand at the first step: exp(R/λ) at V = 0, limited', (t) => {
  const logs = responseLogs(start, rows);
  const [{ auxiliary, value }] = run({ loss: 'hpo-dpo', temperature: 0.25, maxWeight: 20, passes: 1 }).curve;
  const wanted = [20, 20, 1, 1].reduce((sum, weight, row) => sum - weight * logs[row], 0) / 4;
  t.true(Math.abs(auxiliary - wanted) < 1e-3 * wanted, `${auxiliary} and ${wanted}`);
  // L_V: τ·1 on the tokens of rewarded rows, 0 elsewhere.
  const share = rows.counted(Int32Array.of(0, 1)) / rows.counted();
  t.true(Math.abs(value - 0.7 * share) < 1e-5);
});

test('DPO and KTO learn the labels; HPO learns the labels and the reward', (t) => {
  const before = responseLogs(start, rows);
  t.true(chance(before, 0, 1, 2, 3) > 0.7);
  t.true(chance(before, 0, 1) < 0.65);
  for (const loss of ['dpo', 'kto', 'ipo']) {
    const { logs } = run({ loss, beta: 0.5 });
    t.true(logs[0] - logs[1] > before[0] - before[1] + 0.5, loss);
    t.true(logs[2] - logs[3] > before[2] - before[3] + 0.5, loss);
  }
  for (const loss of ['hpo-dpo', 'hpo-kto']) {
    for (const level of ['token', 'response'] as const) {
      const { logs, decoder } = run({ loss, level, beta: 0.5, auxiliary: 0.2, passes: 40 });
      t.true(logs[0] > logs[1], `${loss} ${level}`);
      t.true(chance(logs, 0, 1) > 0.8, `${loss} ${level}: ${chance(logs, 0, 1)}`);
      const settings = { ...samplingDefaults, longest: 20 };
      const drawn = sample(
        decoder,
        Array.from({ length: 40 }, () => []),
        settings,
        1,
      ).map((ids) => pairs.decode(ids));
      t.true(drawn.filter((text) => /^a /.test(text)).length > 28, drawn.join(' | '));
    }
  }
});

test('same seed, same bytes', (t) => {
  const settings = { loss: 'hpo-kto', batch: 1, passes: 2 };
  t.deepEqual(run(settings).decoder.parameters.values, run(settings).decoder.parameters.values);
});

test('what does not fit is refused', (t) => {
  t.throws(() => run({ loss: 'dpoo' }), { message: /Did you mean 'dpo'/ });
  t.throws(() => run({ loss: 'conditional-sft' }), { message: /a loss without marks/ });
  t.throws(() => run({ learningRate: 0 }), { message: /learningRate/ });
  t.throws(() => run({ expectile: 1 }), { message: /expectile/ });
  const single = data();
  t.throws(() => run({ loss: 'dpo' }, { ...single, sides: [single.sides[0]], good: [single.good[0]], reward: [] }), {
    message: /pairs of responses/,
  });
  t.throws(() => run({}, { ...single, sides: [Int32Array.of(0, 4), single.sides[1]] }), { message: /received row 4/ });
  t.throws(
    () =>
      align({
        ...{ decoder: start.copy(), rows, data: single, reference: new Float64Array(3) },
        ...{ settings: alignmentDefaults, random: stream(1) },
      }),
    { message: /4 log-probabilities/ },
  );
});
