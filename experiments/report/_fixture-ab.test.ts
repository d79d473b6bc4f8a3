import type { AbMetric, AbSection, Effect, LookSeries, Metric } from '../ab/contract.js';
import type { Agreement, DesignTable, PowerTable } from '../ab/simulate/contract.js';
import type { Estimate, ReportDocument } from '../contract.js';
import { liftTables } from './_fixture-lifts.test.js';
import { REFUSED, estimate, sampleReport } from './_fixture.test.js';

/** Reports of A/B tests, for tests only: a shop's test with all that it can say. */

export const bare = (value: number): Estimate => ({
  value,
  standardError: null,
  interval: null,
  method: 'no interval',
});
const welch = (value: number, half: number): Estimate => estimate(value, half, { method: 'Welch 95%' });

/** One arm's effect with all its readings, around a difference with a half-width. */
export function effectOf(
  arm: string,
  difference: number,
  half: number,
  control: number,
  extra: Partial<Effect> = {},
): Effect {
  const z = (1.96 * Math.abs(difference)) / half;
  return {
    arm,
    difference: welch(difference, half),
    relative: welch(difference / control, half / control),
    pValue: Math.max(1e-40, Math.exp(-0.72 * z - 0.42 * z * z)),
    adjustedPValue: Math.min(1, 3 * Math.max(1e-40, Math.exp(-0.72 * z - 0.42 * z * z))),
    sequential: {
      difference: estimate(difference, 1.55 * half, { method: 'confidence sequence 95%' }),
      pValue: Math.min(1, 6 * Math.exp(-0.35 * z * z)),
    },
    bayes: { chanceToWin: 1 / (1 + Math.exp((-1.7 * 1.96 * difference) / half)), risk: 0.12 * half },
    ...extra,
  };
}

export const METRICS: Readonly<Record<string, Metric>> = {
  revenue: {
    ...{ name: 'revenue per user', kind: 'mean', column: 'revenue', covariate: 'revenue_before' },
    ...{ role: 'primary', better: 'higher' },
  },
  bought: { name: 'buyers', kind: 'proportion', column: 'orders', role: 'secondary', better: 'higher' },
  clicks: {
    ...{ name: 'click rate', kind: 'ratio', column: 'clicks', denominator: 'impressions' },
    ...{ role: 'secondary', better: 'higher' },
  },
  latency: {
    ...{ name: 'slow pages', kind: 'quantile', column: 'latency_ms', quantile: 0.95 },
    ...{ role: 'guardrail', better: 'lower', margin: 0.02 },
  },
  complaints: {
    ...{ name: 'complaints', kind: 'mean', column: 'complaints', role: 'guardrail', better: 'lower', margin: 0.05 },
  },
  sessions: {
    ...{
      name: 'sessions per user',
      kind: 'mean',
      column: 'sessions',
      role: 'guardrail',
      better: 'higher',
      margin: 0.01,
    },
  },
};

export const valuesOf = (values: Readonly<Record<string, Estimate>>): AbMetric['values'] =>
  Object.entries(values).map(([arm, value]) => ({ arm, value }));

function metrics(): AbMetric[] {
  const cuped = {
    covariate: 'revenue_before',
    theta: 0.712,
    correlation: 0.683,
    varianceReduction: 0.466,
    difference: estimate(0.198, 0.113, { method: 'CUPED Welch 95%' }),
    relative: estimate(0.0439, 0.025, { method: 'relative CUPED Welch 95%' }),
    pValue: 0.00059,
    warnings: ['The covariate already differed between the arms before the test (p = 0.031).'],
  };
  const two = (control: number, half: number, effect: Effect): Pick<AbMetric, 'values' | 'effects'> => ({
    values: valuesOf({ control: welch(control, half), ranker: welch(control + (effect.difference.value ?? 0), half) }),
    effects: [effect],
  });
  return [
    {
      metric: METRICS['sessions'],
      ...two(3.912, 0.025, effectOf('ranker', 0.011, 0.035, 3.912, { guardrail: 'kept' })),
    },
    {
      metric: METRICS['latency'],
      ...two(812, 9, effectOf('ranker', 31, 12, 812, { guardrail: 'broken' })),
    },
    {
      metric: METRICS['complaints'],
      ...two(0.0041, 0.0004, effectOf('ranker', 0.0001, 0.0006, 0.0041, { guardrail: 'unclear' })),
    },
    {
      metric: METRICS['clicks'],
      ...two(0.0461, 0.0008, effectOf('ranker', 0.0052, 0.0011, 0.0461, { truth: 0.0049, permutationPValue: 0.0005 })),
    },
    {
      metric: METRICS['bought'],
      ...two(0.0312, 0.0024, effectOf('ranker', -0.0009, 0.0034, 0.0312, { truth: 0.0004 })),
    },
    {
      metric: METRICS['revenue'],
      ...two(4.512, 0.11, effectOf('ranker', 0.213, 0.155, 4.512, { cuped, truth: 0.18 })),
    },
  ];
}

