import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { feedExperiment, type FeedExperiment } from '../config/feed-schema.js';

/** Feed experiments so small that they run in seconds, for tests only. */

const quick = { share: 0.4, response: { hidden: [8], attention: 0, epochs: 1 }, tower: { epochs: 1 } };

const TINY = {
  kind: 'feed-session',
  id: 'tiny-feed',
  question: 'Does a policy that learned in a simulator keep users longer?',
  seeds: [1],
  source: { from: 'world', settings: { users: 150, items: 150, topics: 4 }, cold: 200, sessions: 300 },
  artefacts: { production: quick, people: quick },
  env: { candidates: 5, maxSteps: 12 },
  agent: { id: 'recomind', settings: { hidden: [8] } },
  train: { worlds: 16, steps: 1200, checkpointEvery: 400 },
  realism: { sessions: 100, force: true },
  evaluation: { sessions: 120 },
};

/** The tiny experiment, with other values for some of its keys. */
export function tinyExperiment(replaced: Readonly<Record<string, unknown>> = {}): FeedExperiment {
  return feedExperiment.parse({ ...TINY, ...replaced });
}

/** A folder of its own with the tiny experiment in a file. */
export function tinyFile(replaced: Readonly<Record<string, unknown>> = {}): { home: string; config: string } {
  const home = mkdtempSync(join(tmpdir(), 'recsys-gym-feed-'));
  const config = join(home, 'experiment.yaml');
  writeFileSync(config, stringify({ ...TINY, ...replaced }, { aliasDuplicateObjects: false }));
  return { home, config };
}

export { quick as tinyArtefact };
