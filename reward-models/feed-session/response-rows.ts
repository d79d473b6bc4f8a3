import { complaint } from '../../core/check.js';
import type { Rng } from '../../core/random.js';
import { placesOf } from '../../logs/feed-session/layout.js';
import { sessionStates, type SessionRows } from '../../logs/feed-session/replay.js';
import { groupUniform, widestGrouping } from '../folds.js';
import type { Quality } from '../contract.js';
import { plattScaling } from '../calibrate.js';
import type { ResponseFit } from './contract.js';
import { partOfState, type ResponseSettings } from './response-settings.js';

/** Fewer rows than this are no basis for a model. */
const FEWEST_ROWS = 20;

/** Rows r of some sessions, dealt into those to learn from and those held out. */
export interface DealtRows {
  readonly learn: Int32Array;
  readonly check: Int32Array;
}

/** Holds out users (or sessions, where fewer than a hundred users are logged) by hash. */
export function dealRows({ log, row }: SessionRows, heldOut: number, random: Rng, split: string): DealtRows {
  const u = groupUniform(log, row, widestGrouping(log, row), `${random.path}/held out`);
  const all = Int32Array.from(row, (_, r) => r);
  const [learn, check] = [all.filter((r) => u[r] >= heldOut), all.filter((r) => u[r] < heldOut)];
  if (row.length >= FEWEST_ROWS && learn.length > 0 && check.length > 0) return { learn, check };
  throw complaint('data', {
    where: `feed log '${log.name}', split '${split}'`,
    expected: `at least ${FEWEST_ROWS} rows, some of them held out`,
    received: `${learn.length} to fit and ${check.length} held out`,
  });
}

/** The states of some sessions, one more than rows per session. */
export interface RowStates {
  readonly states: Float32Array;
  /** [R] where the state before a row begins in `states`; the one after it begins S numbers later. */
  readonly at: Float64Array;
}

/** Replays the sessions; the parts in `leaveOut` are 0 everywhere. */
export function statesOf(sessions: SessionRows, leaveOut: readonly string[]): RowStates {
  const { starts, row, layout } = sessions;
  const { width: S } = placesOf(layout);
  const states = sessionStates(sessions);
  for (const part of leaveOut) {
    const [from, to] = partOfState(layout, part);
    for (let at = 0; at < states.length; at += S) states.fill(0, at + from, at + to);
  }
  const at = new Float64Array(row.length);
  for (let s = 0; s + 1 < starts.length; s++) for (let r = starts[s]; r < starts[s + 1]; r++) at[r] = (r + s) * S;
  return { states, at };
}

/** What both fits read. */
export interface Ground {
  readonly request: ResponseFit<ResponseSettings>;
  readonly rows: DealtRows;
  readonly states: RowStates;
}

/** One fitted network with the lines that calibrate it. */
export interface Fitted<Network> {
  readonly network: Network;
  readonly epochs: number;
  /** [columns, 2] */
  readonly calibration: Float64Array;
  readonly quality: Readonly<Record<string, Quality>>;
}

/** Logits of some rows and what happened in them. */
export interface Judged {
  readonly logits: Float64Array;
  readonly observed: Uint8Array;
}

/**
 * a and b of σ(a + b·z). The slope b is Platt scaling's on the held-out rows (an overfitted network is too sure of
 * itself there and not on its own rows); given b, the intercept a is the likeliest on all rows, with a normal prior of
 * deviation 1 around the base: rates are met where there is most to go by.
 */
export function lineOf(base: number, held: Judged, all: Judged): [number, number] {
  const events = all.observed.reduce((sum, y) => sum + y, 0);
  const rarer = Math.min(events, all.observed.length - events);
  const deviation = held.logits.map((logit) => logit - base);
  const { slope } = plattScaling({ deviation, offset: base, observed: held.observed, priorRows: rarer });
  let shift = 0;
  for (let round = 0; round < 50; round++) {
    let gradient = shift;
    let curvature = 1;
    for (let n = 0; n < all.logits.length; n++) {
      const p = 1 / (1 + Math.exp(-base - shift - slope * (all.logits[n] - base)));
      gradient += p - all.observed[n];
      curvature += p * (1 - p);
    }
    // At most 1 a round: Newton's method overshoots where the rates are far off.
    const move = Math.max(-1, Math.min(1, gradient / curvature));
    shift -= move;
    if (Math.abs(move) < 1e-9) break;
  }
  return [base + shift - slope * base, slope];
}
