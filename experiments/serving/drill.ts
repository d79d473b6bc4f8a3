import type { ContextPolicy } from '../../agents/contract.js';
import { choose } from '../../core/check.js';

/** What can be wrong with a policy that serves; `none` answers joint action 1 at once. */
export const FAULTS = ['none', 'slow', 'throws', 'nonsense', 'outside', 'hangs', 'dies'] as const;
export type Fault = (typeof FAULTS)[number];

/** Milliseconds that `slow` takes: beyond any time budget of a request. */
const SLOW_MS = 40;

const never = new Int32Array(new SharedArrayBuffer(4));
const sleep = (milliseconds?: number): void => {
  Atomics.wait(never, 0, 0, milliseconds);
};

const acts: Readonly<Record<Fault, (out: Float64Array) => void>> = {
  none: (out) => out.fill(0).fill(1, 1, 2),
  slow: (out) => {
    sleep(SLOW_MS);
    out.fill(0).fill(1, 1, 2);
  },
  throws: () => {
    throw new Error('drill: the policy throws.');
  },
  nonsense: (out) => out.fill(NaN),
  outside: (out) => out.fill(0).fill(1, out.length - 1),
  hangs: () => {
    sleep();
  },
  dies: () => {
    process.exit(3);
  },
};

/** A policy with one fault, for drills of the serving path: a `PolicyModule` whose bytes are "fault actions". */
export function loadPolicy(bytes: Uint8Array): ContextPolicy {
  const [name, actions] = new TextDecoder().decode(bytes).split(' ');
  const act = choose('fault', acts, name);
  return {
    id: `drill: ${name}`,
    actions: Number(actions),
    decide: (_, out) => {
      act(out);
    },
    probabilities: (log, rows, out) => {
      const A = log.actions.values.length;
      rows.forEach((_, n) => {
        act(out.subarray(n * A, (n + 1) * A));
      });
    },
  };
}

/** The bytes that `loadPolicy` reads. @param actions of the policy; may be more than the service allows */
export function drillBytes(fault: Fault, actions: number): Uint8Array {
  return new TextEncoder().encode(`${fault} ${actions}`);
}
