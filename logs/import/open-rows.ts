import { stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { complaint, messageOf } from '../../core/check.js';
import { openCsv } from './csv.js';
import { openJsonLines } from './json-lines.js';
import type { RowFile } from './row-file.js';

export type TableFormat = 'csv' | 'tsv' | 'ndjson';

/** What the end of a file's name says of its content. */
export function kindOfTable(path: string): TableFormat {
  const ending = extname(path).toLowerCase();
  if (ending === '.ndjson' || ending === '.jsonl') return 'ndjson';
  return ending === '.tsv' ? 'tsv' : 'csv';
}

/** .ndjson and .jsonl are JSON lines, .tsv is separated by tabs, everything else by commas. */
export async function openRows(path: string): Promise<RowFile> {
  const { size: totalBytes } = await mustBeFile(path);
  if (totalBytes === 0) throw complaint('data', { where: path, expected: 'a table', received: 'an empty file' });
  const name = basename(path);
  const kind = kindOfTable(path);
  if (kind === 'ndjson') return openJsonLines(path, name, totalBytes);
  return openCsv(path, name, totalBytes, kind === 'tsv' ? '\t' : ',');
}

export async function mustBeFile(path: string): Promise<{ size: number }> {
  const found = await stat(path).catch((error: unknown) => {
    throw complaint('io', { where: path, expected: 'a file that exists', received: messageOf(error) }, error);
  });
  if (found.isFile()) return found;
  throw complaint('io', {
    where: path,
    expected: 'a file',
    received: found.isDirectory() ? 'a folder' : 'something else',
    try: 'A folder of the Open Bandit Dataset is read with --format open-bandit.',
  });
}
