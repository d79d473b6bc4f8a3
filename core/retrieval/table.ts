import { complaint } from '../check.js';
import { elementOf, type RowKind, type Vectors } from './contract.js';
import { HEADING, rowBytesOf, sectionEnd, writeHeading, type Heading } from './heading.js';

/** Products of numbers within it stay far from the limits of a float32. */
const LARGEST_NORM = 1e18;
const LARGEST_WIDTH = 65536;

/** Throws unless rows of this kind can be held. */
export function expectKind(where: string, { metric, width }: RowKind): void {
  const step = metric === 'hamming' ? 8 : 1;
  if (Number.isInteger(width) && width >= step && width <= LARGEST_WIDTH && width % step === 0) return;
  throw complaint('usage', {
    where,
    expected: `a width from ${step} to ${LARGEST_WIDTH}${step === 8 ? ', a multiple of 8' : ''}`,
    received: String(width),
  });
}

/** How many vectors of this kind there are. Throws where they are of another type or the last one is not whole. */
export function countVectors(where: string, kind: RowKind, vectors: Vectors): number {
  const { metric, width } = kind;
  const each = metric === 'hamming' ? width / 8 : width;
  const fits = metric === 'hamming' ? vectors instanceof Uint8Array : vectors instanceof Float32Array;
  if (fits && vectors.length % each === 0) return vectors.length / each;
  throw complaint('shape', {
    where,
    expected: metric === 'hamming' ? `a Uint8Array of n × ${each} bytes` : `a Float32Array of n × ${each} numbers`,
    received: `${vectors.constructor.name} of length ${vectors.length}`,
    try: `The index holds ${elementOf(metric)} rows of width ${width}.`,
  });
}

/**
 * Copies vectors into `to`, brought to length 1 for `cosine`; bits are copied as they are.
 *
 * @returns the greatest norm of what was written
 * @throws GymError `numeric` where a number is not finite or a norm is too great
 */
export function copyPrepared(where: string, { metric, width }: RowKind, from: Vectors, to: Vectors): number {
  if (metric === 'hamming') {
    to.set(from);
    return 0;
  }
  let largest = 0;
  for (let at = 0; at < from.length; at += width) {
    let squares = 0;
    for (let i = at; i < at + width; i++) squares += from[i] * from[i];
    const norm = Math.sqrt(squares);
    if (!(norm <= LARGEST_NORM)) throw refusal(where, from, at, width);
    const scale = metric === 'cosine' && norm > 0 ? norm : 1;
    for (let i = at; i < at + width; i++) to[i] = from[i] / scale;
    largest = Math.max(largest, norm / scale);
  }
  return largest * (1 + 1e-6); // a row of length 1 is rounded to float32
}

function refusal(where: string, from: Vectors, at: number, width: number): Error {
  const row = from.subarray(at, at + width);
  const place = row.findIndex((value) => !Number.isFinite(value));
  return complaint('numeric', {
    where: `${where}: vector ${at / width}`,
    expected: `finite numbers of a norm of at most ${LARGEST_NORM}`,
    received: place < 0 ? `a norm of ${Math.hypot(...row)}` : `${row[place]} at place ${place}`,
  });
}

/** Rows of one kind, in one buffer behind room for a file's heading. */
export class Table implements RowKind {
  readonly metric;
  readonly width;
  /** How many there are. */
  rows = 0;
  /** The greatest norm of a row, or a little more. */
  largestNorm = 0;
  /** All rows as bytes. */
  bytes: Uint8Array = new Uint8Array(0);
  /** All rows as numbers; empty for bits. */
  floats: Float32Array = new Float32Array(0);
  #image: Uint8Array = new Uint8Array(HEADING);
  /** Whether the buffer is ours to write on. */
  #owned = true;

  constructor({ metric, width }: RowKind) {
    this.metric = metric;
    this.width = width;
  }

  /** A table over the bytes of a file whose heading was read; they are shared, and copied before anything is added. */
  static over(file: Uint8Array, heading: Heading): Table {
    const table = new Table(heading);
    // Views of numbers begin at multiples of 4.
    table.#image = file.byteOffset % 4 === 0 ? file : file.slice();
    table.#owned = table.#image !== file;
    table.rows = heading.rows;
    table.largestNorm = heading.largestNorm;
    table.#look();
    return table;
  }

  /** Appends vectors; where they are refused, the table stays as it was. */
  append(where: string, vectors: Vectors): void {
    const count = countVectors(where, this, vectors);
    if (count === 0) return;
    this.#reserve(this.rows + count);
    const { buffer, byteOffset } = this.#image;
    const at = byteOffset + HEADING + this.rows * rowBytesOf(this);
    const room =
      vectors instanceof Float32Array
        ? new Float32Array(buffer, at, vectors.length)
        : new Uint8Array(buffer, at, vectors.length);
    const largest = copyPrepared(where, this, vectors, room);
    this.largestNorm = Math.max(this.largestNorm, largest);
    this.rows += count;
    this.#look();
  }

  /** A file of the rows, and of `more` bytes behind them at the next section. */
  toFile({ kind, settings }: Pick<Heading, 'kind' | 'settings'>, more?: Uint8Array): Uint8Array {
    const { metric, width, rows, largestNorm, bytes } = this;
    const begin = sectionEnd(HEADING + bytes.length);
    const file = new Uint8Array(more === undefined ? HEADING + bytes.length : begin + more.length);
    file.set(bytes, HEADING);
    if (more !== undefined) file.set(more, begin);
    writeHeading(file, { kind, metric, width, rows, largestNorm, settings });
    return file;
  }

  #reserve(rows: number): void {
    const needed = HEADING + rows * rowBytesOf(this);
    if (this.#owned && needed <= this.#image.length) return;
    // Exactly what the first call asks for; later ones leave room for as much again.
    const grown = new Uint8Array(this.rows === 0 ? needed : Math.max(needed, 2 * this.#image.length));
    grown.set(this.bytes, HEADING);
    this.#image = grown;
    this.#owned = true;
    this.#look();
  }

  #look(): void {
    const { buffer, byteOffset } = this.#image;
    this.bytes = new Uint8Array(buffer, byteOffset + HEADING, this.rows * rowBytesOf(this));
    if (this.metric !== 'hamming') {
      this.floats = new Float32Array(buffer, byteOffset + HEADING, this.rows * this.width);
    }
  }
}
