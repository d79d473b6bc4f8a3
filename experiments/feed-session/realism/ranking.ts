import { meanInterval } from '../../../core/stats/intervals.js';
import { moments, type Moments } from '../../../core/stats/moments.js';
import type { SessionRows } from '../../../logs/feed-session/replay.js';
import { welch } from '../../ab/stats/welch.js';
import type { MeanOf, PolicyPair, RankingAgreement } from './contract.js';
import type { PolicySessions } from './distances.js';

const LEVEL = 0.95;

/**
 * Whether the simulator orders the logged policies as the log does: by the main outcome per session and by items per
 * session. Pairs that the log cannot tell apart say nothing and do not count; empty with fewer than two policies.
 */
export function rankingOf(logged: readonly PolicySessions[], simulated: readonly PolicySessions[]): RankingAgreement[] {
  const both = logged.flatMap((real) => {
    const played = simulated.find(({ name }) => name === real.name);
    return played === undefined ? [] : [{ policy: real.name, real: real.sessions, played: played.sessions }];
  });
  if (both.length < 2) return [];
  const [main] = both[0].real.layout.outcomes;
  const metrics = [
    { metric: `${main} per session`, of: mainOutcome },
    { metric: 'items per session', of: items },
  ];
  return metrics.map(({ metric, of }) => {
    const rows = both.map(({ policy, real, played }) => ({
      policy,
      logged: moments(of(real)),
      simulated: moments(of(played)),
    }));
    const pairs = rows.flatMap((one, i) => rows.slice(0, i).map((other) => pairOf(one, other)));
    const alike = pairs.filter(({ order }) => order === 'alike').length;
    const differently = pairs.filter(({ order }) => order === 'differently').length;
    const told = pairs.filter(({ order }) => order !== 'not told by the log').length;
    return {
      metric,
      policies: rows.map((row) => ({
        policy: row.policy,
        logged: meanOf(row.logged),
        simulated: meanOf(row.simulated),
      })),
      pairs,
      agreement: told === 0 ? null : (alike - differently) / told,
    };
  });
}

interface Row {
  readonly policy: string;
  readonly logged: Moments;
  readonly simulated: Moments;
}

function pairOf(one: Row, other: Row): PolicyPair {
  const logged = differenceOf(one.logged, other.logged);
  const simulated = differenceOf(one.simulated, other.simulated);
  const [real, played] = [signOf(logged), signOf(simulated)];
  const order =
    real === 0
      ? 'not told by the log'
      : played === 0
        ? 'not told by the simulator'
        : real === played
          ? 'alike'
          : 'differently';
  return { policy: one.policy, against: other.policy, logged, simulated, order };
}

type Difference = PolicyPair['logged'];

/** −1 or 1 where the interval leaves out 0. */
function signOf({ interval: [low, high] }: Difference): -1 | 0 | 1 {
  return low > 0 ? 1 : high < 0 ? -1 : 0;
}

function differenceOf(a: Moments, b: Moments): Difference {
  const difference = a.mean - b.mean;
  const spread = a.variance / a.n + b.variance / b.n;
  // Sessions that are all alike differ for certain, or not at all.
  if (spread === 0) return { difference, interval: [difference, difference] };
  const value = (side: Moments): { value: number; variance: number; units: number } => ({
    value: side.mean,
    variance: side.variance / side.n,
    units: side.n,
  });
  const { low, high } = welch(value(b), value(a), LEVEL);
  return { difference, interval: [low, high] };
}

function meanOf({ n, mean, variance }: Moments): MeanOf {
  if (n < 2) return { sessions: n, mean, interval: null };
  const { low, high } = meanInterval(mean, Math.sqrt(variance), n, LEVEL);
  return { sessions: n, mean, interval: [low, high] };
}

function mainOutcome({ layout, starts, answers }: SessionRows): Float64Array {
  const A = layout.outcomes.length + 1;
  return Float64Array.from({ length: starts.length - 1 }, (_, s) => {
    let sum = 0;
    for (let r = starts[s]; r < starts[s + 1]; r++) sum += answers[r * A];
    return sum;
  });
}

function items({ starts }: SessionRows): Float64Array {
  return Float64Array.from({ length: starts.length - 1 }, (_, s) => starts[s + 1] - starts[s]);
}
