import type { LogPolicy } from '../../../agents/contract.js';
import { complaint } from '../../../core/check.js';
import { categorical } from '../../../core/distributions.js';
import { KeyedDraws } from '../../../core/draws.js';
import type { Rng } from '../../../core/random.js';
import { normalInterval } from '../../../core/stats/intervals.js';
import { moments } from '../../../core/stats/moments.js';
import type { Log } from '../../../logs/record.js';
import { analyseTrial } from '../../ab/analyze/analyse.js';
import type { AbSection, Metric, Trial } from '../../ab/contract.js';
import type { Agreement } from '../../ab/simulate/contract.js';
import { agreementOf } from '../../ab/simulate/opinion.js';
import type { LogExperiment } from '../../config/schema.js';
import type { Comparison, Estimate } from '../../contract.js';
import type { LogData } from './data.js';

/** The policies of a log experiment, tried on new users of the world that wrote the log. */
export interface WorldTest {
  readonly section: AbSection;
  /** Per comparison with the policy that served: the simulator, the test and the log. */
  readonly agreements: readonly Agreement[];
}

interface WorldTestRequest {
  readonly experiment: LogExperiment;
  readonly data: LogData;
  readonly policies: readonly LogPolicy[];
  /** Name of the policy that wrote the log: the control. */
  readonly served: string;
  /** Of the first policy against the one that served, off-policy. */
  readonly offPolicy: Comparison;
  readonly random: Rng;
}

/**
 * An A/B test in the world: new decisions, every user given one of the policies, the one that served as control. A decision
 * has the same luck whoever takes it. Nothing where the config asks for none.
 */
export function tryInWorld(request: WorldTestRequest): WorldTest | undefined {
  const { experiment, data, policies, served, offPolicy, random } = request;
  const { abTest: rows, level } = experiment.evaluation;
  if (rows === 0) return undefined;
  const { world } = data;
  if (world === undefined) throw noWorld(experiment);
  const log = world.log(rows, random.fork('test'));
  const everybody = [servedActions(log), ...policies.map((policy, p) => drawnActions(log, policy, random, p + 1))];
  const rewards = rewardsOf(data, log, everybody, random);
  const trial = trialOf(log, [served, ...policies.map(({ id }) => id)], rewards, random);
  const name = `${experiment.reward} per decision`;
  const metric: Metric = {
    ...{ name, kind: 'ratio', column: 'reward', denominator: 'decisions', role: 'primary', better: 'higher' },
  };
  const truths = rewards.slice(1).map((own) => pairedDifference(own, rewards[0], level));
  const section = analyseTrial(trial, [metric], {
    ...{ name: `new users of ${experiment.log.from === 'world' ? experiment.log.world : ''}`, control: served, level },
    sequential: true,
    correction: 'holm',
    truth: (_metric, arm) => truths[trial.arms.indexOf(arm) - 1]?.value ?? undefined,
  });
  const first = section.metrics[0].effects.find(({ arm }) => arm === policies[0].id);
  return {
    section,
    agreements: [
      agreementOf(
        `${name}: ${policies[0].id} − ${served}`,
        [
          { method: 'simulator, both policies with the same luck', estimate: truths[0] },
          ...(first === undefined ? [] : [{ method: 'A/B test, user split', estimate: first.difference }]),
          { method: `off-policy, ${offPolicy.estimator}`, estimate: offPolicy.difference },
        ],
        level,
        truths[0].value,
      ),
    ],
  };
}

/** @throws a config error when a test is asked for and no world wrote the log */
export function checkWorldTest(experiment: LogExperiment): void {
  if (experiment.evaluation.abTest > 0 && experiment.log.from !== 'world') throw noWorld(experiment);
}

function noWorld({ log }: LogExperiment): Error {
  return complaint('config', {
    where: 'evaluation: abTest',
    expected: 'a log written by a world',
    received: `one from a ${log.from}`,
    try: 'Only a world can say what a policy would have met; leave it out.',
  });
}

const servedActions = ({ action }: Log): Int32Array => action;

/** [rows] what a policy does in every decision. */
function drawnActions(log: Log, policy: LogPolicy, random: Rng, p: number): Int32Array {
  const A = log.actions.values.length;
  const all = Int32Array.from({ length: log.rows }, (_, row) => row);
  const chances = new Float64Array(log.rows * A);
  policy.probabilities(log, all, chances);
  const luck = new KeyedDraws(random.path, 'actions of the test');
  return all.map((row) => categorical(luck.at(row, p), chances, row * A, A));
}

/** [policies][rows] reward of every decision under every policy; a decision's luck is the same for all. */
function rewardsOf({ world, formula }: LogData, log: Log, actions: readonly Int32Array[], random: Rng): Float64Array[] {
  const A = log.actions.values.length;
  const all = Int32Array.from({ length: log.rows }, (_, row) => row);
  const truth = world?.truth(log, all) ?? new Float64Array(0);
  const luck = new KeyedDraws(random.path, 'answers of the test');
  return actions.map((taken) => {
    const outcome = Float32Array.from(all, (row) => (luck.at(row, 0).next() < truth[row * A + taken[row]] ? 1 : 0));
    const reward = new Float64Array(log.rows);
    formula.evaluate([outcome], reward);
    return reward;
  });
}

/** Every user has one arm; what they earned under it is what is seen. */
function trialOf(log: Log, arms: readonly string[], rewards: readonly Float64Array[], random: Rng): Trial {
  const luck = new KeyedDraws(random.path, 'arms of the test');
  const arm = Int32Array.from(log.users.values, (_, user) => Math.floor(luck.at(user, 0).next() * arms.length));
  return {
    arms,
    unit: 'user',
    arm,
    covariates: {},
    segments: [],
    observations: {
      unit: log.user,
      columns: {
        reward: Float64Array.from(log.user, (user, row) => rewards[arm[user]][row]),
        decisions: new Float64Array(log.rows).fill(1),
      },
    },
  };
}

function pairedDifference(own: Float64Array, other: Float64Array, level: number): Estimate {
  const { mean, variance, n } = moments(own.map((reward, row) => reward - other[row]));
  const standardError = Math.sqrt(variance / n);
  const { low, high } = normalInterval(mean, standardError, level);
  return {
    value: mean,
    standardError,
    interval: [low, high],
    method: `paired plays of ${n} decisions, ${100 * level}%`,
  };
}
