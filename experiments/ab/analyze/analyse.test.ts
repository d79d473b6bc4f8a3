import { fc } from '@fast-check/ava';
import test from 'ava';
import { normal } from '../../../core/distributions.js';
import { stream } from '../../../core/random.js';
import type { AbSection, Effect, Metric, Trial } from '../contract.js';
import { meanOf, ratioOf } from '../stats/arm-value.js';
import { cuped } from '../stats/cuped.js';
import { sumsOf } from '../stats/sums.js';
import { welch } from '../stats/welch.js';
import { analyseTrial } from './analyse.js';
import { answerOfTest } from './answer.js';

const spend: Metric = { name: 'spend', kind: 'mean', column: 'spend', role: 'primary', better: 'higher' };
const visit: Metric = { ...spend, name: 'visit', kind: 'proportion' };
const ratio: Metric = { ...spend, name: 'perOrder', kind: 'ratio', denominator: 'orders' };
const median: Metric = { ...spend, name: 'median', kind: 'quantile', quantile: 0.5 };
const ALL = [spend, visit, ratio, median];
const OPTIONS = { name: 'test', control: 'A', level: 0.95 };

/** A trial of two arms in which every unit has one observation; parts can be replaced. */
function trialOf(arm: readonly number[], values: readonly number[], replaced: Partial<Trial> = {}): Trial {
  return {
    arms: ['A', 'B'],
    unit: 'user',
    arm: Int32Array.from(arm),
    covariates: {},
    segments: [],
    observations: {
      unit: Int32Array.from(arm, (_, u) => u),
      columns: {
        spend: Float64Array.from(values),
        orders: Float64Array.from(values, (_, i) => 1 + (i % 3)),
      },
    },
    ...replaced,
  };
}

/** Units with an arm by chance, a taste known before, and `days` of observations each. */
function played(seed: number, units: number, { days = 1, effect = 0, arms = 2 } = {}): Trial {
  const luck = stream(seed);
  const arm = Int32Array.from({ length: units }, () => Math.floor(luck.next() * arms));
  const taste = Float64Array.from({ length: units }, () => 2 + normal(luck));
  const code = Int32Array.from({ length: units }, () => (luck.next() < 0.3 ? 1 : 0));
  const entry = Int32Array.from({ length: units }, () => Math.floor(luck.next() * days));
  const unit: number[] = [];
  const day: number[] = [];
  for (let d = 0; d < days; d++)
    for (let u = 0; u < units; u++)
      if (entry[u] <= d) {
        unit.push(u);
        day.push(10 + d);
      }
  const value = (u: number): number => taste[u] + normal(luck) + (arm[u] > 0 ? effect : 0);
  return {
    arms: ['A', 'B', 'C', 'D'].slice(0, arms),
    unit: 'user',
    arm,
    covariates: { taste },
    segments: [{ name: 'country', values: ['de', 'fr'], code }],
    observations: {
      unit: Int32Array.from(unit),
      day: Int32Array.from(day),
      columns: {
        spend: Float64Array.from(unit, value),
        orders: Float64Array.from(unit, () => 1 + (luck.next() < 0.5 ? 1 : 0)),
      },
    },
  };
}

const only = (section: AbSection, m = 0, e = 0): Effect => section.metrics[m].effects[e];
const column = (...values: readonly number[]): Float64Array => Float64Array.from(values);

