import { GymError } from '../../../core/check.js';
import { normalLower } from '../../../core/stats/normal.js';
import { twoSidedZ } from '../../../core/stats/intervals.js';
import type { Study, StudyResult } from '../study.js';
import { exactFigures, STUDIED, type Exact, type ExactSpread } from './exact.js';
import { relogWorld, type RelogWorld } from './protocol.js';
import { relog, type Relogged, type RelogFigures } from './relog.js';

/** Sets of the study, in order. */
const SETS = ['optdigits', 'pendigits'] as const;
/** The score fixed before running: how far a spread over 10,000 logs may be from the exact one. */
const TOLERANCE = 0.02;
/** Fewer logs are allowed what chance would do to them: this many standard errors. */
const ERRORS = 4;

/** One set: what is known exactly, and what the library's estimators did. */
export interface RelogSet {
  readonly name: string;
  readonly rounds: number;
  readonly actions: number;
  readonly accuracy: RelogWorld['accuracy'];
  readonly exact: Exact;
  readonly relogged: RelogFigures;
}

export const relogging: Study = {
  summary: 'IPS, SNIPS, DM and DR on re-written logs whose truth and spread are known exactly (UCI digits)',
  data: 'the folder that holds optdigits.data and pendigits.data',
  settings: { relogs: { value: 10_000, meaning: 'Logs written and judged per set' } },
  async run({ data, seed, settings, onProgress }) {
    if (data === undefined) {
      throw new GymError('usage', 'study relogging: expected --data with the folder of the UCI sets, received none.');
    }
    const relogs = settings['relogs'];
    if (!Number.isInteger(relogs) || relogs < 2)
      throw new GymError('usage', `--relogs: expected a whole number from 2 up, received ${relogs}.`);
    const sets: RelogSet[] = [];
    for (const name of SETS) {
      const world = await relogWorld(data, name);
      const exact = exactFigures(world);
      const relogged = relog(world, {
        relogs,
        seed,
        truth: { target: exact.targetValue, served: exact.servedValue },
        ...(onProgress === undefined
          ? {}
          : { onRelog: (done: number) => onProgress(sets.length * relogs + done, SETS.length * relogs, name) }),
      });
      const { rounds, actions, accuracy } = world;
      sets.push({ name, rounds, actions, accuracy, exact, relogged });
    }
    return resultOf(sets, relogs);
  },
};

function resultOf(sets: readonly RelogSet[], relogs: number): StudyResult {
  return {
    tables: [
      {
        caption: `Estimates over ${relogs} re-written logs beside their exact mean and spread; 95 % intervals by the delta method`,
        columns: ['set', 'estimator', 'mean', 'exact', 'sd', 'exact sd', 'ratio', 'coverage', 'predicted'],
        rows: sets.flatMap((set) => rowsOf(set)),
      },
    ],
    notes: [
      'exact: by enumerating every action of every round. SNIPS is a ratio; its exact figures are those of its linearisation.',
      'predicted: coverage to expect when the reported standard errors also count that rows differ, although the same rows return in every log.',
      'null control: the serving policy judged on its own log (every weight 1). on-policy: what as many rounds served by the judged policy would give.',
    ],
    failures: sets.flatMap((set) => failuresOf(set, relogs)),
    numbers: { relogs, sets },
  };
}

/** Every estimator that ran: its name in the table, what is exact and what was seen. */
function seen({ exact, relogged }: RelogSet): { name: string; exact: ExactSpread; got: Relogged }[] {
  return [
    ...STUDIED.map((key) => ({ name: key, exact: exact.estimators[key], got: relogged[key] })),
    { name: 'null control', exact: exact.null, got: relogged.null },
  ];
}

function rowsOf(set: RelogSet): (string | number | null)[][] {
  const { deviation, mean } = set.exact.onPolicy;
  return [
    ...seen(set).map(({ name, exact, got }) => [
      set.name,
      name,
      got.mean,
      exact.mean,
      got.deviation,
      exact.deviation,
      exact.deviation === 0 ? null : got.deviation / exact.deviation,
      got.coverage,
      // An estimate without spread covers always or, when it is biased like DM, never.
      exact.deviation === 0 ? null : 2 * normalLower((twoSidedZ(0.95) * exact.reported) / exact.deviation) - 1,
    ]),
    [set.name, 'on-policy', null, mean, null, deviation, null, null, null],
  ];
}

function failuresOf(set: RelogSet, relogs: number): string[] {
  // The standard error of a standard deviation over R normal estimates is sd / √(2R), that of their mean sd / √R.
  const allowed = Math.max(TOLERANCE, ERRORS / Math.sqrt(2 * relogs));
  return seen(set).flatMap(({ name, exact, got }) => {
    const ratio = exact.deviation === 0 ? 1 : got.deviation / exact.deviation;
    const far = Math.abs(got.mean - exact.mean);
    // A linearised ratio is biased by about its variance; the others are exact in the mean.
    const near = (ERRORS * exact.deviation) / Math.sqrt(relogs) + (name === 'snips' ? exact.deviation ** 2 * 10 : 1e-9);
    return [
      ...(Math.abs(ratio - 1) <= allowed
        ? []
        : [`${set.name}, ${name}: expected a spread within ${100 * allowed} % of the exact one, received ×${ratio}.`]),
      ...(far <= near
        ? []
        : [`${set.name}, ${name}: expected a mean within ${near} of ${exact.mean}, received ${got.mean}.`]),
    ];
  });
}
