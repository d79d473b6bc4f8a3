import tf from '@tensorflow/tfjs';
import test from 'ava';
import { stream } from '../../../core/random.js';
import { startBackend } from '../../../core/tensor/backend.js';
import { saveCheckpoint } from '../../../core/tensor/checkpoint.js';
import { infer, Trainer } from '../../../core/tensor/train.js';
import { tensorsOf } from '../../../core/tensor/compiled-programs.js';
import { BEGIN, BytePairs, END, LEAST_VOCABULARY } from './byte-pairs.js';
import { Decoder, decoderDefaults, type DecoderSettings } from './decoder.js';
import { loadLanguageModel, saveLanguageModel } from './model-file.js';
import { Pretraining, pretrainingDefaults } from './pretraining.js';
import { draw, perplexity, responseLogs, sample, samplingDefaults } from './sampling.js';
import { likeLengths, TokenRows } from './token-rows.js';

test.before(() => startBackend());

const texts = ['the cat sat', 'the dog ran off', 'a cat ran', 'one dog sat there', 'you will not believe it'];
const pairs = BytePairs.train(texts, LEAST_VOCABULARY + 20);
const tiny: DecoderSettings = {
  ...{ vocabulary: pairs.vocabulary, width: 16, depth: 2, heads: 2, context: 24, tied: true },
};
const rowsOf = (some: readonly string[]): TokenRows =>
  new TokenRows(some.map((text) => ({ response: pairs.encode(text) })));
const make = (settings: Partial<DecoderSettings> = {}, seed = 1): Decoder =>
  new Decoder({ ...tiny, ...settings }, stream(seed));
const all = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i);

/** A decoder whose numbers are not small. */
function lively(settings: Partial<DecoderSettings> = {}): Decoder {
  const decoder = make(settings);
  const luck = stream(7);
  decoder.parameters.values.forEach((_, i, values) => (values[i] += 0.4 * (luck.next() - 0.5)));
  return decoder;
}

test('rows: marks, the places that count, padding, like lengths', (t) => {
  const rows = new TokenRows([{ prompt: [9, 8], response: [7] }, { response: [5, 6, 7, 8] }]);
  t.deepEqual([...rows.tokens], [BEGIN, 9, 8, 7, END, BEGIN, 5, 6, 7, 8, END]);
  t.deepEqual([rows.places(0), rows.places(1), rows.counted(), rows.counted(Int32Array.of(0))], [4, 5, 7, 2]);
  const { tokens, targets, mask, positions } = rows.inputs(all(2), 8);
  t.deepEqual(tokens.shape, [2, 8]);
  t.deepEqual([...tokens.values.subarray(0, 8)], [BEGIN, 9, 8, 7, 0, 0, 0, 0]);
  t.deepEqual([...targets.values.subarray(0, 8)], [9, 8, 7, END, 0, 0, 0, 0]);
  t.deepEqual([...mask.values], [0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0]);
  t.deepEqual([...positions.values.subarray(8)], [0, 1, 2, 3, 4, 5, 6, 7]);
  t.throws(() => rows.inputs(all(2), 4), { message: /rows of at most 4 places, received 5/ });
  const batches = likeLengths(50, 8, stream(3), (row) => row);
  t.deepEqual(
    batches.flatMap((batch) => [...batch]).sort((a, b) => a - b),
    [...all(50)],
  );
  t.is(batches.filter((batch) => batch.length !== 8).length, 1);
});

