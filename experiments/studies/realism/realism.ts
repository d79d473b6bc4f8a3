import { expectNumber } from '../../../core/check.js';
import { stream } from '../../../core/random.js';
import { startBackend } from '../../../core/tensor/backend.js';
import { catalogueOf, populationOf } from '../../../logs/feed-session/replay.js';
import type { ResponseModel } from '../../../reward-models/feed-session/contract.js';
import { misspecify } from '../../../reward-models/feed-session/misspecify.js';
import { responseModel } from '../../../reward-models/feed-session/response.js';
import { learnedPeople } from '../../../simulators/feed-session/learned.js';
import { FeedWorld } from '../../../simulators/feed-session/world.js';
import {
  REALISM_THRESHOLDS,
  type Distance,
  type RankingAgreement,
  type RealismReport,
} from '../../feed-session/realism/contract.js';
import { distancesOf } from '../../feed-session/realism/distances.js';
import { rankingOf } from '../../feed-session/realism/ranking.js';
import { realismOf } from '../../feed-session/realism/realism.js';
import type { Study, StudyResult } from '../study.js';
import { POLICIES, byPolicy, halfOf, logOf } from './feed.js';

/** The simulators that are judged, and what they are made of. */
const HONEST = 'honest fit';
const WRONG_SIGN = 'exit of the wrong sign';
const SIMULATORS: readonly { readonly name: string; readonly made: (model: ResponseModel) => ResponseModel }[] = [
  { name: HONEST, made: (model) => model },
  { name: WRONG_SIGN, made: (model) => misspecify(model, { exit: { sign: -1 } }) },
  { name: 'exit three times as strong', made: (model) => misspecify(model, { exit: { scale: 3 } }) },
  { name: 'exit alike everywhere', made: (model) => misspecify(model, { exit: { scale: 0 } }) },
  { name: 'exit without fatigue', made: (model) => misspecify(model, { exit: { ignoreFatigue: true } }) },
];
const USERS = 1000;

/** The truth as its own simulator. */
interface NullControl {
  readonly distances: readonly Distance[];
  readonly ranking: readonly RankingAgreement[];
}

export const realism: Study = {
  summary:
    'Does the realism report let an honest simulator of a feed pass, and stop one that has exits the wrong way round?',
  settings: {
    sessions: { value: 3000, meaning: 'Sessions per policy in the log, half of them held out, and in each simulator' },
    items: { value: 1000, meaning: 'Items of the catalogue' },
  },
  async run({ seed, settings, onProgress }) {
    const { sessions, items } = settings;
    expectNumber('--sessions', sessions, 50, 1_000_000);
    expectNumber('--items', items, 200, 1_000_000);
    await startBackend(process.env['RECSYS_GYM_BACKEND']);
    const steps = SIMULATORS.length + 2;
    onProgress?.(0, steps, 'log and fit');
    const world = new FeedWorld({ seed, users: USERS, items });
    const log = logOf('feed world', world, sessions, seed);
    const heldOut = halfOf(log, 1);
    const logged = byPolicy(log, 1);
    const model = responseModel.fit({
      sessions: halfOf(log, 0),
      split: 'half of the users',
      settings: responseModel.defaults,
      random: stream(seed).fork('fit'),
    });
    const parts = { population: populationOf(heldOut), catalogue: catalogueOf(log) };
    const reports = SIMULATORS.map(({ name, made }, i) => {
      onProgress?.(i + 1, steps, name);
      const judged = made(model);
      const people = learnedPeople({ model: judged, ...parts });
      return realismOf({
        model: judged,
        simulator: name,
        heldOut,
        logged,
        simulated: byPolicy(logOf(name, people, sessions, seed)),
        random: stream(seed).fork(name),
      });
    });
    onProgress?.(steps - 1, steps, 'null control');
    const again = byPolicy(logOf('feed world again', world, sessions, seed + 1_000_003), 1);
    const truth: NullControl = {
      distances: logged.flatMap((real, p) =>
        distancesOf(
          real,
          again[p],
          REALISM_THRESHOLDS,
          stream(seed).fork(`null/${real.name}`),
          1 - 0.05 / POLICIES.length,
        ),
      ),
      ranking: rankingOf(logged, again),
    };
    return resultOf(reports, truth);
  },
};

