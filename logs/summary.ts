import { meanInterval, wilson } from '../core/stats/intervals.js';
import { moments } from '../core/stats/moments.js';
import type { Log } from './record.js';
import { suspicions, type Suspicion } from './suspicions.js';

/** Confidence level of the intervals. */
const LEVEL = 0.95;
/** Probabilities below this are called small. */
const SMALL_PROPENSITY = 0.01;
/** How far the mean uniform weight may be from 1, in standard errors and at least absolutely, before it is remarked. */
const TOLERANCE = { standardErrors: 4, absolute: 0.02 };

/** Mean of an outcome: Wilson's interval where every value is 0 or 1, Student's t otherwise. */
export interface OutcomeRate {
  readonly outcome: string;
  readonly rows: number;
  readonly mean: number;
  readonly interval: readonly [number, number];
  readonly method: 'Wilson 95%' | 'Student t 95%';
  readonly min: number;
  readonly max: number;
}

/** What a log holds and what looks wrong with it; plain data, ready to print as JSON. */
export interface LogSummary {
  readonly name: string;
  readonly hash: string;
  readonly source: string;
  readonly rows: number;
  readonly actions: { readonly known: number; readonly logged: number };
  readonly outcomes: readonly OutcomeRate[];
  readonly propensity?: PropensitySummary;
  /** By position as logged, 0 = first; rows without a position are left out. */
  readonly positions: readonly PositionSummary[];
  readonly time?: { readonly from: string; readonly to: string; readonly rowsWithout: number };
  /** Distinct values in the rows; 0 where none was logged. */
  readonly users: number;
  readonly sessions: number;
  readonly requests: number;
  readonly policies: readonly { readonly policy: string; readonly rows: number }[];
  readonly endReasons: readonly { readonly reason: string; readonly rows: number }[];
  readonly numericFeatures: readonly string[];
  readonly categoricalFeatures: readonly { readonly name: string; readonly values: number }[];
  readonly suspicious: readonly Suspicion[];
}

export interface PropensitySummary {
  readonly min: number;
  readonly mean: number;
  readonly max: number;
  readonly shareBelow001: number;
  /**
   * Mean over the rows of 1 / (K·p), K = candidates of the row: the importance weight of the uniform policy. It is 1 on
   * average when p is the probability of the action among K candidates that could all be chosen.
   */
  readonly meanUniformWeight: number;
  readonly meanUniformWeightError: number;
  readonly hint: string;
}

export interface PositionSummary {
  readonly position: number;
  readonly rows: number;
  readonly share: number;
  readonly outcomes: readonly OutcomeRate[];
}

/** Looks a log over. Costs a few passes over its columns and one sort where requests are logged. */
export function summarise(log: Log): LogSummary {
  const { rows, schema } = log;
  const propensity = schema.hasPropensity && rows > 0 ? propensitySummary(log) : undefined;
  const time = timeSummary(log.timeMs);
  return {
    name: log.name,
    hash: log.hash,
    source: schema.source,
    rows,
    actions: { known: log.actions.values.length, logged: distinct(log.action, log.actions.values.length) },
    outcomes: schema.outcomes.map((name, i) => rate(name, log.outcomes[i])),
    ...(propensity === undefined ? {} : { propensity }),
    positions: positionSummaries(log),
    ...(time === undefined ? {} : { time }),
    users: distinct(log.user, log.users.values.length),
    sessions: distinct(log.session, log.sessions.values.length),
    requests: distinct(log.request, log.requests.values.length),
    policies: counts(log.policy, log.policies.values).map(([policy, n]) => ({ policy, rows: n })),
    endReasons: counts(log.endReason, schema.endReasons).map(([reason, n]) => ({ reason, rows: n })),
    numericFeatures: schema.numericNames,
    categoricalFeatures: schema.categoricalNames.map((name, i) => ({
      name,
      values: log.categoricalValues[i].values.length,
    })),
    suspicious: suspicions(log),
  };
}