test('probabilities sum to 1; a later token changes no earlier log-probability; the cache says the same', (t) => {
  for (const tied of [true, false]) {
    const decoder = lively({ tied });
    const rows = rowsOf(texts.slice(0, 2));
    const inputs = rows.inputs(all(2), 24);
    const [B, T] = inputs.tokens.shape;
    const logits = (given: typeof inputs): Float32Array =>
      infer(decoder.parameters, () => decoder.logits(decoder.hidden(tensorsOf(given))));
    const V = tiny.vocabulary;
    const before = logits(inputs);
    const logSum = (at: number): number => {
      const row = before.subarray(at * V, (at + 1) * V);
      return Math.log(row.reduce((sum, z) => sum + Math.exp(z), 0));
    };
    // Σ_v p(v) over all next tokens, by asking for each of them.
    let total = 0;
    for (let v = 0; v < V; v++) {
      const targets = { values: new Int32Array(B * T).fill(v), shape: [B, T] };
      const { tokens, positions } = inputs;
      total += Math.exp(decoder.logProbabilities({ tokens, positions, targets })[3]);
    }
    t.true(Math.abs(total - 1) < 1e-5, `${total}`);
    const own = decoder.logProbabilities({
      ...{ tokens: inputs.tokens, positions: inputs.positions, targets: inputs.targets },
    });
    for (let at = 0; at < B * T; at++) {
      t.true(Math.abs(own[at] - (before[at * V + inputs.targets.values[at]] - logSum(at))) < 1e-4);
    }
    const changed = { ...inputs, tokens: { ...inputs.tokens, values: inputs.tokens.values.slice() } };
    changed.tokens.values[5] = 200;
    const after = logits(changed);
    t.deepEqual(after.subarray(0, 5 * V), before.subarray(0, 5 * V));
    t.notDeepEqual(after.subarray(5 * V, 6 * V), before.subarray(5 * V, 6 * V));
    const decoding = decoder.decoding(B);
    for (let turn = 0; turn < 2; turn++) {
      decoding.restart();
      for (let place = 0; place < 6; place++) {
        const next = decoding.next(Int32Array.of(inputs.tokens.values[place], inputs.tokens.values[T + place]));
        for (const b of [0, 1]) {
          next.subarray(b * V, (b + 1) * V).forEach((z, v) => {
            t.true(Math.abs(z - before[(b * T + place) * V + v]) < 1e-4);
          });
        }
      }
    }
  }
});

test('the slope of the log-probability agrees with finite differences', (t) => {
  const decoder = lively({ width: 4, depth: 1, heads: 2 });
  const { parameters } = decoder;
  const rows = rowsOf(['the cat']);
  const { tokens, positions, targets } = rows.inputs(all(1), 24);
  const sum = (): number => -responseLogs(decoder, rows)[0];
  const slope = new Float32Array(parameters.values.length);
  const trainer = new Trainer(parameters, { optimiser: 'sgd', learningRate: 1 });
  const start = parameters.values.slice();
  trainer.step(() => {
    const given = tensorsOf({ tokens, positions });
    const hidden = decoder.hidden(given);
    const logs = tf.logSoftmax(decoder.logits(hidden));
    const own = tf.oneHot(tf.tensor1d(targets.values, 'int32'), tiny.vocabulary);
    const mask = tf.tensor2d(rows.inputs(all(1), 24).mask.values, [targets.values.length, 1]);
    const loss = tf.neg(tf.sum(tf.mul(tf.mul(logs, own), mask)));
    return tf.add(loss, tf.mul(tf.mean(decoder.value(hidden)), 0)).asScalar();
  });
  start.forEach((value, i) => (slope[i] = value - parameters.values[i]));
  parameters.load(start);
  let compared = 0;
  for (let i = 0; i < start.length; i += 37) {
    const at = (x: number): number => {
      parameters.values[i] = start[i] + x;
      const value = sum();
      parameters.values[i] = start[i];
      return value;
    };
    const wanted = (at(5e-3) - at(-5e-3)) / 1e-2;
    t.true(Math.abs(slope[i] - wanted) < 0.02 * Math.max(1, Math.abs(wanted)), `${i}: ${slope[i]} and ${wanted}`);
    compared += Number(wanted !== 0);
  }
  t.true(compared > 10);
});

const quick = { ...pretrainingDefaults, passes: 60, batch: 5, learningRate: 0.02, warmUp: 5, weightDecay: 0 };

