import { basename } from 'node:path';
import type { Argv } from 'yargs';
import { GymError, messageOf } from '../../../core/check.js';
import { fingerprint } from '../../../logs/import/fingerprint.js';
import { analyseTrial } from '../../ab/analyze/analyse.js';
import { answerOfTest } from '../../ab/analyze/answer.js';
import { parseMetrics, withCovariates } from '../../ab/analyze/metric-spec.js';
import { readTrial } from '../../ab/analyze/table.js';
import type { AbSection, Metric } from '../../ab/contract.js';
import { CORRECTIONS } from '../../ab/stats/multiple-testing.js';
import { tellBadRows } from '../../evaluate/bad-rounds.js';
import { writeReport } from '../report-file.js';
import { pathOf } from '../evaluate/common.js';
import { printJson } from '../terminal.js';
import { plannedShares } from './planned.js';
import { answerOf, refusedAnswer, showSection } from './show.js';

/** `ab analyze DATA`: what a recorded A/B test says, without writing code. */
export function registerAnalyze(cli: Argv): Argv {
  return cli.command(
    'analyze <data>',
    'What a recorded A/B test says of each metric, and whether it can be believed',
    options,
    async (argv) => {
      const metrics = withCovariates(parseMetrics(argv.metric, argv.guardrail), argv.covariate);
      const trial = await load(argv, metrics).catch((error: unknown) => {
        // A table that cannot be read, or has rows that cannot be used, is answered with its reasons.
        if (argv.json && error instanceof Unusable) printJson(refusedAnswer(error.reasons));
        else if (argv.json && error instanceof GymError && error.code === 'data')
          printJson(refusedAnswer([messageOf(error)]));
        throw error;
      });
      const section = analyseTrial(trial, metrics, {
        name: argv.name ?? 'A/B test',
        control: argv.control,
        level: argv.level,
        ...(argv.planned === undefined ? {} : { planned: plannedShares(argv.planned, trial.arms) }),
        looks: argv.day !== undefined,
        sequential: argv.sequential,
        ...(argv.tunedFor === undefined ? {} : { tunedFor: argv.tunedFor }),
        correction: argv.correction,
        ...(argv.permutations === undefined
          ? {}
          : { permutations: { replicates: argv.permutations, seed: argv.seed } }),
      });
      if (argv.json) printJson(answerOf(section));
      else showSection(section);
      if (argv.report !== undefined) await report(section, argv.report, argv.data, flagsOf(argv));
    },
  );
}

/** Rows that cannot be used. */
class Unusable extends GymError {
  readonly reasons: readonly string[];
  constructor(message: string, reasons: readonly string[]) {
    super('data', message);
    this.reasons = reasons;
  }
}

const NONE: readonly string[] = [];
/** One value each time: a list would swallow the name of the table. */
const many = { type: 'string', array: true, nargs: 1, requiresArg: true, default: NONE } as const;
const one = { type: 'string', requiresArg: true } as const;

