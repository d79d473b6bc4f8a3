import type { Argv } from 'yargs';
import { complaint } from '../../../core/check.js';
import {
  hajekSwitchback,
  horvitzThompsonSwitchback,
  switchbackRandomisationP,
  washoutEffect,
} from '../../ab/switchback/index.js';
import { readSwitchback, type SwitchbackTable } from '../../ab/switchback/table.js';
import { tellBadRows } from '../../evaluate/bad-rounds.js';
import { brief, print, printJson, table } from '../terminal.js';
import { pathOf } from '../evaluate/common.js';
import { refusingInJson } from './refusal.js';

/** `ab switchback DATA`: what a test says in which a place was switched back and forth. */
export function registerSwitchback(cli: Argv): Argv {
  return cli.command('switchback <data>', 'What a switchback test says, with carry-over', options, (argv) =>
    refusingInJson(argv.json, async () => {
      const { data, level, carryOver, permutations, seed, json } = argv;
      if (!(level > 0.5 && level < 1))
        throw complaint('usage', {
          where: '--level',
          expected: 'a number above 0.5 and below 1',
          received: `${level}`,
        });
      if (argv.window !== undefined && argv.windowLength !== undefined)
        throw complaint('usage', { where: '--window', expected: '--window or --window-length', received: 'both' });
      const length = argv.windowLength ?? 1;
      if (!(Number.isInteger(length) && length >= 1))
        throw complaint('usage', {
          where: '--window-length',
          expected: 'a whole number from 1 up',
          received: `${length}`,
        });
      await pathOf(data);
      const read = await readSwitchback(data, {
        time: argv.time,
        treated: argv.treated,
        metric: argv.metric,
        window: argv.window ?? length,
        ...(argv.control === undefined ? {} : { control: argv.control }),
        ...(argv.unit === undefined ? {} : { unit: argv.unit }),
      });
      if (read.bad.count > 0)
        throw complaint('data', {
          where: data,
          expected: 'rows of a switchback test',
          received: `${read.bad.count} that cannot be used`,
          try: `\n${tellBadRows(read.bad).join('\n')}`,
        });
      const answer = answerOf(read, {
        carryOver,
        level,
        replicates: permutations,
        seed,
        ...(argv.baseline === undefined ? {} : { baseline: argv.baseline }),
      });
      if (json) printJson(answer);
      else show(answer);
    }),
  );
}

const one = { type: 'string', requiresArg: true } as const;
const number = { type: 'number', requiresArg: true } as const;

function options(command: Argv) {
  return command
    .positional('data', {
      type: 'string',
      demandOption: true,
      describe: 'CSV, TSV or NDJSON file: a row per period, or several, which are averaged',
    })
    .options({
      time: { ...one, demandOption: true, describe: 'Column of the period: a number, a date or a time' },
      treated: { ...one, demandOption: true, describe: 'Column of the treatment: 1 and 0, or names with --control' },
      metric: { ...one, demandOption: true, describe: 'Column of the outcome' },
      control: { ...one, describe: 'Which treatment is the control' },
      unit: { ...one, describe: 'Column of the place, where several are switched, each on its own' },
      window: { ...one, describe: 'Column of the window, all of which was treated by one toss' },
      'window-length': { ...number, describe: 'Or how many periods a window has (1)' },
      'carry-over': { ...number, default: 1, describe: 'Periods for which a treatment is felt afterwards' },
      baseline: { ...number, describe: 'What outcomes are like, known beforehand: steadies the unbiased estimate' },
      level: { ...number, default: 0.95, describe: 'Two-sided level of the intervals' },
      permutations: { ...number, default: 999, describe: 'Other tosses that the exact test looks at' },
      seed: { ...number, default: 0, describe: 'Seed of those tosses' },
      json: { type: 'boolean', default: false, describe: 'Print one JSON object' },
    })
    .example(
      '$0 ab switchback hours.csv --time hour --treated on --metric orders --window-length 4 --carry-over 1',
      'Hours of one city, switched every four',
    );
}

interface Settings {
  readonly carryOver: number;
  readonly level: number;
  readonly baseline?: number;
  readonly replicates: number;
  readonly seed: number;
}

type Answer = ReturnType<typeof answerOf>;

function answerOf({ series, remarks }: SwitchbackTable, settings: Settings) {
  const { carryOver, level, replicates, seed } = settings;
  const randomised = horvitzThompsonSwitchback(series, settings);
  const hajek = hajekSwitchback(series, { carryOver, level });
  const washout = washoutEffect(series, { carryOver, level });
  const plain = (effect: typeof hajek | typeof washout) => ({
    difference: effect.difference,
    standardError: effect.standardError,
    interval: [effect.low, effect.high] as const,
    pValue: effect.pValue,
  });
  return {
    places: series.length,
    periods: series.reduce((sum, { outcome }) => sum + outcome.length, 0),
    windows: series.reduce((sum, { window }) => sum + (window.at(-1) ?? -1) + 1, 0),
    carryOver,
    level,
    cleanPeriods: { control: hajek.periods[0], treatment: hajek.periods[1] },
    estimates: { horvitzThompson: plain(randomised), hajek: plain(hajek), washout: plain(washout) },
    washout: { means: washout.means, windows: washout.windows, kept: washout.kept, dropped: washout.dropped },
    randomisation: { pValue: switchbackRandomisationP(series, { carryOver, replicates, seed }), replicates },
    remarks,
    assumptions: [
      `A treatment is felt in its own period and the ${carryOver} after it, not longer.`,
      'Each window was treated by a fair coin of its own.',
      'Places do not feel each other’s treatments.',
    ],
  };
}

const LABELS = {
  hajek: 'weighted means (Hájek)',
  washout: 'washout, by windows',
  horvitzThompson: 'unbiased (Horvitz-Thompson)',
} as const;

function show({
  places,
  periods,
  windows,
  cleanPeriods,
  estimates,
  washout,
  randomisation,
  remarks,
  carryOver,
}: Answer): void {
  print(
    `${places} place${places === 1 ? '' : 's'}, ${periods} periods in ${windows} windows; with a carry-over of ${carryOver}, ` +
      `${cleanPeriods.control} periods saw a clean control and ${cleanPeriods.treatment} a clean treatment.\n`,
  );
  print(
    table(
      ['estimate', 'difference', 'standard error', 'interval', 'p'],
      (['hajek', 'washout', 'horvitzThompson'] as const).map((key) => {
        const { difference, standardError, interval, pValue } = estimates[key];
        return [
          LABELS[key],
          brief(difference),
          brief(standardError),
          `[${brief(interval[0])}, ${brief(interval[1])}]`,
          brief(pValue),
        ];
      }),
    ),
  );
  print(`\nWashout keeps ${washout.kept} periods and drops ${washout.dropped}.`);
  print(`Exact test over ${randomisation.replicates} other tosses: p = ${brief(randomisation.pValue)}.`);
  for (const remark of remarks) print(`  – ${remark}`);
}
