import { open } from 'node:fs/promises';
import type { Cell } from './parse.js';

/** One row as it was read. A row with a problem has no cells worth reading. */
export interface RawRow {
  readonly line: number;
  readonly cells: readonly Cell[];
  readonly problem?: string;
  /** The last row, when no line end follows it. */
  readonly unended?: true;
}

/** A table that is read from the top to the end once, a few hundred kilobytes at a time. */
export interface RowFile {
  readonly name: string;
  /** In the order of the cells. */
  readonly columns: readonly string[];
  readonly totalBytes: number;
  /** Batches of rows with the bytes read so far. Nothing is open before the first is asked for; leaving the loop early closes the file. */
  readonly batches: AsyncGenerator<RowBatch>;
}

export interface RowBatch {
  readonly rows: readonly RawRow[];
  readonly bytes: number;
}

/** Bytes read at once. */
const PIECE = 1 << 18;
/** No honest row is longer; a quote that never closes would swallow the file. */
export const LONGEST_ROW = 1 << 20;

/** The bytes of a file, each piece in memory of its own: the parser keeps the end of the last one. */
export async function* readPieces(path: string): AsyncGenerator<Buffer> {
  const file = await open(path);
  try {
    while (true) {
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(PIECE), 0, PIECE);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}
