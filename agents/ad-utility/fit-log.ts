import { expectLength } from '../../core/check.js';
import { shuffle } from '../../core/distributions.js';
import type { Rng } from '../../core/random.js';
import type { LogColumns } from '../../logs/store/fields.js';
import type { LearnedPolicy, LogLearnRequest, LogLearner, ServedPolicy } from '../contract.js';
import { GradientLearning, type LearningHead, type Reading } from './gradient-learning.js';
import type { GradientSettings } from './gradient-settings.js';

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

/** Rows per piece, as the store has them: the two ways of reading must cut alike. */
const PIECE = 4096;

/** Learns from rows in memory. */
export function fitInMemory<S extends GradientSettings>(
  reading: Reading,
  { log, rows, reward, settings, random, onProgress }: LogLearnRequest<S>,
): LearnedContextPolicy {
  expectLength(`${reading.name}: reward`, reward, { rows: log.rows });
  const learning = new GradientLearning(reading, { ...log, rows: rows.index.length }, settings, random);
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
  return learned(learning);
}

/** Learns from rows that are read piece by piece. */
export async function fitStreaming<S extends GradientSettings>(
  reading: Reading,
  { head, open, reward, settings, random, onProgress }: StreamRequest<S>,
): Promise<LearnedContextPolicy> {
  const learning = new GradientLearning(reading, head, settings, random);
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
  return learned(learning);
}

function learned(learning: GradientLearning): LearnedContextPolicy {
  const done = learning.finish();
  return { policy: done.policy, curve: learning.curve, save: () => done.save() };
}

function describe({ curve }: GradientLearning): string {
  const last = curve[curve.length - 1];
  return 'heldOut' in last ? `held-out ${last['heldOut'].toPrecision(4)}` : `loss ${last['fitting'].toPrecision(4)}`;
}
