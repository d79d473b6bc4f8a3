import { createHash } from 'node:crypto';
import { readPieces } from './row-file.js';

/** SHA-256 over the content of files and the settings they are read with: the same origin gives the same log. */
export async function fingerprint(files: readonly string[], settings: unknown): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(settings));
  for (const file of files) {
    let bytes = 0;
    for await (const piece of readPieces(file)) {
      hash.update(piece);
      bytes += piece.length;
    }
    hash.update(`/${bytes}/`);
  }
  return hash.digest('hex');
}
