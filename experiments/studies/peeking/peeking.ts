import { expectNumber } from '../../../core/check.js';
import { KeyedDraws } from '../../../core/draws.js';
import { exponential } from '../../../core/distributions.js';
import { wilson } from '../../../core/stats/intervals.js';
import type { Study, StudyResult } from '../study.js';
import { LEVEL, PEEKING, playedTest, RULES, type StoppingRule } from './rules.js';

/** The score fixed before running. */
const SCORE = {
  /** Rules that promise 5 % may exceed it by so many Monte-Carlo standard errors. */
  deviations: 3,
  /** Peeking must be surely above this: the lower Wilson limit. */
  peeking: 0.1,
};

/** What users do: values in [0, 1] whose mean an effect raises. */
const OUTCOMES = [
  {
    name: 'clicks (20 % of users)',
    deviation: 0.4,
    draw: (draws: KeyedDraws, effect: number): number => (draws.next() < 0.2 + effect ? 1 : 0),
  },
  {
    name: 'skewed minutes (exponential, mean 0.15, capped at 1)',
    deviation: 0.15,
    draw: (draws: KeyedDraws, effect: number): number => Math.min(1, exponential(draws, 0.15 + effect)),
  },
] as const;
type Outcome = (typeof OUTCOMES)[number];

/** Units of a day between two addresses of the random numbers. */
const BLOCK = 1024;

/** One rule on one outcome. */
interface RuleResult {
  readonly outcome: string;
  readonly rule: string;
  readonly promise: StoppingRule['promise'];
  /** Share of A/A tests with an alarm by the last day, with its Wilson interval. */
  readonly falseAlarms: number;
  readonly interval: readonly [number, number];
  /** The same by the end of the first week. */
  readonly byDaySeven: number;
  /** Share of tests with the effect that are stopped. */
  readonly power: number;
  readonly powerInterval: readonly [number, number];
  /** Days until the stop, the last day where there is none. */
  readonly days: number;
}

export const peeking: Study = {
  summary: 'How often A/A tests that are looked at every day raise an alarm, by stopping rule, with power beside it',
  settings: {
    tests: { value: 2000, meaning: 'A/A tests per outcome, and as many with an effect' },
    days: { value: 28, meaning: 'Days of a test; one look a day' },
    units: { value: 100, meaning: 'Users per arm and day' },
    drift: { value: 3.5, meaning: 'The planted effect, in standard errors of the last day' },
  },
  run({ seed, settings, onProgress }) {
    const { tests, days, units, drift } = settings;
    expectNumber('--tests', tests, 1, 1_000_000);
    expectNumber('--days', days, 1, 200);
    expectNumber('--units', units, 2, 1_000_000);
    expectNumber('--drift', drift, 0, 10);
    const results = OUTCOMES.flatMap((outcome, i) => {
      onProgress?.(i, OUTCOMES.length, outcome.name);
      return compareRules(outcome, { seed, tests, days, units, drift });
    });
    return Promise.resolve(resultOf(results, tests, days));
  },
};

interface Size {
  readonly seed: number;
  readonly tests: number;
  readonly days: number;
  readonly units: number;
  readonly drift: number;
}

function compareRules(outcome: Outcome, { seed, tests, days, units, drift }: Size): RuleResult[] {
  const seen = Array.from({ length: days }, (_, day) => (day + 1) * units);
  const effect = drift * outcome.deviation * Math.sqrt(2 / (days * units));
  const rules = RULES.map((rule) =>
    rule.plan({ units: seen, tau2: effect > 0 ? effect ** 2 : outcome.deviation ** 2 / units }),
  );
  const stops = [0, effect].map((added) => {
    const draws = new KeyedDraws(seed, `peeking/${outcome.name}/${added === 0 ? 'none' : 'effect'}`);
    const found = rules.map(() => new Int32Array(tests));
    for (let test = 0; test < tests; test++) {
      const control = arm(draws, test, 0, { outcome, effect: 0, days, units });
      const treatment = arm(draws, test, 1, { outcome, effect: added, days, units });
      const played = playedTest(control, treatment, seen);
      rules.forEach((firstAlarm, r) => (found[r][test] = firstAlarm(played)));
    }
    return found;
  });
  return RULES.map(({ name, promise }, r): RuleResult => {
    const [none, some] = [stops[0][r], stops[1][r]];
    const [alarms, finds] = [none, some].map((days) => days.filter((day) => day >= 0).length);
    const [about, power] = [wilson(alarms, tests, 0.95), wilson(finds, tests, 0.95)];
    return {
      outcome: outcome.name,
      rule: name,
      promise,
      falseAlarms: alarms / tests,
      interval: [about.low, about.high],
      byDaySeven: none.filter((day) => day >= 0 && day < 7).length / tests,
      power: finds / tests,
      powerInterval: [power.low, power.high],
      days: some.reduce((sum, day) => sum + (day < 0 ? days : day + 1), 0) / tests,
    };
  });
}

/** The values of one arm, day after day. */
function arm(
  draws: KeyedDraws,
  test: number,
  which: 0 | 1,
  { outcome, effect, days, units }: { outcome: Outcome; effect: number; days: number; units: number },
): Float64Array {
  const values = new Float64Array(days * units);
  for (let day = 0; day < days; day++) {
    for (let i = 0; i < units; i++) {
      if (i % BLOCK === 0) draws.at(test, 2 * day + which, i / BLOCK);
      values[day * units + i] = outcome.draw(draws, effect);
    }
  }
  return values;
}

function resultOf(results: readonly RuleResult[], tests: number, days: number): StudyResult {
  const alpha = 1 - LEVEL;
  const most = alpha + SCORE.deviations * Math.sqrt((alpha * LEVEL) / tests);
  const failures = results.flatMap(({ outcome, rule, promise, falseAlarms, interval }) => {
    if (promise !== 'none' && falseAlarms > most)
      return [`${outcome}, ${rule}: expected at most ${percent(most)} false alarms, received ${percent(falseAlarms)}.`];
    if (rule === PEEKING && interval[0] <= SCORE.peeking)
      return [
        `${outcome}, ${rule}: expected surely above ${percent(SCORE.peeking)}, received ${percent(falseAlarms)}.`,
      ];
    return [];
  });
  const promises = { none: 'nothing', always: 'at most 5 % ever', planned: `5 % by day ${days}` };
  return {
    tables: OUTCOMES.map(({ name }) => ({
      caption: `${name}: ${tests} A/A tests and ${tests} with the effect, ${days} daily looks`,
      columns: ['rule', 'promises', 'false alarms (Wilson 95 %)', 'by day 7', 'power (Wilson 95 %)', 'mean days'],
      rows: results
        .filter(({ outcome }) => outcome === name)
        .map(({ rule, promise, falseAlarms, interval, byDaySeven, power, powerInterval, days: mean }) => [
          rule,
          promises[promise],
          shown(falseAlarms, interval),
          percent(byDaySeven),
          shown(power, powerInterval),
          mean.toFixed(1),
        ]),
    })),
    notes: [
      `Score: rules that promise 5 % raise at most ${percent(most)} false alarms (${SCORE.deviations} Monte-Carlo standard errors), ` +
        `daily peeking surely more than ${percent(SCORE.peeking)}.`,
    ],
    failures,
    numbers: results,
  };
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const shown = (share: number, [low, high]: readonly [number, number]): string =>
  `${percent(share)} (${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)})`;
