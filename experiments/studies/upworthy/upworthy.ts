import { GymError } from '../../../core/check.js';
import { stream } from '../../../core/random.js';
import type { Estimate, ReportDocument } from '../../contract.js';
import type { AbSection } from '../../ab/contract.js';
import { SAMPLE_RATIO_ALARM } from '../../ab/stats/sample-ratio.js';
import type { Study, StudyResult } from '../study.js';
import { FAULT } from '../../../logs/import/upworthy.js';
import { alarmsOf, BROKEN_SHARE, byWeek, nullAlarms, splitPs, type Alarms } from './alarms.js';
import { readArchive } from './archive.js';
import { analysedTest, largestOf } from './example.js';
import { winners, type Winners } from './winners.js';

/** Standard errors that the null control may be off by. */
const ERRORS = 4;

interface Week extends Alarms {
  readonly week: number;
  readonly faulty: boolean;
  /** The alarms of its tests are surely above BROKEN_SHARE. */
  readonly broken: boolean;
}

interface Period {
  readonly name: string;
  readonly alarms: Alarms;
  readonly winners: Winners;
}

/** What the study found, in full precision. */
export interface UpworthyNumbers {
  readonly periods: readonly Period[];
  readonly weeks: readonly Week[];
  readonly null: {
    readonly resplits: number;
    readonly alarms: number;
    readonly winner: number;
    readonly difference: number;
  };
}

export const upworthy: Study = {
  summary:
    'Does the sample-ratio alarm find the period in which an archive of 4,873 headline tests was badly randomised?',
  data: 'the folder that holds upworthy_packages.csv',
  settings: { resplits: { value: 20, meaning: 'Random re-splits of every test, for the null control' } },
  async run({ data, seed, settings, onProgress }) {
    if (data === undefined)
      throw new GymError('usage', 'study upworthy: expected --data with the folder of the archive, received none.');
    const resplits = settings['resplits'];
    if (!Number.isInteger(resplits) || resplits < 1)
      throw new GymError('usage', `--resplits: expected a whole number from 1 up, received ${resplits}.`);
    onProgress?.(0, 3, 'reading');
    const archive = await readArchive(data);
    onProgress?.(1, 3, 'splits');
    const ps = splitPs(archive);
    const weeks = Array.from(byWeek(archive), ([week, tests]): Week => {
      const alarms = alarmsOf(archive, ps, tests);
      const faulty = week >= FAULT.from && week <= FAULT.to;
      return { week, faulty, broken: alarms.interval[0] > BROKEN_SHARE, ...alarms };
    });
    const tests = [...archive.week.keys()];
    const periodOf = (name: string, has: (week: number) => boolean): Period => {
      const own = tests.filter((t) => has(archive.week[t]));
      return { name, alarms: alarmsOf(archive, ps, own), winners: winners(archive, own) };
    };
    const periods = [
      periodOf('before the fault', (week) => week < FAULT.from),
      periodOf('during the fault', (week) => week >= FAULT.from && week <= FAULT.to),
      periodOf('after the fault', (week) => week > FAULT.to),
    ].filter(({ alarms }) => alarms.tests > 0);
    onProgress?.(2, 3, 'null control');
    const luck = stream(seed).fork('upworthy');
    const alarms = nullAlarms(archive, resplits, luck.fork('splits'));
    const { winner, difference } = winners(archive, tests, luck.fork('clicks'));
    const examples = [true, false].flatMap((faulty) => {
      const own = tests.filter((t) => (archive.week[t] >= FAULT.from && archive.week[t] <= FAULT.to) === faulty);
      return own.length === 0 ? [] : [analysedTest(archive, largestOf(archive, own))];
    });
    return resultOf({ periods, weeks, null: { resplits, alarms, winner, difference } }, examples);
  },
};

