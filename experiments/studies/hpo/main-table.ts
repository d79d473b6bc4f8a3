import { expectNumber } from '../../../core/check.js';
import { startBackend } from '../../../core/tensor/backend.js';
import type { TrueWorth } from '../../../simulators/preference/tabular.js';
import type { Study, StudyResult } from '../study.js';
import { inWords, meanOf, pairedOf } from '../../preference/paired.js';
import { ask, DPO, HPO, MARGIN, MARGIN2, METHODS, tryMethod, type Asked, type Method } from './tabular.js';

const CORRELATIONS = [0, -0.6] as const;
/** Passes at which the rivals are tried, and how far the tuning worlds' names are from those that judge. */
const STOPS = [10, 20, 40, 80, 140, 200];
const ELSEWHERE = 1000;
const STOPPED: readonly Method[] = [HPO, METHODS[1], DPO, MARGIN, MARGIN2];

/** The score fixed before running. Against its own base loss HPO must gain E[R] and keep a share of E[r_p]. */
const SCORE = { gain: 0.1, kept: 0.6 } as const;

interface Tried {
  readonly method: string;
  /** One per world. */
  readonly worth: readonly TrueWorth[];
}

interface Row extends Tried {
  readonly passes: number;
}

/** H1: every method on the table whose optimum is known. */
export const hpo: Study = {
  summary: 'HPO: preferences and a designer’s reward on a table whose optimum is known, every method (H1)',
  settings: {
    worlds: { value: 8, meaning: 'Worlds that judge; as many others choose when to stop' },
    pairs: { value: 1000, meaning: 'Comparisons per world, about one per cell of the table' },
  },
  async run({ seed, settings: { worlds, pairs }, onProgress }) {
    expectNumber('--worlds', worlds, 2, 1000);
    await startBackend(process.env['RECSYS_GYM_BACKEND']);
    const total = CORRELATIONS.length * (METHODS.length + 2 * STOPPED.length) * worlds;
    let done = 0;
    const each = (asked: readonly Asked[], method: Method, stops?: number[]): TrueWorth[][] =>
      asked.map((one) => {
        onProgress?.(done++, total, method.name);
        return tryMethod(one, method, stops);
      });
    const parts = CORRELATIONS.map((correlation) => {
      const asked = worldsOf(worlds, (i) => ask(seed + i, { pairs, correlation }));
      const others = worldsOf(worlds, (i) => ask(seed + ELSEWHERE + i, { pairs, correlation }));
      const main = METHODS.map((method): Tried => ({
        method: method.name,
        worth: each(asked, method).map(([one]) => one),
      }));
      const stopped = STOPPED.map((method): Row => {
        const tuning = each(others, method, STOPS);
        const score = STOPS.map((_, s) => tuning.reduce((sum, own) => sum + own[s].objective, 0));
        const passes = STOPS[score.indexOf(Math.max(...score))];
        return { method: method.name, passes, worth: each(asked, method, [passes]).map(([one]) => one) };
      });
      const best = asked.map(({ world }) => world.judge(world.optimum()));
      return { correlation, main, stopped, best };
    });
    return resultOf(parts, pairs);
  },
};

type Part = {
  readonly correlation: number;
  readonly main: readonly Tried[];
  readonly stopped: readonly Row[];
  readonly best: readonly TrueWorth[];
};

const worldsOf = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));
const column = (worth: readonly TrueWorth[], name: keyof TrueWorth): number[] => worth.map((own) => own[name]);
const average = (worth: readonly TrueWorth[], name: keyof TrueWorth): number =>
  meanOf(column(worth, name)).value ?? NaN;

