import { complaint } from '../../../core/check.js';
import type { Rng } from '../../../core/random.js';
import { expectSameLayout } from '../../../logs/feed-session/layout.js';
import type { SessionRows } from '../../../logs/feed-session/replay.js';
import type { ResponseModel } from '../../../reward-models/feed-session/contract.js';
import { calibrationOf } from './calibration.js';
import { REALISM_THRESHOLDS, type RealismReport, type RealismThresholds } from './contract.js';
import { distancesOf, type PolicySessions } from './distances.js';
import { exitGateOf } from './exit-gate.js';
import { EXIT, headRowsOf } from './head-rows.js';
import { rankingOf } from './ranking.js';
import { slicesOf } from './slices.js';
import { verdictOf } from './verdict.js';

export interface RealismRequest {
  /** The model that plays the people. */
  readonly model: ResponseModel;
  /** What the report calls it; "learned simulator" when absent. */
  readonly simulator?: string;
  /** Logged sessions that the model was not fitted on. */
  readonly heldOut: SessionRows;
  /** Sessions that each logged policy served in the simulator, and the logged ones of the same name. Both may be empty. */
  readonly simulated: readonly PolicySessions[];
  readonly logged: readonly PolicySessions[];
  readonly random: Rng;
  readonly thresholds?: Partial<RealismThresholds>;
}

/**
 * Judges a learned simulator against logged sessions that no fit saw: calibration per head and slice, the gate of the exit,
 * distances between simulated and logged sessions of the same policy, and the order of the policies in both.
 *
 * @throws a data error when model and sessions are of different schemas, simulated sessions are of no logged policy, or
 *   no held-out session has a known end
 */
export function realismOf(request: RealismRequest): RealismReport {
  const { model, simulator = 'learned simulator', heldOut, simulated, logged, random } = request;
  const thresholds = { ...REALISM_THRESHOLDS, ...request.thresholds };
  checkRequest(request);
  const rows = headRowsOf(model, heldOut);
  const heads = rows.map((own) => calibrationOf(own, thresholds, random.fork(`chance/${own.head}`)));
  const { tables, directions } = slicesOf(rows, heldOut, thresholds);
  const ofExit = ({ head }: { readonly head: string }): boolean => head === EXIT;
  const exit = exitGateOf(
    {
      rows: rows[rows.length - 1],
      calibration: heads[heads.length - 1],
      tables: tables.filter(ofExit),
      directions: directions.filter(ofExit),
    },
    thresholds,
  );
  // 95 % for the bands of all policies together.
  const level = 1 - 0.05 / Math.max(1, simulated.length);
  const distances = simulated.flatMap((played) =>
    logged
      .filter(({ name }) => name === played.name)
      .flatMap((real) => distancesOf(real, played, thresholds, random.fork(`shuffles/${played.name}`), level)),
  );
  const ranking = rankingOf(logged, simulated);
  const found = { gate: { exit }, heads, slices: tables, directions, distances, ranking, thresholds };
  return {
    simulator,
    log: heldOut.log.name,
    sessions: heldOut.starts.length - 1,
    rows: heldOut.row.length,
    ...verdictOf(found),
    ...found,
  };
}

function checkRequest({ model, heldOut, simulated, logged }: RealismRequest): void {
  const where = 'realism';
  expectSameLayout(`${where}: held-out sessions`, model.layout, heldOut.layout);
  if (heldOut.unknown.every((unknown) => unknown === 1)) {
    throw complaint('data', {
      where: `${where}: log '${heldOut.log.name}'`,
      expected: 'sessions of which it is known that the user left',
      received: `${heldOut.starts.length - 1} sessions of one item that were all cut off`,
      try: "Mark the last row of each session with the end reason 'left'.",
    });
  }
  for (const { name, sessions } of [...simulated, ...logged]) {
    expectSameLayout(`${where}: sessions of '${name}'`, heldOut.layout, sessions.layout);
  }
  for (const { name } of simulated) {
    if (logged.some((one) => one.name === name)) continue;
    throw complaint('data', {
      where: `${where}: simulated sessions of '${name}'`,
      expected: `one of the logged policies: ${logged.map((one) => one.name).join(', ') || 'none'}`,
      received: `'${name}'`,
      try: 'Play the logged policies in the simulator: others have nothing to be compared with.',
    });
  }
}
