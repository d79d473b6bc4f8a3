/**
 * The record contract: what one logged decision is, in columns. Recorded traffic comes in and simulated traffic goes
 * out in this one form; the store, the splits, the models, the agents and the estimators all read it.
 *
 * N = rows (decisions), C = categorical context features, M = numeric context features, A = actions.
 */

/** Text values and their codes: `values[code]` is the text. Codes are given in order of first appearance. */
export interface Dictionary {
  readonly values: readonly string[];
}

/** What is known of the actions (items, ads, weights) beyond their names; row = action code. */
export interface ActionTable extends Dictionary {
  /** [A, names] numeric features, e.g. price; NaN where unknown. */
  readonly numericNames: readonly string[];
  readonly numeric: Float32Array;
  /** [A, names] codes into `categoricalValues`, one dictionary per name; −1 where unknown. */
  readonly categoricalNames: readonly string[];
  readonly categorical: Int32Array;
  readonly categoricalValues: readonly Dictionary[];
}

/** Which actions a row could have taken. 'all': every action of the table, in every row. */
export type Candidates =
  | 'all'
  /** Row n could choose among `codes[offsets[n] … offsets[n+1])`; offsets has N + 1 entries. */
  | { readonly offsets: Int32Array; readonly codes: Int32Array };

/** What a log is about, without its rows. */
export interface LogSchema {
  /** Names of the outcome columns, e.g. ["click"], ["watch10s", "hide"]. */
  readonly outcomes: readonly string[];
  readonly numericNames: readonly string[];
  readonly categoricalNames: readonly string[];
  /**
   * Numeric features with one value per action in every row (e.g. the user's affinity to each item): the name of the
   * feature and, for each action code, its column in `numeric`. They describe the (context, action) pair.
   */
  readonly perAction: readonly { readonly name: string; readonly columns: readonly number[] }[];
  /** Why a session ended; code 0 is always "none" (it went on, or the log does not say). */
  readonly endReasons: readonly string[];
  /** Whether `propensity` was logged. Without it nothing can be evaluated off-policy. */
  readonly hasPropensity: boolean;
  /** Where the rows came from: a format and a path for imports, an env or world id for simulated traffic. */
  readonly source: string;
  /** What forbids ordinary uses of the rows, in sentences, e.g. that they were selected by an outcome. */
  readonly warnings?: readonly string[];
}

/** A log in memory. All arrays are columns of N rows in the order they were logged. */
export interface Log {
  readonly name: string;
  /** Hash of schema and rows: two logs with the same hash hold the same data. */
  readonly hash: string;
  readonly schema: LogSchema;
  readonly rows: number;
  readonly actions: ActionTable;
  readonly policies: Dictionary;
  readonly users: Dictionary;
  readonly sessions: Dictionary;
  readonly requests: Dictionary;
  /** [C] one dictionary per categorical context feature. */
  readonly categoricalValues: readonly Dictionary[];

  /** [N] unix milliseconds; simulated time when the source is a simulator; NaN when not logged. */
  readonly timeMs: Float64Array;
  /** [N] codes into `requests`: the decisions of one request share it (the slots of one slate). −1 when not logged. */
  readonly request: Int32Array;
  /** [N] codes into `sessions`; −1 when not logged. */
  readonly session: Int32Array;
  /** [N] codes into `users`; −1 when not logged. */
  readonly user: Int32Array;
  /** [N] place on the page, 0 = first; −1 when not logged. */
  readonly position: Int32Array;
  readonly candidates: Candidates;
  /** [N] codes into `actions`: what was chosen. */
  readonly action: Int32Array;
  /** [N] probability with which the serving policy chose `action` here, in (0, 1]; NaN when not logged. */
  readonly propensity: Float64Array;
  /** [N] codes into `policies`: who chose. */
  readonly policy: Int32Array;
  /** [N] per outcome, in `schema.outcomes` order: what followed (click 0/1, dwell seconds …). */
  readonly outcomes: readonly Float32Array[];
  /** [N] index into `schema.endReasons`. */
  readonly endReason: Uint8Array;
  /** [N, M] row-major. */
  readonly numeric: Float32Array;
  /** [N, C] row-major codes into `categoricalValues`; −1 when missing. */
  readonly categorical: Int32Array;
}

/** The outcome column of that name. */
export function outcome(log: Log, name: string): Float32Array | undefined {
  const index = log.schema.outcomes.indexOf(name);
  return index < 0 ? undefined : log.outcomes[index];
}

/** Rows a split chose, as ascending row numbers of the log, with the name it goes by in reports. */
export interface Rows {
  readonly name: string;
  readonly index: Int32Array;
}
