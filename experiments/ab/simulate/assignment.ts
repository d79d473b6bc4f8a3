import { shuffle } from '../../../core/distributions.js';
import { KeyedDraws } from '../../../core/draws.js';
import type { AbExperiment, DesignName } from '../../config/ab-schema.js';

/** Days of the pre-period come before day 0 and belong to nobody's test. */
const HOURS = 24;

/** Who gets which arm, when, and from which pool of shared things they draw. */
export interface Assignment {
  readonly design: DesignName;
  /** Planned share of every arm. */
  readonly shares: readonly number[];
  /** Arm of a request on a day of the test, counted from 0; the control before it and outside the test. */
  readonly armOf: (user: number, day: number, request: number, hour: number) => number;
  /** First day on which a user is in the test; Infinity for those who never are. */
  readonly entryOf: (user: number) => number;
  readonly poolOf: (user: number, arm: number) => number;
  /** Share of the world that each pool holds. */
  readonly pools: readonly number[];
  /** [U] of a cluster split: which group shares among itself. */
  readonly cluster?: Int32Array;
  /** Number of the window of a time split. */
  readonly windowOf: (day: number, hour: number) => number;
}

export interface AssignmentRequest {
  readonly seed: number;
  readonly users: number;
  readonly days: number;
  readonly shares: readonly number[];
  readonly design: DesignName;
  readonly options: Pick<AbExperiment['design'], 'clusters' | 'windowHours' | 'traffic'>;
}

/**
 * Draws an assignment. Everything follows from the seed by address, so an assignment costs no memory per request:
 *
 * - user, budget: an arm per user, independent draws; `budget` gives every arm a pool of its own, as large as its share
 *   of the users;
 * - session, request: an arm per user and day, or per request;
 * - cluster: users are dealt to clusters, every cluster is a pool of its own, and arms are dealt to clusters so that the
 *   numbers of clusters are as even as the shares allow;
 * - time: everybody has the arm of the window; windows are drawn in blocks that hold every arm once.
 */
export function drawAssignment(request: AssignmentRequest): Assignment {
  const { seed, users, days, shares, design, options } = request;
  const draws = new KeyedDraws(seed, `arms by ${design}`);
  const entry = entryDays(request);
  const pick = (u: number): number => armAt(shares, u);
  const windows = Math.ceil(HOURS / options.windowHours);
  const base = {
    design,
    shares,
    entryOf: (user: number) => (entry === undefined ? 0 : entry[user]),
    poolOf: () => 0,
    pools: [1],
    windowOf: (day: number, hour: number) => day * windows + Math.floor(hour / options.windowHours),
  };
  const inTest = (user: number, day: number): boolean => day >= 0 && (entry === undefined || day >= entry[user]);
  switch (design) {
    case 'user':
    case 'budget': {
      const arm = Int32Array.from({ length: users }, (_, user) => pick(draws.at(user, 0).next()));
      const armOf = (user: number, day: number): number => (inTest(user, day) ? arm[user] : 0);
      if (design === 'user') return { ...base, armOf };
      const pools = shares.map((_, a) => arm.reduce((sum, own) => sum + (own === a ? 1 : 0), 0) / users);
      return { ...base, armOf, pools, poolOf: (user) => arm[user] };
    }
    case 'session':
      return { ...base, armOf: (user, day) => (inTest(user, day) ? pick(draws.at(user, day).next()) : 0) };
    case 'request':
      return {
        ...base,
        armOf: (user, day, nth) => (inTest(user, day) ? pick(draws.at(user, day, nth).next()) : 0),
      };
    case 'cluster': {
      const { clusters } = options;
      const dealt = dealtArms(clusters, shares, draws);
      const place = new KeyedDraws(seed, 'clusters');
      const cluster = Int32Array.from({ length: users }, (_, user) => Math.floor(place.at(user, 0).next() * clusters));
      const size = new Float64Array(clusters);
      for (const c of cluster) size[c]++;
      return {
        ...base,
        cluster,
        pools: Array.from(size, (count) => count / users),
        poolOf: (user) => cluster[user],
        armOf: (user, day) => (inTest(user, day) ? dealt[cluster[user]] : 0),
      };
    }
    case 'time': {
      const arm = windowArms(days * windows, shares.length, draws);
      return { ...base, armOf: (user, day, _request, hour) => (inTest(user, day) ? arm[base.windowOf(day, hour)] : 0) };
    }
  }
}

/** Everybody gets one arm, always: what the truth is made of. */
export function everybody(arm: number, arms: number): Assignment {
  return {
    design: 'user',
    shares: Array.from({ length: arms }, (_, a) => (a === arm ? 1 : 0)),
    armOf: (_user, day) => (day >= 0 ? arm : 0),
    entryOf: () => 0,
    poolOf: () => 0,
    pools: [1],
    windowOf: (day) => day,
  };
}

function armAt(shares: readonly number[], u: number): number {
  let left = u;
  for (let arm = 0; arm < shares.length - 1; arm++) {
    left -= shares[arm];
    if (left < 0) return arm;
  }
  return shares.length - 1;
}

/** [U] day of entry when the traffic is ramped up. */
function entryDays({ seed, users, days, options: { traffic } }: AssignmentRequest): Float64Array | undefined {
  if (traffic.length === 0) return undefined;
  const draws = new KeyedDraws(seed, 'traffic');
  return Float64Array.from({ length: users }, (_, user) => {
    const u = draws.at(user, 0).next();
    for (let day = 0; day < days; day++) if (u < traffic[Math.min(day, traffic.length - 1)]) return day;
    return Infinity;
  });
}

/** [clusters] arms in numbers as near to the shares as whole clusters allow, at least one each, in random order. */
function dealtArms(clusters: number, shares: readonly number[], draws: KeyedDraws): Int32Array {
  const arms = new Int32Array(clusters);
  let edge = 0;
  let before = 0;
  shares.forEach((share, arm) => {
    edge += share;
    const left = shares.length - 1 - arm;
    const until = left === 0 ? clusters : Math.max(before + 1, Math.min(clusters - left, Math.round(edge * clusters)));
    arms.fill(arm, before, until);
    before = until;
  });
  shuffle(draws.at(0, 0), arms);
  return arms;
}

/** [windows] blocks of one window per arm, each in random order. */
function windowArms(windows: number, arms: number, draws: KeyedDraws): Int32Array {
  const order = new Int32Array(Math.ceil(windows / arms) * arms);
  for (let block = 0; block * arms < windows; block++) {
    const part = Int32Array.from({ length: arms }, (_, arm) => arm);
    shuffle(draws.at(block, 1), part);
    order.set(part, block * arms);
  }
  return order.slice(0, windows);
}