function resultOf(parts: readonly Part[], pairs: number): StudyResult {
  const failures = parts.flatMap(failuresOf);
  const columns = ['method', 'J', 'HPO − it, J', 'win rate', 'E[r_p]', 'E[R]', 'violations', 'KL'];
  const cells = (worth: readonly TrueWorth[]): number[] => [
    average(worth, 'winRate'),
    average(worth, 'preference'),
    average(worth, 'reward'),
    1 - average(worth, 'reward'),
    average(worth, 'divergence'),
  ];
  return {
    tables: parts.flatMap(({ correlation, main, stopped, best }) => [
      {
        caption: `ρ = ${correlation}, ${pairs} pairs, ${best.length} worlds; all methods fitted alike`,
        columns,
        rows: [
          ...main.map(({ method, worth }) => [
            ...[method, inWords(meanOf(column(worth, 'objective')))],
            method === HPO.name ? '' : inWords(ahead(main, method)),
            ...cells(worth),
          ]),
          ['the optimum, known', inWords(meanOf(column(best, 'objective'))), '', ...cells(best)],
        ],
      },
      {
        caption: `ρ = ${correlation}: each stopped after the passes that were best for its J in ${best.length} other worlds`,
        columns: ['method', 'passes', ...columns.slice(1)],
        rows: stopped.map(({ method, passes, worth }) => [
          ...[method, passes, inWords(meanOf(column(worth, 'objective')))],
          method === HPO.name ? '' : inWords(ahead(stopped, method)),
          ...cells(worth),
        ]),
      },
    ]),
    notes: [
      'J = E[r_p] + E[R] − β·KL, the objective itself. Intervals are Student’s over worlds, differences paired by world.',
      'win rate: chance that people prefer the policy’s response to the reference’s. violations: share of responses that the designer does not want.',
      ...parts.map(sentenceOf),
    ],
    failures,
    numbers: parts,
    report: {
      question: 'Does HPO reach a higher objective than DPO and the margin method where labels are scarce?',
      answer: {
        verdict: failures.length === 0 ? 'supported' : 'unsupported',
        sentence: parts.map(sentenceOf).join(' '),
        reasons: failures,
      },
    },
  };
}

/** HPO's J less that of a method. */
function ahead(rows: readonly Tried[], method: string): ReturnType<typeof meanOf> {
  const of = (name: string): number[] => column(rows.find((row) => row.method === name)?.worth ?? [], 'objective');
  return pairedOf(of(HPO.name), of(method));
}

/** What stopping each method at its best does to the comparison, in words. */
function sentenceOf({ correlation, stopped, main }: Part): string {
  const rivals = [DPO, MARGIN, MARGIN2].map(({ name }) => name);
  const verdict = (rows: readonly Tried[]): string =>
    rivals
      .map((name) => {
        const { interval } = ahead(rows, name);
        const word = interval[0] > 0 ? 'beats' : interval[1] < 0 ? 'loses to' : 'cannot be told from';
        return `${word} ${name}`;
      })
      .join(', ');
  return `ρ = ${correlation}: fitted alike HPO ${verdict(main)}; with each stopped at its best it ${verdict(stopped)}.`;
}

function failuresOf({ correlation, main }: Part): string[] {
  const failures: string[] = [];
  for (const { name } of [DPO, MARGIN, MARGIN2]) {
    const difference = ahead(main, name);
    if (!(difference.interval[0] > 0))
      failures.push(
        `ρ = ${correlation}, J of HPO − ${name}: expected an interval above 0, received ${inWords(difference)}.`,
      );
  }
  if (correlation !== 0) return failures;
  const [own, base] = [HPO, DPO].map(({ name }) => main.find(({ method }) => method === name)?.worth ?? []);
  const gain = average(own, 'reward') - average(base, 'reward');
  const kept = average(own, 'preference') / average(base, 'preference');
  if (!(gain >= SCORE.gain))
    failures.push(`E[R] over DPO: expected at least +${SCORE.gain}, received ${gain.toFixed(3)}.`);
  if (!(kept >= SCORE.kept))
    failures.push(`E[r_p]: expected at least ${SCORE.kept} of DPO’s, received ${kept.toFixed(3)}.`);
  return failures;
}
