import test from 'ava';
import fc from 'fast-check';
import { stream } from '../../../core/random.js';
import { startBackend } from '../../../core/tensor/backend.js';
import { compileStep } from '../../../core/tensor/compile.js';
import { Trainer } from '../../../core/tensor/train.js';
import { hashedWords } from '../../../logs/preference/n-grams.js';
import type { PreferenceData } from '../contract.js';
import { batchInputs, fitPreferences, preferenceDefaults } from '../learner.js';
import { lossDefaults, preferenceLosses } from '../losses/index.js';
import { preferenceObjective } from '../objective.js';
import { ChoiceModel, IMPOSSIBLE } from './choice.js';
import { textNetwork, type MakeNetwork } from './network.js';
import { transformerNetwork } from './transformer.js';

test.beforeEach(async () => {
  await startBackend(process.env['RECSYS_GYM_BACKEND']);
});

const BUCKETS = 64;
/** Of each row the first text is preferred; both have the same words, so that only their order tells them apart. */
const PAIRS = [
  ['dog bites man today', 'man bites dog today'],
  ['why cats love you', 'you love cats why'],
  ['rain never stops here', 'here never stops rain'],
  ['man bites cat', 'cat bites man'],
] as const;

/** [C, K, T] */
function sequences(texts: readonly (readonly string[])[], K: number, T: number): Int32Array {
  const ids = new Int32Array(texts.length * K * T).fill(-1);
  texts.forEach((row, c) => {
    row.forEach((text, k) => {
      hashedWords(text, { buckets: BUCKETS, bag: T }, ids, (c * K + k) * T);
    });
  });
  return ids;
}

const SIZE = { buckets: BUCKETS, width: 8, heads: 2, depth: 1 } as const;

function transformer(ids: Int32Array, K: number, T: number, depth = 1): MakeNetwork {
  return transformerNetwork({ ids, candidates: K, places: T, ...SIZE, depth });
}

function modelOf(network: MakeNetwork, contexts: number, K: number, real = K): ChoiceModel {
  const reference = Float32Array.from({ length: contexts * K }, (_, i) => (i % K < real ? 0 : IMPOSSIBLE));
  return new ChoiceModel({ contexts, candidates: K, places: 1, reference, network }, stream('model'));
}

/** Moves all parameters away from the start, where every score is 0. */
function stirred(model: ChoiceModel): ChoiceModel {
  const random = stream('stir');
  model.parameters.values.forEach((value, i, all) => (all[i] = value + 0.6 * (random.next() - 0.5)));
  return model;
}

function logsOf(model: ChoiceModel, contexts: number): number[] {
  return Array.from(model.policy(Int32Array.from({ length: contexts }, (_, c) => c)).logs);
}

const C = PAIRS.length;
const data: PreferenceData = {
  context: Int32Array.from(PAIRS, (_, c) => c),
  sides: [new Int32Array(C), new Int32Array(C).fill(1)],
  good: [new Float32Array(C).fill(1), new Float32Array(C)],
  reward: [new Float32Array(C).fill(1), new Float32Array(C)],
};

function fit(model: ChoiceModel, loss = 'dpo'): ChoiceModel {
  const settings = { ...preferenceDefaults, loss, passes: 120, batch: C, learningRate: 0.02 };
  fitPreferences({ model, data, settings, random: stream('fit') });
  return model;
}

/** Least chance of the preferred text among the contexts. */
function leastChance(model: ChoiceModel, K: number): number {
  return Math.min(...logsOf(model, C).flatMap((log, i) => (i % K === 0 ? [Math.exp(log)] : [])));
}

test.serial('it starts as its reference', (t) => {
  logsOf(modelOf(transformer(sequences(PAIRS, 2, 6), 2, 6), C, 2), C).forEach((log) =>
    t.true(Math.abs(log - Math.log(0.5)) < 1e-6),
  );
});

test.serial('padding changes no score: of places, of candidates, or what its place holds', (t) => {
  const short = stirred(modelOf(transformer(sequences(PAIRS, 2, 4), 2, 4, 2), C, 2));
  const before = logsOf(short, C);
  t.true(Math.abs(before[0] - before[1]) > 0.01, 'the scores differ');
  for (const [K, T] of [
    [2, 9],
    [4, 4],
    [3, 7],
  ]) {
    const wide = modelOf(transformer(sequences(PAIRS, K, T), K, T, 2), C, K, 2);
    // The same parameters, and other vectors for the places that no word takes.
    wide.parameters.shapes.forEach(({ name }) => {
      const numbers = wide.parameters.numbers(name);
      numbers.fill(3);
      numbers.set(short.parameters.numbers(name));
    });
    const after = logsOf(wide, C);
    for (let c = 0; c < C; c++)
      for (let k = 0; k < 2; k++) t.true(Math.abs(after[c * K + k] - before[c * 2 + k]) < 1e-5, `${K} × ${T}`);
  }
});

