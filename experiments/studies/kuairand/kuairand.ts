import type { Agent } from '../../../agents/contract.js';
import { GymError, expectNumber } from '../../../core/check.js';
import { startBackend } from '../../../core/tensor/backend.js';
import { stream } from '../../../core/random.js';
import type { FeedSessionEnv } from '../../../envs/feed-session/feed-session.js';
import { playFeed, type Played } from '../../feed-session/play.js';
import type { RealismReport } from '../../feed-session/realism/contract.js';
import { realismOf } from '../../feed-session/realism/realism.js';
import type { ResponseModel } from '../../../reward-models/feed-session/contract.js';
import type { Log } from '../../../logs/index.js';
import type { Study, StudyResult } from '../study.js';
import { feedOf, judge, rankerAlone, trained, type Judgement } from './judge.js';
import { dealUsers, fitSides, importSlice, SLICE, type Sides } from './sides.js';

const JUDGING_SEED = 10_007;

/** One deal of the users: its models, and recomind learned in A and judged in both. */
interface Deal {
  readonly parts: Readonly<
    Record<string, { readonly users: number; readonly sessions: number; readonly rows: number }>
  >;
  /** Both simulators on the users met in B, whom no model was fitted on. */
  readonly realism: Readonly<Record<'A' | 'B', RealismReport>>;
  /** Each against the ranker alone. */
  readonly judged: Readonly<Record<'random' | 'untrained' | 'inA' | 'inB', Judgement>>;
}

/** What the study found, in full precision. */
export interface KuairandNumbers {
  readonly deals: readonly Deal[];
}

export const kuairand: Study = {
  summary: 'Does what is learned in one simulator of a real log hold in another? KuaiRand, liked or hated rows only',
  data: `the folder that holds ${SLICE}`,
  settings: {
    deals: { value: 5, meaning: 'Times that users are dealt to the models anew' },
    steps: { value: 81_920, meaning: 'Items shown while recomind learns in simulator A' },
    sessions: { value: 8192, meaning: 'Sessions per policy and judgement' },
  },
  async run({ data, seed, settings, onProgress }) {
    if (data === undefined)
      throw new GymError('usage', 'study kuairand: expected --data with the folder of the slice, received none.');
    const { steps, sessions, deals } = settings;
    expectNumber('--steps', steps, 1, 1e9);
    expectNumber('--sessions', sessions, 32, 1e8);
    expectNumber('--deals', deals, 1, 1000);
    await startBackend(process.env['RECSYS_GYM_BACKEND']);
    onProgress?.(0, deals, 'importing');
    const log = await importSlice(data);
    const found: Deal[] = [];
    for (let i = 0; i < deals; i++) {
      onProgress?.(i, deals, `deal ${i + 1}`);
      found.push(dealt(log, seed + i, steps, sessions));
    }
    return resultOf({ deals: found });
  },
};

function dealt(log: Log, seed: number, steps: number, sessions: number): Deal {
  const sides = dealUsers(log, seed);
  const { ranker, modelA, modelB, peopleA, peopleB } = fitSides(sides, seed);
  const [envA, envB] = [feedOf(peopleA), feedOf(peopleB)];
  const luck = seed + JUDGING_SEED;
  const hide = sides.ranker.layout.outcomes.indexOf('hide');
  // The same seed, the same users and luck.
  const play = (env: FeedSessionEnv, agent: Agent, explore = false): Played =>
    playFeed({ env, agent, seed: luck, sessions, explore });
  const aloneA = play(envA, rankerAlone(envA, ranker));
  const aloneB = play(envB, rankerAlone(envB, ranker));
  const inB = (agent: Agent, explore = false): Judgement =>
    judge(play(envB, agent, explore), aloneB, peopleB.users, hide);
  const realism = (name: string, model: ResponseModel): RealismReport =>
    realismOf({
      model,
      simulator: `simulator ${name}`,
      heldOut: sides['met in B'],
      // Nobody knows the policies that wrote the log, so that none can be played here.
      simulated: [],
      logged: [],
      random: stream(seed).fork('kuairand').fork(`realism ${name}`),
    });
  const agent = trained(envA, ranker, seed, steps);
  return {
    parts: sizesOf(sides),
    realism: { A: realism('A', modelA), B: realism('B', modelB) },
    judged: {
      random: inB(rankerAlone(envB, ranker, 1), true),
      untrained: inB(trained(envB, ranker, seed, 0)),
      inA: judge(play(envA, agent), aloneA, peopleA.users, hide),
      inB: inB(agent),
    },
  };
}

function sizesOf(sides: Sides): Deal['parts'] {
  return Object.fromEntries(
    Object.entries(sides).map(([part, { log, row, starts }]) => [
      part,
      { users: new Set(Array.from(row, (n) => log.user[n])).size, sessions: starts.length - 1, rows: row.length },
    ]),
  );
}

/** The sign of a difference that its interval holds; 0 where it holds none. */
function signOf({ interval: [low, high] }: Judgement): number {
  return low > 0 ? 1 : high < 0 ? -1 : 0;
}

