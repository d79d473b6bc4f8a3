import type { AbExperiment } from '../../config/ab-schema.js';
import { analyseTrial } from '../analyze/analyse.js';
import type { AbSection, Metric, Trial } from '../contract.js';
import { everybody, type Assignment } from './assignment.js';
import { primaryMetric, sharesOf } from './replication.js';
import type { Simulated } from './simulation.js';
import { DESIGNS } from './tables.js';
import { trialOf, type Cut } from './trial.js';
import { pairedEffect, type PairedEffect } from './truth.js';

/** How a simulated test is read. */
export interface Reading {
  readonly metrics: readonly Metric[];
  readonly cuts: readonly Cut[];
}

/** The test as its analyst would read it, with the truth beside every effect. */
export interface TestSection {
  readonly section: AbSection;
  readonly trial: Trial;
  /** Last day that was read; Infinity for all. */
  readonly lastDay: number;
}

/** Reads the test, up to the day on which its rule stopped it. */
export function testSection(experiment: AbExperiment, played: Simulated, { metrics, cuts }: Reading): TestSection {
  const { assignment, test: rows } = played;
  const whole = trialOf({ experiment, assignment, rows, cuts });
  const name = `${DESIGNS[assignment.design]}, ${experiment.days} days`;
  const first = analyse(experiment, whole, metrics, name);
  const stopped = experiment.analysis.stop === 'never' ? null : stoppingDay(experiment, first);
  const lastDay = stopped ?? Infinity;
  const trial = stopped === null ? whole : trialOf({ experiment, assignment, rows, cuts, lastDay });
  const read = stopped === null ? first : analyse(experiment, trial, metrics, `${name}, stopped on day ${stopped}`);
  return {
    section: withTruth(experiment, played, {
      ...read,
      // The looks of the whole test show what would have come after.
      looks: first.looks,
      reasons:
        stopped === null
          ? read.reasons
          : [
              ...read.reasons,
              `The test stopped on day ${stopped}: only the always-valid interval may be read, and its estimate is larger in size than the effect on average.`,
            ],
      assumptions: [...read.assumptions, ...assumptionsOf(experiment)],
    }),
    trial,
    lastDay,
  };
}

/** The same test with the control in every arm: what it finds is chance, or a fault. */
export function aaSection(
  experiment: AbExperiment,
  played: Simulated,
  metrics: readonly Metric[],
): AbSection | undefined {
  if (played.aa === undefined) return undefined;
  const trial = trialOf({ experiment, assignment: played.assignment, rows: played.aa, cuts: [] });
  return analyse(experiment, trial, metrics, 'A/A: the control in every arm');
}

function analyse(experiment: AbExperiment, trial: Trial, metrics: readonly Metric[], name: string): AbSection {
  const { level, sequential, correction } = experiment.analysis;
  return analyseTrial(trial, metrics, {
    name,
    control: experiment.arms[0].name,
    level,
    planned: sharesOf(experiment),
    looks: true,
    sequential,
    correction,
  });
}

function stoppingDay(experiment: AbExperiment, section: AbSection): number | null {
  const { name } = primaryMetric(experiment);
  const days = section.looks.flatMap(({ metric, stoppedOn }) =>
    metric === name && stoppedOn !== null ? stoppedOn : [],
  );
  return days.length === 0 ? null : Math.min(...days);
}

/**
 * The effect of giving an arm to everybody, on the units of the test, from two plays with the same luck. Nothing where
 * units or days differ between the plays.
 */
export function trueEffect(
  experiment: AbExperiment,
  { assignment, everybody: rows }: Simulated,
  { metric, arm, lastDay = Infinity }: { readonly metric: Metric; readonly arm: number; readonly lastDay?: number },
): PairedEffect | undefined {
  const env = experiment.world.from === 'env';
  // Sessions of an env may have other numbers of requests under another arm, so requests have no pairs there.
  if (assignment.design === 'request' && env) return undefined;
  const under = (a: number): Trial =>
    trialOf({
      experiment,
      assignment: givenToAll(assignment, a, experiment.arms.length),
      rows: rows[a],
      cuts: [],
      lastDay,
    });
  return pairedEffect(under(arm), under(0), metric, experiment.analysis.level);
}

/** The units of an assignment, all in one arm. */
function givenToAll(assignment: Assignment, arm: number, arms: number): Assignment {
  const { armOf, shares } = everybody(arm, arms);
  return { ...assignment, armOf, shares };
}

function withTruth(experiment: AbExperiment, played: Simulated, section: AbSection): AbSection {
  return {
    ...section,
    metrics: section.metrics.map((one) => ({
      ...one,
      effects: one.effects.map((effect) => {
        const arm = experiment.arms.findIndex(({ name }) => name === effect.arm);
        const truth = trueEffect(experiment, played, { metric: one.metric, arm })?.difference.value;
        return truth === undefined || truth === null ? effect : { ...effect, truth };
      }),
    })),
  };
}

function assumptionsOf({ world, design, novelty, before }: AbExperiment): string[] {
  const { split } = design;
  return [
    world.from === 'env'
      ? 'Played in an env whose users share nothing: no arm can take anything from another.'
      : 'Played in a market whose users share budgets, stock or what is learned: what one arm uses up, the others lack.',
    'The truth is the difference between giving the arm to everybody and giving the control to everybody, with the same users and the same luck.',
    ...(split === 'session' || split === 'request'
      ? [
          `Arms are drawn per ${split}: a user meets several arms, and what one arm does to a user is taken to leave the next ${split} alone.`,
        ]
      : []),
    ...(split === 'time' ? ['Windows do not carry anything over to the next one.'] : []),
    ...(novelty.size === 0
      ? []
      : ['The change is also met as a change (novelty), which wears off; the truth is without it.']),
    ...(before === 0 ? [] : [`${before} days under the control came before the test.`]),
    'A simulator’s effect is not an online one.',
  ];
}
