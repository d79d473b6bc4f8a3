import type { ContextPolicy, LogPolicy } from '../../agents/contract.js';
import { complaint } from '../../core/check.js';
import { logLearners } from '../tables.js';

/** Between the learner's name and what it saved. */
const LINE = 10;

/** Whether a policy reads the context alone, so that it can decide requests that are in no log. */
export const isContextPolicy = (policy: LogPolicy): policy is ContextPolicy =>
  'decide' in policy && typeof policy.decide === 'function' && 'actions' in policy;

/** A learned policy as bytes for a policy's thread: the learner's name, then what its `save` gave. */
export function learnedPolicyBytes(learner: string, saved: Uint8Array): Uint8Array {
  const name = new TextEncoder().encode(learner);
  const bytes = new Uint8Array(name.length + 1 + saved.length);
  bytes.set(name);
  bytes[name.length] = LINE;
  bytes.set(saved, name.length + 1);
  return bytes;
}

/** The `PolicyModule` of policies that a log learner of this project saved; see `learnedPolicyBytes`. */
export function loadPolicy(bytes: Uint8Array): ContextPolicy {
  const end = bytes.indexOf(LINE);
  const name = new TextDecoder().decode(bytes.subarray(0, Math.max(0, end)));
  if (!Object.hasOwn(logLearners, name)) {
    throw complaint('data', {
      where: 'learned policy',
      expected: `a policy of ${Object.keys(logLearners).join(', ')}`,
      received: `one of '${name}'`,
    });
  }
  const policy = logLearners[name].with({}).load(bytes.subarray(end + 1));
  if (isContextPolicy(policy)) return policy;
  throw complaint('usage', {
    where: `learned policy of ${name}`,
    expected: 'one that decides from the context alone',
    received: 'one that needs a log',
  });
}