test('a small trial by hand: sums per unit, then the tests of stats/', (t) => {
  // Units 0, 2, 4 are in A with sums 1, 3, 5; units 1, 3, 5 in B with sums 4, 0 (never observed), 8.
  const trial = trialOf([0, 1, 0, 1, 0, 1], [], {
    observations: {
      unit: Int32Array.of(0, 1, 1, 2, 4, 4, 5),
      columns: { spend: column(1, 1, 3, 3, 2, 3, 8), orders: column(1, 1, 1, 1, 2, 2, 2) },
    },
  });
  const section = analyseTrial(trial, ALL, OPTIONS);
  const expected = welch(meanOf(sumsOf([column(1, 3, 5)])), meanOf(sumsOf([column(4, 0, 8)])), 0.95);
  const { difference, pValue, relative } = only(section);
  t.is(difference.value, 1);
  t.is(difference.standardError, expected.standardError);
  t.deepEqual(difference.interval, [expected.low, expected.high]);
  t.is(difference.method, 'Welch 95%');
  t.is(pValue, expected.pValue);
  // 3 ± 4.3 · 1.15 holds 0.
  t.is(relative.value, null);
  t.is(relative.method, 'refused: the control is not clearly different from 0');
  t.is(only(section, 1).difference.value, 2 / 3 - 1);
  const over = [
    ratioOf(sumsOf([column(1, 3, 5), column(1, 1, 4)])),
    ratioOf(sumsOf([column(4, 0, 8), column(2, 0, 2)])),
  ];
  t.is(only(section, 2).difference.value, over[1].value - over[0].value);
  t.is(only(section, 2).difference.standardError, welch(over[0], over[1], 0.95).standardError);
  t.is(only(section, 2).difference.method, 'delta, Welch 95%');
  t.regex(only(section, 3).difference.method, /refused: too few units lie beyond the quantile/);
  t.deepEqual(section.arms, [
    { name: 'A', units: 3, planned: 0.5 },
    { name: 'B', units: 3, planned: 0.5 },
  ]);
  t.is(section.sampleRatio.p, 1);
  t.is(section.verdict, 'unsupported');
});

const value = fc.nat(800).map((x) => x / 8);
const manyUnits = fc.array(fc.tuple(fc.nat(1), value), { minLength: 8, maxLength: 60 });

test('how rows are cut and ordered does not matter; relabelling the arms turns the signs', (t) => {
  fc.assert(
    fc.property(manyUnits, (units) => {
      const [arm, values] = [units.map(([a]) => a), units.map(([, v]) => v)];
      fc.pre(
        arm.filter((a) => a === 0).length > 2 && arm.filter((a) => a === 1).length > 2 && new Set(values).size > 3,
      );
      const whole = analyseTrial(trialOf(arm, values), [spend, visit], OPTIONS);
      const back = arm.map((_, u) => arm.length - 1 - u);
      const cut = analyseTrial(
        trialOf(arm, values, {
          observations: {
            unit: Int32Array.from([...back, ...back]),
            columns: { spend: Float64Array.from([...back, ...back], (u) => values[u] / 2) },
          },
        }),
        [spend, visit],
        OPTIONS,
      );
      const turned = analyseTrial(trialOf(arm, values), [spend], { ...OPTIONS, control: 'B' });
      const near = (a: number | null, b: number | null): boolean =>
        a === null || b === null ? a === b : Math.abs(a - b) <= 1e-9 * (1 + Math.abs(b));
      return (
        [0, 1].every((m) => {
          const [one, two] = [only(whole, m), only(cut, m)];
          return (
            near(one.difference.value, two.difference.value) &&
            near(one.difference.standardError, two.difference.standardError) &&
            near(one.pValue, two.pValue)
          );
        }) &&
        near(only(whole).difference.value, -(only(turned).difference.value ?? NaN)) &&
        near(only(whole).pValue, only(turned).pValue)
      );
    }),
  );
  t.pass();
});

test('clusters of one unit are units; clusters of many are ratios of their sums', (t) => {
  const trial = played(2, 400);
  const alone = analyseTrial(trial, [spend, ratio], OPTIONS);
  const ones = analyseTrial({ ...trial, cluster: trial.arm.map((_, u) => u) }, [spend, ratio], OPTIONS);
  for (const m of [0, 1]) {
    const [a, b] = [only(alone, m).difference, only(ones, m).difference];
    t.true(Math.abs((a.value ?? NaN) - (b.value ?? NaN)) < 1e-12);
    t.true(Math.abs((a.standardError ?? NaN) / (b.standardError ?? NaN) - 1) < 1e-9);
  }
  // Eight units in four clusters: sums 3 of 2, 4 of 1 | 5 of 2, 6 of 3.
  const grouped = trialOf([0, 0, 0, 1, 1, 1, 1, 1], [1, 2, 4, 2, 3, 1, 2, 3], {
    cluster: Int32Array.of(7, 7, 3, 5, 5, 0, 0, 0),
  });
  const [a, b] = [ratioOf(sumsOf([column(3, 4), column(2, 1)])), ratioOf(sumsOf([column(5, 6), column(2, 3)]))];
  const section = analyseTrial(grouped, [spend], OPTIONS);
  t.is(only(section).difference.value, b.value - a.value);
  t.is(only(section).difference.standardError, welch(a, b, 0.95).standardError);
  t.deepEqual(
    section.arms.map(({ units }) => units),
    [3, 5],
  );
  // Two clusters each: the sample ratio counts clusters.
  t.is(section.sampleRatio.p, 1);
});

