import { exponential, normal } from '../../../core/distributions.js';
import { KeyedDraws } from '../../../core/draws.js';
import { analyseTrial } from '../../ab/analyze/analyse.js';
import type { Metric, Trial } from '../../ab/contract.js';
import { LEVEL, Tally, type Covered } from './claims.js';

/** Units of both arms together, and what the treatment truly does. */
const UNITS = 1000;
/** Clusters of a clustered trial; units are dealt to them. */
const CLUSTERS = 80;
/** Added to every treated unit's spend, to its probability of a visit, and to its orders' value. */
const EFFECT = { spend: 0.2, visit: 0.05, value: 0.1 } as const;
const BASE = { spend: 2, visit: 0.3, value: 1 } as const;
/** Of a median: the spend before it is 1 + an exponential of mean 1, so its median is 1 + ln 2. */
const metrics: readonly Metric[] = [
  { ...named('spend'), kind: 'mean', column: 'spend', covariate: 'before', role: 'primary', better: 'higher' },
  { ...named('visit'), kind: 'proportion', column: 'visit', role: 'secondary', better: 'higher' },
  {
    ...named('value per order'),
    kind: 'ratio',
    column: 'value',
    denominator: 'orders',
    role: 'secondary',
    better: 'higher',
  },
  { ...named('median spend'), kind: 'quantile', column: 'spend', quantile: 0.5, role: 'secondary', better: 'higher' },
];

function named(name: string): { readonly name: string } {
  return { name };
}

/** True differences, and differences relative to the control, by metric. */
const TRUTH: Readonly<Record<string, { readonly difference: number; readonly relative: number }>> = {
  spend: { difference: EFFECT.spend, relative: EFFECT.spend / BASE.spend },
  visit: { difference: EFFECT.visit, relative: EFFECT.visit / BASE.visit },
  'value per order': { difference: EFFECT.value, relative: EFFECT.value / BASE.value },
  'median spend': { difference: EFFECT.spend, relative: EFFECT.spend / (1 + Math.LN2) },
};

/** Draws many trials whose effects are known and counts which intervals hold them. */
export function coverageOfTrials({
  tests,
  seed,
  clustered,
}: {
  tests: number;
  seed: number;
  clustered: boolean;
}): Covered[] {
  const tally = new Tally();
  for (let test = 0; test < tests; test++) {
    const trial = drawTrial(
      new KeyedDraws(seed, `coverage/trials/${clustered ? 'clusters' : 'units'}`),
      test,
      clustered,
    );
    const section = analyseTrial(trial, metrics, { name: 'coverage', control: 'A', level: LEVEL, sequential: true });
    for (const { metric, effects } of section.metrics) {
      const { difference, relative, cuped, sequential } = effects[0];
      const truth = TRUTH[metric.name];
      const add = (method: string, interval: readonly [number, number] | null, value: number): void => {
        const claim = method === 'always valid' ? 'conservative' : 'nominal';
        if (interval !== null) tally.add({ estimate: metric.name, method, claim }, interval, value);
      };
      add('difference', difference.interval, truth.difference);
      add('relative difference', relative.interval, truth.relative);
      if (cuped !== undefined) add('with CUPED', cuped.difference.interval, truth.difference);
      if (sequential !== undefined) add('always valid', sequential.difference.interval, truth.difference);
    }
  }
  return tally.done(clustered ? `${UNITS} users in ${CLUSTERS} clusters` : `${UNITS} users`);
}

function drawTrial(draws: KeyedDraws, test: number, clustered: boolean): Trial {
  const arm = new Int32Array(UNITS);
  const cluster = new Int32Array(UNITS);
  const column = (): Float64Array => new Float64Array(UNITS);
  const [spend, visit, value, orders, before] = [column(), column(), column(), column(), column()];
  for (let u = 0; u < UNITS; u++) {
    cluster[u] = u % CLUSTERS;
    const together = clustered ? cluster[u] : u;
    // Arms are drawn, not dealt: their sizes differ by chance.
    arm[u] = draws.at(test, together, 1).next() < 0.5 ? 1 : 0;
    const shared = clustered ? 0.2 * normal(draws) : 0;
    draws.at(test, u, 2);
    const habit = exponential(draws, 1);
    before[u] = habit + 0.5 * normal(draws);
    spend[u] = 1 + habit + EFFECT.spend * arm[u] + shared;
    visit[u] = draws.next() < BASE.visit + EFFECT.visit * arm[u] + 0.2 * shared ? 1 : 0;
    orders[u] = 1 + Math.floor(exponential(draws, 2));
    value[u] = orders[u] * (BASE.value + EFFECT.value * arm[u] + shared) + Math.sqrt(orders[u]) * normal(draws);
  }
  return {
    arms: ['A', 'B'],
    unit: 'user',
    arm,
    covariates: { before },
    segments: [],
    ...(clustered ? { cluster } : {}),
    observations: { unit: Int32Array.from(arm, (_, u) => u), columns: { spend, visit, value, orders } },
  };
}
