import { z } from 'zod';
import { GymError, complaint, messageOf } from '../../core/check.js';
import { bundle, decode, encode, type StoredArray } from '../../core/safetensors.js';
import type { Checkpoint } from './train.js';

const count = z.int().min(0);
const plain = z.object({
  format: z.literal('recsys-gym/checkpoint'),
  version: z.literal(1),
  step: count,
  seed: z.int(),
  env: z.object({ id: z.string(), batch: count, seed: z.int() }),
  agent: z.string(),
  ended: z.object({ sessions: count, earned: z.number(), length: z.number() }),
});

/** A checkpoint as one safetensors file. Equal checkpoints give equal bytes. */
export function checkpointToBytes({ step, seed, env, agent, observation, tally }: Checkpoint): Uint8Array {
  const { columns, ...world } = env;
  const arrays: Record<string, StoredArray> = {
    'loop/observation': observation,
    'loop/earned': tally.running.earned,
    'loop/length': tally.running.length,
  };
  for (const [name, column] of Object.entries(columns)) arrays[`env/${name}`] = column;
  for (const [name, array] of Object.entries(agent.arrays)) arrays[`agent/${name}`] = array;
  const rest: z.infer<typeof plain> = {
    format: 'recsys-gym/checkpoint',
    version: 1,
    step,
    seed,
    env: world,
    agent: agent.json,
    ended: tally.ended,
  };
  return encode(bundle(arrays, { checkpoint: JSON.stringify(rest) }));
}

/** Reads what `checkpointToBytes` wrote. */
export function checkpointFromBytes(bytes: Uint8Array, where = 'checkpoint'): Checkpoint {
  const { metadata, tensors } = decode(bytes, where);
  const rest = parse(metadata, where);
  const folder = (name: string): Record<string, StoredArray> =>
    Object.fromEntries(
      Object.entries(tensors)
        .filter(([path]) => path.startsWith(`${name}/`))
        .map(([path, { values }]) => [path.slice(name.length + 1), values]),
    );
  const { observation, earned, length } = folder('loop');
  if (!(observation instanceof Float32Array && earned instanceof Float64Array && length instanceof Float64Array)) {
    throw complaint('data', { where, expected: 'the state of the loop', received: Object.keys(tensors).join(', ') });
  }
  return {
    step: rest.step,
    seed: rest.seed,
    env: { ...rest.env, columns: folder('env') },
    agent: { json: rest.agent, arrays: folder('agent') },
    observation,
    tally: { running: { earned, length }, ended: rest.ended },
  };
}

function parse(metadata: Readonly<Record<string, string>>, where: string): z.infer<typeof plain> {
  const text = Object.hasOwn(metadata, 'checkpoint') ? metadata['checkpoint'] : '{}';
  try {
    return plain.parse(JSON.parse(text));
  } catch (error) {
    const why = messageOf(error).replaceAll(/\s+/g, ' ').slice(0, 200);
    throw new GymError('data', `${where}: expected a checkpoint of version 1, received something else (${why}).`);
  }
}
