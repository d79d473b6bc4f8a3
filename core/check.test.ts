import test from 'ava';
import { GymError, choose, complaint, expectLength, expectNumber, nearest } from './check.js';
import { bundle, decode, encode } from './safetensors.js';
import { completeSettings } from './settings.js';

test('messages follow the grammar: where, expected, received, try', (t) => {
  const error = complaint('data', {
    where: 'log line 7',
    expected: 'a propensity',
    received: '0',
    try: 'Drop the row.',
  });
  t.is(error.message, 'log line 7: expected a propensity, received 0. Drop the row.');
  t.is(error.code, 'data');
  t.throws(() => expectLength('act', new Float32Array(6), { batch: 2, width: 4 }), {
    message: 'act: expected 8 numbers (batch=2 × width=4), received 6.',
  });
  t.notThrows(() => expectLength('act', [1, 2], { batch: 2 }));
  t.throws(() => expectNumber('share', 2, 0, 1), {
    message: 'share: expected a finite number from 0 to 1, received 2.',
  });
  t.throws(() => expectNumber('share', NaN), { message: /received NaN/ });
});

test('a mistyped name is answered with the nearest known one', (t) => {
  t.is(nearest('slateq', ['slate-q', 'random']), 'slate-q');
  t.is(nearest('lerningRate', ['learningRate', 'clip']), 'learningRate');
  t.is(nearest('zzzzzz', ['slate-q', 'random']), undefined);
  t.is(choose('agent', { a: 1, b: 2 }, 'b'), 2);
  t.throws(() => choose('agent', { ppo: 1, random: 2 }, 'pop'), {
    instanceOf: GymError,
    message: "No agent called 'pop'. Did you mean 'ppo'? Known: ppo, random.",
  });
  t.throws(() => choose('agent', { ppo: 1 }, 'constructor'), { message: /No agent called 'constructor'/ });
});

test('settings: defaults filled in, unknown keys and other types named all at once', (t) => {
  const defaults = { learningRate: 0.1, hidden: [64], activation: 'relu', normalise: true };
  t.deepEqual(completeSettings('ppo', defaults, { hidden: [8, 8] }), { ...defaults, hidden: [8, 8] });
  const error = t.throws(() => completeSettings('ppo', defaults, { learningrate: 1, hidden: ['a'], normalise: 'yes' }));
  t.is(
    error.message,
    "ppo: learningrate: unknown key. Did you mean 'learningRate'? Known: learningRate, hidden, activation, normalise.\n" +
      'ppo: hidden: expected a list of numbers, received ["a"]\n' +
      'ppo: normalise: expected a boolean, received "yes"',
  );
});

test('settings: a group without keys in the defaults takes any names, each with a number', (t) => {
  const defaults = { weights: {}, other: 1 };
  t.deepEqual(completeSettings('agent', defaults, { weights: { like: 2, watch: 1 } }).weights, { like: 2, watch: 1 });
  t.throws(() => completeSettings('agent', defaults, { weights: { like: 'much' } }), {
    message: /weights\.like: expected a number, received "much"/,
  });
  t.throws(() => completeSettings('agent', {}, { anything: 1 }), { message: /unknown key/ });
});

test('settings: groups are completed key by key', (t) => {
  const defaults = { slate: 2, people: { topics: 20, alpha: 0.5 } };
  t.deepEqual(completeSettings('env', defaults, { people: { topics: 5 } }), {
    slate: 2,
    people: { topics: 5, alpha: 0.5 },
  });
  t.throws(() => completeSettings('env', defaults, { people: { topcs: 5 } }), {
    message: /env: people\.topcs: unknown key\. Did you mean 'topics'/,
  });
  t.throws(() => completeSettings('env', defaults, { people: 3 }), {
    message: /env: people: expected a group, received 3/,
  });
});

test('safetensors: what is written is read back, and equal content gives equal bytes', (t) => {
  const arrays = {
    b: Float32Array.of(1.5, NaN),
    a: Int32Array.of(-7),
    d: Float64Array.of(Math.PI),
    e: new Uint8Array(3),
  };
  const bytes = encode(bundle(arrays, { kind: 'test' }));
  t.deepEqual(encode(bundle({ a: arrays.a, b: arrays.b, d: arrays.d, e: arrays.e }, { kind: 'test' })), bytes);
  const { metadata, tensors } = decode(bytes);
  t.deepEqual(metadata, { kind: 'test' });
  for (const [name, values] of Object.entries(arrays)) t.deepEqual(tensors[name].values, values);
});

test('safetensors: a file that is cut, foreign or lying is refused', (t) => {
  const bytes = encode(bundle({ a: Float32Array.of(1, 2, 3) }, {}));
  t.throws(() => decode(bytes.subarray(0, 5), 'm.bin'), {
    message: /^m.bin: expected a safetensors file, received only 5 bytes/,
  });
  t.throws(() => decode(bytes.subarray(0, bytes.length - 1)), { message: /offsets outside the file/ });
  t.throws(() => decode(new TextEncoder().encode('PK\u0003\u0004 not this one at all')), { message: /a header of/ });
  const longer = new Uint8Array(bytes.length + 4);
  longer.set(bytes);
  t.throws(() => decode(longer), { message: /4 bytes that no entry names/ });
  const lying = new TextDecoder().decode(bytes).replace('"shape":[3]', '"shape":[9]');
  t.throws(() => decode(new TextEncoder().encode(lying)), { message: /outside the file|header/ });
});
