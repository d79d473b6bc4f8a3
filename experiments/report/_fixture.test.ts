import type { Quality } from '../../reward-models/contract.js';
import type { Estimate, PolicySection, ReportDocument } from '../contract.js';

/** A report with every section filled, for tests only: a shop's generated log, four policies, two models, two agents. */

const KEYS = ['ips', 'clippedIps', 'snips', 'dm', 'dr', 'sndr', 'switchDr', 'dros'];
const SPREAD = [2.2, 1.6, 1.5, 0.5, 1, 1.02, 0.95, 0.9];
const LEAN = [0.8, -0.9, 0.5, -1.8, 0.1, 0.15, -0.2, -0.35];

export function estimate(value: number, half: number, extra: Partial<Estimate> = {}): Estimate {
  return {
    value,
    standardError: half / 1.96,
    interval: [value - half, value + half],
    method: 'delta 95%',
    ...extra,
  };
}

export const REFUSED: Estimate = {
  value: null,
  standardError: null,
  interval: null,
  method: 'refused: Row 17 holds 29 % of all weight.',
};

function policy(id: string, summary: string, value: number, half: number, truth: number): PolicySection {
  const settings: Readonly<Record<string, number>> = { clippedIps: 10, switchDr: 10, dros: 10 };
  const estimates = KEYS.map((key, k): [string, Estimate] => {
    const width = half * SPREAD[k];
    const centre = value + half * LEAN[k];
    const setting = key in settings ? { setting: settings[key] } : {};
    if (key === 'dm') return [key, { value: centre, standardError: null, interval: null, method: 'no interval' }];
    return [key, estimate(centre, width, { ...setting, bootstrap: [centre - width * 1.04, centre + width * 0.98] })];
  });
  const edges = Array.from({ length: 25 }, (_, i) => 10 ** (-3 + i / 4));
  return {
    id,
    summary,
    estimates: Object.fromEntries(estimates),
    diagnostics: {
      rounds: 20000,
      effectiveSampleSize: 20000 / (1 + (half * 900) ** 2 / 4),
      meanWeight: 1.0021,
      maxWeight: 4000 * half,
      maxWeightShare: half / 6,
      propensityFloor: 0.0125,
      offendingRows: [],
    },
    verdict: 'supported',
    reasons: [],
    weights: {
      edges: [0, ...edges],
      counts: [
        1240,
        ...edges
          .slice(1)
          .map((edge, i) => (edge > 6000 * half ? 0 : Math.round(4800 * Math.exp(-((i - 10.5) ** 2) / (half * 4000))))),
      ],
    },
    truth,
  };
}

function quality(rows: number, loss: number, base: number, auc: number): Quality {
  const bins = Array.from({ length: 10 }, (_, b) => ({
    rows: Math.round(rows / 10) + (b === 9 ? rows % 10 : 0),
    meanPredicted: base * (0.3 + 0.19 * b),
    meanObserved: base * (0.3 + 0.19 * b) * (1 + 0.12 * Math.sin(2.1 * b)),
  }));
  return { rows, loss, lossOfConstant: loss * 1.043, auc, expectedCalibrationError: base * 0.061, reliability: bins };
}

function refusedPolicy(): PolicySection {
  const greedy = policy('greedy', 'The item with the highest predicted click rate, always.', 0.07, 0.012, 0.0712);
  return {
    ...greedy,
    weights: {
      edges: greedy.weights.edges,
      counts: greedy.weights.counts.map((_, i) => (i === 0 ? 19_387 : i > 11 ? 600 >> (i - 12) : 0)),
    },
    estimates: Object.fromEntries(KEYS.map((key) => [key, REFUSED])),
    diagnostics: {
      ...greedy.diagnostics,
      effectiveSampleSize: 11.4,
      maxWeight: 812.5,

      maxWeightShare: 0.2871,
      offendingRows: Array.from({ length: 34 }, (_, i) => 17 + 311 * i),
    },
    verdict: 'unsupported',
    reasons: ['The effective sample size is 11 of 20,000 rounds; a single round (row 17) carries 29 % of the weight.'],
  };
}

function policies(): PolicySection[] {
  const popular = policy('popular', 'The items with the most clicks so far, 20 % at random.', 0.0518, 0.0046, 0.0534);
  return [
    policy(
      'log-policy-gradient',
      'Learned from the fitting half of the log by policy gradient.',
      0.0583,
      0.0021,
      0.0578,
    ),
    policy('uniform', 'Every item with the same probability.', 0.0462, 0.0012, 0.0465),
    { ...popular, verdict: 'weak', reasons: ['The effective sample size is below a tenth of the rounds.'] },
    refusedPolicy(),
  ];
}

function wave(seed: number, n: number, height: number): [number, number][] {
  return Array.from({ length: n }, (_, i) => {
    const x = i / (n - 1);
    return [Math.round(50_000 * x), height * (1 - Math.exp(-4 * x)) + 0.06 * height * Math.sin(9 * x * seed + seed)];
  });
}

