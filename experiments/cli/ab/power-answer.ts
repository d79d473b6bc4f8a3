import type { Noise } from '../../ab/power/noise.js';
import { expectedUnits, powerOf, smallestEffect, unitsFor, type TestPlan } from '../../ab/power/power.js';
import type { Rule } from '../../ab/power/rule.js';
import type { Spending } from '../../ab/stats/spending.js';

/** What is asked of a test, whatever its metric. */
export interface PowerQuestion {
  readonly noise: Noise;
  /** Null: only smallest effects are asked for. */
  readonly effect: number | null;
  readonly power: number;
  readonly level: number;
  readonly sides: 1 | 2;
  readonly margin?: number;
  readonly controlRatio: number;
  /** Units that come into the test each day. */
  readonly unitsPerDay: number | null;
  readonly days: number;
  readonly looks: number;
  readonly spending: Spending;
  readonly tunedFor: number;
}

/** The three ways to end a test. */
type Way = 'fixed' | 'groupSequential' | 'alwaysValid';
const WAYS: readonly Way[] = ['fixed', 'groupSequential', 'alwaysValid'];

/** What one way needs for the effect. */
interface Need {
  readonly units: { readonly control: number; readonly treatment: number; readonly total: number };
  /** Units seen on average, which is less where the test may stop early. */
  readonly expectedUnits: number;
  readonly days: number | null;
  readonly expectedDays: number | null;
}

export interface PowerAnswer {
  readonly needed: Partial<Readonly<Record<Way, Need>>>;
  /** Power by day for the effect, and the smallest effect found with the power asked for; null where none is. */
  readonly byDay: readonly {
    readonly day: number;
    readonly units: number;
    readonly power: Partial<Readonly<Record<Way, number>>>;
    readonly smallestEffect: Partial<Readonly<Record<Way, number | null>>>;
  }[];
}

/** Days of the table, as far as it goes. */
const DAYS = [1, 2, 3, 5, 7, 10, 14, 21, 28, 42, 56, 84, 112, 168, 365];
/** Always-valid tests that need longer than this are said to need more. */
const LONGEST = 3650;
/** Looks of an always-valid test when nobody says how many units come each day; more looks hardly change anything. */
const LOOKS = 28;
/** From so many looks on, further ones no longer change the power visibly. */
const MOST_LOOKS = 120;

export function answerPower(question: PowerQuestion): PowerAnswer {
  const { noise, effect, power, unitsPerDay } = question;
  const ways = WAYS.filter((way) => way !== 'alwaysValid' || (question.sides === 2 && question.margin === undefined));
  const needed: Partial<Record<Way, Need>> = {};
  if (effect !== null) for (const way of ways) needed[way] = needOf(question, way, effect);
  const days = DAYS.filter((day) => day <= question.days);
  if (!days.includes(question.days)) days.push(question.days);
  const each = <T>(value: (plan: TestPlan) => T, day: number): Partial<Record<Way, T>> =>
    Object.fromEntries(ways.map((way) => [way, value(planOf(question, way, day))]));
  return {
    needed,
    byDay:
      unitsPerDay === null
        ? []
        : days.map((day) => {
            const units = Math.floor(day * unitsPerDay);
            const direction = effect !== null && effect < 0 ? ('fall' as const) : ('rise' as const);
            return {
              day,
              units,
              power: effect === null ? {} : each((plan) => powerOf(noise, effect, units, plan), day),
              smallestEffect: each((plan) => smallestEffect(noise, units, power, { ...plan, direction }), day),
            };
          }),
  };
}

function planOf(question: PowerQuestion, way: Way, days: number): TestPlan {
  const { level, sides, looks, spending, tunedFor, controlRatio, margin } = question;
  const rule: Rule =
    way === 'fixed'
      ? { kind: 'fixed', level, sides }
      : way === 'groupSequential'
        ? { kind: 'group', level, sides, looks, spending }
        : { kind: 'always-valid', level, looks: Math.min(days, MOST_LOOKS), tunedFor };
  return { rule, controlRatio, ...(margin === undefined ? {} : { margin }) };
}

function needOf(question: PowerQuestion, way: Way, effect: number): Need {
  const { noise, power, unitsPerDay } = question;
  if (unitsPerDay === null || way !== 'alwaysValid') {
    const plan = planOf(question, way, LOOKS);
    const units = unitsFor(noise, effect, power, plan);
    const expected = expectedUnits(noise, effect, units.total, plan);
    const perDay = unitsPerDay ?? NaN;
    const days = unitsPerDay === null ? null : Math.ceil(units.total / perDay);
    return { units, expectedUnits: expected, days, expectedDays: unitsPerDay === null ? null : expected / perDay };
  }
  // Looked at daily: the number of looks follows from the number of days.
  const enough = (days: number): boolean =>
    powerOf(noise, effect, days * unitsPerDay, planOf(question, way, days)) >= power;
  let [low, high] = [0, 1];
  while (high < LONGEST && !enough(high)) [low, high] = [high, 2 * high];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (enough(middle)) high = middle;
    else low = middle;
  }
  const total = Math.ceil(high * unitsPerDay);
  const expected = expectedUnits(noise, effect, total, planOf(question, way, high));
  const treatment = Math.ceil(total / (1 + question.controlRatio));
  return {
    units: { control: total - treatment, treatment, total },
    expectedUnits: expected,
    days: high,
    expectedDays: expected / unitsPerDay,
  };
}
