import { z } from 'zod';
import { complaint } from '../core/check.js';
import { stream } from '../core/random.js';
import { encode } from '../core/safetensors.js';
import { restoreEncoder, type FeatureEncoder } from '../logs/features.js';
import type { FittedModel, ModelCard } from './contract.js';
import { modelOf, type BuildNetwork, type FittedHead, type Network } from './network.js';
import { floatsOf, jsonPart, openModelFile, qualitySchema, storedPart } from './stored.js';

const FILE = { format: 'recsys-gym/reward-model', version: '1' } as const;

/* The keys stand in the order in which fit.ts makes them: a loaded model saves the same bytes. */

const setting = z.union([z.number(), z.string(), z.boolean(), z.array(z.number())]);
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
        ...FILE,
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
  return openModelFile(bytes, FILE, 'reward model').metadata['kind'];
}

/** Reads what `savable` wrote; checked whole before anything is built. */
export function loadModel<Settings extends object>(
  bytes: Uint8Array,
  kind: { readonly name: string; readonly defaults: Settings; readonly build: BuildNetwork<Settings> },
): FittedModel {
  const where = `${kind.name} model`;
  const file = openModelFile(bytes, FILE, where);
  const { metadata } = file;
  if (metadata['kind'] !== kind.name) {
    throw complaint('data', {
      where,
      expected: `a file of kind '${kind.name}'`,
      received: `one of kind '${metadata['kind']}'`,
      try: 'Load it as that kind, or by loadRewardModel().',
    });
  }
  const card = storedPart(file, 'card', cardSchema, where);
  const heads = storedPart(file, 'heads', headsSchema, where);
  const given = storedPart(file, 'settings', z.record(z.string(), z.unknown()), where);
  const encoder = restoreEncoder(jsonPart(file, 'encoder', where), where);
  // The settings came from this kind's own save(): the parameters' number, checked below, is the proof that they fit.
  const settings: Settings = { ...kind.defaults, ...given };
  const shape = { buckets: encoder.buckets, M: encoder.numericNames.length, H: heads.length };
  const network = kind.build(shape, settings, stream('load'));
  network.parameters.load(floatsOf(file, 'parameters', where), where);
  return savable({ card, settings, encoder, network, heads });
}