function rate(outcome: string, column: Float32Array): OutcomeRate {
  const { n, mean, variance } = moments(column);
  const binary = column.every((value) => value === 0 || value === 1);
  const { low, high } = binary
    ? wilson(Math.round(mean * n), n, LEVEL)
    : meanInterval(mean, Math.sqrt(variance), n, LEVEL);
  let [min, max] = [Infinity, -Infinity];
  for (const value of column) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return { outcome, rows: n, mean, interval: [low, high], method: binary ? 'Wilson 95%' : 'Student t 95%', min, max };
}

function propensitySummary({ propensity, candidates, actions, rows }: Log): PropensitySummary {
  let [min, max, sum, small] = [Infinity, -Infinity, 0, 0];
  const weights = new Float64Array(rows);
  for (const [row, p] of propensity.entries()) {
    min = Math.min(min, p);
    max = Math.max(max, p);
    sum += p;
    if (p < SMALL_PROPENSITY) small++;
    const choices =
      candidates === 'all' ? actions.values.length : candidates.offsets[row + 1] - candidates.offsets[row];
    weights[row] = 1 / (choices * p);
  }
  const { mean, variance } = moments(weights);
  const standardError = rows < 2 ? 0 : Math.sqrt(variance / rows);
  return {
    min,
    mean: sum / rows,
    max,
    shareBelow001: small / rows,
    meanUniformWeight: mean,
    meanUniformWeightError: standardError,
    hint: weightHint(mean, standardError),
  };
}

function weightHint(mean: number, standardError: number): string {
  const far = Math.abs(mean - 1) > Math.max(TOLERANCE.absolute, TOLERANCE.standardErrors * standardError);
  if (!far) return 'Mean weight of the uniform policy is 1 within its error, as it must be for true propensities.';
  return mean < 1
    ? 'Mean weight of the uniform policy is below 1: some candidates were never or hardly ever shown, or propensities ' +
        'are too large (of a whole slate, or not of the action that was logged).'
    : 'Mean weight of the uniform policy is above 1: propensities are too small (joint over positions?), or rows could ' +
        'choose among fewer candidates than the log says.';
}

function positionSummaries(log: Log): PositionSummary[] {
  const sizes = new Map<number, number>();
  for (const position of log.position) if (position >= 0) sizes.set(position, (sizes.get(position) ?? 0) + 1);
  const logged = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  return [...sizes]
    .sort(([a], [b]) => a - b)
    .map(([position, size]) => ({
      position,
      rows: size,
      share: size / logged,
      outcomes: log.schema.outcomes.map((name, i) =>
        rate(
          name,
          log.outcomes[i].filter((_, row) => log.position[row] === position),
        ),
      ),
    }));
}

function timeSummary(timeMs: Float64Array): LogSummary['time'] {
  let [first, last, without] = [Infinity, -Infinity, 0];
  for (const time of timeMs) {
    if (Number.isNaN(time)) without++;
    else {
      first = Math.min(first, time);
      last = Math.max(last, time);
    }
  }
  if (without === timeMs.length) return undefined;
  return { from: isoTime(first), to: isoTime(last), rowsWithout: without };
}

/** ISO text; the bare number where a simulated clock is beyond the calendar. */
function isoTime(timeMs: number): string {
  return Math.abs(timeMs) <= 8.64e15 ? new Date(timeMs).toISOString() : String(timeMs);
}

function distinct(codes: Int32Array, size: number): number {
  const seen = new Uint8Array(size);
  for (const code of codes) if (code >= 0) seen[code] = 1;
  return seen.reduce((sum, one) => sum + one, 0);
}

function counts(codes: Int32Array | Uint8Array, names: readonly string[]): (readonly [string, number])[] {
  const sizes = new Int32Array(names.length);
  for (const code of codes) sizes[code]++;
  return names.map((name, code) => [name, sizes[code]] as const).filter(([, size]) => size > 0);
}
