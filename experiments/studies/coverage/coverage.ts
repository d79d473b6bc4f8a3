import { expectNumber } from '../../../core/check.js';
import { peeking } from '../peeking/peeking.js';
import type { Study, StudyResult } from '../study.js';
import { missed, share, shareError, type Covered } from './claims.js';
import { coverageOfLogs, REWARD_KINDS } from './logs.js';
import { coverageOfTrials } from './trials.js';

/** From how many rounds on the methods that claim 95 % are held to it. */
const SIZES = [1000, 3000] as const;

export const coverage: Study = {
  summary: 'Do 95 % intervals hold the truth in 95 %? Off-policy, A/B tests, and daily looks at A/A tests',
  settings: {
    logs: { value: 1000, meaning: 'Logs per size and kind of reward' },
    replicates: { value: 400, meaning: 'Bootstrap replicates of a log' },
    trials: { value: 2000, meaning: 'A/B tests, clustered and not' },
    tests: { value: 2000, meaning: 'A/A tests with daily looks, per outcome' },
  },
  async run({ data, seed, settings, onProgress }) {
    const { logs, replicates, trials, tests } = settings;
    expectNumber('--logs', logs, 10, 1_000_000);
    expectNumber('--replicates', replicates, 100, 100_000);
    expectNumber('--trials', trials, 10, 1_000_000);
    const parts = [
      ...SIZES.flatMap((rounds) => REWARD_KINDS.map((reward) => ({ rounds, reward, same: false }))),
      { rounds: SIZES[0], reward: 'clicks' as const, same: true },
    ];
    const total = parts.length + 3;
    const offPolicy = parts.flatMap((part, i) => {
      onProgress?.(i, total, `${part.rounds} rounds, ${part.reward}`);
      return coverageOfLogs({ ...part, tests: logs, replicates, seed });
    });
    const inTests = [false, true].flatMap((clustered, i) => {
      onProgress?.(parts.length + i, total, clustered ? 'clustered A/B tests' : 'A/B tests');
      return coverageOfTrials({ tests: trials, seed, clustered });
    });
    onProgress?.(total - 1, total, 'A/A tests with daily looks');
    const defaults = Object.entries(peeking.settings).map(([name, { value }]): [string, number] => [name, value]);
    const looks = await peeking.run({ data, seed, settings: { ...Object.fromEntries(defaults), tests } });
    return resultOf(offPolicy, inTests, looks);
  },
};

function resultOf(offPolicy: readonly Covered[], inTests: readonly Covered[], looks: StudyResult): StudyResult {
  const tests = (of: readonly Covered[]): number => of[0]?.tests ?? 0;
  return {
    tables: [
      {
        caption: `Off-policy intervals of 95 %: share of ${tests(offPolicy)} logs in which they hold the truth, in percent`,
        ...wide(offPolicy),
      },
      {
        caption: `Intervals of A/B tests of 95 %: share of ${tests(inTests)} tests in which they hold the true effect, in percent`,
        ...wide(inTests),
      },
      ...looks.tables,
    ],
    notes: [
      `Monte-Carlo error of a share near 95 %: ${percent(shareError(tests(offPolicy)))} over ${tests(offPolicy)} logs, ${percent(shareError(tests(inTests)))} over ${tests(inTests)} tests.`,
      'conservative: hoeffding, bernstein, clopper-pearson, sequence and always valid promise at least 95 %; all others about 95 %.',
      'sequence, 5 looks: the share of logs in which the truth is inside at a sixteenth, an eighth, a quarter, half and all of the log.',
      'null control: the serving policy judged by its own log.',
      ...looks.notes,
    ],
    failures: [...offPolicy.flatMap(missed), ...inTests.flatMap(missed), ...looks.failures],
    numbers: { offPolicy, inTests, looks: looks.numbers },
  };
}

const percent = (p: number): string => `${(100 * p).toFixed(1)} %`;

/** One row per place and estimate, one column per method. */
function wide(found: readonly Covered[]): Pick<StudyResult['tables'][number], 'columns' | 'rows'> {
  const methods = [...new Set(found.map(({ method }) => method))];
  const rows = [...new Set(found.map(({ where, estimate }) => `${where}\n${estimate}`))];
  return {
    columns: ['where', 'estimate', ...methods],
    rows: rows.map((row) => [
      ...row.split('\n'),
      ...methods.map((method) => {
        const one = found.find((each) => each.method === method && `${each.where}\n${each.estimate}` === row);
        return one === undefined ? '' : Number((100 * share(one)).toFixed(1));
      }),
    ]),
  };
}
