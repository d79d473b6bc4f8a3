import type { FeedModelKind, RetrievalTower } from './contract.js';
import { loadTower, TOWER_DEFAULTS, type TowerSettings } from './tower-file.js';
import { fitTower } from './tower-fit.js';

/** Vectors by which the items a user is likely to answer are found in the whole catalogue. */
export const retrievalTower: FeedModelKind<TowerSettings, RetrievalTower> = {
  summary: 'two towers, each linear plus a small hidden layer: the main outcome as a product of user and item vectors',
  defaults: TOWER_DEFAULTS,
  fit: fitTower,
  load: loadTower,
};