function options(command: Argv) {
  return command
    .positional('data', {
      type: 'string',
      demandOption: true,
      describe: 'CSV, TSV or NDJSON file: one row per unit, or with --unit and --rows several',
    })
    .options({
      arm: { ...one, demandOption: true, describe: "Column of the unit's arm" },
      control: { ...one, demandOption: true, describe: 'The arm that the others are compared with' },
      metric: {
        ...many,
        demandOption: true,
        describe:
          'COLUMN, COLUMN:proportion, COLUMN/COLUMN:ratio or COLUMN:quantile=0.9; add :lower where lower is better',
      },
      guardrail: {
        ...many,
        describe:
          'Like --metric; NAME:lower=0.01 where lower is better and 1 % more is tolerated, NAME:higher=0.01 otherwise',
      },
      covariate: {
        ...many,
        describe:
          'Column known beforehand, for CUPED: COLUMN for all metrics, METRIC=COLUMN or METRIC=COLUMN/COLUMN for one',
      },
      unit: { ...one, describe: 'Column of the unit, such as the user; without it every row is a unit' },
      rows: {
        choices: ['sum', 'mean'] as const,
        requiresArg: true,
        describe: 'How several rows of a unit become one value',
      },
      cluster: { ...one, describe: 'Column of what was randomised, where that was whole groups of units' },
      day: { ...one, describe: 'Column of the day (a number or a date): adds the looks from day to day' },
      segment: { ...many, describe: 'Column that splits the units into parts' },
      planned: { ...one, describe: 'Planned shares: 0.5,0.5 (control first, the others by name) or NAME=0.9,NAME=0.1' },
      level: { type: 'number', default: 0.95, requiresArg: true, describe: 'Two-sided level of the intervals' },
      correction: {
        choices: CORRECTIONS,
        default: 'holm' as const,
        requiresArg: true,
        describe: 'For several metrics and arms, guardrails left aside',
      },
      sequential: { type: 'boolean', default: false, describe: 'Also intervals that hold however often one looks' },
      'tuned-for': {
        type: 'number',
        requiresArg: true,
        describe: 'Units at which those are narrowest (5000)',
      },
      permutations: {
        type: 'number',
        requiresArg: true,
        describe: 'Also p-values by so many permutations, for few units or wild values',
      },
      seed: { type: 'number', default: 0, requiresArg: true, describe: 'Seed of the permutations' },
      name: { ...one, describe: 'What to call the test in its report' },
      report: { ...one, describe: 'Also write an HTML report, and report.json beside it' },
      json: { type: 'boolean', default: false, describe: 'Print one JSON object' },
    })
    .example('$0 ab analyze users.csv --arm arm --control A --metric spend --metric visit:proportion', 'A row per user')
    .example(
      '$0 ab analyze days.csv --arm arm --control A --unit user --rows sum --day day --metric revenue/orders:ratio',
      'A row per user and day',
    );
}

interface Flags {
  readonly data: string;
  readonly arm: string;
  readonly control: string;
  readonly unit?: string | undefined;
  readonly rows?: 'sum' | 'mean' | undefined;
  readonly cluster?: string | undefined;
  readonly day?: string | undefined;
  readonly segment: readonly string[];
}

async function load(flags: Flags, metrics: readonly Metric[]): Promise<Parameters<typeof analyseTrial>[0]> {
  const { data, arm, control, unit, rows, cluster, day, segment } = flags;
  await pathOf(data);
  if (rows !== undefined && unit === undefined)
    throw new GymError('usage', '--rows: expected --unit with the column of the unit, received none.');
  const named = (pick: (metric: Metric) => readonly (string | undefined)[]): string[] => [
    ...new Set(metrics.flatMap((metric) => pick(metric).flatMap((name) => name ?? []))),
  ];
  const { trial, bad } = await readTrial(data, {
    arm,
    control,
    measures: named(({ column, denominator }) => [column, denominator]),
    covariates: named(({ covariate, covariateDenominator }) => [covariate, covariateDenominator]),
    ...(unit === undefined ? {} : { unit }),
    ...(rows === undefined ? {} : { rows }),
    ...(cluster === undefined ? {} : { cluster }),
    ...(day === undefined ? {} : { day }),
    segments: segment,
  });
  if (bad.count === 0) return trial;
  const reasons = tellBadRows(bad);
  const list = reasons.map((reason) => `  ${reason}`).join('\n');
  throw new Unusable(
    `${data}: unsupported: expected rows of a trial, received ${bad.count} that cannot be used:\n${list}`,
    reasons,
  );
}

async function report(
  section: AbSection,
  path: string,
  data: string,
  flags: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { name, arms, control } = section;
  const others = arms.flatMap((arm) => (arm.name === control ? [] : [`'${arm.name}'`]));
  await writeReport(path, {
    id: name,
    question: `Does ${others.join(' or ')} change anything against '${control}', and how sure are we?`,
    answer: answerOfTest(section),
    command: `ab analyze ${basename(data)}`,
    flags,
    dataHash: await fingerprint([data], {}),
    seeds: flags['permutations'] === undefined ? [] : [Number(flags['seed'])],
    abTests: [section],
  });
}

/** What was asked, for the report: everything but the places on somebody's disk. */
function flagsOf(argv: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const kept = ['arm', 'control', 'metric', 'guardrail', 'covariate', 'unit', 'rows', 'cluster', 'day', 'segment'];
  const more = ['planned', 'level', 'correction', 'sequential', 'tunedFor', 'permutations', 'seed', 'name'];
  return Object.fromEntries([...kept, ...more].flatMap((key) => (argv[key] === undefined ? [] : [[key, argv[key]]])));
}
