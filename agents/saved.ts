import { z } from 'zod';
import { complaint } from '../core/check.js';
import type { AgentState } from './contract.js';

/** Shapes of what agents keep in the JSON of their snapshots. */
export const count = z.int().min(0);
export const savedStream = z.object({
  path: z.string(),
  generator: z.object({ i: count, j: count, S: z.array(count) }),
});

/** The float32 array of that name in a snapshot. */
export function savedNumbers(state: AgentState, name: string, where: string): Float32Array {
  const array = Object.hasOwn(state.arrays, name) ? state.arrays[name] : undefined;
  if (array instanceof Float32Array) return array;
  throw complaint('data', {
    where,
    expected: `float32 numbers '${name}'`,
    received: array?.constructor.name ?? 'none',
  });
}