test('CUPED by name: the same as from the sums; unknown units are given the mean, and counted', (t) => {
  const trial = played(3, 600, { effect: 0.2 });
  const adjusted: Metric = { ...spend, covariate: 'taste' };
  const { cuped: found } = only(analyseTrial(trial, [adjusted], OPTIONS));
  const arm = (which: number): ReturnType<typeof sumsOf> => {
    const units = [...trial.arm.keys()].filter((u) => trial.arm[u] === which);
    const [values, taste] = [trial.observations.columns['spend'], trial.covariates['taste']];
    return sumsOf([Float64Array.from(units, (u) => values[u]), Float64Array.from(units, (u) => taste[u])]);
  };
  const expected = cuped(arm(0), arm(1), { metric: 'mean', before: 'mean' }, 0.95);
  t.true(Math.abs((found?.theta ?? NaN) - (expected?.theta ?? NaN)) < 1e-12);
  t.true(Math.abs((found?.difference.value ?? NaN) - (expected?.difference.effect ?? NaN)) < 1e-12);
  t.true((found?.varianceReduction ?? 0) > 0.4);
  const taste = trial.covariates['taste'].slice();
  taste.fill(NaN, 0, 60);
  const partly = analyseTrial({ ...trial, covariates: { taste } }, [adjusted], OPTIONS);
  t.true((only(partly).cuped?.varianceReduction ?? 0) > 0.3);
  t.deepEqual(partly.reasons, [
    "'taste' is not known of 60 units (10 %); they were given the mean of the others, so CUPED does not adjust them.",
  ]);
  const flat = analyseTrial({ ...trial, covariates: { taste: taste.fill(1) } }, [adjusted], OPTIONS);
  t.is(only(flat).cuped, undefined);
  t.regex(flat.reasons.join(), /'taste' is the same for every unit/);
});

test('looks: each is the analysis of what was known that day, the last that of the whole trial', (t) => {
  const trial = played(4, 500, { days: 5, effect: 0.3 });
  const metrics = [spend, ratio, median];
  const section = analyseTrial(trial, metrics, { ...OPTIONS, looks: true, sequential: true });
  t.deepEqual(
    section.looks.map(({ metric, arm }) => `${metric} ${arm}`),
    ['spend B', 'perOrder B'],
  );
  const { day = new Int32Array(0), unit, columns } = trial.observations;
  for (const [m, { looks }] of section.looks.entries()) {
    t.deepEqual(
      looks.map((look) => look.day),
      [10, 11, 12, 13, 14],
    );
    looks.forEach(({ naive, difference, units }, d) => {
      const until = day.filter((x) => x <= 10 + d).length;
      const seen = new Set(unit.subarray(0, until));
      const known = [...seen].sort((a, b) => a - b);
      const part = analyseTrial(
        {
          ...trial,
          arm: Int32Array.from(known, (u) => trial.arm[u]),
          segments: [],
          covariates: {},
          observations: {
            unit: unit.slice(0, until).map((u) => known.indexOf(u)),
            columns: { spend: columns['spend'].slice(0, until), orders: columns['orders'].slice(0, until) },
          },
        },
        [metrics[m]],
        OPTIONS,
      );
      const [low, high] = only(part).difference.interval ?? [NaN, NaN];
      t.is(units, known.length);
      t.true(Math.abs(difference - (only(part).difference.value ?? NaN)) < 1e-12);
      t.true(naive !== null && Math.abs(naive[0] - low) < 1e-12 && Math.abs(naive[1] - high) < 1e-12);
    });
    const last = looks.at(-1);
    t.is(last?.difference, only(section, m).difference.value ?? NaN);
    t.deepEqual(last?.alwaysValid, only(section, m).sequential?.difference.interval ?? null);
  }
});