test('a tiny corpus is learned by heart, and sampled back', (t) => {
  const decoder = make({ width: 32 });
  const rows = rowsOf(texts);
  const start = perplexity(decoder, rows);
  t.true(start > 0.7 * tiny.vocabulary && start < 1.4 * tiny.vocabulary, `${start}`);
  let clock = 0;
  const notes: string[] = [];
  const curve = new Pretraining({ decoder, rows, settings: quick, seed: 1 }).run(
    (_done, _total, note) => notes.push(note),
    () => (clock += 100),
  );
  t.is(curve.length, 60);
  t.regex(notes[0], /^loss \d\.\d{3}, \d+ tokens\/s$/);
  t.true(perplexity(decoder, rows) < 1.5, `${perplexity(decoder, rows)}`);
  const greedy = { ...samplingDefaults, temperature: 0 };
  const [own] = sample(decoder, [pairs.encode('the dog')], greedy, 1);
  t.is(pairs.decode(own), ' ran off');
  const drawn = sample(
    decoder,
    Array.from({ length: 20 }, () => []),
    samplingDefaults,
    3,
  ).map((ids) => pairs.decode(ids));
  t.true(drawn.filter((text) => texts.includes(text)).length > 10, drawn.join(' | '));
  // log-probabilities of texts are those of their parts: ln π(y) of a response given a prompt.
  const whole = responseLogs(decoder, rowsOf(['the dog ran off']))[0];
  const [prompt, rest] = [pairs.encode('the dog'), pairs.encode(' ran off')];
  const given = responseLogs(decoder, new TokenRows([{ prompt, response: rest }]))[0];
  t.true(given > whole);
});

test('same seed, same texts, however many together; cold samples are the most probable token', (t) => {
  const decoder = lively();
  const prompts = Array.from({ length: 7 }, (_, i) => (i % 2 === 0 ? [] : pairs.encode('the ca').slice(0, 3)));
  const settings = { ...samplingDefaults, longest: 12 };
  const once = sample(decoder, prompts, settings, 5);
  t.deepEqual(sample(decoder, prompts, { ...settings, rows: 3 }, 5), once);
  t.deepEqual(sample(decoder, prompts.slice(0, 2), settings, 5), once.slice(0, 2));
  t.notDeepEqual(sample(decoder, prompts, settings, 6), once);
  t.true(once.every((ids) => ids.length < 12 && ids.every((id) => id > END)));
  const greedy = sample(decoder, prompts, { ...settings, temperature: 0 }, 5);
  t.deepEqual(sample(decoder, prompts, { ...settings, temperature: 1e-6 }, 9), greedy);
  t.deepEqual(sample(decoder, prompts, { ...settings, topK: 1 }, 9), greedy);
});

test('draws have the probabilities of the scores', (t) => {
  const scores = Float32Array.of(9, 9, 0, Math.log(2), Math.log(5));
  const chances = new Float64Array(5);
  const counts = (settings: { temperature: number; topK: number }): number[] => {
    const out = [0, 0, 0, 0, 0];
    for (let i = 0; i < 800; i++) out[draw(scores, settings, (i + 0.5) / 800, chances)]++;
    return out;
  };
  t.deepEqual(counts({ temperature: 1, topK: 0 }), [0, 0, 100, 200, 500]);
  t.deepEqual(counts({ temperature: 1, topK: 2 }), [0, 0, 0, 229, 571]);
  t.deepEqual(counts({ temperature: 0, topK: 0 }), [0, 0, 0, 0, 800]);
  // 1 : 4 : 25 at half the temperature
  t.deepEqual(counts({ temperature: 0.5, topK: 0 }), [0, 0, 27, 106, 667]);
});

