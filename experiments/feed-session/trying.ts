import type { Agent } from '../../agents/contract.js';
import { uniformInt } from '../../core/distributions.js';
import { hash32, stream } from '../../core/random.js';
import { analyseTrial } from '../ab/analyze/analyse.js';
import type { AbSection, Metric } from '../ab/contract.js';
import { pairedEffect, type PairedEffect } from '../ab/simulate/truth.js';
import type { FeedSessionEnv } from '../../envs/feed-session/feed-session.js';
import type { FeedPeople } from '../../simulators/feed-session/contract.js';
import { feedMetrics, splitTrial, sumsOf, unitsOf, wholeTrial, type SessionSums, type Units } from './outcomes.js';
import { playFeed } from './play.js';

/** A policy that is tried. */
export interface Contestant {
  readonly name: string;
  /** Where it acts: the same people for all, maybe other candidates. */
  readonly env: FeedSessionEnv;
  readonly agent: Agent;
  /** Whether its actions are drawn, or the best known ones taken. */
  readonly explore: boolean;
}

/** One policy against the control, by one metric: all users under both, with the same luck. */
export interface Lift {
  readonly policy: string;
  readonly metric: string;
  /** Null where there is nothing to divide by, e.g. no session of ten items. */
  readonly value: number | null;
  readonly control: number | null;
  readonly relative: PairedEffect['relative'];
  readonly difference: PairedEffect['difference'];
}

export interface Tried {
  readonly place: string;
  readonly users: number;
  readonly lifts: readonly Lift[];
  /** What a test would have said that gave every user one of the policies. */
  readonly section: AbSection;
}

interface TryRequest {
  readonly people: FeedPeople;
  /** The first is the control. */
  readonly contestants: readonly Contestant[];
  readonly seed: number;
  readonly sessions: number;
  readonly level: number;
  /** In words, where the policies are tried. */
  readonly place: string;
  readonly onProgress?: (done: number, note: string) => void;
}

/** Plays every policy for the same users with the same luck, and compares each with the first. */
export function tryPolicies(request: TryRequest): Tried {
  const { people, contestants, seed, sessions, level, place, onProgress } = request;
  const metrics = feedMetrics(people);
  const sums: SessionSums[] = [];
  let units: Units = { count: 0, of: new Int32Array(0) };
  contestants.forEach(({ name, env, agent, explore }, i) => {
    onProgress?.(i, name);
    const played = playFeed({ env, agent, explore, seed, sessions });
    units = unitsOf(played);
    sums.push(sumsOf(played, people));
  });
  const whole = sums.map((own, i) => wholeTrial(contestants[i].name, units, own));
  const effect = (i: number, metric: Metric): PairedEffect => pairedEffect(whole[i], whole[0], metric, level);
  const names = contestants.map(({ name }) => name);
  const lifts = names.slice(1).flatMap((policy, i) =>
    metrics.map((metric): Lift => {
      const { relative, difference } = effect(i + 1, metric);
      const control = valueOf(sums[0], metric);
      return { policy, metric: metric.name, value: valueOf(sums[i + 1], metric), control, relative, difference };
    }),
  );
  const random = stream(hash32(`feed/split/${seed}`));
  const arm = Int32Array.from({ length: units.count }, () => uniformInt(random, names.length));
  const section = analyseTrial(splitTrial(names, arm, units, sums), metrics, {
    name: `${place}, every user given one policy`,
    control: names[0],
    level,
    sequential: false,
    correction: 'holm',
    truth: (metric, name) => {
      const found = metrics.find((one) => one.name === metric);
      return found === undefined ? undefined : (effect(names.indexOf(name), found).difference.value ?? undefined);
    },
  });
  return { place, users: units.count, lifts, section };
}

function valueOf(sums: SessionSums, { column, denominator }: Metric): number | null {
  const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);
  const below = total(sums[denominator ?? 'sessions']);
  return below === 0 ? null : total(sums[column]) / below;
}
