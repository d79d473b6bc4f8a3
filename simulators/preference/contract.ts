import type { Space } from '../../core/space.js';

/**
 * People with preferences that they show and never tell: contexts, responses, a hidden reward of every response, and
 * what the designer would like. The env of one decision plays them.
 */
export interface PreferencePeople {
  /** Kind and settings in words. */
  readonly about: string;
  readonly contexts: number;
  /** What is seen of a context, and what it can be answered with. */
  readonly observation: Space;
  readonly action: Space;
  /** Names of what a response is worth: 'preference' first, then the designer's objectives. */
  readonly outcomes: readonly string[];
  /** Numbers that tell these people from others, for snapshots. */
  readonly fingerprint: readonly number[];
  /** Writes what is seen of a context at out[at…]. */
  observe(context: number, out: Float32Array, at: number): void;
  /** Writes the outcomes of the response at action[place…] to out[to…]; the response is one of the action space. */
  answer(context: number, action: ArrayLike<number>, place: number, out: Float32Array, to: number): void;
}
