import { z } from 'zod';
import { complaint, expectLength, GymError, messageOf } from '../../../core/check.js';
import { stream, type Source } from '../../../core/random.js';
import { bundle, decode, encode, type Bundle } from '../../../core/safetensors.js';
import { ChoiceModel } from './choice.js';
import { featureNetwork, tabularNetwork, textNetwork, type MakeNetwork } from './network.js';
import { transformerNetwork } from './transformer.js';

const FORMAT = 'recsys-gym/choice-policy';
const size = z.int().min(1);

const shapeSchema = z.strictObject({
  /** Most candidates of a context, K. */
  candidates: size,
  /** Places of a response, W. */
  places: size,
  conditional: z.boolean(),
  network: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('table') }),
    z.strictObject({ kind: z.literal('features'), width: size, hidden: z.array(size) }),
    z.strictObject({ kind: z.literal('texts'), bag: size, buckets: size, width: z.int().min(0) }),
    z.strictObject({
      kind: z.literal('transformer'),
      ...{ bag: size, buckets: size, width: size, heads: size, depth: size },
    }),
  ]),
});

/** What a choice model is made of, beside its numbers: how candidates are scored, and how many are chosen. */
export type ChoiceShape = z.infer<typeof shapeSchema>;

/** What is to be chosen from: C contexts of K candidates. */
export interface Choices {
  readonly contexts: number;
  /** [C, K] ln π_ref, −1e9 for padding. */
  readonly reference: Float32Array;
  /** [C, K, F], for networks of features. */
  readonly features?: Float32Array;
  /** [C, K, bag], for networks of texts: n-grams, or words in their order. */
  readonly grams?: Int32Array;
}

/**
 * A choice model that can be saved.
 *
 * @throws a config error where the choices lack what the network reads
 */
export function choiceModel(shape: ChoiceShape, choices: Choices, source: Source): ChoiceModel {
  const { candidates, places, conditional } = shape;
  const { contexts, reference } = choices;
  return new ChoiceModel(
    { contexts, candidates, places, reference, conditional, network: networkOf(shape, choices) },
    source,
  );
}

function networkOf({ network, candidates: K }: ChoiceShape, choices: Choices): MakeNetwork {
  const { contexts } = choices;
  const lacking = (what: string): GymError =>
    complaint('config', { where: 'choice model', expected: `${what} of every candidate`, received: 'none' });
  switch (network.kind) {
    case 'table':
      return tabularNetwork(contexts, K);
    case 'features': {
      const { width, hidden } = network;
      if (choices.features === undefined) throw lacking('features');
      expectLength('choice model: features', choices.features, { contexts, candidates: K, features: width });
      return featureNetwork({ values: choices.features, candidates: K, width, hidden });
    }
    case 'texts':
    case 'transformer': {
      if (choices.grams === undefined) throw lacking('n-grams');
      expectLength('choice model: n-grams', choices.grams, { contexts, candidates: K, bag: network.bag });
      const { bag, buckets, width } = network;
      if (network.kind === 'transformer') {
        const { heads, depth } = network;
        return transformerNetwork({
          ...{ ids: choices.grams, candidates: K, places: bag },
          ...{ buckets, width, heads, depth },
        });
      }
      return textNetwork({ ids: choices.grams, candidates: K, bag, buckets, width });
    }
  }
}

/**
 * A learned policy as one safetensors file: its numbers, its frozen reference, and its shape in words. What candidates
 * look like is not in it. Equal policies give equal bytes.
 *
 * @param words more to be kept with it
 */
export function saveChoice(
  model: ChoiceModel,
  shape: ChoiceShape,
  words: Readonly<Record<string, string>> = {},
): Uint8Array {
  const arrays = { parameters: model.parameters.values, reference: model.reference };
  return encode(bundle(arrays, { ...words, format: FORMAT, version: '1', shape: JSON.stringify(shape) }));
}

/**
 * Loads what `saveChoice` wrote. Other contexts than it learned from may be given, with their reference; a table knows
 * only its own.
 *
 * @param choices what the network reads of candidates; the saved reference is used unless there is another
 * @throws a data error for anything else, a shape error for choices that do not fit
 */
export function loadChoice(
  bytes: Uint8Array,
  choices: Partial<Choices> = {},
  where = 'choice policy',
): { readonly model: ChoiceModel; readonly shape: ChoiceShape; readonly words: Readonly<Record<string, string>> } {
  const file = decode(bytes, where);
  const shape = shapeOf(file, where);
  const reference = choices.reference ?? floats(file, 'reference', where);
  const contexts = reference.length / shape.candidates;
  if (!Number.isInteger(contexts) || contexts === 0 || (choices.contexts ?? contexts) !== contexts) {
    throw complaint('shape', {
      where: `${where}: reference`,
      expected: `rows of ${shape.candidates} candidates, one per context`,
      received: `${reference.length} numbers`,
    });
  }
  const model = choiceModel(shape, { ...choices, contexts, reference }, stream(where));
  const parameters = floats(file, 'parameters', where);
  if (!parameters.every(Number.isFinite)) throw wrong(where, 'numbers that are not finite');
  model.parameters.load(parameters, where);
  return { model, shape, words: file.metadata };
}

function shapeOf({ metadata }: Bundle, where: string): ChoiceShape {
  if (metadata['format'] !== FORMAT || metadata['version'] !== '1')
    throw wrong(where, `${metadata['format'] ?? 'another file'} ${metadata['version'] ?? ''}`.trim());
  let json: unknown;
  try {
    json = JSON.parse(metadata['shape'] ?? '');
  } catch (error) {
    throw complaint('data', { where, expected: 'the shape of a policy', received: messageOf(error) }, error);
  }
  const read = shapeSchema.safeParse(json);
  if (!read.success) throw new GymError('data', `${where}: ${z.prettifyError(read.error)}`);
  return read.data;
}

function floats({ tensors }: Bundle, name: string, where: string): Float32Array {
  const values = Object.hasOwn(tensors, name) ? tensors[name].values : undefined;
  if (values instanceof Float32Array) return values;
  throw wrong(where, `no numbers '${name}'`);
}

function wrong(where: string, received: string): GymError {
  return complaint('data', { where, expected: 'a learned choice policy of version 1', received });
}
