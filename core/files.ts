import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { complaint, messageOf } from './check.js';

/**
 * Replaces a file in one step: the new content is written beside it, forced to disk and renamed over it, so that a
 * crash leaves either the old file or the new one, never half of one. Missing folders are made.
 */
export async function writeAtomic(path: string, content: string | Uint8Array): Promise<void> {
  const beside = `${path}.${process.pid}.part`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(beside, 'w');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined);
    throw complaint(
      'io',
      {
        where: path,
        expected: 'a file that can be written',
        received: messageOf(error),
        try: 'Check the folder and its permissions, or name another.',
      },
      error,
    );
  }
}