function resultOf(numbers: KuairandNumbers): StudyResult {
  const { deals } = numbers;
  const holds = (sign: number): number =>
    deals.filter(({ judged }) => signOf(judged.inA) > 0 && signOf(judged.inB) === sign).length;
  const gains = deals.filter(({ judged }) => signOf(judged.inA) > 0).length;
  return {
    tables: [...firstDeal(deals[0]), realismTable(deals), judgedTable(deals)],
    notes: [
      `Of ${deals.length} deals, recomind gains in its own simulator A in ${gains}; of these it gains in B in ${holds(1)}, loses in ${holds(-1)}, and does not differ in ${holds(0)}.`,
      'Recomind learns in A only. B is fitted on other users and peopled by yet others; it is no truth either.',
      'What this cannot say: all rows were liked or hated, so that rates, sessions and endings are those of such rows, not of the app.',
      'Users hate in long runs, so that a simulator believes hated videos to keep people: longer sessions are no merit here.',
      'Like and hide are given away by how the slice was made, and a video is known by its length alone.',
      'A user has about 60 rows in two weeks, 2 a session: there is next to nothing of a session to learn.',
    ],
    failures: deals.flatMap(({ judged: { untrained, random } }, i) => [
      ...(untrained.difference === 0 && untrained.interval[0] === 0 && untrained.interval[1] === 0
        ? []
        : [`Deal ${i + 1}: expected recomind before learning to be the ranker, received ${untrained.difference}.`]),
      ...(random.interval[1] < 0
        ? []
        : [`Deal ${i + 1}: expected the ranker to beat random candidates in B, received ${-random.difference}.`]),
    ]),
    numbers,
  };
}

function judgedTable(deals: readonly Deal[]): StudyResult['tables'][number] {
  return {
    caption:
      'Watches per session against the ranker alone, same users and luck, 95 % over users; items a session and share of them hidden',
    columns: [
      'deal',
      'policy',
      'in',
      'ranker',
      'difference',
      'low',
      'high',
      'items',
      'ranker items',
      'hidden',
      'ranker hidden',
    ],
    rows: deals.flatMap(({ judged }, i) =>
      (
        [
          ['random', 'B', judged.random],
          ['recomind', 'A', judged.inA],
          ['recomind', 'B', judged.inB],
        ] as const
      ).map(([policy, where, j]) => [
        String(i + 1),
        policy,
        where,
        j.other,
        j.difference,
        ...j.interval,
        ...j.length,
        ...j.share,
      ]),
    ),
  };
}

/** How real each deal's simulators are, and the first thing that speaks against them. */
function realismTable(deals: readonly Deal[]): StudyResult['tables'][number] {
  return {
    caption: 'Realism on users whom no model was fitted on (verdict as in experiments/feed-session/realism)',
    columns: ['deal', 'in', 'verdict', 'exit gate', 'watch error', 'exit error', 'exit slope', 'first reason'],
    rows: deals.flatMap(({ realism }, i) =>
      Object.entries(realism).map(
        ([
          name,
          {
            verdict,
            gate: { exit },
            heads,
            reasons,
          },
        ]) => [
          String(i + 1),
          name,
          verdict,
          exit.passed ? 'passed' : 'failed',
          heads[0].quality.expectedCalibrationError,
          heads[heads.length - 1].quality.expectedCalibrationError,
          exit.slope?.value ?? null,
          reasons.at(0) ?? '',
        ],
      ),
    ),
  };
}

/** Everything about the first deal's simulators. */
function firstDeal({ parts, realism }: Deal): StudyResult['tables'] {
  const simulators = Object.entries(realism);
  return [
    {
      caption: 'Deal 1: who is for what. Users are dealt by hash; sessions of the first fifth of the time are left out',
      columns: ['part', 'users', 'sessions', 'rows'],
      rows: Object.entries(parts).map(([part, own]) => [part, own.users, own.sessions, own.rows]),
    },
    {
      caption: 'Deal 1: both simulators on the users met in B, head by head',
      columns: ['head', 'in', 'logged', 'predicted', 'log loss', 'of the constant', 'auc', 'error', 'by chance', 'ok'],
      rows: realism.A.heads.flatMap(({ head }, h) =>
        simulators.map(([name, { heads }]) => {
          const { meanObserved, meanPredicted, quality: q, errorByChance, ok } = heads[h];
          const error = q.expectedCalibrationError;
          return [
            head,
            name,
            meanObserved,
            meanPredicted,
            q.loss,
            q.lossOfConstant,
            q.auc,
            error,
            errorByChance,
            ok ? '' : 'no',
          ];
        }),
      ),
    },
    {
      caption: 'Deal 1: watched and left by the steps so far, one step ahead along the logged items',
      columns: ['head', 'in', 'slice', 'rows', 'logged', 'predicted'],
      rows: simulators.flatMap(([name, { slices, heads }]) =>
        slices
          .filter(
            ({ head, by }) =>
              by === 'steps so far' && (head === heads[0].head || head === heads[heads.length - 1].head),
          )
          .flatMap(({ head, rows }) =>
            rows.map((slice) => [head, name, slice.slice, slice.rows, slice.observed, slice.predicted]),
          ),
      ),
    },
  ];
}
