import { replayStates, type SessionRows } from '../../../logs/feed-session/replay.js';
import { PREFIX_DECAY, placesOf } from '../../../logs/feed-session/layout.js';
import type { ResponseModel } from '../../../reward-models/feed-session/contract.js';
import type { ClusteredRows } from './clustered.js';

/** What one head of a model predicted and what happened, on n rows of some sessions. */
export interface HeadRows extends ClusteredRows {
  readonly head: string;
  /** [n] */
  readonly predicted: Float64Array;
  /** [n] place in `SessionRows`. */
  readonly row: Int32Array;
  /** [n] items shown in the session before this one. */
  readonly steps: Int32Array;
  /**
   * [n] what is known of engagement when the head is asked: the moving average of the main outcome over its largest
   * possible value, answers ÷ (1 − 0.85^items). NaN before the first answer.
   */
  readonly engagement: Float64Array;
}

export const EXIT = 'exit';
/** Rows whose states are held at once. */
const CHUNK = 1 << 14;

/**
 * Asks a model about every row of some sessions as it happened: the outcomes from the state before, the exit from the
 * state after, where it is known whether the session ended. One entry per outcome, then the exit.
 */
export function headRowsOf(model: ResponseModel, sessions: SessionRows): HeadRows[] {
  const { layout, starts, answers, left, unknown } = sessions;
  const H = layout.outcomes.length;
  const R = sessions.row.length;
  const session = sessionOf(starts);
  const predicted = Array.from({ length: H + 1 }, () => new Float64Array(R));
  const engagement = [new Float64Array(R), new Float64Array(R)];
  for (const [from, to] of chunksOf(starts)) {
    ask(model, sessions, { from, to, predicted, engagement });
  }
  const steps = Int32Array.from(session, (s, r) => r - starts[s]);
  const all = Int32Array.from(session, (_, r) => r);
  const outcomes = layout.outcomes.map((head, h) => ({
    head,
    predicted: predicted[h],
    observed: Float64Array.from(all, (r) => answers[r * (H + 1) + h]),
    row: all,
    session,
    steps,
    engagement: engagement[0],
  }));
  const known = all.filter((r) => unknown[r] === 0);
  return [
    ...outcomes,
    {
      head: EXIT,
      predicted: Float64Array.from(known, (r) => predicted[H][r]),
      observed: Float64Array.from(known, (r) => left[r]),
      row: known,
      session: known.map((r) => session[r]),
      steps: known.map((r) => steps[r]),
      engagement: Float64Array.from(known, (r) => engagement[1][r]),
    },
  ];
}

/** [rows] number of each row's session. */
function sessionOf(starts: Int32Array): Int32Array {
  const session = new Int32Array(starts[starts.length - 1]);
  for (let s = 0; s + 1 < starts.length; s++) session.fill(s, starts[s], starts[s + 1]);
  return session;
}

/** Whole sessions, some 16,000 rows at a time: [from, to) in numbers of sessions. */
function chunksOf(starts: Int32Array): [number, number][] {
  const chunks: [number, number][] = [];
  for (let from = 0, to = 1; to < starts.length; to++) {
    if (to + 1 < starts.length && starts[to + 1] - starts[from] <= CHUNK) continue;
    chunks.push([from, to]);
    from = to;
  }
  return chunks;
}

interface Chunk {
  readonly from: number;
  readonly to: number;
  /** [H + 1][R] */
  readonly predicted: readonly Float64Array[];
  /** [2][R] before and after the row's answers. */
  readonly engagement: readonly Float64Array[];
}

function ask(model: ResponseModel, sessions: SessionRows, { from, to, predicted, engagement }: Chunk): void {
  const { layout, catalogue, starts, row, item, answers, left, unknown } = sessions;
  const { width: S, answers: main } = placesOf(layout);
  const [H, F] = [layout.outcomes.length, layout.itemNames.length];
  const [first, end] = [starts[from], starts[to]];
  const n = end - first;
  const part: SessionRows = {
    ...sessions,
    starts: starts.slice(from, to + 1).map((start) => start - first),
    row: row.subarray(first, end),
    item: item.subarray(first, end),
    answers: answers.subarray(first * (H + 1), end * (H + 1)),
    left: left.subarray(first, end),
    unknown: unknown.subarray(first, end),
  };
  const before = new Float32Array(n * S);
  const after = new Float32Array(n * S);
  replayStates(part, before, after);
  const items = new Float32Array(n * F);
  for (let i = 0; i < n; i++) {
    for (let f = 0, at = part.item[i] * F; f < F; f++) items[i * F + f] = catalogue.features[at + f];
  }
  const chances = new Float64Array(n * 2 * H);
  model.respond(n, before, items, chances);
  const exits = new Float64Array(n);
  model.exit(n, after, exits);
  let step = 0;
  for (let i = 0, session = 0; i < n; i++, step++) {
    if (i === part.starts[session + 1]) [session, step] = [session + 1, 0];
    const p = chances[i * 2 * H];
    predicted[0][first + i] = p;
    for (let h = 1; h < H; h++) {
      predicted[h][first + i] = (1 - p) * chances[i * 2 * H + h] + p * chances[i * 2 * H + H + h];
    }
    predicted[H][first + i] = exits[i];
    engagement[0][first + i] = step === 0 ? NaN : before[i * S + main] / (1 - PREFIX_DECAY ** step);
    engagement[1][first + i] = after[i * S + main] / (1 - PREFIX_DECAY ** (step + 1));
  }
}