test.serial('texts of no words, one word and all places give finite scores', (t) => {
  const texts = [['', 'one', 'one two three four five six', 'one two three four five six seven']];
  const model = stirred(modelOf(transformer(sequences(texts, 4, 6), 4, 6), 1, 4));
  const logs = logsOf(model, 1);
  logs.forEach((log) => t.true(Number.isFinite(log)));
  t.true(Math.abs(logs[2] - logs[3]) < 1e-6, 'words behind the last place are not read');
});

test.serial('the order of words can matter, and repeating a text elsewhere changes nothing', (t) => {
  t.notThrows(() => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: BUCKETS - 1 }), { minLength: 2, maxLength: 6 }), (words) => {
        const ids = new Int32Array(3 * 6).fill(-1);
        [words, words.toReversed(), words].forEach((row, k) => ids.set(row, k * 6));
        const [first, second, third] = logsOf(stirred(modelOf(transformer(ids, 3, 6), 1, 3)), 1);
        return Math.abs(first - third) < 1e-5 && Math.abs(first - second) > 1e-5;
      }),
      { numRuns: 25 },
    );
  });
});

test.serial('it learns what only the order of words tells; a bag of words cannot', (t) => {
  for (const loss of ['dpo', 'hpo-dpo', 'kto']) {
    const chance = leastChance(fit(modelOf(transformer(sequences(PAIRS, 2, 6), 2, 6), C, 2), loss), 2);
    t.true(chance > 0.9, `${loss}: ${chance}`);
  }
  for (const width of [0, 8]) {
    const bag = textNetwork({ ids: sequences(PAIRS, 2, 6), candidates: 2, bag: 6, buckets: BUCKETS, width });
    const chance = leastChance(fit(modelOf(bag, C, 2)), 2);
    t.true(Math.abs(chance - 0.5) < 1e-3, `bag of width ${width}: ${chance}`);
  }
});

test.serial(
  'the compiled step moves along the gradient of its loss, on the backend in use and on plain JavaScript',
  async (t) => {
    for (const backend of [process.env['RECSYS_GYM_BACKEND'], 'cpu']) {
      t.log(await startBackend(backend));
      for (const depth of [1, 2]) {
        const own = stirred(modelOf(transformer(sequences(PAIRS, 3, 6), 3, 6, depth), C, 3, 2));
        const start = own.parameters.values.slice();
        const rows = Int32Array.from({ length: C }, (_, c) => c);
        const inputs = batchInputs(own, data, rows);
        const rate = 1e-3;
        const trainer = new Trainer(own.parameters, { optimiser: 'sgd', learningRate: rate });
        const step = compileStep(trainer, (tensors) =>
          preferenceObjective(preferenceLosses['dpo'], lossDefaults, own.judge(tensors, 2), tensors),
        );
        /** Loss at start + far · direction: what a step reports before it moves. */
        const lossAt = (far: number, direction: Float32Array): number => {
          own.parameters.load(start.map((value, i) => value + far * direction[i]));
          return step(inputs).loss;
        };
        step(inputs);
        const gradient = start.map((value, i) => (value - own.parameters.values[i]) / rate);
        const norm = Math.hypot(...gradient);
        t.true(norm > 1e-3);
        const random = stream('direction');
        for (const direction of [
          gradient.map((value) => value / norm),
          gradient.map((value) => value / norm + 0.2 * (random.next() - 0.5)),
        ]) {
          const expected = gradient.reduce((sum, value, i) => sum + value * direction[i], 0);
          const slope = (lossAt(0.01, direction) - lossAt(-0.01, direction)) / 0.02;
          t.true(Math.abs(slope - expected) < 0.02 * Math.abs(expected) + 1e-4, `${slope} and ${expected}`);
        }
      }
    }
  },
);

test.serial('backends agree, and the same seed gives the same bytes', async (t) => {
  const fitted = (): Float32Array =>
    fit(modelOf(transformer(sequences(PAIRS, 2, 6), 2, 6), C, 2)).parameters.values.slice();
  const first = fitted();
  t.deepEqual(fitted(), first);
  const logs = (): number[] => logsOf(stirred(modelOf(transformer(sequences(PAIRS, 2, 6), 2, 6, 2), C, 2)), C);
  const here = logs();
  await startBackend('cpu');
  logs().forEach((log, i) => t.true(Math.abs(log - here[i]) < 1e-4));
});

test('sizes and ids that make no sense are refused in words', (t) => {
  const ids = sequences(PAIRS, 2, 6);
  const refused = (more: object, message: RegExp): void => {
    t.throws(() => transformerNetwork({ ids, candidates: 2, places: 6, ...SIZE, ...more }), { message });
  };
  refused({ depth: 0 }, /depth: expected a whole number of at least 1, received 0/);
  refused({ width: 2.5 }, /width: expected a whole number/);
  refused({ places: 5 }, /expected a multiple of 2 candidates × 5 places, received 48/);
  refused({ buckets: 3 }, /expected tokens in \[0, 3\), then only −1/);
  refused({ ids: Int32Array.of(1, -1, 2, -1), candidates: 1, places: 4 }, /received 2 at place 2 of text 0/);
  const odd = transformerNetwork({ ids, candidates: 2, places: 6, ...SIZE, heads: 3 });
  t.throws(() => modelOf(odd, C, 2), { message: /a width that 3 heads divide/ });
});
