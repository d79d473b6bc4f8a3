import { complaint } from '../../../core/check.js';
import { bundle, decode, encode, type StoredArray } from '../../../core/safetensors.js';
import type { Rows } from './rows.js';

/** Rows as one safetensors file; equal rows give equal bytes. */
export function rowsToBytes({ user, day, hour, arm, columns, features }: Rows): Uint8Array {
  const arrays: Record<string, StoredArray> = { user, day, hour, arm };
  for (const [name, values] of Object.entries(columns)) arrays[`column/${name}`] = values;
  for (const [name, values] of Object.entries(features)) arrays[`feature/${name}`] = values;
  // The file lists its arrays alphabetically; the order of the columns is theirs.
  return encode(
    bundle(arrays, { columns: JSON.stringify(Object.keys(columns)), features: JSON.stringify(Object.keys(features)) }),
  );
}

/** @throws a data error when the bytes are something else */
export function rowsFromBytes(bytes: Uint8Array, where: string): Rows {
  const { tensors, metadata } = decode(bytes, where);
  const wrong = (name: string): Error =>
    complaint('data', {
      where,
      expected: `rows of a play with '${name}'`,
      received: Object.keys(tensors).join(', '),
      try: 'Start again without --resume.',
    });
  const whole = (name: string): Int32Array => {
    const values = Object.hasOwn(tensors, name) ? tensors[name].values : undefined;
    if (values instanceof Int32Array) return values;
    throw wrong(name);
  };
  const real = (prefix: string, list: string): Record<string, Float64Array> => {
    const names: unknown = JSON.parse(Object.hasOwn(metadata, list) ? metadata[list] : '[]');
    if (!Array.isArray(names)) throw wrong(list);
    return Object.fromEntries(
      names.map((name): [string, Float64Array] => {
        const key = `${prefix}/${String(name)}`;
        const values = Object.hasOwn(tensors, key) ? tensors[key].values : undefined;
        if (values instanceof Float64Array) return [String(name), values];
        throw wrong(key);
      }),
    );
  };
  return {
    user: whole('user'),
    day: whole('day'),
    hour: whole('hour'),
    arm: whole('arm'),
    columns: real('column', 'columns'),
    features: real('feature', 'features'),
  };
}