test('an arm that begins late: earlier units are left out, so that days are not taken for an effect', (t) => {
  const trial = played(5, 3000, { days: 6, arms: 3 });
  const { unit, day = new Int32Array(0), columns } = trial.observations;
  const entry = new Map<number, number>();
  day.forEach((d, i) => entry.has(unit[i]) || entry.set(unit[i], d));
  // Before day 13 there is no arm C; later days are worth more.
  const late: Trial = {
    ...trial,
    arm: trial.arm.map((a, u) => (a === 2 && (entry.get(u) ?? 0) < 13 ? u % 2 : a)),
    observations: {
      ...trial.observations,
      columns: { spend: columns['spend'].map((x, i) => x + (day[i] >= 13 ? 5 : 0)) },
    },
  };
  const section = analyseTrial(late, [spend], { ...OPTIONS, looks: true });
  t.regex(
    section.reasons[0],
    /^Arm 'C' begins on day 13: the days that not all arms share, and \d+ units of those days, were left out/,
  );
  t.deepEqual(
    section.looks[0].looks.map((look) => look.day),
    [13, 14, 15],
  );
  t.true(section.arms.every(({ units }) => units > 400 && units < 600));
  t.true(section.metrics[0].effects.every(({ pValue }) => (pValue ?? 0) > 0.001));
  // A few units that happen to start later are no reason to leave anything out.
  const small = analyseTrial(played(6, 12, { days: 4 }), [spend], OPTIONS);
  t.is(
    small.arms.reduce((sum, { units }) => sum + units, 0),
    12,
  );
});

test('an arm that ends early: later days are left out; arms that share no day are refused', (t) => {
  const trial = played(5, 3000, { days: 6, arms: 3 });
  const { unit, day = new Int32Array(0), columns } = trial.observations;
  const without = (lost: (arm: number, day: number) => boolean): Trial => {
    const keep = [...unit.keys()].filter((i) => !lost(trial.arm[unit[i]], day[i]));
    return {
      ...trial,
      observations: {
        unit: Int32Array.from(keep, (i) => unit[i]),
        day: Int32Array.from(keep, (i) => day[i]),
        columns: { spend: Float64Array.from(keep, (i) => columns['spend'][i] + (day[i] > 12 ? 5 : 0)) },
      },
    };
  };
  const early = analyseTrial(
    without((arm, d) => arm === 1 && d > 12),
    [spend],
    { ...OPTIONS, looks: true },
  );
  t.regex(early.reasons[0], /^Arm 'B' ends on day 12: the days that not all arms share/);
  t.deepEqual(
    early.looks[0].looks.map((look) => look.day),
    [10, 11, 12],
  );
  t.true(early.metrics[0].effects.every(({ pValue }) => (pValue ?? 0) > 0.001));
  const none = analyseTrial(
    without((arm, d) => (arm === 1 ? d > 11 : arm === 2 && d < 14)),
    [spend],
    OPTIONS,
  );
  t.is(none.verdict, 'unsupported');
  t.regex(none.reasons.join(' '), /an arm has no units.* begins on day 14, and arm 'B' ends on day 11/);
});

test('days that take turns: an arm that has no unit on the first day is not late where whole days were randomised', (t) => {
  const trial = played(6, 3000, { days: 1 });
  const windows = trial.arm.map((_, u) => Math.floor(u / 300));
  const switchback: Trial = {
    ...trial,
    unit: 'day',
    arm: windows.map((w) => w % 2),
    cluster: windows,
    observations: { ...trial.observations, day: windows },
  };
  const section = analyseTrial(switchback, [spend], { ...OPTIONS, looks: true });
  t.deepEqual(
    section.arms.map(({ units }) => units),
    [1500, 1500],
  );
  // Without the clusters, 1,500 units of B that all missed the first day are no chance.
  const { cluster: _, ...plain } = switchback;
  t.regex(analyseTrial(plain, [spend], OPTIONS).reasons.join(), /Arm 'B' begins on day 1/);
});

test('rough: skewness in arms of unequal size, and a control close to 0', (t) => {
  const luck = stream(21);
  const skewed = (a: number, b: number): Trial => {
    const arm = Array.from({ length: a + b }, (_, u) => (u < a ? 0 : 1));
    return trialOf(
      arm,
      arm.map(() => Math.exp(1.2 * normal(luck))),
    );
  };
  const reasons = (trial: Trial, shares: number[]): string =>
    analyseTrial(trial, [spend], { ...OPTIONS, planned: shares }).reasons.join('\n');
  t.regex(reasons(skewed(100, 5000), [1, 50]), /^spend: B: so skewed that with these units a tail of 2\.5 % is rather/);
  t.is(reasons(skewed(3000, 3000), [1, 1]), '');
  const small = trialOf(
    Array.from({ length: 400 }, (_, u) => u % 2),
    Array.from({ length: 400 }, () => 0.25 + normal(luck)),
  );
  t.regex(
    reasons(small, [1, 1]),
    /^spend: the control is only \d\.\d+ standard errors from 0.*by Fieller they are -?\d[\d.]* to [\d.]+ % for B/,
  );
});