/** Daily looks at a difference that settles on `end`; the always-valid band says nothing on the first days. */
export function looksOf(metric: string, arm: string, end: number, days: number, half: number): LookSeries {
  const looks = Array.from({ length: days }, (_, i) => {
    const day = i + 1;
    const wide = half * Math.sqrt(days / day);
    const difference = end + 0.7 * wide * Math.sin(1.7 * i + 0.9) * Math.exp(-i / days);
    const valid = 1.45 * wide * (1 + 0.4 / day);
    return {
      day,
      units: 640 * day,
      difference,
      naive: [difference - wide, difference + wide] as const,
      alwaysValid: i < 2 ? null : ([difference - valid, difference + valid] as const),
    };
  });
  const first = looks.find(({ alwaysValid }) => alwaysValid !== null && (alwaysValid[0] > 0 || alwaysValid[1] < 0));
  return { metric, arm, looks, stoppedOn: first?.day ?? null };
}

function test(): AbSection {
  return {
    name: 'new ranker on the home page',
    unit: 'user',
    control: 'control',
    level: 0.95,
    arms: [
      { name: 'control', units: 8971, planned: 0.5 },
      { name: 'ranker', units: 8949, planned: 0.5 },
    ],
    sampleRatio: { p: 0.869, alarm: false },
    metrics: metrics(),
    looks: [
      looksOf('click rate', 'ranker', 0.0052, 28, 0.0024),
      looksOf('revenue per user', 'ranker', 0.213, 28, 0.155),
    ],
    segments: [
      {
        ...{ metric: 'revenue per user', arm: 'ranker', by: 'country' },
        rows: ['Austria', 'Germany', 'Switzerland', 'others'].map((segment, i) => ({
          segment,
          units: [2211, 9120, 3008, 3581][i],
          difference: welch([0.31, 0.19, 0.11, 0.28][i], [0.44, 0.21, 0.38, 0.34][i]),
        })),
        sameEffect: 0.87,
        together: welch(0.209, 0.153),
      },
      {
        ...{ metric: 'revenue per user', arm: 'ranker', by: 'age of the account' },
        rows: ['new', 'under a year', 'older', 'staff'].map((segment, i) => ({
          segment,
          units: [5120, 6033, 6752, 15][i],
          difference: i === 3 ? REFUSED : welch([-0.22, 0.24, 0.51][i], [0.27, 0.26, 0.25][i]),
        })),
        sameEffect: 0.00041,
      },
    ],
    verdict: 'weak',
    reasons: [
      'revenue per user rises by 4.7 % (1.3 % to 8.2 %), and the split is as planned.',
      "The guardrail 'slow pages' is broken: it worsens by 3.8 %, and 2 % are tolerated.",
    ],
    assumptions: [
      'Users do not influence each other: what one sees does not change what another does.',
      'A user stays in its arm for the whole test.',
      'The metrics were chosen before the first look.',
    ],
  };
}

