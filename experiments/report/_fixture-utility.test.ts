import type { LogSizeTable, WeightTable } from '../ad-utility/contract.js';
import type { LiftTable } from '../lifts/contract.js';
import type { ReportDocument } from '../contract.js';
import { estimate, sampleReport } from './_fixture.test.js';

/** What only tuned ad utilities report, for tests only. */

const HOSTILE = '<b>"policy"</b> & others';

function weights(policy: string): WeightTable {
  return {
    ...{ policy, by: 'clicks per ad shown under the control', groups: ['click', 'longClick', 'hide'] },
    ...{ production: [0.2, 0.2, 0.2], seeds: [1, 2] },
    buckets: Array.from({ length: 5 }, (_, b) => ({
      ...{ name: `${b + 1} of 5`, requests: 2400 + b, level: 0.02 * (b + 1) },
      weights: [0.1 + 0.1 * b, 0.25, 0.3 - 0.02 * b],
    })),
    rankCorrelation: [
      [1, null, -1],
      [0.9, null, -1],
    ],
  };
}

const SIZES: LogSizeTable[] = [
  {
    ...{ policy: HOSTILE, within: 0.02, level: 0.95, rows: 200_000, hits: 1612, variation: 1.81 },
    needed: [
      { method: 'hits of a uniform log', rows: 3_932_411.2 },
      { method: 'snips', rows: 4_011_223 },
      { method: 'dr', rows: null },
    ],
  },
];

const LIFTS: LiftTable = {
  ...{ place: 'the treated segment, surface search', control: 'manual', seeds: [1], users: 900 },
  rows: ['reward per request', 'revenue per request', 'CTR'].map((metric, m) => ({
    ...{ policy: HOSTILE, metric, control: 1, value: 1 + 0.01 * m },
    ...{ relative: estimate(0.01 * m, 0.004), perSeed: [estimate(0.01 * m, 0.004)] },
  })),
  guardrail: { metric: 'revenue per request', margin: 0.03, states: [{ policy: HOSTILE, state: 'unclear' }] },
};

export function utilityReport(): ReportDocument {
  return sampleReport({
    ...{ lifts: [LIFTS], logSizes: SIZES },
    weightTables: [weights(HOSTILE), { ...weights('without'), buckets: [] }],
  });
}