test('segments: one part of all units is the whole; effects that differ are told apart', (t) => {
  const trial = played(7, 2000);
  const all = { ...trial, segments: [{ name: 'all', values: ['everybody', 'nobody'], code: new Int32Array(2000) }] };
  const [{ rows, sameEffect }] = analyseTrial(all, [spend], OPTIONS).segments;
  t.deepEqual(rows[0].difference, only(analyseTrial(trial, [spend], OPTIONS)).difference);
  t.regex(rows[1].difference.method, /refused: an arm has no units/);
  t.is(sameEffect, null);
  const shifted = trial.observations.columns['spend'].map(
    (x, u) => x + (trial.arm[u] === 1 ? (trial.segments[0].code[u] === 1 ? 1 : -1) : 0),
  );
  const mixed = analyseTrial(
    { ...trial, observations: { ...trial.observations, columns: { spend: shifted } } },
    [spend],
    OPTIONS,
  );
  t.true((mixed.segments[0].sameEffect ?? 1) < 1e-9);
  // Put together again, the parts weigh what they weigh among all units.
  const [one, two] = mixed.segments[0].rows;
  const together = ((one.difference.value ?? NaN) * one.units + (two.difference.value ?? NaN) * two.units) / 2000;
  t.true(Math.abs((mixed.segments[0].together?.value ?? NaN) - together) < 1e-12);
  const cut = analyseTrial({ ...trial, cluster: trial.arm.map((a, u) => 2 * (u % 100) + a) }, [spend], OPTIONS);
  t.is(cut.segments[0].sameEffect, null);
  t.is(cut.segments[0].together, undefined);
  t.deepEqual(
    mixed.segments[0].rows.map(({ segment, units }) => [segment, units > 400]),
    [
      ['de', true],
      ['fr', true],
    ],
  );
});

test('guardrails, corrections and truths', (t) => {
  const trial = played(8, 4000, { arms: 3, effect: 0.3 });
  const guard: Metric = { ...spend, name: 'guard', role: 'guardrail', margin: 0.02 };
  const section = analyseTrial(trial, [spend, guard, { ...guard, name: 'other', better: 'lower' }], {
    ...OPTIONS,
    correction: 'holm',
    truth: (metric, arm) => (metric === 'spend' && arm === 'B' ? 0.3 : undefined),
  });
  t.deepEqual(
    section.metrics.map(({ effects }) => effects[0].guardrail),
    [undefined, 'kept', 'broken'],
  );
  t.true(section.reasons.some((reason) => reason.startsWith('Guardrail other is broken by B')));
  t.deepEqual(
    section.metrics[0].effects.map(({ truth }) => truth),
    [0.3, undefined],
  );
  const [p, q] = section.metrics[0].effects.map(({ pValue }) => pValue ?? NaN).sort((a, b) => a - b);
  const adjusted = section.metrics[0].effects.map((effect) => effect.adjustedPValue ?? NaN).sort((a, b) => a - b);
  t.true(Math.abs(adjusted[0] / Math.min(1, 2 * p) - 1) < 1e-12 && adjusted[1] >= q);
  t.is(section.metrics[1].effects[0].adjustedPValue, undefined);
  const plain = analyseTrial(trial, [spend], OPTIONS);
  t.regex(plain.reasons[0], /^2 comparisons without a correction: by chance alone one in 20/);
  t.true((only(plain).bayes?.chanceToWin ?? 0) > 0.99);
});