function resultOf(numbers: UpworthyNumbers, examples: readonly AbSection[]): StudyResult {
  const { periods, weeks, null: control } = numbers;
  const failures = failuresOf(numbers);
  return {
    tables: [
      {
        caption: `Splits by period: alarms are tests with p < ${SAMPLE_RATIO_ALARM}; dispersion is Σ χ² ÷ Σ degrees, 1 for a sound split`,
        columns: [
          'period',
          'tests',
          'alarms',
          'share',
          'low',
          'high',
          'p < 0.05',
          'dispersion',
          'but one test',
          'p of all',
        ],
        rows: periods.map(({ name, alarms: a }) => [
          name,
          a.tests,
          a.alarms,
          a.share,
          ...a.interval,
          a.below5,
          a.dispersion,
          a.dispersionButOne,
          a.p,
        ]),
      },
      {
        caption: 'Winners by period: share of tests, all pairs of packages, Holm within a test',
        columns: ['period', 'tests', 'best beats all', 'any pair', 'any pair, uncorrected'],
        rows: [
          ...periods.map(({ name, winners: w }) => [name, w.tests, w.winner, w.difference, w.uncorrected]),
          [
            'null control',
            periods.reduce((sum, { winners: w }) => sum + w.tests, 0),
            control.winner,
            control.difference,
            null,
          ],
        ],
      },
      {
        caption: 'Splits by week',
        columns: ['week', 'period', 'tests', 'alarms', 'share', 'dispersion', 'broken'],
        rows: weeks.map(({ week, faulty, tests, alarms, share, dispersion, broken }) => [
          String(week),
          faulty ? 'faulty' : '',
          tests,
          alarms,
          share,
          dispersion,
          broken ? 'broken' : '',
        ]),
      },
    ],
    notes: [
      `null control: impressions of every test dealt out again ${control.resplits} times: ${control.alarms} of the re-splits raise the alarm, nominal ${SAMPLE_RATIO_ALARM}.`,
      `A week is broken when the Wilson interval of its share of alarms lies above ${BROKEN_SHARE}, 100 times the nominal rate: sound weeks are not quite multinomial, so a single alarm says little.`,
      sentenceOf(numbers),
    ],
    failures,
    numbers,
    report: { ...documentOf(numbers, failures), abTests: examples },
  };
}

function failuresOf({ weeks, null: control, periods }: UpworthyNumbers): string[] {
  const wrong = weeks.filter(({ faulty, broken }) => faulty !== broken);
  const draws = control.resplits * periods.reduce((sum, { alarms }) => sum + alarms.tests, 0);
  const allowed = ERRORS * Math.sqrt(SAMPLE_RATIO_ALARM / draws);
  return [
    ...wrong.map(
      ({ week, faulty, alarms, tests }) =>
        `week ${week}: expected ${faulty ? 'broken' : 'sound'}, received ${alarms} alarms in ${tests} tests.`,
    ),
    ...(Math.abs(control.alarms - SAMPLE_RATIO_ALARM) <= allowed
      ? []
      : [`null control: expected alarms within ${allowed} of ${SAMPLE_RATIO_ALARM}, received ${control.alarms}.`]),
  ];
}

function sentenceOf({ weeks, periods }: UpworthyNumbers): string {
  const found = weeks.filter(({ faulty, broken }) => faulty && broken).length;
  const falsely = weeks.filter(({ faulty, broken }) => !faulty && broken).length;
  const all = weeks.filter(({ faulty }) => faulty).length;
  const rates = periods.map(({ name, alarms }) => `${(100 * alarms.share).toPrecision(3)} % of the tests ${name}`);
  const separates = found === all && falsely === 0 ? 'separates' : 'does not separate';
  return `The sample-ratio alarm ${separates} the faulty period from the rest: broken are ${found} of its ${all} weeks and ${falsely} of the other ${weeks.length - all}; it is raised by ${rates.join(', ')}.`;
}

function documentOf(numbers: UpworthyNumbers, failures: readonly string[]): NonNullable<StudyResult['report']> {
  const { weeks, periods, null: control } = numbers;
  const share = ({ share: value, interval }: Alarms): Estimate => ({
    value,
    standardError: null,
    interval,
    method: 'Wilson 95%',
  });
  const line = (name: string, faulty: boolean): ReportDocument['curves'][number] => ({
    chart: 'Share of tests with a sample-ratio alarm, by week',
    name,
    xLabel: 'weeks since the first test',
    yLabel: 'share of tests with an alarm',
    points: weeks.flatMap((week, i): [number, number][] => (week.faulty === faulty ? [[i, week.share]] : [])),
  });
  return {
    question: 'Does the sample-ratio alarm find the period in which the Upworthy archive was badly randomised?',
    answer: {
      verdict: failures.length === 0 ? 'supported' : 'unsupported',
      sentence: sentenceOf(numbers),
      reasons: [
        ...failures,
        `Dealt out again by chance, ${control.alarms.toPrecision(2)} of the splits raise the alarm; nominal is ${SAMPLE_RATIO_ALARM}.`,
        'Effects of the faulty period are not to be believed, whatever their p-values: the archive says so, and so does the alarm.',
      ],
    },
    curves: [line('faulty period', true), line('other weeks', false)],
    segments: [
      {
        by: 'period',
        columns: ['tests with an alarm'],
        rows: periods.map(({ name, alarms }) => ({ segment: name, rounds: alarms.tests, values: [share(alarms)] })),
      },
    ],
  };
}
