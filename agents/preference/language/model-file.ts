import { z } from 'zod';
import { GymError, complaint, messageOf } from '../../../core/check.js';
import { stream } from '../../../core/random.js';
import { decode } from '../../../core/safetensors.js';
import { loadCheckpoint, saveCheckpoint } from '../../../core/tensor/checkpoint.js';
import { BytePairs } from './byte-pairs.js';
import { Decoder } from './decoder.js';

const size = z.int().min(1);
const Settings = z.strictObject({
  ...{ vocabulary: size, width: size, depth: size, heads: size, context: size },
  tied: z.boolean(),
});

/** A tokeniser and the decoder that was trained on its tokens. */
export interface LanguageModel {
  readonly tokens: BytePairs;
  readonly decoder: Decoder;
}

/** A language model as one safetensors file: weights by name, settings and merges in its words. Equal models, equal bytes. */
export function saveLanguageModel({ tokens, decoder }: LanguageModel): Uint8Array {
  const { vocabulary, width, depth, heads, context, tied } = decoder.settings;
  return saveCheckpoint(decoder.parameters, undefined, {
    decoder: JSON.stringify({ vocabulary, width, depth, heads, context, tied }),
    tokens: tokens.toJson(),
  });
}

/**
 * Loads what `saveLanguageModel` wrote.
 *
 * @throws a data error for anything else, and for a tokeniser with another vocabulary than the decoder's
 */
export function loadLanguageModel(bytes: Uint8Array, where = 'language model'): LanguageModel {
  const { metadata } = decode(bytes, where);
  const settings = settingsOf(metadata['decoder'], where);
  const tokens = BytePairs.fromJson(metadata['tokens'] ?? '', `${where}: tokens`);
  if (tokens.vocabulary !== settings.vocabulary)
    throw complaint('data', {
      where,
      expected: `a tokeniser of ${settings.vocabulary} tokens`,
      received: String(tokens.vocabulary),
    });
  const decoder = new Decoder(settings, stream(where));
  loadCheckpoint(bytes, decoder.parameters, undefined, where);
  return { tokens, decoder };
}

function settingsOf(text: string | undefined, where: string): z.infer<typeof Settings> {
  let json: unknown;
  try {
    json = JSON.parse(text ?? '');
  } catch (error) {
    throw complaint('data', { where, expected: 'settings of a decoder', received: messageOf(error) }, error);
  }
  const read = Settings.safeParse(json);
  if (!read.success) throw new GymError('data', `${where}: ${z.prettifyError(read.error)}`);
  return read.data;
}
