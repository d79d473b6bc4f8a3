import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { adUtilityExperiment, type AdUtilityExperiment } from '../config/ad-utility-schema.js';

/** Ad-utility experiments so small that they run in seconds, for tests only. */

const two = { levels: [0.2, 0.4], production: 0.2 };
const settings = { hidden: [8], epochs: 1, batch: 256 };

const TINY = {
  kind: 'ad-utility',
  id: 'tiny-ads',
  question: 'Do learned weights beat the weights of today?',
  seeds: [1],
  market: { users: 500, ads: 100, advertisers: 10, requestsPerDay: 20_000, candidates: 6 },
  grid: { click: two, longClick: two, hide: two },
  log: { rows: 3000, exploration: 0.5, heldOut: 1500 },
  policy: { id: 'importance-weighted', settings },
  evaluation: { requests: 800, search: 200, days: 1, buckets: 4 },
};

/** The tiny experiment, with other values for some of its keys. */
export function tinyExperiment(replaced: Readonly<Record<string, unknown>> = {}): AdUtilityExperiment {
  return adUtilityExperiment.parse({ ...TINY, ...replaced });
}

/** A folder of its own with the tiny experiment in a file. */
export function tinyFile(replaced: Readonly<Record<string, unknown>> = {}): { home: string; config: string } {
  const home = mkdtempSync(join(tmpdir(), 'recsys-gym-ads-'));
  const config = join(home, 'experiment.yaml');
  writeFileSync(config, stringify({ ...TINY, ...replaced }, { aliasDuplicateObjects: false }));
  return { home, config };
}
