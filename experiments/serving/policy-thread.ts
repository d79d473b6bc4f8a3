import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import type { ContextPolicy } from '../../agents/contract.js';
import { messageOf } from '../../core/check.js';
import { largest } from '../ad-utility/policies.js';
import { FAILED, openMailbox, POSTED, READY, STOP } from './mailbox.js';

/** A module that a policy's thread loads: it makes the policy from its saved bytes. */
export interface PolicyModule {
  loadPolicy(bytes: Uint8Array): ContextPolicy | Promise<ContextPolicy>;
}

export const threadSchema = z.object({
  shape: z.object({ slots: z.int(), numericWidth: z.int(), categoricalWidth: z.int() }),
  memory: z.instanceof(SharedArrayBuffer),
  /** URL of a `PolicyModule`. */
  module: z.string(),
  bytes: z.instanceof(Uint8Array),
});

const isPolicyModule = (loaded: unknown): loaded is PolicyModule =>
  typeof loaded === 'object' && loaded !== null && 'loadPolicy' in loaded && typeof loaded.loadPolicy === 'function';

async function main(): Promise<void> {
  const { shape, memory, module, bytes } = threadSchema.parse(workerData);
  const box = openMailbox(shape, memory);
  const { slots, numericWidth: M, categoricalWidth: C, control } = box;
  let policy: ContextPolicy;
  try {
    const loaded: unknown = await import(module);
    if (!isPolicyModule(loaded)) throw new Error(`${module}: expected an export loadPolicy(bytes).`);
    policy = await loaded.loadPolicy(bytes);
  } catch (error) {
    parentPort?.postMessage(messageOf(error));
    Atomics.store(control, READY, -1);
    Atomics.notify(control, READY);
    return;
  }
  Atomics.store(control, READY, 1);
  Atomics.notify(control, READY);
  const chances = new Float64Array(policy.actions);
  const contexts = Array.from({ length: slots }, (_, s) => ({
    count: 1,
    numeric: box.numeric.subarray(s * M, (s + 1) * M),
    categorical: box.categorical.subarray(s * C, (s + 1) * C),
  }));
  for (let next = 0; Atomics.load(control, STOP) === 0; next++) {
    while (Atomics.load(control, POSTED) === next && Atomics.load(control, STOP) === 0) {
      Atomics.wait(control, POSTED, next);
    }
    if (Atomics.load(control, STOP) !== 0) return;
    const slot = next % slots;
    box.answer[slot] = decide(policy, contexts[slot], chances);
    Atomics.store(box.done, slot, next + 1);
    Atomics.notify(box.done, slot);
  }
}

/** The best joint action; FAILED where the policy throws or gives no finite chances: the request is then served without it. */
function decide(policy: ContextPolicy, context: Parameters<ContextPolicy['decide']>[0], chances: Float64Array): number {
  try {
    policy.decide(context, chances);
  } catch (error) {
    parentPort?.postMessage(messageOf(error));
    return FAILED;
  }
  const best = largest(chances, 0, chances.length);
  return Number.isFinite(chances[best]) ? best : FAILED;
}

if (parentPort !== null) await main();
