import { complaint } from '../../core/check.js';
import { stream } from '../../core/random.js';
import { backendInUse } from '../../core/tensor/backend.js';
import { ESTIMATORS, type LogExperiment } from '../config/schema.js';
import type { Answer, Comparison, PolicySection, ReportDocument } from '../contract.js';
import {
  comparePolicies,
  defaultRequests,
  evaluatePolicy,
  parseRequests,
  type Request,
  type Side,
} from '../evaluate/evaluate.js';
import type { LoggedRounds } from '../evaluate/rounds.js';
import type { TuningOptions } from '../evaluate/tuning.js';
import { answerFrom } from './answer.js';
import type { RunFolder } from './folder.js';
import { dataSection, prepareData, roundsOf, type LogData } from './log/data.js';
import { fitModels } from './log/models.js';
import { checkWorldTest, tryInWorld } from './log/ab-test.js';
import { baselinePolicies, learnPolicy, type JudgedPolicy } from './log/policies.js';
import { segmentTable } from './log/segments.js';
import { provenance } from './provenance.js';
import type { Watcher } from './watch.js';

/** Name of the policy that wrote the log, in comparisons. */
const SERVED = 'logged policy';

/**
 * The river on a log: fit a click model and learn a policy on one half, judge it and its baselines on the other, and
 * compare it, round by round, with the policy that served. Stages that finished before an interruption are not repeated.
 */
export async function runLogExperiment(
  experiment: LogExperiment,
  folder: RunFolder,
  store: string,
  watcher: Watcher,
): Promise<ReportDocument> {
  checkWorldTest(experiment);
  const requests = requestsOf(experiment);
  const random = stream(experiment.seed);
  const data = await prepareData(experiment, store, watcher);
  const models = await fitModels(experiment, data, { folder, random, watcher });
  const { learned, curves } = await learnPolicy(experiment, data, models, folder, { random, watcher });
  const policies = [learned, ...(await baselinePolicies(experiment, data, models, store))];

  const stage = watcher.stage('evaluation');
  const rounds = roundsOf(data);
  const judged = policies.map((policy, i) => {
    stage.progress(i, policies.length, policy.policy.id);
    return judgePolicy(experiment, { data, rounds, guesses: models.judgeGuesses, requests }, policy);
  });
  stage.done(`${policies.length} policies on ${data.judge.index.length} rows`);

  const { level, headline, segments } = experiment.evaluation;
  const tuning = tuningOf(experiment);
  const request = requests.find(({ estimator }) => estimator === headline) ?? requests[0];
  const first = judged[0];
  const sideOf = ({ section, target }: Judged): Side => ({ id: section.id, target, verdict: section.verdict });
  const served: Side = { id: SERVED, target: null, verdict: 'supported' };
  const comparisons = [served, ...judged.slice(1).map(sideOf)].map((side): Comparison => {
    const comparison = comparePolicies(rounds, models.judgeGuesses, sideOf(first), side, { level, request, ...tuning });
    const other =
      side.target === null
        ? servedTruth(data, rounds)
        : judged.find(({ section }) => section.id === side.id)?.section.truth;
    const own = first.section.truth;
    return own === undefined || other === undefined ? comparison : { ...comparison, truth: own - other };
  });
  const tried = tryInWorld({
    ...{ experiment, data, served: SERVED, offPolicy: comparisons[0], random },
    policies: policies.map(({ policy }) => policy),
  });
  return {
    format: 'recsys-gym/report',
    version: 1,
    id: experiment.id,
    question: experiment.question,
    answer: withRemark(answerFrom(first.section, comparisons[0]), first.target),
    provenance: await provenance(experiment, backendInUse(), data.log.hash),
    data: dataSection(data, level),
    models: models.sections,
    policies: judged.map(({ section }) => section),
    comparisons,
    curves,
    segments: segments.map((by) =>
      segmentTable(by, {
        log: data.log,
        rows: data.judge.index,
        rounds,
        target: first.target,
        guesses: models.judgeGuesses,
        request,
        level,
        ...tuning,
      }),
    ),
    rollouts: [],
    ...(tried === undefined ? {} : { abTests: [tried.section], agreements: tried.agreements }),
  };
}

