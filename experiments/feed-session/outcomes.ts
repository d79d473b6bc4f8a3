import type { FeedPeople } from '../../simulators/feed-session/contract.js';
import type { Metric, Trial } from '../ab/contract.js';
import type { Played } from './play.js';

/** Items from which a session counts as deep; the threshold of the RecoMind paper. */
export const DEEP = 10;

/** Sums per session, [S] each, by name: sessions (1), every outcome, dwellSeconds, depth, deep, deepItems, topics. */
export type SessionSums = Readonly<Record<string, Float64Array>>;

/** What each session came to. */
export function sumsOf(played: Played, { layout, catalogue }: Pick<FeedPeople, 'layout' | 'catalogue'>): SessionSums {
  const { sessions, starts, item, outcomes, dwellSeconds } = played;
  const H = layout.outcomes.length;
  const column = (): Float64Array => new Float64Array(sessions);
  const answers = layout.outcomes.map(column);
  const [dwell, depth, deep, deepItems, topics] = [column(), column(), column(), column(), column()];
  const seen = new Int32Array(catalogue.clusters).fill(-1);
  for (let s = 0; s < sessions; s++) {
    for (let r = starts[s]; r < starts[s + 1]; r++) {
      for (let h = 0; h < H; h++) answers[h][s] += outcomes[r * H + h];
      dwell[s] += dwellSeconds[r];
      const cluster = catalogue.cluster[item[r]];
      if (seen[cluster] !== s) topics[s]++;
      seen[cluster] = s;
    }
    depth[s] = starts[s + 1] - starts[s];
    deep[s] = depth[s] >= DEEP ? 1 : 0;
    deepItems[s] = deep[s] * depth[s];
  }
  return {
    sessions: column().fill(1),
    ...Object.fromEntries(layout.outcomes.map((name, h) => [name, answers[h]])),
    dwellSeconds: dwell,
    depth,
    deep,
    deepItems,
    topics,
  };
}

/**
 * What a session is judged by: the main outcome per session first, then depth, depth of the sessions of at least ten
 * items (which conditions on what the policy changed: never read it without the two after it), the share of such
 * sessions, the main outcome per item, topics per session, and the other outcomes.
 */
export function feedMetrics({ layout }: Pick<FeedPeople, 'layout'>): Metric[] {
  const [main, ...others] = layout.outcomes;
  const ratio = (name: string, column: string, denominator: string, role: Metric['role'] = 'secondary'): Metric => ({
    ...{ name, kind: 'ratio', column, denominator, role, better: 'higher' },
  });
  return [
    ratio(`${main} per session`, main, 'sessions', 'primary'),
    ratio('depth', 'depth', 'sessions'),
    ratio(`depth given ${DEEP} items`, 'deepItems', 'deep'),
    ratio(`share of sessions with ${DEEP} items`, 'deep', 'sessions'),
    ratio(`${main} per item`, main, 'depth'),
    ratio('topics per session', 'topics', 'sessions'),
    ratio('dwell seconds per session', 'dwellSeconds', 'sessions'),
    ...others.map((name) => ratio(`${name} per session`, name, 'sessions')),
  ];
}

/** Which unit (user) each session of a play belongs to. */
export interface Units {
  readonly count: number;
  /** [S] */
  readonly of: Int32Array;
}

/** Users as units, in the order in which they first come. */
export function unitsOf({ user }: Played): Units {
  const known = new Map<number, number>();
  const of = user.map((own) => {
    const unit = known.get(own) ?? known.size;
    known.set(own, unit);
    return unit;
  });
  return { count: known.size, of };
}

/** Everybody in one arm. */
export function wholeTrial(name: string, units: Units, sums: SessionSums): Trial {
  return {
    arms: [name],
    unit: 'user',
    arm: new Int32Array(units.count),
    covariates: {},
    segments: [],
    observations: { unit: units.of, columns: sums },
  };
}

/** Users split among arms: each brings the sessions of the play under their arm. */
export function splitTrial(
  names: readonly string[],
  arm: Int32Array,
  units: Units,
  sums: readonly SessionSums[],
): Trial {
  const columns = Object.keys(sums[0]).map((column) => {
    const values = Float64Array.from(units.of, (unit, s) => sums[arm[unit]][column][s]);
    return [column, values] as const;
  });
  return {
    arms: names,
    unit: 'user',
    arm,
    covariates: {},
    segments: [],
    observations: { unit: units.of, columns: Object.fromEntries(columns) },
  };
}
