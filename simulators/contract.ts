import type { Rng } from '../core/random.js';
import type { Log } from '../logs/record.js';

/**
 * A world whose truth is known: it can write a log as a recommender would have recorded it, and, unlike any recorder,
 * it can also say what each action would really have earned. Only experiments hold one, to judge the judges.
 */
export interface LoggedWorld {
  /** Id and settings in words, for the log's source and the report. */
  readonly about: string;
  readonly outcome: string;
  /** Writes `rows` decisions of the world's own serving policy. Same stream, same bytes. */
  log(rows: number, random: Rng): Log;
  /** E[outcome | context, action] of the given rows of a log that this world wrote: [n, A] row-major. */
  truth(log: Log, rows: Int32Array): Float64Array;
}

/** A row of the table of worlds. */
export interface LoggedWorldKind<Settings> {
  readonly summary: string;
  readonly defaults: Settings;
  /** Imagines a world: what is true in it follows from its settings and this stream alone. */
  make(settings: Settings, random: Rng): LoggedWorld;
}
