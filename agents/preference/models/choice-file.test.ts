import test from 'ava';
import { decode, encode } from '../../../core/safetensors.js';
import { stream } from '../../../core/random.js';
import { startBackend } from '../../../core/tensor/backend.js';
import { fitPreferences, preferenceDefaults } from '../learner.js';
import { choiceModel, loadChoice, saveChoice, type Choices, type ChoiceShape } from './choice-file.js';
import { IMPOSSIBLE } from './choice.js';

test.before(async () => {
  await startBackend(process.env['RECSYS_GYM_BACKEND']);
});

const reference = Float32Array.of(0, 0.3, -1, 0, 0.5, IMPOSSIBLE);
const features = Float32Array.from({ length: 12 }, (_, i) => Math.sin(i));
const grams = Int32Array.from({ length: 12 }, (_, i) => (i % 5) - 1);
const SHAPES: readonly { shape: ChoiceShape; choices: Choices }[] = [
  {
    shape: { candidates: 3, places: 1, conditional: true, network: { kind: 'table' } },
    choices: { contexts: 2, reference },
  },
  {
    shape: { candidates: 3, places: 2, conditional: false, network: { kind: 'features', width: 2, hidden: [4] } },
    choices: { contexts: 2, reference, features },
  },
  {
    shape: { candidates: 3, places: 1, conditional: false, network: { kind: 'texts', bag: 2, buckets: 8, width: 0 } },
    choices: { contexts: 2, reference, grams },
  },
  {
    shape: {
      ...{ candidates: 3, places: 1, conditional: false },
      network: { kind: 'transformer', bag: 2, buckets: 8, width: 4, heads: 2, depth: 1 },
    },
    choices: { contexts: 2, reference, grams: Int32Array.of(1, 2, 3, -1, -1, -1, 0, 5, 4, 4, 2, -1) },
  },
];
const both = Int32Array.of(0, 1);

for (const { shape, choices } of SHAPES) {
  test(`${shape.network.kind}: what was saved is what is loaded, bit for bit, and is saved as the same bytes`, (t) => {
    const model = choiceModel(shape, choices, stream(1));
    const sides =
      shape.places === 1
        ? [both.map(() => 0), both.map(() => 1)]
        : [
            [0, 1, 0, 1],
            [1, 0, 1, 0],
          ];
    const column = (value: number): Float32Array => new Float32Array(2).fill(value);
    fitPreferences({
      model,
      data: {
        ...{ context: both, sides: sides.map((side) => Int32Array.from(side)) },
        ...{ good: [column(1), column(0)], reward: [column(0), column(1)] },
      },
      settings: { ...preferenceDefaults, loss: shape.conditional ? 'conditional-sft' : 'hpo-dpo', passes: 5 },
      random: stream(2),
    });
    const bytes = saveChoice(model, shape, { curve: '[]' });
    const loaded = loadChoice(bytes, { features, grams: choices.grams ?? grams });
    t.deepEqual(loaded.model.policy(both), model.policy(both));
    t.notDeepEqual(loaded.model.policy(both).logs, choiceModel(shape, choices, stream(1)).policy(both).logs);
    t.deepEqual(saveChoice(loaded.model, loaded.shape, { curve: loaded.words['curve'] }), bytes);
  });
}

test('a policy of features serves contexts that it did not learn from; a table knows only its own', (t) => {
  const [table, scored] = SHAPES.map(({ shape, choices }) => saveChoice(choiceModel(shape, choices, stream(1)), shape));
  const others = { reference: new Float32Array(9), features: new Float32Array(18) };
  t.is(loadChoice(scored, others).model.policy(Int32Array.of(2)).logs.length, 3);
  t.throws(() => loadChoice(table, others), { message: /expected 16 numbers|numbers/ });
  t.throws(() => loadChoice(scored), { message: /expected features of every candidate/ });
  t.throws(() => loadChoice(scored, { features: new Float32Array(3) }), { message: /contexts=2/ });
  t.throws(() => loadChoice(scored, { reference: new Float32Array(4) }), { message: /rows of 3 candidates/ });
});

test('files that hold something else are refused', (t) => {
  const [{ shape, choices }] = SHAPES;
  const file = decode(saveChoice(choiceModel(shape, choices, stream(1)), shape));
  const broken = (metadata: Record<string, string>, tensors = file.tensors): Uint8Array =>
    encode({ metadata: { ...file.metadata, ...metadata }, tensors });
  const refused = (bytes: Uint8Array, message: RegExp): void => {
    t.throws(() => loadChoice(bytes, {}, 'p.safetensors'), { code: 'data', message });
  };
  refused(new Uint8Array(3), /p\.safetensors/);
  refused(
    broken({ format: 'other' }),
    /p\.safetensors: expected a learned choice policy of version 1, received other 1/,
  );
  refused(broken({ shape: '{' }), /the shape of a policy/);
  refused(broken({ shape: JSON.stringify({ ...shape, places: 0 }) }), /places/);
  refused(broken({}, { reference: file.tensors['reference'] }), /no numbers 'parameters'/);
  const parameters = { shape: file.tensors['parameters'].shape, values: new Float32Array(16).fill(NaN) };
  refused(broken({}, { ...file.tensors, parameters }), /not finite/);
});
