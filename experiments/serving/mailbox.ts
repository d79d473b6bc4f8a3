/**
 * Memory that the serving thread and the policy's thread share: S slots, each with the features of a request and what
 * the policy made of it. Nobody copies or serialises anything; waiting is done on two counters.
 *
 * Request number q (from 0) uses slot q mod S. `POSTED` counts the requests written; a slot's `done` is q + 1 when
 * request q has been decided, so that an answer to an earlier request is never taken for one to a later.
 */
export interface Mailbox {
  readonly slots: number;
  readonly numericWidth: number;
  readonly categoricalWidth: number;
  /** [CONTROLS] */
  readonly control: Int32Array;
  /** [S] 1 + number of the last request decided here; 0 for none. */
  readonly done: Int32Array;
  /** [S] joint action, or FAILED. */
  readonly answer: Int32Array;
  /** [S, M] */
  readonly numeric: Float32Array;
  /** [S, C] */
  readonly categorical: Int32Array;
  /** All of it, for `openMailbox` in another thread. */
  readonly memory: SharedArrayBuffer;
}

/** Places in `control`. */
export const POSTED = 0;
export const STOP = 1;
/** 1: the policy is loaded; −1: it could not be. */
export const READY = 2;
const CONTROLS = 4;

/** What `answer` holds where the policy threw. */
export const FAILED = -1;

export interface MailboxShape {
  readonly slots: number;
  readonly numericWidth: number;
  readonly categoricalWidth: number;
}

export function newMailbox(shape: MailboxShape): Mailbox {
  const { slots, numericWidth, categoricalWidth } = shape;
  return openMailbox(shape, new SharedArrayBuffer(4 * (CONTROLS + slots * (2 + numericWidth + categoricalWidth))));
}

export function openMailbox(shape: MailboxShape, memory: SharedArrayBuffer): Mailbox {
  const { slots, numericWidth: M, categoricalWidth: C } = shape;
  let at = 0;
  const take = (length: number): number => {
    const from = at;
    at += 4 * length;
    return from;
  };
  return {
    ...shape,
    memory,
    control: new Int32Array(memory, take(CONTROLS), CONTROLS),
    done: new Int32Array(memory, take(slots), slots),
    answer: new Int32Array(memory, take(slots), slots),
    numeric: new Float32Array(memory, take(slots * M), slots * M),
    categorical: new Int32Array(memory, take(slots * C), slots * C),
  };
}
