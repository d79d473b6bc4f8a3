import { expectLength } from '../../core/check.js';
import { shuffle } from '../../core/distributions.js';
import type { Rng } from '../../core/random.js';
import type { LogColumns } from '../../logs/store/fields.js';
import type { LearnedPolicy, LogLearnRequest, LogLearner, Metrics, ServedPolicy } from '../contract.js';
import type { LearningHead, Piece } from './rounds.js';

/** A policy of contexts that was learned from a log. */
export interface LearnedContextPolicy extends LearnedPolicy {
  readonly policy: ServedPolicy;
}

/** Learns a policy that reads nothing but the context. */
export interface ContextLearner<Settings> extends LogLearner<Settings> {
  fit(request: LogLearnRequest<Settings>): LearnedContextPolicy;
  load(bytes: Uint8Array): ServedPolicy;
}

/** A context learner that can also read its rows piece by piece, in memory that does not grow with them. */
export interface StreamingLearner<Settings> extends ContextLearner<Settings> {
  /** Rows are never shuffled: the same policy, bit for bit, as `fit` on the same rows with `shuffle: false`. */
  stream(request: StreamRequest<Settings>): Promise<LearnedContextPolicy>;
}

export interface StreamRequest<Settings> {
  /** Name, rows and dictionaries of the log (`LogStore.head`). */
  readonly head: LearningHead;
  /** Opens the rows anew, in the same order every time (`LogStore.pieces`); read once more than there are passes. */
  readonly open: () => AsyncIterable<LogColumns> | Iterable<LogColumns>;
  /** Writes the reward of every row of a piece. */
  readonly reward: (columns: LogColumns, out: Float64Array) => void;
  readonly settings: Settings;
  readonly random: Rng;
  readonly onProgress?: LogLearnRequest<Settings>['onProgress'];
}

/**
 * Learns from rows that come in pieces, in memory that does not grow with them: first every piece once through `survey`,
 * then, pass after pass, every piece through `learn` and at its end `endPass`, until that says stop; then `finish`.
 */
export interface PieceLearning {
  /** One entry per pass so far. */
  readonly curve: readonly Metrics[];
  /** Checks rows, and takes them into the moments of features and rewards. */
  survey(piece: Piece): void;
  /** @param places where each row stood in the survey, where they come in another order */
  learn(piece: Piece, places?: Int32Array): void;
  /** @returns whether another pass is worth while */
  endPass(): boolean;
  finish(): Omit<LearnedContextPolicy, 'curve'>;
}

/** Rows per piece, as the store has them: the two ways of reading must cut alike. */
const PIECE = 4096;

/** How rows are read again and again. */
interface Passes {
  /** Passes at most, for those who watch. */
  readonly epochs: number;
  /** Whether rows in memory are shuffled before each pass. */
  readonly shuffle: boolean;
}

/** Learns from rows in memory. */
export function fitInMemory<S extends Passes>(
  learning: PieceLearning,
  { log, rows, reward, settings, random, onProgress }: LogLearnRequest<S>,
): LearnedContextPolicy {
  expectLength(`log '${log.name}': reward`, reward, { rows: log.rows });
  const { index } = rows;
  for (let from = 0; from < index.length; from += PIECE) {
    learning.survey({ columns: log, reward, pick: index.subarray(from, from + PIECE) });
  }
  const places = Int32Array.from(index.keys());
  const shuffler = random.fork('batches');
  for (let pass = 1; ; pass++) {
    if (settings.shuffle) shuffle(shuffler, places);
    for (let from = 0; from < index.length; from += PIECE) {
      const part = places.subarray(from, from + PIECE);
      learning.learn({ columns: log, reward, pick: part.map((place) => index[place]) }, part);
    }
    const more = learning.endPass();
    onProgress?.(pass, settings.epochs, describe(learning));
    if (!more) break;
  }
  return { ...learning.finish(), curve: learning.curve };
}

/** Learns from rows that are read piece by piece. */
export async function fitStreaming<S extends Passes>(
  learning: PieceLearning,
  { open, reward, settings, onProgress }: StreamRequest<S>,
): Promise<LearnedContextPolicy> {
  let room = new Float64Array(PIECE);
  const rewarded = (columns: LogColumns): Float64Array => {
    if (room.length < columns.rows) room = new Float64Array(columns.rows);
    const out = room.subarray(0, columns.rows);
    reward(columns, out);
    return out;
  };
  for await (const columns of open()) learning.survey({ columns, reward: rewarded(columns) });
  for (let pass = 1; ; pass++) {
    for await (const columns of open()) learning.learn({ columns, reward: rewarded(columns) });
    const more = learning.endPass();
    onProgress?.(pass, settings.epochs, describe(learning));
    if (!more) break;
  }
  return { ...learning.finish(), curve: learning.curve };
}

function describe({ curve }: PieceLearning): string {
  const last = curve.at(-1) ?? {};
  return Object.entries(last)
    .map(([name, value]) => `${name} ${value.toPrecision(4)}`)
    .join(', ');
}

/** Some rows of a log in memory, as a log to learn from. */
export function learningHead({ log, rows }: Pick<LogLearnRequest<unknown>, 'log' | 'rows'>): LearningHead {
  return { ...log, rows: rows.index.length };
}
