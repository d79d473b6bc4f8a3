import type { LogHead } from '../store/fields.js';
import type { LogStore } from '../store/log-store.js';
import type { StoredLog } from '../store/reader.js';
import { BadRows, type BadRowCount } from './bad-rows.js';
import type { ChunkBuilder } from './chunk-builder.js';
import type { Cell } from './parse.js';
import type { RowFile } from './row-file.js';

export interface ImportOptions {
  /** Name of the log in the store. */
  readonly name: string;
  /** Takes the place of a log of that name. */
  readonly replace?: boolean;
  /** Largest share of bad rows that may be left out; 0 unless given. */
  readonly maxBadShare?: number;
  /** Called after every chunk. */
  readonly onProgress?: (progress: ImportProgress) => void;
}

export interface ImportProgress {
  readonly rows: number;
  readonly bytes: number;
  readonly totalBytes: number;
}

/** What an import ended in. */
export interface Imported {
  readonly log: StoredLog;
  readonly badRows: BadRowCount;
  /** What else an importer has to say, in sentences. */
  readonly remarks?: readonly string[];
}

/** Knows one format: turns the cells of a row into the next row of its builder. */
export interface RowDecoder {
  readonly builder: ChunkBuilder;
  /** Why the row is bad; nothing when it was written and kept. A bad row leaves no trace in the dictionaries. */
  decode(cells: readonly Cell[]): string | undefined;
  /** Asked once, after the last row. */
  head(): LogHead;
}

/**
 * Streams a table into the store. Memory holds one chunk of rows and the dictionaries. When anything fails the store
 * is as it was before.
 *
 * @param origin fingerprint of the files and settings
 */
export async function importRows(
  store: LogStore,
  file: RowFile,
  decoder: RowDecoder,
  origin: string,
  options: ImportOptions,
): Promise<Imported> {
  const badRows = new BadRows(file.name, options.maxBadShare ?? 0);
  const { builder } = decoder;
  const writer = await store.writer(options.name, { replace: options.replace ?? false, origin });
  let rows = 0;
  try {
    for await (const batch of file.batches) {
      for (const { line, cells, problem } of batch.rows) {
        const reason = problem ?? decoder.decode(cells);
        if (reason === undefined) rows++;
        else badRows.add(line, reason, rows);
        if (!builder.full) continue;
        await writer.append(builder.take());
        options.onProgress?.({ rows, bytes: batch.bytes, totalBytes: file.totalBytes });
      }
    }
    const left = badRows.finish(rows);
    await writer.append(builder.take());
    return { log: await writer.commit(decoder.head()), badRows: left };
  } catch (error) {
    await writer.abort();
    throw error;
  }
}