function resultOf(reports: readonly RealismReport[], truth: NullControl): StudyResult {
  const [honest, wrong] = reports;
  const off = truth.distances.filter(({ ok }) => !ok);
  const reversed = truth.ranking.filter(({ pairs }) => pairs.some(({ order }) => order === 'differently'));
  const failures = [
    ...(honest.gate.exit.passed && honest.verdict !== 'refused'
      ? []
      : [`${HONEST}: expected to pass, received '${honest.verdict}': ${honest.reasons.join('; ')}.`]),
    ...(wrong.verdict === 'refused' && wrong.gate.exit.slope !== null && wrong.gate.exit.slope.interval[1] < 0
      ? []
      : [`${WRONG_SIGN}: expected to be refused by a slope below 0, received '${wrong.verdict}'.`]),
    ...off.map(
      ({ policy, quantity, ks }) =>
        `the truth again, ${quantity} under '${policy}': expected to be near, received ${ks}.`,
    ),
    ...reversed.map(
      ({ metric }) => `the truth again: expected to order no two policies by ${metric} the other way round.`,
    ),
  ];
  return {
    tables: [gateTable(reports), distanceTable(reports, truth), rankingTable(reports, truth)],
    notes: [
      `Held out: ${honest.sessions} sessions, ${honest.rows} items shown, of users that no fit saw.`,
      ...reports.map(
        ({ simulator, verdict, gate: { exit }, reasons }) =>
          `${simulator}: ${verdict}${exit.passed ? ['', ...reasons].join('; ') : ` (${exit.why})`}.`,
      ),
    ],
    failures,
    numbers: { reports, truth },
    report: {
      question: 'Does the realism report tell a simulator that is like its world from one that is not?',
      answer: {
        verdict: failures.length === 0 ? 'supported' : 'unsupported',
        sentence:
          failures.length === 0
            ? 'Yes: the honest fit passes, and the one with exits the wrong way round is refused.'
            : 'No: the score fixed before was not reached.',
        reasons: failures.length === 0 ? [`${WRONG_SIGN}: ${wrong.gate.exit.why}.`] : failures,
      },
      realism: reports,
    },
  };
}

function gateTable(reports: readonly RealismReport[]): StudyResult['tables'][number] {
  return {
    caption: 'The exit of each simulator on held-out rows',
    columns: [
      'simulator',
      'verdict',
      'gate',
      'slope',
      'low',
      'high',
      'predicted',
      'observed',
      'error',
      'by chance',
      'AUC',
    ],
    rows: reports.map(({ simulator, verdict, gate: { exit }, heads }) => {
      const { meanPredicted, meanObserved, quality, errorByChance } = heads[heads.length - 1];
      return [
        simulator,
        verdict,
        exit.passed ? 'passed' : 'failed',
        exit.slope?.value ?? null,
        exit.slope?.interval[0] ?? null,
        exit.slope?.interval[1] ?? null,
        meanPredicted,
        meanObserved,
        quality.expectedCalibrationError,
        errorByChance,
        quality.auc,
      ];
    }),
  };
}

const TRUTH = 'the truth again (null control)';

function distanceTable(reports: readonly RealismReport[], truth: NullControl): StudyResult['tables'][number] {
  const all = [...reports, { simulator: TRUTH, distances: truth.distances }];
  return {
    caption: 'Items per session under each logged policy, and the other distances',
    columns: ['simulator', 'policy', 'mean logged', 'simulated', 'KS', 'by chance', 'Wasserstein', 'all near'],
    rows: all.flatMap(({ simulator, distances }) =>
      distances
        .filter(({ quantity }) => quantity === 'items')
        .map(({ policy, logged, simulated, ks, ksByChance, wasserstein }) => {
          const own = distances.filter((one) => one.policy === policy);
          const near = `${own.filter(({ ok }) => ok).length} of ${own.length}`;
          return [simulator, policy, logged.mean, simulated.mean, ks, ksByChance, wasserstein, near];
        }),
    ),
  };
}

function rankingTable(reports: readonly RealismReport[], truth: NullControl): StudyResult['tables'][number] {
  const all = [...reports, { simulator: TRUTH, ranking: truth.ranking }];
  return {
    caption: 'Differences between the logged policies, in the log and in the simulator',
    columns: ['simulator', 'metric', 'policy', 'minus', 'log', 'low', 'high', 'simulator says', 'low', 'high', 'order'],
    rows: all.flatMap(({ simulator, ranking }) =>
      ranking.flatMap(({ metric, pairs }) =>
        pairs.map(({ policy, against, logged, simulated, order }) => [
          ...[simulator, metric, policy, against, logged.difference, ...logged.interval],
          ...[simulated.difference, ...simulated.interval, order],
        ]),
      ),
    ),
  };
}