function designs(): DesignTable[] {
  const row = (design: string, bias: number, half: number, deviation: number, coverage: number) => ({
    ...{ design, replications: 400, deviation, coverage },
    mean: estimate(0.18 + bias, half, { method: 'normal 95%' }),
    bias: estimate(bias, half, { method: 'normal 95%' }),
  });
  return [
    {
      metric: 'revenue per user',
      arm: 'ranker',
      truth: estimate(0.18, 0.003, { method: 'two worlds, 200 seeds' }),
      rows: [
        row('user split', 0.094, 0.008, 0.079, 0.71),
        row('budget split', 0.004, 0.009, 0.091, 0.945),
        row('cluster', -0.006, 0.017, 0.171, 0.9525),
        row('switchback', 0.031, 0.013, 0.128, 0.93),
      ],
    },
  ];
}

function power(): PowerTable[] {
  const rule = (name: string, middle: number, steep: number): PowerTable => ({
    ...{ metric: 'revenue per user', arm: 'ranker', rule: name },
    rows: Array.from({ length: 28 }, (_, i) => {
      const share = 1 / (1 + Math.exp(-(i + 1 - middle) / steep)) - 1 / (1 + Math.exp(middle / steep));
      const half = 1.96 * Math.sqrt((share * (1 - share) + 0.002) / 400);
      return { day: i + 1, units: 640 * (i + 1), found: estimate(share, half, { method: 'Wilson 95%' }) };
    }),
  });
  return [rule('fixed horizon', 9, 3.2), rule('always valid', 14, 4), rule('fixed horizon with CUPED', 6, 2.4)];
}

function agreements(): Agreement[] {
  return [
    {
      quantity: 'click rate of the new ranker',
      rows: [
        { method: 'off-policy (dr)', estimate: estimate(0.0508, 0.0019) },
        { method: 'simulator', estimate: estimate(0.0514, 0.0004, { method: 'normal over 20 seeds 95%' }) },
        { method: 'A/B test', estimate: estimate(0.0513, 0.0008, { method: 'Wilson 95%' }) },
      ],
      agree: true,
      sentence: 'All three intervals hold 0.0512.',
      truth: 0.0511,
    },
    {
      quantity: 'revenue difference, new ranker − control',
      rows: [
        { method: 'off-policy (dr)', estimate: estimate(0.41, 0.09) },
        { method: 'simulator', estimate: bare(0.2) },
        { method: 'A/B test', estimate: welch(0.213, 0.155) },
        { method: 'budget split', estimate: REFUSED },
      ],
      agree: false,
      sentence: 'The off-policy estimate is above the A/B test: it knows nothing of budgets that run out.',
      truth: 0.18,
    },
  ];
}

const EMPTY = { models: [], policies: [], comparisons: [], curves: [], segments: [], rollouts: [] } as const;

/** The document of `ab simulate`: one test with all it can say, its designs, its power and where methods disagree. */
export function sampleAbReport(replaced: Partial<ReportDocument> = {}): ReportDocument {
  const { data: _data, ...rest } = sampleReport({
    ...EMPTY,
    id: 'home-ranker',
    question: 'Does the new ranker on the home page earn more per user, without hurting anything else?',
    answer: {
      verdict: 'weak',
      sentence:
        'It earns more (+4.7 %, interval 1.3 % to 8.2 %), but pages get slower by 3.8 % where 2 % are tolerated.',
      reasons: ["The guardrail 'slow pages' is broken.", 'The split is as planned (p = 0.87).'],
    },
    abTests: [test()],
    designs: designs(),
    power: power(),
    agreements: agreements(),
  });
  const { provenance } = rest;
  return {
    ...rest,
    provenance: {
      ...provenance,
      seeds: [1, 2, 3],
      config: { kind: 'ab', id: 'home-ranker', seed: 1, days: 28 },
      repeat: 'recsys-gym ab simulate home-ranker.yaml --set seed=1',
    },
    ...replaced,
  };
}

/** Policies, A/B tests and lifts in one document. */
export function mixedReport(): ReportDocument {
  const { abTests, designs: tables, power: rules, agreements: agreed } = sampleAbReport();
  return {
    ...sampleReport(),
    ...(abTests && { abTests }),
    ...(tables && { designs: tables }),
    ...(rules && { power: rules }),
    ...(agreed && { agreements: agreed }),
    lifts: liftTables(),
  };
}
