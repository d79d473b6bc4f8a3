import { uniformInt } from '../../core/distributions.js';
import { stream } from '../../core/random.js';
import { analyseTrial } from '../ab/analyze/analyse.js';
import type { AbSection, Metric, Trial } from '../ab/contract.js';
import { pairedEffect } from '../ab/simulate/truth.js';
import type { LiftTable } from '../lifts/contract.js';
import { guardrailOf } from '../lifts/merge.js';
import { REVENUE, splitTrial, unitsOf, utilityMetrics, valueOf, wholeTrial, type Units } from './metrics.js';
import type { SUMS } from './play.js';
import { type Played, type PolicyPlay, type Sums } from './play.js';

/** What policies did to the control: in the treated segment, and to all traffic, of which the rest is the control's. */
export interface Tried {
  readonly lifts: readonly LiftTable[];
  /** What tests would have said that gave every user the policy or the control: treated segment, all traffic. */
  readonly tests: readonly AbSection[];
}

export interface TrialRequest {
  readonly seed: number;
  readonly surface: string;
  /** The first policy is the control; the second, whose realised outcomes and the control's are kept, is tested. */
  readonly treated: Played;
  /** Requests of other surfaces, under the control alone. */
  readonly others: Played;
  /** Names of those that learned. */
  readonly learned: readonly string[];
  /** Policies that those which learned are compared with as well; the static baselines unless given. */
  readonly against?: readonly string[] | undefined;
  readonly margin: number;
  readonly level: number;
}

/** Who deserves a comparison of its own with what was learned. */
const STATIC: readonly string[] = ['manual', 'best-global', 'matched-static'];

/** Compares every policy with the first by the same requests and luck, and runs the tests that would have been. */
export function tryTuners(request: TrialRequest): Tried {
  const { seed, surface, treated, others, learned, against = STATIC, margin, level } = request;
  const metrics = utilityMetrics(margin);
  const [rest] = others.plays;
  const wide: Played = {
    user: joined(treated.user, others.user),
    plays: treated.plays.map((play) => ({
      ...play,
      expected: both(play.expected, rest.expected),
      ...(play.realised === undefined || rest.realised === undefined
        ? {}
        : { realised: both(play.realised, rest.realised) }),
    })),
  };
  const places = [
    { place: `the treated segment, surface ${surface}`, played: treated },
    { place: 'all traffic', played: wide },
  ];
  const found = places.map(({ place, played }) => {
    const units = unitsOf(played.user);
    const whole = played.plays.map(({ name, expected }) => wholeTrial(name, units, expected));
    return {
      table: liftTable({ seed, place, units, whole, metrics, margin, level }),
      test: testOf({ seed, place, units, plays: played.plays, whole, metrics, level }),
    };
  });
  const units = unitsOf(treated.user);
  const trial = ({ name, expected }: PolicyPlay): Trial => wholeTrial(name, units, expected);
  const rivals = treated.plays.filter(({ name }, i) => i > 0 && against.includes(name));
  const own = treated.plays.filter(({ name }) => learned.includes(name));
  const beside = rivals.map((rival) => {
    const place = `the treated segment, against ${rival.name}`;
    return liftTable({ seed, place, units, whole: [trial(rival), ...own.map(trial)], metrics, margin, level });
  });
  return { lifts: [...found.map(({ table }) => table), ...beside], tests: found.flatMap(({ test }) => test) };
}

interface Compared {
  readonly seed: number;
  readonly place: string;
  readonly units: Units;
  /** Expectations of every policy. */
  readonly whole: readonly Trial[];
  readonly metrics: readonly Metric[];
  readonly level: number;
}

function liftTable({ seed, place, units, whole, metrics, margin, level }: Compared & { margin: number }): LiftTable {
  const [control, ...own] = whole;
  const rows = own.flatMap((trial) =>
    metrics.map((metric) => {
      const { relative } = pairedEffect(trial, control, metric, level);
      return {
        ...{ policy: trial.arms[0], metric: metric.name, relative, perSeed: [relative] },
        ...{ control: valueOf(control, metric), value: valueOf(trial, metric) },
      };
    }),
  );
  const guardrail = guardrailOf(rows, { metric: REVENUE, margin });
  return { place, control: control.arms[0], seeds: [seed], users: units.count, rows, guardrail };
}

/** Control and policy, every user given one of them, by what users really did. */
function testOf({ seed, place, units, plays, whole, metrics, level }: Compared & { plays: readonly PolicyPlay[] }) {
  const arms = plays.slice(0, 2);
  const sums = arms.flatMap(({ realised }) => (realised === undefined ? [] : [realised]));
  if (sums.length < 2) return [];
  const random = stream(seed).fork('ad-utility').fork(`split of ${place}`);
  const arm = Int32Array.from({ length: units.count }, () => uniformInt(random, 2));
  const names = arms.map(({ name }) => name);
  const test = analyseTrial(splitTrial(names, units, arm, sums), metrics, {
    ...{ name: `${place}, every user given one of the two`, control: names[0], level },
    ...{ sequential: false, correction: 'holm' },
    truth: (name) => {
      const metric = metrics.find((one) => one.name === name);
      if (metric === undefined) return undefined;
      return pairedEffect(whole[1], whole[0], metric, level).difference.value ?? undefined;
    },
  });
  return [test];
}

function joined(a: Int32Array, b: Int32Array): Int32Array {
  const out = new Int32Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

function both(a: Sums, b: Sums): Sums {
  const column = (name: (typeof SUMS)[number]): Float64Array => {
    const out = new Float64Array(a[name].length + b[name].length);
    out.set(a[name]);
    out.set(b[name], a[name].length);
    return out;
  };
  return {
    reward: column('reward'),
    revenue: column('revenue'),
    click: column('click'),
    longClick: column('longClick'),
    hide: column('hide'),
    shown: column('shown'),
  };
}
