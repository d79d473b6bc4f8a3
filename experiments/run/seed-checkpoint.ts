import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { complaint, messageOf } from '../../core/check.js';
import { bundle, decode, encode } from '../../core/safetensors.js';
import { checkpointFromBytes, checkpointToBytes } from '../online/checkpoint.js';
import type { Checkpoint } from '../online/train.js';

/** The learning curve of one seed so far. */
export const curveSchema = z.array(z.object({ step: z.number(), metrics: z.record(z.string(), z.number()) }));
export type SeedCurve = z.infer<typeof curveSchema>;

/** Keeps where a seed stands; the old file stays until the new one is whole. */
export function writeCheckpoint(path: string, state: Checkpoint, curve: SeedCurve): void {
  const bytes = encode(bundle({ state: checkpointToBytes(state) }, { curve: JSON.stringify(curve) }));
  writeFileSync(`${path}.part`, bytes);
  renameSync(`${path}.part`, path);
}

/** Where a seed stood; nothing when it had not begun. */
export function readCheckpoint(path: string): { state: Checkpoint; curve: SeedCurve } | undefined {
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(readFileSync(path));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw complaint('io', { where: path, expected: 'a readable checkpoint', received: messageOf(error) }, error);
  }
  const { tensors, metadata } = decode(bytes, path);
  const values = Object.hasOwn(tensors, 'state') ? tensors['state'].values : undefined;
  if (!(values instanceof Uint8Array))
    throw complaint('data', {
      where: path,
      expected: 'a checkpoint',
      received: 'another file',
      try: 'Start again without --resume.',
    });
  return { state: checkpointFromBytes(values, path), curve: curveSchema.parse(JSON.parse(metadata['curve'])) };
}