test('refused, each with its reason: empty arms, lone units, constants, bad cells, broken splits and clusters', (t) => {
  const two = [0, 0, 0, 1, 1, 1];
  const values = [1, 2, 3, 4, 5, 7];
  const cases: readonly (readonly [Trial, RegExp])[] = [
    [trialOf([0, 0, 0, 0], [1, 2, 3, 4]), /an arm has no units/],
    [trialOf([0, 0, 0, 1], [1, 2, 3, 4]), /fewer than 2 randomised units/],
    [trialOf(two, [2, 2, 2, 2, 2, 2]), /constant in both arms/],
    [trialOf(two, [1, NaN, 3, 4, Infinity, 7]), /Column 'spend' is not a finite number in observations 1, 4\./],
    [trialOf(two, [1e300, 2, 3, -1e300, 4, 5]), /too large to be squared/],
    [trialOf([0, 0, 0, 1, 1, 2], values), /Unit 5 has arm 2, and there are 2 arms/],
    [
      trialOf(two, values, { cluster: Int32Array.of(0, 0, 1, 1, 2, 2) }),
      /1 of 3 clusters have units in several arms \(cluster 1: A and B\)/,
    ],
    [
      trialOf(two, values, {
        observations: { unit: Int32Array.of(0, 9), columns: { spend: column(1, 2), orders: column(1, 1) } },
      }),
      /Observation 1 is of unit 9/,
    ],
    [
      trialOf(two, values, {
        observations: {
          unit: Int32Array.of(0, 1),
          day: Int32Array.of(2, 1),
          columns: { spend: column(1, 2), orders: column(1, 1) },
        },
      }),
      /Observation 1 is of an earlier day/,
    ],
  ];
  for (const [trial, said] of cases) {
    const section = analyseTrial(trial, [spend], OPTIONS);
    t.is(section.verdict, 'unsupported', String(said));
    t.regex(section.reasons.join('\n'), said);
    t.is(only(section).difference.value, null);
    t.is(only(section).pValue, null);
    t.regex(only(section).difference.method, /^refused: /);
  }
  const tied = analyseTrial(
    trialOf(
      Array.from({ length: 200 }, (_, u) => u % 2),
      new Array<number>(200).fill(3),
    ),
    [median],
    OPTIONS,
  );
  t.regex(only(tied).difference.method, /values around the quantile are tied/);
  const none = trialOf(two, values, {
    observations: { unit: Int32Array.of(0, 1), columns: { spend: column(1, 2), orders: column(0, 0) } },
  });
  t.regex(only(analyseTrial(none, [ratio], OPTIONS)).difference.method, /denominator adds up to 0/);
});

test('a broken split: the numbers stand, the verdict does not', (t) => {
  const arm = Array.from({ length: 2200 }, (_, u) => (u < 1000 ? 0 : 1));
  const luck = stream(1);
  const trial = trialOf(
    arm,
    arm.map(() => normal(luck) + 9),
  );
  const section = analyseTrial(trial, [spend], OPTIONS);
  t.true(Math.abs(section.sampleRatio.p - 2.007865612426481e-5) < 1e-16);
  t.true(section.sampleRatio.alarm);
  t.is(section.verdict, 'unsupported');
  t.regex(section.reasons[0], /^The split is broken: units A 1000, B 1200, planned 0\.5 : 0\.5, p = 2\.0e-5/);
  t.true(only(section).difference.value !== null);
  const planned = analyseTrial(trial, [spend], { ...OPTIONS, planned: [10, 12] });
  t.is(planned.verdict, 'supported');
  t.deepEqual(planned.reasons, []);
});

