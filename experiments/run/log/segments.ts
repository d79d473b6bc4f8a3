import { GymError, suggestion } from '../../../core/check.js';
import type { Log } from '../../../logs/record.js';
import type { Estimate, SegmentTable } from '../../contract.js';
import { evaluatePolicy, type Request } from '../../evaluate/evaluate.js';
import type { TuningOptions } from '../../evaluate/tuning.js';
import { meanReward } from './data.js';
import type { LoggedRounds } from '../../evaluate/rounds.js';

/** Largest segments shown; the others are one row, "others". */
const SHOWN = 8;

/** What each judging row belongs to, by a column of the log: position or a categorical feature. */
function segmentOf(log: Log, by: string): (row: number) => string {
  if (by === 'position') {
    if (log.position.every((place) => place < 0))
      throw new GymError('config', `evaluation: segments: log '${log.name}' has no positions.`);
    return (row) => `position ${log.position[row] + 1}`;
  }
  const feature = log.schema.categoricalNames.indexOf(by);
  const count = log.schema.categoricalNames.length;
  if (feature < 0)
    throw new GymError(
      'config',
      `evaluation: segments: no '${by}' in log '${log.name}'. ${suggestion(by, ['position', ...log.schema.categoricalNames])}`,
    );
  const { values } = log.categoricalValues[feature];
  return (row) => {
    const code = log.categorical[row * count + feature];
    return code < 0 ? '(missing)' : values[code];
  };
}

export interface SegmentRequest {
  readonly log: Log;
  readonly rows: Int32Array;
  readonly rounds: LoggedRounds;
  readonly target: Float64Array;
  readonly guesses: Float32Array;
  readonly request: Request;
  readonly level: number;
  readonly tune?: TuningOptions;
}

/** Logged reward and the learned policy's estimate per segment. A segment the log cannot carry has its number refused. */
export function segmentTable(
  by: string,
  { log, rows, rounds, target, guesses, request, level, tune }: SegmentRequest,
): SegmentTable {
  const name = segmentOf(log, by);
  const members = new Map<string, number[]>();
  rows.forEach((row, n) => {
    const segment = name(row);
    const list = members.get(segment);
    if (list === undefined) members.set(segment, [n]);
    else list.push(n);
  });
  const ordered = [...members].sort((a, b) => b[1].length - a[1].length || (a[0] < b[0] ? -1 : 1));
  const shown = ordered.slice(0, SHOWN);
  const others = ordered.slice(SHOWN).flatMap(([, list]) => list);
  if (others.length > 0) shown.push([`${ordered.length - SHOWN} others`, others]);
  if (by === 'position') shown.sort((a, b) => (a[0] < b[0] ? -1 : 1));
  const A = rounds.actions;
  return {
    by,
    columns: ['logged', 'learned'],
    rows: shown.map(([segment, places]) => {
      const part: LoggedRounds = {
        actions: A,
        action: Int32Array.from(places, (n) => rounds.action[n]),
        reward: Float64Array.from(places, (n) => rounds.reward[n]),
        propensity: Float64Array.from(places, (n) => rounds.propensity[n]),
      };
      const pick = (matrix: Float64Array | Float32Array): Float64Array => {
        const out = new Float64Array(places.length * A);
        places.forEach((n, i) => {
          out.set(matrix.subarray(n * A, (n + 1) * A), i * A);
        });
        return out;
      };
      const { estimates } = evaluatePolicy(part, pick(target), pick(guesses), {
        requests: [request],
        ...(tune === undefined ? {} : { tune }),
        level,
        replicates: 0,
        seed: 0,
      });
      const values: Estimate[] = [meanReward(part.reward, level), estimates[request.key]];
      return {
        segment: segment.length > 12 && /^[0-9a-f]{20,}$/.test(segment) ? `${segment.slice(0, 8)}…` : segment,
        rounds: places.length,
        values,
      };
    }),
  };
}
