import { KeyedDraws } from '../core/draws.js';
import { sample, width } from '../core/space.js';
import { actionBuffer, stepBatch } from './buffers.js';
import type { Env } from './contract.js';

/** Finished sessions in columns. */
export interface Sessions {
  /** [n] sum of the rewards of the session, undiscounted */
  readonly returns: Float64Array;
  /** [n] steps */
  readonly lengths: Float64Array;
}

/**
 * Plays uniformly random legal actions until every world has finished its share of the sessions. Each world counts its
 * first ⌈sessions / B⌉ sessions and no more: taking whichever end first would favour short ones.
 *
 * @param onProgress told the number of sessions finished, now and then
 */
export function playRandomly(
  env: Env,
  seed: number,
  sessions: number,
  onProgress?: (finished: number) => void,
): Sessions {
  const { batch, action: space } = env.spec;
  const share = Math.ceil(sessions / batch);
  const returns = new Float64Array(share * batch);
  const lengths = new Float64Array(share * batch);
  const out = stepBatch(env.spec);
  const action = actionBuffer(env.spec);
  const W = width(space);
  const draws = new KeyedDraws(seed, 'random policy');
  const done = new Int32Array(batch);
  let left = batch * share;
  env.reset(seed, out);
  for (let step = 0; left > 0; step++) {
    for (let b = 0; b < batch; b++) sample(space, draws.at(b, step >>> 22, step & 0x3fffff), action, b * W);
    env.step(action, out);
    for (let b = 0; b < batch; b++) {
      if (done[b] === share) continue;
      const session = b * share + done[b];
      returns[session] += out.reward[b];
      lengths[session]++;
      if (out.terminated[b] === 0 && out.truncated[b] === 0) continue;
      done[b]++;
      left--;
    }
    if (step % 64 === 0) onProgress?.(returns.length - left);
  }
  return { returns, lengths };
}