/** Says so when the learner ended where it began: at the uniform policy. */
function withRemark(answer: Answer, target: Float64Array): Answer {
  const kept = target.every((probability) => probability === target[0]);
  const remark = 'The learner kept the uniform policy: no other looked better on the rows it held out.';
  return kept ? { ...answer, reasons: [...answer.reasons, remark] } : answer;
}

interface Judged {
  readonly section: PolicySection;
  readonly target: Float64Array;
}

/** What to compute: the list asked for, with the headline in it. Asked for early, so that a wrong name stops the run at once. */
function requestsOf(experiment: LogExperiment): Request[] {
  const { clip, switch: threshold, shrinkage, estimators: list, headline, tune } = experiment.evaluation;
  const settings = tune === undefined ? { clippedIps: clip, switchDr: threshold, dros: shrinkage } : {};
  if (list === undefined) {
    const usual = defaultRequests(true, settings);
    return usual.some(({ key }) => key === headline) ? usual : [...usual, ...parseRequests(headline, settings)];
  }
  const requests = parseRequests(list.join(','), settings);
  const needy = requests.find(({ estimator }) => !ESTIMATORS.some((key) => key === estimator));
  if (needy !== undefined) {
    throw complaint('config', {
      where: 'evaluation: estimators',
      expected: `estimators that need no more than action, reward and propensity: ${ESTIMATORS.join(', ')}`,
      received: needy.key,
      try: "Use 'recsys-gym evaluate' with the columns that it needs.",
    });
  }
  return requests.some(({ estimator }) => estimator === headline)
    ? requests
    : [...parseRequests(headline, settings), ...requests];
}

const tuningOf = ({ evaluation: { tune: method } }: LogExperiment): { tune?: TuningOptions } =>
  method === undefined ? {} : { tune: { method } };

interface Judging {
  readonly data: LogData;
  readonly rounds: LoggedRounds;
  readonly guesses: Float32Array;
  readonly requests: readonly Request[];
}

function judgePolicy(
  experiment: LogExperiment,
  { data, rounds, guesses, requests }: Judging,
  { policy, summary }: JudgedPolicy,
): Judged {
  const target = new Float64Array(data.judge.index.length * rounds.actions);
  policy.probabilities(data.log, data.judge.index, target);
  const { level, interval, rewardRange, weightMax, bootstrap } = experiment.evaluation;
  const evaluation = evaluatePolicy(rounds, target, guesses, {
    requests,
    ...tuningOf(experiment),
    ...{ level, interval, replicates: bootstrap, seed: experiment.seed },
    bounds: {
      ...(rewardRange === undefined ? {} : { rewardRange }),
      ...(weightMax === undefined ? {} : { weightMax }),
    },
  });
  const truth = truthOf(data, (n, a) => target[n * rounds.actions + a]);
  return { target, section: { id: policy.id, summary, ...evaluation, ...(truth === undefined ? {} : { truth }) } };
}

/** True mean reward on the judging rows of whoever chooses with these probabilities, where the world knows it. */
function truthOf(
  { world, formula, log, judge }: LogData,
  probability: (n: number, action: number) => number,
): number | undefined {
  const slope = formula.linear?.coefficients[world?.outcome ?? ''];
  if (world === undefined || formula.linear === undefined || slope === undefined || formula.names.length !== 1)
    return undefined;
  const truth = world.truth(log, judge.index);
  const A = log.actions.values.length;
  let total = 0;
  for (let n = 0; n < judge.index.length; n++)
    for (let a = 0; a < A; a++) total += probability(n, a) * truth[n * A + a];
  return formula.linear.constant + (slope * total) / judge.index.length;
}

function servedTruth(data: LogData, rounds: LoggedRounds): number | undefined {
  return truthOf(data, (n, a) => (rounds.action[n] === a ? 1 : 0));
}
