import type { Estimate } from '../contract.js';

/** What policies did to a control, by several metrics: every user met each of them, with the same luck. */
export interface LiftTable {
  /** Where, in words: "the generated world", "the simulator it learned in". */
  readonly place: string;
  readonly control: string;
  readonly seeds: readonly number[];
  readonly users: number;
  /** What they are called where they are no users, e.g. "tests". */
  readonly unit?: string;
  /** Where metrics have no 0 to divide by: `relative` then holds policy − control, in the metric's unit. */
  readonly scale?: 'difference';
  readonly rows: readonly {
    readonly policy: string;
    readonly metric: string;
    /** Means over the seeds, of the control and of the policy; null where a seed had nothing to divide by. */
    readonly control: number | null;
    readonly value: number | null;
    /** policy ÷ control − 1: over the seeds when there are at least 3, else the mean of the seeds' own. */
    readonly relative: Estimate;
    /** The same of every seed, with the interval over its users. */
    readonly perSeed: readonly Estimate[];
  }[];
  /** What no policy may lose, where there is such a thing. */
  readonly guardrail?: Guardrail;
}

/** A metric that must not fall, and whether it did. */
export interface Guardrail {
  readonly metric: string;
  /** The largest relative loss that is tolerated, e.g. 0.03. */
  readonly margin: number;
  readonly states: readonly { readonly policy: string; readonly state: GuardrailState }[];
}

/** kept: surely within the margin. broken: surely beyond it. unclear: neither. */
export type GuardrailState = 'kept' | 'broken' | 'unclear';
