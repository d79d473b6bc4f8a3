import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Provenance } from '../contract.js';
import type { Experiment } from '../config/schema.js';

/** Keys whose values are places on somebody's disk: kept in config.json, left out of reports and hashes. */
const PLACES = new Set(['path', 'besideLog']);

/** The same value with object keys in alphabetical order and places left out, for hashing and for reports. */
export function withoutPlaces(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPlaces);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !PLACES.has(key))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, withoutPlaces(inner)]),
  );
}

/** First 12 hexadecimal digits of SHA-256 over the resolved config without places. */
export function configHash(experiment: Experiment): string {
  return createHash('sha256')
    .update(JSON.stringify(withoutPlaces(experiment)))
    .digest('hex')
    .slice(0, 12);
}

/** The version in package.json. */
export async function codeVersion(): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(new URL('../../../package.json', import.meta.url), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
}

/** Where a report's numbers come from. */
export async function provenance(experiment: Experiment, backend: string, dataHash?: string): Promise<Provenance> {
  return {
    configHash: configHash(experiment),
    codeVersion: await codeVersion(),
    ...(dataHash === undefined ? {} : { dataHash }),
    seeds: 'seeds' in experiment ? experiment.seeds : [experiment.seed],
    backend,
    config: withoutPlaces(experiment),
    repeat: 'recsys-gym run config.json',
  };
}
