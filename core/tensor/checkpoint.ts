import { complaint } from '../check.js';
import { decode, encode, type Bundle, type StoredTensor } from '../safetensors.js';
import type { ParameterSet } from './parameters.js';
import type { Trainer } from './train.js';

const FORMAT = 'recsys-gym/checkpoint';
const VERSION = '1';

/** What of a model's training goes into a file, by the names in it. Arrays are those of the model itself, not copies. */
type Parts = Readonly<Record<string, { readonly shape: readonly number[]; readonly values: Float32Array }>>;

/**
 * A model as one safetensors file: every parameter and table under its name and shape and, with a trainer, the
 * optimiser's arrays as `optimiser.STATE/NAME` and the tables' as `NAME/history`. Equal models give equal bytes, on
 * every backend.
 *
 * @param metadata a few words to find in `loadCheckpoint`'s answer
 */
export function saveCheckpoint(
  parameters: ParameterSet,
  trainer?: Trainer,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const about = { ...metadata, format: FORMAT, version: VERSION };
  const learning =
    trainer === undefined ? {} : { optimiser: trainer.optimiser.kind, steps: String(trainer.optimiser.steps) };
  return encode({ metadata: { ...about, ...learning }, tensors: partsOf(parameters, trainer) });
}

/**
 * Loads what `saveCheckpoint` wrote into a model of the same build. Everything is checked before anything is changed.
 *
 * @param trainer goes on where the saved one stopped; the file must then hold its optimiser
 * @returns the words that were saved
 * @throws a data error for a broken file, a file of another format, another model or another optimiser
 */
export function loadCheckpoint(
  bytes: Uint8Array,
  parameters: ParameterSet,
  trainer?: Trainer,
  where = 'checkpoint',
): Readonly<Record<string, string>> {
  const { metadata, tensors } = decode(bytes, where);
  expectMeta(metadata, 'format', FORMAT, where);
  expectMeta(metadata, 'version', VERSION, where);
  const parts = partsOf(parameters, trainer);
  if (trainer !== undefined) expectMeta(metadata, 'optimiser', trainer.optimiser.kind, where);
  const loaded = Object.entries(parts).map(
    ([name, part]) => [part.values, matching(name, part, tensors, where)] as const,
  );
  const foreign = Object.keys(tensors).find((name) => !isOptimisers(name) && !Object.hasOwn(parts, name));
  if (foreign !== undefined) {
    throw complaint('data', {
      where,
      expected: `a model of ${namesOf(parts)}`,
      received: `one that also has '${foreign}'`,
    });
  }
  const steps = Number(metadata['steps'] ?? 0);
  if (!Number.isSafeInteger(steps) || steps < 0) {
    throw complaint('data', { where, expected: 'a count of steps', received: `'${metadata['steps']}'` });
  }
  for (const [own, saved] of loaded) own.set(saved);
  trainer?.optimiser.restore(trainer.optimiser.state, steps);
  return metadata;
}

function partsOf(parameters: ParameterSet, trainer: Trainer | undefined): Parts {
  const parts: Record<string, StoredTensor & { readonly values: Float32Array }> = {};
  const cut = (prefix: string, values: Float32Array): void => {
    let at = 0;
    for (const { name, shape } of parameters.shapes) {
      const size = shape.reduce((product, n) => product * n, 1);
      parts[`${prefix}${name}`] = { shape, values: values.subarray(at, at + size) };
      at += size;
    }
  };
  cut('', parameters.values);
  for (const { name, rows, width, values, history } of parameters.tables) {
    parts[name] = { shape: [rows, width], values };
    if (trainer !== undefined) parts[`${name}/history`] = { shape: [rows], values: history };
  }
  for (const [state, values] of Object.entries(trainer?.optimiser.state ?? {})) cut(`optimiser.${state}/`, values);
  return parts;
}

/** Names that a model without a trainer leaves unread. */
function isOptimisers(name: string): boolean {
  return name.startsWith('optimiser.') || name.endsWith('/history');
}

function matching(name: string, part: Parts[string], tensors: Bundle['tensors'], where: string): Float32Array {
  const found = Object.hasOwn(tensors, name) ? tensors[name] : undefined;
  if (
    found !== undefined &&
    found.values instanceof Float32Array &&
    found.shape.length === part.shape.length &&
    found.shape.every((n, k) => n === part.shape[k])
  ) {
    return found.values;
  }
  const kind = found !== undefined && !(found.values instanceof Float32Array) ? ' of another type' : '';
  throw complaint('data', {
    where,
    expected: `'${name}' of shape ${part.shape.join('×')}`,
    received: found === undefined ? `only ${Object.keys(tensors).join(', ')}` : `shape ${found.shape.join('×')}${kind}`,
    try: 'Was it saved by a model with other settings?',
  });
}

function namesOf(parts: Parts): string {
  return Object.keys(parts)
    .filter((name) => !isOptimisers(name))
    .join(', ');
}

function expectMeta(metadata: Readonly<Record<string, string>>, key: string, wanted: string, where: string): void {
  if (metadata[key] === wanted) return;
  throw complaint('data', { where, expected: `${key} '${wanted}'`, received: `'${metadata[key] ?? 'none'}'` });
}