test('training that is saved and loaded goes on bit for bit', (t) => {
  const settings = { ...quick, passes: 3, batch: 2 };
  const rows = rowsOf(texts);
  const through = make();
  new Pretraining({ decoder: through, rows, settings, seed: 4 }).run();
  const first = make();
  const begun = new Pretraining({ decoder: first, rows, settings, seed: 4 });
  for (let i = 0; i < 4; i++) begun.step();
  const bytes = begun.save();
  const second = make({}, 99);
  const resumed = new Pretraining({ decoder: second, rows, settings, seed: 4 });
  resumed.load(bytes);
  t.deepEqual(resumed.save(), bytes);
  t.is(resumed.done, 4);
  resumed.run();
  t.deepEqual(second.parameters.values, through.parameters.values);
  t.throws(
    () => {
      new Pretraining({ decoder: make({ width: 8 }), rows, settings, seed: 4 }).load(bytes, 'x');
    },
    { message: /x: expected 'tokens\.table'/ },
  );
});

test('a batch gives what its rows give one by one: padding means nothing', (t) => {
  const decoder = lively();
  const rows = rowsOf([...texts, 'sat', 'a dog sat on the cat and ran off']);
  const together = responseLogs(decoder, rows, 8);
  responseLogs(decoder, rows, 1).forEach((log, i) => {
    t.true(Math.abs(log - together[i]) < 1e-5 * Math.abs(log));
  });
});

test('a model in a file: the same bytes again, the same texts; broken files are refused', (t) => {
  for (const tied of [true, false]) {
    const decoder = lively({ tied });
    const bytes = saveLanguageModel({ tokens: pairs, decoder });
    const loaded = loadLanguageModel(bytes);
    t.deepEqual(saveLanguageModel(loaded), bytes);
    t.deepEqual(sample(loaded.decoder, [[]], samplingDefaults, 1), sample(decoder, [[]], samplingDefaults, 1));
  }
  const other = BytePairs.train(texts, LEAST_VOCABULARY + 3);
  const bytes = saveLanguageModel({ tokens: other, decoder: make() });
  t.throws(() => loadLanguageModel(bytes, 'x'), { message: /x: expected a tokeniser of 272 tokens, received 262/ });
  t.throws(() => loadLanguageModel(saveCheckpoint(make().parameters), 'x'), { message: /x: expected settings/ });
  const odd = saveCheckpoint(make().parameters, undefined, { decoder: '{"width":0}', tokens: pairs.toJson() });
  t.throws(() => loadLanguageModel(odd, 'x'), { message: /width/ });
  t.throws(() => loadLanguageModel(new Uint8Array(9), 'x'), { message: /x/ });
});

test('a copy stays as it was', (t) => {
  const decoder = lively();
  const reference = decoder.copy();
  t.deepEqual(reference.parameters.values, decoder.parameters.values);
  decoder.parameters.values.fill(0);
  t.not(reference.parameters.values[0], 0);
});

test('bad settings are refused', (t) => {
  t.throws(() => make({ heads: 3 }), { message: /width: expected a multiple of 3 heads, received 16/ });
  t.throws(() => make({ depth: 0 }), { message: /depth: expected a whole number/ });
  t.throws(() => new Decoder({ ...decoderDefaults, context: 1.5 }, stream(1)), { message: /context/ });
  const decoder = make();
  const rows = rowsOf(texts);
  const pretraining = (more: object, some = rows) =>
    new Pretraining({ decoder, rows: some, settings: { ...quick, ...more }, seed: 1 });
  t.throws(() => pretraining({ passes: 0 }), { message: /passes/ });
  t.throws(() => pretraining({ learningRate: NaN }), { message: /learningRate/ });
  t.throws(() => pretraining({}, rowsOf([])), { message: /at least one text/ });
  t.throws(() => sample(decoder, [[]], { ...samplingDefaults, temperature: -1 }, 1), { message: /temperature/ });
  t.throws(() => sample(decoder, [[]], { ...samplingDefaults, topK: 0.5 }, 1), { message: /topK/ });
  t.throws(() => sample(decoder, [Array.from({ length: 24 }, () => 9)], samplingDefaults, 1), {
    message: /prompt 0: expected at most 23 tokens/,
  });
});
