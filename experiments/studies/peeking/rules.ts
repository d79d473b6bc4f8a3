import type { ArmValue } from '../../ab/stats/arm-value.js';
import { asymptoticSequence } from '../../ab/stats/asymptotic-sequence.js';
import {
  boundedDifference,
  pairedBettingPValues,
  type BoundedDifferenceOptions,
} from '../../ab/stats/bounded-difference.js';
import { groupBounds } from '../../ab/stats/group-sequential.js';
import { mixtureSequentialTest } from '../../ab/stats/mixture-sequential.js';
import type { Spending } from '../../ab/stats/spending.js';
import { welch } from '../../ab/stats/welch.js';

export const LEVEL = 0.95;
/** The rule that breaks its word. */
export const PEEKING = 'fixed horizon, peeking every day';

/** A test as far as it goes: the values of both arms in order of arrival, all in [0, 1], and as many in each. */
export interface PlayedTest {
  readonly control: Float64Array;
  readonly treatment: Float64Array;
  /** [D] what is known at the end of each day. */
  readonly looks: readonly Look[];
}

interface Look {
  readonly control: ArmValue;
  readonly treatment: ArmValue;
  readonly difference: number;
  readonly standardError: number;
}

/** @param units [D] of one arm by the end of each day */
export function playedTest(control: Float64Array, treatment: Float64Array, units: readonly number[]): PlayedTest {
  const treated = armAtLooks(treatment, units);
  const looks = armAtLooks(control, units).map((one, k): Look => {
    const other = treated[k];
    const standardError = Math.sqrt(one.variance + other.variance);
    return { control: one, treatment: other, difference: other.value - one.value, standardError };
  });
  return { control, treatment, looks };
}

/** What is planned before the test begins. */
interface TestPlan {
  /** [D] units of one arm by the end of each day. */
  readonly units: readonly number[];
  /** Squared size of plausible effects. */
  readonly tau2: number;
}

/** A way of stopping a test. */
export interface StoppingRule {
  readonly name: string;
  /** What it promises about A/A tests that are looked at every day: nothing, at most 5 % ever, or 5 % by the last planned look. */
  readonly promise: 'none' | 'always' | 'planned';
  /** Sets the rule up for a plan; gives the index of the first look with an alarm, or −1. */
  plan(plan: TestPlan): (test: PlayedTest) => number;
}

/** The rules that are compared. */
export const RULES: readonly StoppingRule[] = [
  {
    name: 'fixed horizon, one look at the end',
    promise: 'none',
    plan: () => (test) => test.looks.findIndex((look, k) => k === test.looks.length - 1 && isSignificant(look)),
  },
  {
    name: PEEKING,
    promise: 'none',
    plan: () => (test) => test.looks.findIndex(isSignificant),
  },
  groupSequential('group-sequential, O’Brien-Fleming-type', { kind: 'obrien-fleming' }),
  groupSequential('group-sequential, Pocock-type', { kind: 'pocock' }),
  {
    name: 'asymptotic sequence',
    promise: 'always',
    plan: ({ units }) => {
      const tunedFor = 2 * units[units.length - 1];
      return (test) =>
        test.looks.findIndex(({ control, difference, standardError }) => {
          const look = { difference, standardError, units: 2 * control.units, level: LEVEL, tunedFor };
          return standardError > 0 && asymptoticSequence(look).pValue < 1 - LEVEL;
        });
    },
  },
  {
    name: 'mSPRT',
    promise: 'always',
    plan:
      ({ tau2 }) =>
      ({ looks }) => {
        const seen = looks.map(({ control: { units }, difference, standardError }) => ({
          difference,
          pairs: units,
          variance: units * standardError ** 2,
        }));
        return mixtureSequentialTest(seen, tau2, LEVEL).findIndex(({ pValue }) => pValue < 1 - LEVEL);
      },
  },
  {
    name: 'empirical Bernstein',
    promise: 'always',
    plan: () => (test) => {
      const { low, high } = boundedDifference(test.control, test.treatment, {
        ...bounded(test),
        by: 'empirical-bernstein',
        from: 'pairs',
      });
      return low.findIndex((from, k) => from > 0 || high[k] < 0);
    },
  },
  {
    name: 'betting',
    promise: 'always',
    plan: () => (test) =>
      pairedBettingPValues(test.control, test.treatment, bounded(test)).findIndex((p) => p < 1 - LEVEL),
  },
];

function groupSequential(name: string, spending: Spending): StoppingRule {
  return {
    name,
    promise: 'planned',
    plan: ({ units }) => {
      const at = units.map((n) => n / units[units.length - 1]);
      const { z } = groupBounds({ at, level: LEVEL, spending, sides: 2 });
      return (test) =>
        test.looks.findIndex(
          ({ difference, standardError }, k) => standardError > 0 && Math.abs(difference) >= z[k] * standardError,
        );
    },
  };
}

function bounded({ looks }: PlayedTest): Pick<BoundedDifferenceOptions, 'least' | 'most' | 'level' | 'looks'> {
  const units = looks.map(({ control, treatment }) => ({ control: control.units, treatment: treatment.units }));
  return { least: 0, most: 1, level: LEVEL, looks: units };
}

function isSignificant({ control, treatment, standardError }: Look): boolean {
  return standardError > 0 && welch(control, treatment, LEVEL).pValue < 1 - LEVEL;
}

/** Mean, its variance and n by each look, by Welford's recursion. */
function armAtLooks(values: Float64Array, looks: readonly number[]): ArmValue[] {
  let [mean, squares, at] = [0, 0, 0];
  return looks.map((units) => {
    for (; at < units; at++) {
      const off = values[at] - mean;
      mean += off / (at + 1);
      squares += off * (values[at] - mean);
    }
    return { value: mean, variance: squares / (units - 1) / units, units };
  });
}
