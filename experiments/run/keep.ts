import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomic } from '../../core/files.js';

/** Where files are kept between an interruption and its end; nothing is kept where there is none. */
export interface Keep {
  read(name: string): Promise<Uint8Array | undefined>;
  write(name: string, bytes: Uint8Array): Promise<void>;
}

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
