import { z } from 'zod';
import { stream } from '../../core/random.js';
import { encode } from '../../core/safetensors.js';
import { expectLength } from '../../core/check.js';
import { checkLayout } from '../../logs/feed-session/layout.js';
import { floatsOf, openModelFile, qualitySchema, storedPart } from '../stored.js';
import type { RetrievalTower } from './contract.js';
import { cardSettingsSchema, fittedOnSchema, layoutSchema } from './response-file.js';
import { checkDescent, checkUnits, type DescentSettings } from './response-settings.js';
import { buildTower, type TowerNetwork } from './tower-network.js';

export interface TowerSettings extends DescentSettings {
  /** Numbers of a vector, of which one is the item's bias: at least 2. */
  readonly width: number;
  /** Units of the hidden layer of each side; 0: both sides are linear. */
  readonly hidden: number;
}

export const TOWER_DEFAULTS: TowerSettings = {
  width: 16,
  hidden: 16,
  epochs: 6,
  patience: 2,
  batch: 1024,
  learningRate: 0.01,
  l2: 2,
  heldOut: 0.15,
};

export function checkTowerSettings(settings: TowerSettings): void {
  checkDescent('retrieval tower', settings);
  checkUnits('retrieval tower: width', [settings.width], 2);
  checkUnits('retrieval tower: hidden', [settings.hidden], 0);
}

const FILE = { format: 'recsys-gym/feed-retrieval-tower', version: '1' } as const;

const cardSchema = z.strictObject({
  layout: layoutSchema,
  fittedOn: fittedOnSchema,
  quality: qualitySchema,
  settings: cardSettingsSchema,
  epochs: z.number(),
  parameters: z.number(),
});
const settingsSchema = z.strictObject({
  width: z.number(),
  hidden: z.number(),
  epochs: z.number(),
  patience: z.number(),
  batch: z.number(),
  learningRate: z.number(),
  l2: z.number(),
  heldOut: z.number(),
});

interface TowerParts {
  readonly card: RetrievalTower['card'];
  readonly settings: TowerSettings;
  readonly network: TowerNetwork;
}

/** The user's bias moves all items alike: its place in a user's vector is a 1, against the item's bias. */
export function savableTower({ card, settings, network }: TowerParts): RetrievalTower {
  const { layout } = card;
  const { width } = settings;
  return {
    card,
    layout,
    width,
    repetition: network.repetition,
    users(features, n) {
      expectLength('retrieval tower: users', features, { n, U: layout.userNames.length });
      const vectors = network.vectors('user', features, n);
      for (let i = 0; i < n; i++) vectors[(i + 1) * width - 1] = 1;
      return vectors;
    },
    items(features, n) {
      expectLength('retrieval tower: items', features, { n, F: layout.itemNames.length });
      return network.vectors('item', features, n);
    },
    save: () =>
      encode({
        metadata: { ...FILE, card: JSON.stringify(card), settings: JSON.stringify(settings) },
        tensors: { parameters: { shape: [network.parameters.values.length], values: network.parameters.values } },
      }),
  };
}

/** Reads what `savableTower` wrote; checked whole before anything is built. */
export function loadTower(bytes: Uint8Array): RetrievalTower {
  const where = 'retrieval tower';
  const file = openModelFile(bytes, FILE, where);
  const card = storedPart(file, 'card', cardSchema, where);
  const settings = storedPart(file, 'settings', settingsSchema, where);
  checkLayout(where, card.layout);
  checkTowerSettings(settings);
  const { width, hidden } = settings;
  const network = buildTower({ layout: card.layout, width, hidden }, 0, stream('load'));
  network.parameters.load(floatsOf(file, 'parameters', where), where);
  return savableTower({ card, settings, network });
}
