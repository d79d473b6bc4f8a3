import { complaint, expectLength } from '../../core/check.js';

/** What a feed can show: N items in columns. */
export interface Catalogue {
  readonly items: number;
  /** [N] the items' own names, as logs write them. */
  readonly ids: readonly string[];
  /** [F] */
  readonly names: readonly string[];
  /** [N, F] in comparable units (about standard deviations), each inside ±`FEATURE_LIMIT`. */
  readonly features: Float32Array;
  /** [N] which of the `clusters` groups of like content an item belongs to. */
  readonly cluster: Int32Array;
  readonly clusters: number;
  /** [N] length of the video. */
  readonly seconds: Float32Array;
  /** [N] visit (0 = the first) from which an item can be shown: new items appear later. */
  readonly birth: Int32Array;
}

export const FEATURE_LIMIT = 10;

/** Throws unless every item can be shown and described. */
export function checkCatalogue(where: string, catalogue: Catalogue): void {
  const { items: N, names, features, cluster, clusters, seconds, birth, ids } = catalogue;
  const F = names.length;
  if (!(N >= 1)) throw complaint('data', { where, expected: 'a catalogue with items', received: 'an empty one' });
  if (F === 0) throw complaint('data', { where, expected: 'items with features', received: 'a catalogue without any' });
  expectLength(`${where}: ids`, ids, { N });
  expectLength(`${where}: features`, features, { N, F });
  expectLength(`${where}: cluster`, cluster, { N });
  expectLength(`${where}: seconds`, seconds, { N });
  expectLength(`${where}: birth`, birth, { N });
  for (let i = 0; i < N; i++) {
    for (let f = 0; f < F; f++) {
      const value = features[i * F + f];
      if (value >= -FEATURE_LIMIT && value <= FEATURE_LIMIT) continue;
      throw complaint('data', {
        where: `${where}: item '${ids[i]}', feature '${names[f]}'`,
        expected: `a number within ±${FEATURE_LIMIT}`,
        received: Number.isNaN(value) ? 'none (an item without features)' : String(value),
        try: 'Fill in or leave out items without features; bring features to units of their standard deviation.',
      });
    }
    if (!(cluster[i] >= 0 && cluster[i] < clusters)) {
      throw complaint('data', {
        where: `${where}: item '${ids[i]}'`,
        expected: `a cluster from 0 to ${clusters - 1}`,
        received: String(cluster[i]),
      });
    }
    if (!(seconds[i] > 0)) {
      throw complaint('data', {
        where: `${where}: item '${ids[i]}'`,
        expected: 'a length above 0 seconds',
        received: String(seconds[i]),
      });
    }
  }
}