test('the answer in one sentence: claims a difference only where it is significant, and none of a broken split', (t) => {
  const say = (trial: Trial, planned = [1, 1]): string => {
    const { verdict, sentence } = answerOfTest(analyseTrial(trial, [spend], { ...OPTIONS, planned }));
    return `${verdict}: ${sentence}`;
  };
  t.regex(
    say(played(30, 4000, { effect: 0.5 })),
    /^supported: spend is higher under 'B' than under 'A': difference 0\.\d+ \(\+\d/,
  );
  t.regex(say(played(30, 4000, { effect: -0.5 })), /^supported: spend is lower under 'B'/);
  t.regex(say(played(30, 4000)), /^weak: Not shown: spend under 'B' and 'A' may differ by chance alone: difference/);
  t.is(
    say(played(30, 4000, { effect: 0.5 }), [1, 9]),
    "unsupported: The test cannot say whether anything differs from 'A'.",
  );
});

test('a request that does not fit the trial is wrong use', (t) => {
  const trial = played(9, 50);
  const cases: readonly (readonly [Metric[], object, RegExp])[] = [
    [[spend], { control: 'a' }, /control: expected the name of an arm, received 'a'\. Did you mean 'A'/],
    [[spend], { level: 95 }, /level: expected a number between 0\.5 and 1/],
    [[spend], { planned: [1] }, /planned: expected one share per arm \(A, B\), received 1/],
    [[spend], { planned: [1, -1] }, /shares of at least 0/],
    [[], {}, /metrics: expected at least one/],
    [[spend, spend], {}, /different names, received 'spend' twice/],
    [
      [{ ...spend, column: 'spent' }],
      {},
      /metric spend: expected a column of the observations, received 'spent'\. Did you mean 'spend'/,
    ],
    [[{ ...ratio, denominator: 'order' }], {}, /received 'order'\. Did you mean 'orders'/],
    [[{ ...median, quantile: 1 }], {}, /a quantile between 0 and 1, received 1/],
    [[{ ...spend, covariate: 'tastes' }], {}, /a covariate of the units, received 'tastes'/],
  ];
  for (const [metrics, options, said] of cases)
    t.throws(() => analyseTrial(trial, metrics, { ...OPTIONS, ...options }), { message: said });
  t.throws(() => analyseTrial({ ...trial, cluster: new Int32Array(3) }, [spend], OPTIONS), {
    message: /^clusters: expected 50 numbers \(units=50\), received 3/,
  });
});

test('nothing there: 5 % of trials show an effect, with clusters too, and the wrong unit shows far more', (t) => {
  const luck = stream(12);
  const trials = 300;
  let [right, wrong] = [0, 0];
  for (let r = 0; r < trials; r++) {
    const groups = 60;
    const [given, level] = [[] as number[], [] as number[]];
    for (let g = 0; g < groups; g++) {
      given.push(g % 2);
      level.push(normal(luck));
    }
    const cluster = Int32Array.from({ length: groups * 8 }, (_, u) => u % groups);
    const values = Array.from(cluster, (c) => level[c] + normal(luck));
    const trial = trialOf(
      Array.from(cluster, (c) => given[c]),
      values,
    );
    const p = (one: Trial): number => only(analyseTrial(one, [spend], OPTIONS)).pValue ?? NaN;
    if (p({ ...trial, cluster }) < 0.05) right++;
    if (p(trial) < 0.05) wrong++;
  }
  // 0.05 ± 4 standard errors of 0.0126.
  t.true(right / trials > 0.001 && right / trials < 0.1, `right: ${right / trials}`);
  t.true(wrong / trials > 0.25, `wrong: ${wrong / trials}`);
});

test('nothing there: every kind of metric, with and without CUPED, shows an effect in 5 % of trials', (t) => {
  const luck = stream(13);
  const [trials, units] = [400, 300];
  const metrics: Metric[] = [
    { ...spend, covariate: 'x' },
    { ...visit, column: 'bought', covariate: 'x' },
    { ...ratio, covariate: 'x', covariateDenominator: 'visits' },
    median,
  ];
  const hits = new Map<string, number>();
  const count = (name: string, p: number | null | undefined): void => {
    hits.set(name, (hits.get(name) ?? 0) + ((p ?? 1) < 0.05 ? 1 : 0));
  };
  for (let r = 0; r < trials; r++) {
    const column = (make: (u: number) => number): Float64Array =>
      Float64Array.from({ length: units }, (_, u) => make(u));
    const x = column(() => normal(luck));
    const values = column((u) => Math.exp(0.3 * (x[u] + normal(luck))));
    const orders = column(() => 1 + Math.floor(3 * luck.next()));
    const trial: Trial = {
      ...trialOf(Array.from(column(() => (luck.next() < 0.5 ? 0 : 1))), []),
      covariates: { x, visits: column(() => 1 + Math.floor(3 * luck.next())) },
      observations: {
        unit: Int32Array.from(values, (_, u) => u),
        columns: { spend: values, orders, bought: values.map((v) => (v > 1.3 ? 1 : 0)) },
      },
    };
    for (const { metric, effects } of analyseTrial(trial, metrics, OPTIONS).metrics) {
      count(metric.name, effects[0].pValue);
      if (metric.covariate !== undefined) count(`${metric.name} with CUPED`, effects[0].cuped?.pValue);
      count(`${metric.name}, relative`, effects[0].relativePValue);
    }
  }
  t.is(hits.size, 11);
  // 0.05 ± 4 standard errors of 0.0109.
  for (const [name, n] of hits) t.true(n / trials > 0.006 && n / trials < 0.094, `${name}: ${n / trials}`);
});
