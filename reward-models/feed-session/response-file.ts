import { z } from 'zod';
import { stream } from '../../core/random.js';
import { encode } from '../../core/safetensors.js';
import { checkLayout } from '../../logs/feed-session/layout.js';
import { doublesOf, floatsOf, openModelFile, qualitySchema, storedPart, wholesOf } from '../stored.js';
import type { ResponseModel } from './contract.js';
import { DWELL_EDGES, DWELL_TABLE } from './dwell.js';
import { buildExitNetwork } from './exit-network.js';
import { responseModelOf, type ResponseParts } from './response-model.js';
import { buildResponseNetwork, responseShape } from './response-network.js';
import { checkResponseSettings } from './response-settings.js';

const FILE = { format: 'recsys-gym/feed-response-model', version: '1' } as const;

/* The keys stand in the order in which the fit makes them: a loaded model saves the same bytes. */

const texts = z.array(z.string());
export const layoutSchema = z.strictObject({
  userNames: texts,
  contextNames: texts,
  itemNames: texts,
  outcomes: texts,
  shared: z.number(),
  recent: z.number(),
});
export const fittedOnSchema = z.strictObject({
  log: z.string(),
  logHash: z.string(),
  split: z.string(),
  rows: z.number(),
});
export const cardSettingsSchema = z.record(z.string(), z.union([z.number(), z.string(), z.array(z.number())]));
const cardSchema = z.strictObject({
  layout: layoutSchema,
  fittedOn: fittedOnSchema,
  exitRate: z.number(),
  quality: z.record(z.string(), qualitySchema),
  settings: cardSettingsSchema,
  epochs: z.number(),
  parameters: z.number(),
});
const units = z.array(z.number());
const settingsSchema = z.strictObject({
  hidden: units,
  attention: z.number(),
  exitHidden: units,
  epochs: z.number(),
  patience: z.number(),
  batch: z.number(),
  learningRate: z.number(),
  l2: z.number(),
  heldOut: z.number(),
  leaveOut: texts,
});

/** A response model that writes itself as a safetensors file: numbers as arrays, everything else as JSON metadata. */
export function savableResponse(parts: ResponseParts): ResponseModel {
  const { card, settings, network, exit, calibration, dwell } = parts;
  const flat = (values: Float32Array | Float64Array | Int32Array): { shape: number[]; values: typeof values } => ({
    shape: [values.length],
    values,
  });
  return responseModelOf(parts, () =>
    encode({
      metadata: { ...FILE, card: JSON.stringify(card), settings: JSON.stringify(settings) },
      tensors: {
        answers: flat(network.parameters.values),
        exit: flat(exit.parameters.values),
        calibration: { shape: [calibration.length / 2, 2], values: calibration },
        dwellEdges: flat(dwell.edges),
        dwellPatterns: flat(dwell.patterns),
        dwellQuantiles: { shape: [dwell.patterns.length + 2, DWELL_TABLE], values: dwell.quantiles },
      },
    }),
  );
}

/** Reads what `savableResponse` wrote; checked whole before anything is built. */
export function loadResponse(bytes: Uint8Array): ResponseModel {
  const where = 'response model';
  const file = openModelFile(bytes, FILE, where);
  const card = storedPart(file, 'card', cardSchema, where);
  const settings = storedPart(file, 'settings', settingsSchema, where);
  checkLayout(where, card.layout);
  checkResponseSettings(settings);
  const shape = responseShape(card.layout, settings);
  const random = stream('load');
  const network = buildResponseNetwork(shape, new Float64Array(shape.columns), random);
  const exit = buildExitNetwork(card.layout, settings.exitHidden, 0, random);
  network.parameters.load(floatsOf(file, 'answers', where), `${where}: answers`);
  exit.parameters.load(floatsOf(file, 'exit', where), `${where}: exit`);
  const patterns = wholesOf(file, 'dwellPatterns', where);
  return savableResponse({
    card,
    settings,
    network,
    exit,
    calibration: doublesOf(file, 'calibration', 2 * (shape.columns + 1), where),
    dwell: {
      edges: doublesOf(file, 'dwellEdges', DWELL_EDGES, where),
      patterns,
      quantiles: doublesOf(file, 'dwellQuantiles', (patterns.length + 2) * DWELL_TABLE, where),
    },
  });
}
