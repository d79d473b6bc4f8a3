import { crc32 } from 'node:zlib';
import { complaint } from '../check.js';
import { elementOf, type Element, type Metric, type RowKind } from './contract.js';

/** Bytes before the rows. Every section of a file begins at a multiple of it, so that views need no copy. */
export const HEADING = 64;
const VERSION = 1;
const METRICS: readonly Metric[] = ['inner-product', 'cosine', 'hamming'];
const ELEMENTS: readonly Element[] = ['float32', 'bits'];
const MAGIC = { exact: 'rowtable', approximate: 'rowgraph' } as const;

/** What a file says of itself. */
export interface Heading extends RowKind {
  readonly kind: keyof typeof MAGIC;
  readonly rows: number;
  /** The greatest norm of a row; 0 for bits. */
  readonly largestNorm: number;
  /** Three whole numbers of the kind's own. */
  readonly settings: readonly [number, number, number];
}

/** What a reader insists on; a file that is something else is refused. */
export type Expected = Partial<RowKind>;

/** Bytes of one row. */
export function rowBytesOf({ metric, width }: RowKind): number {
  return metric === 'hamming' ? width / 8 : width * 4;
}

/** `length` rounded up to where a section may begin. */
export function sectionEnd(length: number): number {
  return Math.ceil(length / HEADING) * HEADING;
}

/** CRC-32, in stretches: zlib counts in 32 bits. */
function checksum(bytes: Uint8Array): number {
  const STRETCH = 2 ** 30;
  let value = 0;
  for (let at = 0; at < bytes.length; at += STRETCH) value = crc32(bytes.subarray(at, at + STRETCH), value);
  return value;
}

/**
 * Writes the heading of a file whose other bytes are in place. Little-endian: magic (8 bytes), version, element, metric,
 * width, rows, checksum of all bytes behind the heading (4 each), largest norm (8), length of the file (8), three
 * settings (4 each), checksum of these 60 bytes (4). Checksums are CRC-32.
 */
export function writeHeading(file: Uint8Array, heading: Heading): void {
  const { kind, metric, width, rows, largestNorm, settings } = heading;
  const view = new DataView(file.buffer, file.byteOffset, HEADING);
  new TextEncoder().encodeInto(MAGIC[kind], file);
  const words = [
    VERSION,
    1 + ELEMENTS.indexOf(elementOf(metric)),
    1 + METRICS.indexOf(metric),
    width,
    rows,
    checksum(file.subarray(HEADING)),
  ];
  words.forEach((word, i) => view.setUint32(8 + 4 * i, word, true));
  view.setFloat64(32, largestNorm, true);
  view.setBigUint64(40, BigInt(file.length), true);
  settings.forEach((setting, i) => view.setUint32(48 + 4 * i, setting, true));
  view.setUint32(60, crc32(file.subarray(0, 60)), true);
}

/**
 * Reads and checks a heading, and the checksum of everything behind it.
 *
 * @throws GymError `data` where the file is of another kind, version or element than expected, cut short or damaged
 */
export function readHeading(
  where: string,
  file: Uint8Array,
  kind: keyof typeof MAGIC,
  expected: Expected = {},
): Heading {
  const refuse = (
    wanted: string,
    received: string,
    hint = 'Was it cut short or damaged? Save the index again.',
  ): never => {
    throw complaint('data', { where, expected: wanted, received, try: hint });
  };
  if (file.length < HEADING) refuse(`a heading of ${HEADING} bytes`, `${file.length} bytes`);
  const view = new DataView(file.buffer, file.byteOffset, HEADING);
  const magic = String.fromCharCode(...file.subarray(0, 8));
  if (magic !== MAGIC[kind]) refuse(`a file of an ${kind} index`, JSON.stringify(magic), 'Is it the right file?');
  const [version, element, metric, width, rows, wanted] = [8, 12, 16, 20, 24, 28].map((at) => view.getUint32(at, true));
  if (version !== VERSION) {
    refuse(`version ${VERSION}`, `version ${version}`, 'Save the index again with this version of the program.');
  }
  if (view.getUint32(60, true) !== crc32(file.subarray(0, 60)))
    refuse('a heading that agrees with its checksum', 'another');
  const named =
    METRICS.find((_, i) => i === metric - 1) ?? refuse(`a metric from 1 to ${METRICS.length}`, String(metric));
  if (ELEMENTS[element - 1] !== elementOf(named)) {
    refuse(
      `elements of type ${elementOf(named)} for ${named}`,
      ELEMENTS.find((_, i) => i === element - 1) ?? `element ${element}`,
    );
  }
  const length = Number(view.getBigUint64(40, true));
  if (file.length !== length) refuse(`${length} bytes`, String(file.length));
  const needed = HEADING + rows * rowBytesOf({ metric: named, width });
  if (width < 1 || !Number.isInteger(needed)) refuse('a width that can be', String(width));
  if (needed > length) refuse(`${needed} bytes for ${rows} rows`, String(length));
  agree(where, { metric: named, width }, expected);
  if (checksum(file.subarray(HEADING)) !== wanted) refuse('rows that agree with their checksum', 'others');
  const [a, b, c] = [48, 52, 56].map((at) => view.getUint32(at, true));
  return { kind, metric: named, width, rows, largestNorm: view.getFloat64(32, true), settings: [a, b, c] };
}

function agree(where: string, found: RowKind, expected: Expected): void {
  const say = ({ metric, width }: Expected): string =>
    [metric === undefined ? '' : `${elementOf(metric)} rows for ${metric}`, width === undefined ? '' : `width ${width}`]
      .filter((part) => part !== '')
      .join(', ');
  if (found.metric === (expected.metric ?? found.metric) && found.width === (expected.width ?? found.width)) return;
  throw complaint('data', {
    where,
    expected: `an index of ${say(expected)}`,
    received: `one of ${say(found)}`,
    try: 'Is it the right file?',
  });
}
