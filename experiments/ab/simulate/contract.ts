import type { Estimate } from '../../contract.js';

/** What only simulated tests can say: how far a design is from the truth, and how long a test would need. */

/** What several designs say of the same true effect, over many simulated tests. */
export interface DesignTable {
  readonly metric: string;
  readonly arm: string;
  /** The effect of giving this arm to everybody, and how it is known. */
  readonly truth: Estimate;
  readonly rows: readonly {
    readonly design: string;
    readonly replications: number;
    /** Mean of its estimates, with the interval of that mean. */
    readonly mean: Estimate;
    /** mean − truth, with its interval; a design is called biased when that leaves 0 out. */
    readonly bias: Estimate;
    /** Spread of one test's estimate. */
    readonly deviation: number;
    /** Share of tests whose interval held the truth. */
    readonly coverage: number;
  }[];
}

/** How long a test would need: the share of simulated tests that found the effect by each day. */
export interface PowerTable {
  readonly metric: string;
  readonly arm: string;
  /** "fixed horizon", "always valid", … */
  readonly rule: string;
  readonly rows: readonly { readonly day: number; readonly units: number; readonly found: Estimate }[];
}

/** One quantity, judged in several ways. */
export interface Agreement {
  readonly quantity: string;
  readonly rows: readonly { readonly method: string; readonly estimate: Estimate }[];
  /** null where too few methods gave a number to tell. */
  readonly agree: boolean | null;
  /** The true value, where a world knows it. */
  readonly truth?: number;
  readonly sentence: string;
}