function sections(): Pick<ReportDocument, 'models' | 'curves' | 'segments' | 'rollouts'> {
  const fittedOn = { log: 'click-world', logHash: '9f2c4a7716be', split: 'fitting half', rows: 20000 };
  const settings = { learningRate: 0.05, hidden: [32, 32], l2: 0.001, calibrate: true, activation: 'tanh' };
  const card = { unit: 'probability', fittedOn, settings, epochs: 14, parameters: 2113 } as const;
  const seeds = (mean: number, n: number): ReportDocument['rollouts'][number]['perSeed'] =>
    Array.from({ length: n }, (_, i) => ({
      seed: i + 1,
      episodes: 200,
      meanReturn: mean * (1 + 0.04 * Math.sin(3 * i + 1)),
      standardError: mean * 0.015,
      meanLength: 18.4 + i,
    }));
  return {
    models: [
      {
        role: 'reward model for estimates',
        card: { ...card, kind: 'logistic', heads: ['click'], quality: [quality(4000, 0.1812, 0.046, 0.671)] },
        heldOut: [quality(20003, 0.1839, 0.046, 0.664)],
      },
      {
        role: 'model that ranks',
        card: {
          ...card,
          kind: 'mlp',
          heads: ['click', 'purchase'],
          quality: [quality(4000, 0.1801, 0.046, 0.682), quality(4000, 0.0204, 0.003, NaN)],
        },
      },
    ],
    curves: [
      ...[1, 2, 3].map((seed) => ({
        chart: 'Return while learning',
        name: `seed ${seed}`,
        xLabel: 'steps',
        yLabel: 'mean return',
        points: wave(seed, 80, 12),
      })),
      { chart: 'Loss', name: 'policy loss', xLabel: 'steps', yLabel: 'loss', points: wave(2, 600, -0.4) },
    ],
    segments: [
      {
        by: 'position',
        columns: ['log-policy-gradient', 'uniform'],
        rows: ['1', '2', '3'].map((segment, i) => ({
          segment,
          rounds: 6700 - 33 * i,
          values: [estimate(0.071 - 0.011 * i, 0.0037), estimate(0.055 - 0.008 * i, 0.0022)],
        })),
      },
      {
        by: 'user segment',
        columns: ['log-policy-gradient', 'uniform'],
        rows: ['new', 'returning', 'subscriber', 'staff'].map((segment, i) => ({
          segment,
          rounds: [9120, 7411, 3452, 17][i],
          values:
            segment === 'staff' ? [REFUSED, REFUSED] : [estimate(0.05 + 0.007 * i, 0.004), estimate(0.046, 0.003)],
        })),
      },
    ],
    rollouts: [
      {
        policy: 'reinforce',
        env: 'recsys/FeedSession-v1',
        perSeed: seeds(12.1, 3),
        overall: estimate(12.1, 0.62, { method: 't over 3 seeds 95%' }),
      },
      {
        policy: 'random',
        env: 'recsys/FeedSession-v1',
        perSeed: seeds(7.4, 2),
        overall: estimate(7.4, 0.21, { method: 'normal over episodes 95%' }),
      },
    ],
  };
}

/** The full document; fields of `replaced` stand instead of the usual ones. */
export function sampleReport(replaced: Partial<ReportDocument> = {}): ReportDocument {
  const difference = (value: number, half: number): Estimate => estimate(value, half, { method: 'paired delta 95%' });
  return {
    format: 'recsys-gym/report',
    version: 1,
    id: 'quickstart',
    question: "Does a policy learned from the shop's log earn more clicks than the policy that wrote it?",
    answer: {
      verdict: 'supported',
      sentence:
        "Yes: 'log-policy-gradient' earns more than 'uniform': difference per decision 0.0121 (+26.2 %), interval 0.0098 to 0.0144, by dr.",
      reasons: [
        'The effective sample size is 4,410 of 20,000 rounds.',
        'Doubly robust, self-normalised and switch estimates agree within their intervals.',
      ],
    },
    provenance: {
      configHash: '5d41402abc4b',
      codeVersion: '0.1.0',
      dataHash: '9f2c4a7716be',
      seeds: [1],
      backend: 'wasm',
      config: {
        kind: 'log',
        id: 'quickstart',
        seed: 1,
        log: { from: 'world', world: 'click-world', rows: 40000 },
        reward: 'click',
        evaluation: { level: 0.95, segments: ['position', 'segment'] },
      },
      repeat: 'recsys-gym run config.json',
    },
    data: {
      source: 'click-world',
      rows: 40000,
      actions: 34,
      rewardFormula: 'click',
      rewardRate: estimate(0.0461, 0.0029, { method: 'Wilson 95%' }),
      propensity: { min: 0.0125, mean: 0.0294, max: 0.25 },
      splits: [
        { name: 'fitting half', rows: 20000, purpose: 'reward model and policy' },
        { name: 'evaluation half', rows: 20000, purpose: 'every number of this report' },
      ],
    },
    policies: policies(),
    comparisons: [
      {
        policy: 'log-policy-gradient',
        against: 'uniform',
        estimator: 'dr',
        difference: difference(0.0121, 0.0023),
        relative: 0.262,
        verdict: 'supported',
        truth: 0.0113,
      },
      {
        policy: 'log-policy-gradient',
        against: 'popular',
        estimator: 'dr',
        difference: difference(0.0065, 0.0049),
        relative: 0.125,
        verdict: 'weak',
        truth: 0.0044,
      },
      {
        policy: 'log-policy-gradient',
        against: 'greedy',
        estimator: 'dr',
        difference: { ...REFUSED },
        relative: null,
        verdict: 'unsupported',
      },
    ],
    ...sections(),
    ...replaced,
  };
}
