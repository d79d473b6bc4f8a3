import { meanInterval, wilson } from '../../../core/stats/intervals.js';
import { moments } from '../../../core/stats/moments.js';
import type { AbExperiment } from '../../config/ab-schema.js';
import type { Estimate } from '../../contract.js';
import type { DesignTable, PowerTable } from './contract.js';
import { comparableMetric, primaryMetric, type Replication } from './replication.js';

/** How each design is spoken of. */
export const DESIGNS = {
  user: 'user split',
  budget: 'budget split',
  session: 'session split',
  request: 'request split',
  cluster: 'cluster split',
  time: 'switchback',
} as const;

/** How far each design was from the truth over the replications, per arm. */
export function designTables(experiment: AbExperiment, replications: readonly Replication[]): DesignTable[] {
  const { arms, designs } = experiment;
  const { level } = experiment.analysis;
  const { name } = comparableMetric(experiment);
  const found = replications.flatMap((one) => one.designs);
  return arms.slice(1).flatMap((arm, i): DesignTable[] => {
    const own = found.filter((one) => one.arm === i + 1);
    if (own.length === 0) return [];
    const [first] = designs.names;
    return [
      {
        metric: name,
        arm: arm.name,
        truth: meanOf(
          own.filter(({ design }) => design === first).map(({ truth }) => truth),
          level,
        ),
        rows: designs.names.map((design) => {
          const tests = own.filter((one) => one.design === design);
          const values = tests.map(({ value }) => value);
          return {
            design: DESIGNS[design],
            replications: tests.length,
            mean: meanOf(values, level),
            bias: meanOf(
              tests.map(({ value, truth }) => value - truth),
              level,
            ),
            deviation: Math.sqrt(moments(values).variance),
            coverage: tests.filter(({ truth, low, high }) => low <= truth && truth <= high).length / tests.length,
          };
        }),
      },
    ];
  });
}

function meanOf(values: readonly number[], level: number): Estimate {
  const { mean, variance, n } = moments(values);
  const sd = Math.sqrt(variance);
  const { low, high } = meanInterval(mean, sd, n, level);
  return {
    value: mean,
    standardError: sd / Math.sqrt(n),
    interval: [low, high],
    method: `Student t ${100 * level}% over ${n} replications`,
  };
}

/** The share of simulated tests that found the effect by each day, per rule. */
export function powerTables(experiment: AbExperiment, replications: readonly Replication[]): PowerTable[] {
  const { level } = experiment.analysis;
  const { name } = primaryMetric(experiment);
  const looks = replications.flatMap((one) => one.looks);
  return experiment.arms.slice(1).flatMap((arm, i): PowerTable[] => {
    const own = looks.filter((one) => one.arm === i + 1);
    if (own.length === 0) return [];
    const days = [...new Set(own.flatMap((one) => one.days.map(({ day }) => day)))].sort((a, b) => a - b);
    const table = (rule: string, key: 'fixed' | 'always'): PowerTable => ({
      metric: name,
      arm: arm.name,
      rule,
      rows: days.map((day) => {
        const at = own.flatMap((one) => one.days.filter((look) => look.day === day));
        const hits = at.filter((look) => look[key]).length;
        const share = hits / at.length;
        const { low, high } = wilson(hits, at.length, level);
        return {
          day,
          units: Math.round(at.reduce((sum, { units }) => sum + units, 0) / at.length),
          found: {
            value: share,
            standardError: Math.sqrt((share * (1 - share)) / at.length),
            interval: [low, high],
            method: `Wilson ${100 * level}% over ${at.length} simulated tests`,
          },
        };
      }),
    });
    return [table('fixed horizon, one look on that day', 'fixed'), table('always valid, a look every day', 'always')];
  });
}
