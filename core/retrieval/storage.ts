import { open } from 'node:fs/promises';
import { complaint, messageOf } from '../check.js';
import { writeAtomic } from '../files.js';
import { ApproximateIndex } from './approximate.js';
import type { VectorIndex } from './contract.js';
import { ExactIndex } from './exact.js';
import type { Expected } from './heading.js';

/** Writes an index to a file, whole or not at all. */
export async function saveIndex(path: string, index: VectorIndex): Promise<void> {
  await writeAtomic(path, index.save());
}

/**
 * Reads an exact index from a file, into one buffer that the index then works on.
 *
 * @throws GymError `io` where the file cannot be read, `data` where it is not what it should be
 */
export async function loadExact(path: string, expected: Expected = {}): Promise<ExactIndex> {
  return ExactIndex.load(await readWhole(path), path, expected);
}

/** Reads an approximate index from a file; see `loadExact`. */
export async function loadApproximate(path: string, expected: Expected = {}): Promise<ApproximateIndex> {
  return ApproximateIndex.load(await readWhole(path), path, expected);
}

/** A file in one buffer of its own; `readFile` stops at 2 GiB. */
async function readWhole(path: string): Promise<Uint8Array> {
  const STRETCH = 2 ** 30;
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const bytes = new Uint8Array(size);
      let at = 0;
      for (let read = 1; at < size && read > 0; at += read) {
        read = (await file.read(bytes, at, Math.min(STRETCH, size - at), at)).bytesRead;
      }
      return bytes.subarray(0, at);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw complaint(
      'io',
      { where: path, expected: 'a file that can be read', received: messageOf(error), try: 'Check its name.' },
      error,
    );
  }
}
