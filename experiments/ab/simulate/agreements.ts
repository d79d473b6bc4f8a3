import type { AbExperiment } from '../../config/ab-schema.js';
import type { Estimate } from '../../contract.js';
import { analyseTrial } from '../analyze/analyse.js';
import type { AbSection, Metric } from '../contract.js';
import type { Agreement } from './contract.js';
import { agreementOf } from './opinion.js';
import { rulesOf } from './market-world.js';
import { offPolicyEffect } from './off-policy.js';
import { comparableMetric, primaryMetric } from './replication.js';
import { trueEffect } from './sections.js';
import type { Simulated } from './simulation.js';
import { DESIGNS } from './tables.js';
import { trialOf } from './trial.js';

/** Names of the ways to judge, as the report prints them. */
const SIMULATOR = 'simulator, both arms with the same luck';
const UNPAIRED = 'simulator, arms with luck of their own';

/**
 * One effect per arm, judged by the simulator, by the A/B test, and, where the control's log can carry it, off-policy. The
 * simulator's paired plays are the truth of this world; whoever leaves them out disagrees.
 */
export function agreementsOf(
  experiment: AbExperiment,
  played: Simulated,
  section: AbSection,
  lastDay: number,
): Agreement[] {
  const primary = primaryMetric(experiment);
  const common = comparableMetric(experiment);
  return experiment.arms.slice(1).flatMap(({ name }, i) => {
    const arm = i + 1;
    const effect = section.metrics
      .find(({ metric }) => metric.name === primary.name)
      ?.effects.find((one) => one.arm === name);
    const logged = logOf(experiment, played, { arm, column: primary.column });
    return [
      agreement(experiment, played, { metric: primary, arm, lastDay }, effect?.difference),
      ...(logged === undefined || primary.kind === 'ratio'
        ? []
        : [
            agreement(
              experiment,
              played,
              { metric: common, arm, lastDay },
              perRequest(experiment, played, arm, lastDay),
              logged,
            ),
          ]),
    ];
  });
}

interface What {
  readonly metric: Metric;
  readonly arm: number;
  readonly lastDay: number;
}

function agreement(
  experiment: AbExperiment,
  played: Simulated,
  { metric, arm, lastDay }: What,
  tested: Estimate | undefined,
  logged?: Estimate,
): Agreement {
  const paired = trueEffect(experiment, played, { metric, arm, lastDay });
  const rows = [
    ...(paired === undefined
      ? []
      : [
          { method: SIMULATOR, estimate: paired.difference },
          { method: UNPAIRED, estimate: paired.unpaired },
        ]),
    ...(tested === undefined ? [] : [{ method: `A/B test, ${DESIGNS[played.assignment.design]}`, estimate: tested }]),
    ...(logged === undefined ? [] : [{ method: 'off-policy, from the control’s log', estimate: logged }]),
  ];
  const [control, { name }] = [experiment.arms[0], experiment.arms[arm]];
  const quantity = `${metric.name}: ${name} − ${control.name}`;
  return agreementOf(quantity, rows, experiment.analysis.level, paired?.difference.value);
}

/** What the control's log says, where the control explores. */
function logOf(
  experiment: AbExperiment,
  { test }: Simulated,
  { arm, column }: { readonly arm: number; readonly column: string },
): Estimate | undefined {
  if (experiment.world.from !== 'shared-market' || arm !== 1 || rulesOf(experiment)[0].exploration === 0)
    return undefined;
  return offPolicyEffect(test, { column, level: experiment.analysis.level });
}

/** The test's own estimate of the primary metric per request. */
function perRequest(
  experiment: AbExperiment,
  { assignment, test }: Simulated,
  arm: number,
  lastDay: number,
): Estimate | undefined {
  const trial = trialOf({ experiment, assignment, rows: test, cuts: [], lastDay });
  const { level } = experiment.analysis;
  const section = analyseTrial(trial, [comparableMetric(experiment)], {
    name: 'per request',
    control: experiment.arms[0].name,
    level,
  });
  return section.metrics[0].effects.find((one) => one.arm === experiment.arms[arm].name)?.difference;
}
