import type { PreferenceData } from '../../agents/preference/contract.js';
import type { PreferenceSettings } from '../../agents/preference/learner.js';
import type { Choices, ChoiceShape } from '../../agents/preference/models/choice-file.js';

/** What one method is: its name in the tables, and settings that differ from the shared ones. */
export interface Method {
  readonly name: string;
  readonly settings: Partial<PreferenceSettings> & { readonly loss: string };
}

/** The designer's reward, and how far a policy is from its frozen reference. */
export const [DESIGNER, DIVERGENCE, OBJECTIVE] = ['designer reward', 'KL to the reference', 'objective J'] as const;

/** Policies that need no learning: the frozen reference, all candidates alike, and two that nobody can serve. */
export const PLAIN = ['reference', 'uniform', 'optimum', 'hindsight'] as const;
export type Plain = (typeof PLAIN)[number];

/** Comparisons to learn from, and who judges what was learned. C contexts of K candidates; n contexts judge. */
export interface Scene {
  /** In words. */
  readonly about: string;
  /** Of the data or the world's settings. */
  readonly hash: string;
  readonly warnings: readonly string[];
  /** The designer's formula. */
  readonly formula: string;
  readonly shape: Omit<ChoiceShape, 'conditional'>;
  readonly choices: Choices;
  readonly data: PreferenceData;
  /** Learning settings that suit this kind of data. */
  readonly defaults: PreferenceSettings;
  /** [n] */
  readonly judges: Int32Array;
  /** What the n contexts are called: "contexts", "requests", "tests". */
  readonly unit: string;
  /** Whether seeds share their data: then only their learning differs. */
  readonly sameData: boolean;
  /** What people prefer, measured: "win rate" or "click rate". */
  readonly liking: string;
  /** [n] of each metric by name. @param logs [n, K] ln π at the first place; `reference`: the same of the frozen one */
  judge(logs: Float32Array, reference: Float32Array): Readonly<Record<string, Float64Array>>;
  /** [n, K] ln π of what only truth knows; absent where nobody knows. */
  best?(): Float32Array;
}
