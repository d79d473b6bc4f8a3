import type { LiftTable } from '../lifts/contract.js';
import type { ReportDocument } from '../contract.js';
import { REFUSED, estimate, sampleReport } from './_fixture.test.js';

/** What policies did to a control in several places, for tests only. */

const POLICIES = ['recomind', 'marginal-relevance', '<b>"random"</b> & others-with-a-very-long-name'];
const METRICS = ['watch10s per session', 'depth', 'depth given 10 items', 'hide per session'];

function table(place: string, seeds: readonly number[], half: number): LiftTable {
  return {
    ...{ place, control: 'supervised', seeds, users: 1200 * seeds.length },
    rows: POLICIES.flatMap((policy, p) =>
      METRICS.map((metric, m) => {
        const lift = 0.05 * (1 - p) + 0.01 * m;
        const perSeed = seeds.map((seed) => estimate(lift + 0.004 * Math.sin(7 * seed + m), half));
        const relative = estimate(lift, half / 2, { method: `Student t 95% over ${seeds.length} seeds` });
        // Nobody hid anything under the control: there is nothing to divide by.
        const none = metric.startsWith('hide');
        return {
          ...{ policy, metric, control: none ? 0 : 4 + m, value: none ? 0.02 : (4 + m) * (1 + lift) },
          relative: none ? REFUSED : relative,
          perSeed: none ? perSeed.map(() => REFUSED) : perSeed,
        };
      }),
    ),
  };
}

/** A world over three seeds, a simulator of one seed, one where nothing can be told, and one without any policy. */
export function liftTables(): LiftTable[] {
  const [world] = [table('the generated world', [1, 2, 3], 0.02)];
  return [
    world,
    table('the simulator it learned in', [1], 0.03),
    {
      ...{ place: 'a <i>world</i> of short sessions', control: 'supervised', seeds: [1], users: 3 },
      rows: [
        {
          ...{ policy: 'recomind', metric: 'depth given 10 items', control: null, value: null },
          relative: REFUSED,
          perSeed: [REFUSED],
        },
      ],
    },
    { place: 'an empty place', control: 'supervised', seeds: [1], users: 0, rows: [] },
  ];
}

const EMPTY = { models: [], policies: [], comparisons: [], curves: [], segments: [], rollouts: [] } as const;

/** Lifts, and a log without propensities of which its importer warns. */
export function liftReport(): ReportDocument {
  const { data } = sampleReport();
  if (data === undefined) throw new Error('the sample report has data');
  const { propensity: _none, ...bare } = data;
  const warnings = ['All rows were liked or hated: <b>not for rates</b>.', 'Sessions have holes.'];
  return sampleReport({ ...EMPTY, data: { ...bare, warnings }, lifts: liftTables() });
}
