import { GymError, messageOf } from './check.js';

/** Typed arrays that can be stored. */
export type StoredArray = Float32Array | Float64Array | Int32Array | Uint8Array;

export interface StoredTensor {
  readonly shape: readonly number[];
  readonly values: StoredArray;
}

/** Named arrays and a few words about them: the content of one file. */
export interface Bundle {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: Readonly<Record<string, StoredTensor>>;
}

const KINDS = {
  F32: Float32Array,
  F64: Float64Array,
  I32: Int32Array,
  U8: Uint8Array,
} as const;
type Dtype = keyof typeof KINDS;

/** Largest header accepted when reading (100 MB is the format's own limit; ours hold a few thousand names). */
const MAX_HEADER = 16 * 1024 * 1024;

function dtypeOf(values: StoredArray): Dtype {
  if (values instanceof Float32Array) return 'F32';
  if (values instanceof Float64Array) return 'F64';
  return values instanceof Int32Array ? 'I32' : 'U8';
}

/** A flat bundle: every array one-dimensional. */
export function bundle(
  arrays: Readonly<Record<string, StoredArray>>,
  metadata: Readonly<Record<string, string>>,
): Bundle {
  const tensors = Object.fromEntries(
    Object.entries(arrays).map(([name, values]) => [name, { shape: [values.length], values }]),
  );
  return { metadata, tensors };
}

/**
 * Encodes named arrays in the safetensors format, which other tools read: 8 bytes header length, a JSON header, then
 * the numbers, little-endian, in the header's order. Names are written sorted, so equal content gives equal bytes.
 */
export function encode({ metadata, tensors }: Bundle): Uint8Array {
  const names = Object.keys(tensors).sort();
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header['__metadata__'] = metadata;
  let offset = 0;
  for (const name of names) {
    const { shape, values } = tensors[name];
    header[name] = { dtype: dtypeOf(values), shape, data_offsets: [offset, offset + values.byteLength] };
    offset += values.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + padded + offset).fill(0x20, 8, 8 + padded);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(json, 8);
  let at = 8 + padded;
  for (const name of names) {
    const { values } = tensors[name];
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return bytes;
}

/** Decodes what `encode` wrote. Every length, offset and type is checked before anything is returned. */
export function decode(bytes: Uint8Array, where = 'safetensors'): Bundle {
  const fail = (problem: string): never => {
    throw new GymError(
      'data',
      `${where}: expected a safetensors file, received ${problem}. Was it cut short or written by another program?`,
    );
  };
  if (bytes.length < 8) fail(`only ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = Number(view.getBigUint64(0, true));
  if (headerLength > Math.min(MAX_HEADER, bytes.length - 8)) {
    fail(`a header of ${headerLength} bytes in a file of ${bytes.length}`);
  }
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerLength)));
  } catch (error) {
    fail(`a header that is not JSON (${messageOf(error)})`);
  }
  if (!isRecord(header)) return fail('a header that is not an object');
  const body = 8 + headerLength;
  let covered = 0;
  const tensors: Record<string, StoredTensor> = {};
  const metadata: Record<string, string> = {};
  for (const [name, entry] of Object.entries(header)) {
    if (!isRecord(entry)) return fail(`an entry '${name}' that is not an object`);
    if (name === '__metadata__') {
      for (const [key, value] of Object.entries(entry)) metadata[key] = String(value);
      continue;
    }
    const { dtype, shape, data_offsets: offsets } = entry;
    if (!isDtype(dtype)) return fail(`'${name}' of type ${String(dtype)}`);
    if (!isCounts(shape) || !isCounts(offsets) || offsets.length !== 2) {
      return fail(`'${name}' without a shape or offsets`);
    }
    const Kind = KINDS[dtype];
    const length = shape.reduce((product, size) => product * size, 1);
    const [from, to] = offsets;
    if (to - from !== length * Kind.BYTES_PER_ELEMENT || body + to > bytes.length) {
      return fail(`'${name}' with offsets outside the file`);
    }
    // A fresh copy: the file's bytes need not be aligned for the element type.
    const copy = bytes.slice(body + from, body + to);
    tensors[name] = { shape, values: new Kind(copy.buffer, copy.byteOffset, length) };
    covered = Math.max(covered, to);
  }
  if (body + covered !== bytes.length) fail(`${bytes.length - body - covered} bytes that no entry names`);
  return { metadata, tensors };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
function isDtype(value: unknown): value is Dtype {
  return typeof value === 'string' && Object.hasOwn(KINDS, value);
}
function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isInteger(size) && size >= 0);
}
