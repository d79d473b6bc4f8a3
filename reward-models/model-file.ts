import { z } from 'zod';
import { GymError, complaint, messageOf } from '../core/check.js';
import { stream } from '../core/random.js';
import { decode, encode, type Bundle } from '../core/safetensors.js';
import { restoreEncoder, type FeatureEncoder } from '../logs/features.js';
import type { FittedModel, ModelCard } from './contract.js';
import { modelOf, type BuildNetwork, type FittedHead, type Network } from './network.js';

const FORMAT = 'recsys-gym/reward-model';
const VERSION = '1';

/* The keys stand in the order in which fit.ts makes them: a loaded model saves the same bytes. */

/** NaN has no JSON; it is written as null. */
const number = z
  .number()
  .nullable()
  .transform((value) => value ?? NaN);
const setting = z.union([z.number(), z.string(), z.boolean(), z.array(z.number())]);
const qualitySchema = z.strictObject({
  rows: number,
  loss: number,
  lossOfConstant: number,
  auc: number,
  expectedCalibrationError: number,
  reliability: z.array(z.strictObject({ rows: number, meanPredicted: number, meanObserved: number })),
});
const cardSchema = z.strictObject({
  kind: z.string(),
  heads: z.array(z.string()),
  unit: z.enum(['probability', 'value']),
  fittedOn: z.strictObject({ log: z.string(), logHash: z.string(), split: z.string(), rows: z.number() }),
  settings: z.record(z.string(), setting),
  epochs: z.number(),
  parameters: z.number(),
  quality: z.array(qualitySchema),
});
const headsSchema = z.array(
  z.strictObject({
    outcome: z.string(),
    mean: z.number(),
    calibration: z.enum(['none', 'intercept', 'intercept and slope']),
    intercept: z.number(),
    slope: z.number(),
    unit: z.enum(['probability', 'value']),
    offset: z.number(),
    scale: z.number(),
  }),
);

/** What a model file holds. */
export interface ModelParts<Settings> {
  readonly card: ModelCard;
  readonly settings: Settings;
  readonly encoder: FeatureEncoder;
  readonly network: Network;
  readonly heads: readonly FittedHead[];
}

/** A reward model that writes itself as a safetensors file: parameters as F32, everything else as JSON metadata. */
export function savable<Settings>(parts: ModelParts<Settings>): FittedModel {
  return modelOf(parts, () =>
    encode({
      metadata: {
        format: FORMAT,
        version: VERSION,
        kind: parts.card.kind,
        card: JSON.stringify(parts.card),
        settings: JSON.stringify(parts.settings),
        heads: JSON.stringify(parts.heads),
        encoder: JSON.stringify(parts.encoder),
      },
      tensors: {
        parameters: { shape: [parts.network.parameters.values.length], values: parts.network.parameters.values },
      },
    }),
  );
}

/** The kind of model in a file, e.g. "logistic". */
export function kindOfModel(bytes: Uint8Array): string {
  return open(bytes, 'reward model').metadata['kind'];
}

/** Reads what `savable` wrote; checked whole before anything is built. */
export function loadModel<Settings extends object>(
  bytes: Uint8Array,
  kind: { readonly name: string; readonly defaults: Settings; readonly build: BuildNetwork<Settings> },
): FittedModel {
  const where = `${kind.name} model`;
  const { metadata, tensors } = open(bytes, where);
  if (metadata['kind'] !== kind.name) {
    throw complaint('data', {
      where,
      expected: `a file of kind '${kind.name}'`,
      received: `one of kind '${metadata['kind']}'`,
      try: 'Load it as that kind, or by loadRewardModel().',
    });
  }
  const card = part(metadata, 'card', cardSchema, where);
  const heads = part(metadata, 'heads', headsSchema, where);
  const given = part(metadata, 'settings', z.record(z.string(), z.unknown()), where);
  const encoder = restoreEncoder(json(metadata, 'encoder', where), where);
  // The settings came from this kind's own save(): the parameters' number, checked below, is the proof that they fit.
  const settings: Settings = { ...kind.defaults, ...given };
  const shape = { buckets: encoder.buckets, M: encoder.numericNames.length, H: heads.length };
  const network = kind.build(shape, settings, stream('load'));
  const values = Object.hasOwn(tensors, 'parameters') ? tensors['parameters'].values : undefined;
  if (!(values instanceof Float32Array)) {
    throw complaint('data', { where, expected: "32-bit floats named 'parameters'", received: 'none' });
  }
  network.parameters.load(values, where);
  return savable({ card, settings, encoder, network, heads });
}

function open(bytes: Uint8Array, where: string): Bundle {
  const file = decode(bytes, where);
  const [format, version] = [word(file, 'format'), word(file, 'version')];
  if (format !== FORMAT) {
    throw complaint('data', {
      where,
      expected: `a file of format '${FORMAT}'`,
      received: format === undefined ? 'a safetensors file that names none' : `'${format}'`,
    });
  }
  if (version !== VERSION) {
    throw complaint('data', {
      where,
      expected: `version ${VERSION}`,
      received: version === undefined ? 'none' : `version ${version}`,
      try: 'Fit the model again, or use the recsys-gym that wrote it.',
    });
  }
  return file;
}

function word({ metadata }: Bundle, name: string): string | undefined {
  return Object.hasOwn(metadata, name) ? metadata[name] : undefined;
}

function json(metadata: Bundle['metadata'], name: string, where: string): unknown {
  try {
    return JSON.parse(metadata[name] ?? '');
  } catch (error) {
    throw new GymError('data', `${where}: expected JSON as '${name}', received something else. Was the file edited?`, {
      cause: error,
    });
  }
}

function part<T>(metadata: Bundle['metadata'], name: string, schema: z.ZodType<T>, where: string): T {
  const parsed = schema.safeParse(json(metadata, name, where));
  if (parsed.success) return parsed.data;
  const problem = messageOf(parsed.error).replaceAll(/\s+/g, ' ').slice(0, 200);
  throw complaint('data', {
    where,
    expected: `'${name}' of version ${VERSION}`,
    received: `something else: ${problem}`,
  });
}
