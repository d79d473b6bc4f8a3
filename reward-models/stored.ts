import { z } from 'zod';
import { GymError, complaint, messageOf } from '../core/check.js';
import { decode, type Bundle, type StoredArray } from '../core/safetensors.js';

/** What model files of every kind share: a named format and version, JSON parts that are checked, and arrays. */

/** Which kind of file it must be. */
export interface FileKind {
  readonly format: string;
  readonly version: string;
}

/** NaN has no JSON; it is written as null. */
const number = z
  .number()
  .nullable()
  .transform((value) => value ?? NaN);
export const qualitySchema = z.strictObject({
  rows: number,
  loss: number,
  lossOfConstant: number,
  auc: number,
  expectedCalibrationError: number,
  reliability: z.array(z.strictObject({ rows: number, meanPredicted: number, meanObserved: number })),
});

/** Throws a data error unless the bytes are a whole file of that format and version. */
export function openModelFile(
  bytes: Uint8Array,
  { format: FORMAT, version: VERSION }: FileKind,
  where: string,
): Bundle {
  const file = decode(bytes, where);
  const [format, version] = [word(file, 'format'), word(file, 'version')];
  if (format !== FORMAT) {
    throw complaint('data', {
      where,
      expected: `a file of format '${FORMAT}'`,
      received: format === undefined ? 'a safetensors file that names none' : `'${format}'`,
    });
  }
  if (version !== VERSION) {
    throw complaint('data', {
      where,
      expected: `version ${VERSION}`,
      received: version === undefined ? 'none' : `version ${version}`,
      try: 'Fit the model again, or use the recsys-gym that wrote it.',
    });
  }
  return file;
}

function word({ metadata }: Bundle, name: string): string | undefined {
  return Object.hasOwn(metadata, name) ? metadata[name] : undefined;
}

/** Metadata of that name, as JSON. */
export function jsonPart({ metadata }: Bundle, name: string, where: string): unknown {
  try {
    return JSON.parse(metadata[name] ?? '');
  } catch (error) {
    throw new GymError('data', `${where}: expected JSON as '${name}', received something else. Was the file edited?`, {
      cause: error,
    });
  }
}

/** Metadata of that name, checked. */
export function storedPart<T>(file: Bundle, name: string, schema: z.ZodType<T>, where: string): T {
  const parsed = schema.safeParse(jsonPart(file, name, where));
  if (parsed.success) return parsed.data;
  const problem = messageOf(parsed.error).replaceAll(/\s+/g, ' ').slice(0, 200);
  throw complaint('data', {
    where,
    expected: `'${name}' of version ${file.metadata['version']}`,
    received: `something else: ${problem}`,
  });
}

function arrayOf({ tensors }: Bundle, name: string): StoredArray | undefined {
  return Object.hasOwn(tensors, name) ? tensors[name].values : undefined;
}

/** The array of that name. */
export function floatsOf(file: Bundle, name: string, where: string): Float32Array {
  const values = arrayOf(file, name);
  if (values instanceof Float32Array) return values;
  throw complaint('data', { where, expected: `32-bit floats named '${name}'`, received: 'none' });
}

/** The array of that name. */
export function wholesOf(file: Bundle, name: string, where: string): Int32Array {
  const values = arrayOf(file, name);
  if (values instanceof Int32Array) return values;
  throw complaint('data', { where, expected: `whole numbers named '${name}'`, received: 'none' });
}

/** The array of that name, of that length. */
export function doublesOf(file: Bundle, name: string, length: number, where: string): Float64Array {
  const values = arrayOf(file, name);
  if (values instanceof Float64Array && values.length === length) return values;
  throw complaint('data', {
    where,
    expected: `${length} 64-bit floats named '${name}'`,
    received: values === undefined ? 'none' : `${values.length} numbers`,
  });
}
