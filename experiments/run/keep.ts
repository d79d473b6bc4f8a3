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

/** A name as part of a file's: plain letters, and the place in the alphabet of all others. */
export function keptName(name: string): string {
  return name.replaceAll(/[^a-z0-9-]/g, (letter) => `_${(letter.codePointAt(0) ?? 0).toString(16)}`);
}
