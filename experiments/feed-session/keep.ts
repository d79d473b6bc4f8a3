import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomic } from '../../core/files.js';
import type { Keep } from './artefacts.js';

/** Keeps files in a folder; each is there whole or not at all. */
export function keepIn(folder: string): Keep {
  return {
    async read(name) {
      try {
        return new Uint8Array(await readFile(join(folder, name)));
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw error;
      }
    },
    write: (name, bytes) => writeAtomic(join(folder, name), bytes),
  };
}
