import type { Argv } from 'yargs';
import { complaint } from '../../../core/check.js';
import { preferencePower, queriesFor, smallestShare } from '../../ab/power/preference-power.js';
import { splitPower, unitsToNotice } from '../../ab/power/split-power.js';
import { parseSpending } from '../../ab/stats/spending.js';
import { brief, print, printJson, table } from '../terminal.js';
import { answerPower, type PowerAnswer } from './power-answer.js';
import { EFFECT_METRICS, effectOf, noiseOf } from './power-metrics.js';

/** `ab power`: how long would this test need? */
export function registerPower(cli: Argv): Argv {
  return cli.command(
    'power <metric>',
    'How long would a test need, and which effects could it find?',
    options,
    (argv) => {
      const { metric, json, days, level, power } = argv;
      expect('--power', power, (x) => x > 0 && x < 1, 'a number in (0, 1)');
      expect('--level', level, (x) => x > 0.5 && x < 1, 'a number above 0.5 and below 1');
      expect('--days', days, (x) => Number.isInteger(x) && x >= 1 && x <= 365, 'a whole number from 1 to 365');
      expect('--comparisons', argv.comparisons, (x) => Number.isInteger(x) && x >= 1, 'a whole number from 1 up');
      if (argv.unitsPerDay !== undefined)
        expect('--units-per-day', argv.unitsPerDay, (x) => x > 0 && x < Infinity, 'a number above 0');
      expect('--exposure', argv.exposure, (x) => x > 0 && x <= 1, 'a share in (0, 1]');
      const perDay = argv.unitsPerDay === undefined ? null : argv.unitsPerDay * argv.exposure;
      // Several comparisons share the error evenly.
      const each = 1 - (1 - level) / argv.comparisons;
      if (metric === 'interleaving') answerPreference({ ...argv, level: each, perDay });
      else if (metric === 'split') answerSplit({ ...argv, perDay });
      else {
        const effect = argv.effect === undefined ? null : effectOf(argv.effect, argv.baseline, argv.relative);
        // A window of a switchback is a unit.
        const unitsPerDay = perDay === null || metric !== 'switchback' ? perDay : perDay / (argv.window ?? NaN);
        const answer = answerPower({
          noise: noiseOf(metric, argv),
          effect,
          power,
          level: each,
          sides: argv.oneSided || argv.margin !== undefined ? 1 : 2,
          ...(argv.margin === undefined ? {} : { margin: argv.margin }),
          controlRatio: argv.controlRatio,
          unitsPerDay,
          days,
          looks: argv.looks,
          spending: parseSpending(argv.spending),
          tunedFor: argv.tunedFor ?? (metric === 'switchback' && unitsPerDay !== null ? days * unitsPerDay : 5000),
        });
        if (json) printJson({ metric, effect, power, level: each, ...answer });
        else show(answer, { effect, power, baseline: argv.relative ? undefined : argv.baseline });
      }
    },
  );
}

const number = { type: 'number', requiresArg: true } as const;

function options(command: Argv) {
  return command
    .positional('metric', {
      choices: [...EFFECT_METRICS, 'interleaving', 'split'] as const,
      demandOption: true,
      describe: 'What is measured; split: how soon a wrong split of the units is noticed',
    })
    .options({
      baseline: { ...number, describe: 'Value of the control: mean, proportion or ratio' },
      effect: {
        type: 'string',
        requiresArg: true,
        describe: 'What should be found: 0.02 is a difference, 2% a part of the baseline',
      },
      'units-per-day': { ...number, describe: 'Units (queries, periods) that come each day, all arms together' },
      exposure: { ...number, default: 1, describe: 'Share of them that is in the test' },
      power: { ...number, default: 0.8, describe: 'Chance to find the effect' },
      level: { ...number, default: 0.95, describe: '1 − chance of a false alarm' },
      'one-sided': {
        type: 'boolean',
        default: false,
        describe: 'Only a rise, or with a negative effect a fall, counts',
      },
      comparisons: { ...number, default: 1, describe: 'Arms against the control and metrics that share the error' },
      'control-ratio': { ...number, default: 1, describe: 'Units of the control per treated unit' },
      margin: { ...number, describe: 'Non-inferiority: the largest tolerated change for the worse, as a difference' },
      days: { ...number, default: 28, describe: 'How far the table goes' },
      looks: { ...number, default: 5, describe: 'Planned looks of the group-sequential test' },
      spending: { type: 'string', requiresArg: true, default: 'obrien-fleming', describe: 'As in ab bounds' },
      'tuned-for': {
        ...number,
        describe:
          'Units at which the always-valid interval is narrowest (5000; of a switchback, the windows of --days)',
      },
      sd: { ...number, describe: 'Standard deviation of a unit (ratio: of its numerator; switchback: of a period)' },
      relative: { type: 'boolean', default: false, describe: 'Means: test the relative effect, by the delta method' },
      'denominator-mean': { ...number, describe: 'Ratio: mean of the denominator' },
      'denominator-sd': { ...number, describe: 'Ratio: its standard deviation' },
      correlation: { ...number, default: 0, describe: 'Ratio: of numerator and denominator' },
      quantile: { ...number, describe: 'Quantile: which, in (0, 1)' },
      density: { ...number, describe: 'Quantile: density of the values there' },
      window: { ...number, describe: 'Switchback: periods per window' },
      'carry-over': { ...number, default: 0, describe: 'Switchback: periods for which a treatment is felt afterwards' },
      autocorrelation: { ...number, default: 0, describe: 'Switchback: of neighbouring periods' },
      cuped: { ...number, describe: 'Correlation with what is known beforehand' },
      'cluster-size': { ...number, describe: 'Units per cluster, where clusters are randomised' },
      icc: { ...number, default: 0, describe: 'Correlation within clusters' },
      'cluster-cv': { ...number, default: 0, describe: 'Coefficient of variation of cluster sizes' },
      share: { ...number, describe: 'Interleaving: share of the decided queries that the better ranker wins' },
      ties: { ...number, default: 0, describe: 'Interleaving: share of queries without a preference' },
      planned: { type: 'string', requiresArg: true, default: '1,1', describe: 'Split: planned shares' },
      actual: { type: 'string', requiresArg: true, describe: 'Split: shares as they really are' },
      json: { type: 'boolean', default: false, describe: 'Print one JSON object' },
    })
    .example('$0 ab power proportions --baseline 0.1 --effect 5% --units-per-day 2000', 'How long for a rise of 5 %?')
    .example('$0 ab power means --baseline 20 --sd 60 --cuped 0.6 --units-per-day 5000', 'Which effects by which day?')
    .example('$0 ab power interleaving --share 0.52 --ties 0.5 --units-per-day 1000', 'In queries');
}

function expect(where: string, value: number, holds: (value: number) => boolean, expected: string): void {
  if (!holds(value)) throw complaint('usage', { where, expected, received: `${value}` });
}

const NAMES = { fixed: 'one look', groupSequential: 'planned looks', alwaysValid: 'always valid' } as const;
type Way = keyof typeof NAMES;

function show(
  { needed, byDay }: PowerAnswer,
  { effect, power, baseline }: { effect: number | null; power: number; baseline: number | undefined },
): void {
  const part = effect === null || baseline === undefined ? '' : ` (${brief((100 * effect) / Math.abs(baseline), 3)} %)`;
  if (effect !== null) {
    print(`An effect of ${brief(effect)}${part} is found with power ${brief(power)} by\n`);
    print(
      table(
        ['test', 'control', 'treatment', 'units', 'on average', 'days', 'on average'],
        Object.entries(needed).map(([way, { units, expectedUnits, days, expectedDays }]) => [
          NAMES[way === 'fixed' || way === 'groupSequential' ? way : 'alwaysValid'],
          ...[units.control, units.treatment, units.total, Math.round(expectedUnits)].map(String),
          days === null ? '—' : String(days),
          brief(expectedDays, 3),
        ]),
      ),
    );
    print();
  }
  if (byDay.length === 0) {
    if (effect === null) print('Give --effect, --units-per-day or both.');
    return;
  }
  const ways = (['fixed', 'groupSequential', 'alwaysValid'] as const).filter(
    (way: Way) => way in byDay[0].smallestEffect,
  );
  print(
    `Smallest effect found with power ${brief(power)}${effect === null ? '' : `, and power for ${brief(effect)}`}\n`,
  );
  print(
    table(
      [
        'day',
        'units',
        ...ways.map((way) => NAMES[way]),
        ...(effect === null ? [] : ways.map((way) => `power, ${NAMES[way]}`)),
      ],
      byDay.map(({ day, units, smallestEffect, power: found }) => [
        String(day),
        String(units),
        ...ways.map((way) => brief(smallestEffect[way])),
        ...(effect === null ? [] : ways.map((way) => brief(found[way], 3))),
      ]),
    ),
  );
}

interface Simple {
  readonly perDay: number | null;
  readonly days: number;
  readonly power: number;
  readonly json: boolean;
}

function answerPreference(
  flags: Simple & { readonly level: number; readonly share?: number | undefined; readonly ties: number },
): void {
  const { level, ties, share, power, perDay, days, json } = flags;
  const queries = share === undefined ? null : queriesFor(share, power, { level, ties });
  const byDay = daysOf(perDay, days).map(({ day, units }) => ({
    day,
    queries: units,
    smallestShare: smallestShare(units, power, { level, ties }),
    power: share === undefined ? null : preferencePower(units, share, { level, ties }),
  }));
  const daysNeeded = queries === null || perDay === null ? null : Math.ceil(queries / perDay);
  if (json) {
    printJson({ metric: 'interleaving', share, power, level, queries, days: daysNeeded, byDay });
    return;
  }
  if (share !== undefined)
    print(
      `A share of ${brief(share)} is found with power ${brief(power)} by ${queries ?? '—'} queries${inDays(daysNeeded)}.`,
    );
  else if (perDay === null) print('Give --share, --units-per-day or both.');
  if (byDay.length === 0) return;
  print();
  const rows = byDay.map((row) => [row.day, row.queries, brief(row.smallestShare), brief(row.power, 3)].map(String));
  print(table(['day', 'queries', 'smallest share', 'power'], rows));
}

function answerSplit(flags: Simple & { readonly planned: string; readonly actual?: string | undefined }): void {
  const { perDay, days, power, json, planned, actual } = flags;
  if (actual === undefined)
    throw complaint('usage', { where: 'ab power split', expected: '--actual with the real shares', received: 'none' });
  const list = (text: string): number[] => text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  const splits = { planned: list(planned), actual: list(actual) };
  const units = unitsToNotice(splits, power);
  const byDay = daysOf(perDay, days).map(({ day, units: seen }) => ({
    day,
    units: seen,
    power: splitPower(seen, splits),
  }));
  const daysNeeded = perDay === null || units === Infinity ? null : Math.ceil(units / perDay);
  if (json) {
    printJson({ metric: 'split', ...splits, power, units, days: daysNeeded, byDay });
    return;
  }
  print(
    units === Infinity
      ? 'The split is as planned: there is nothing to notice.'
      : `The sample-ratio alarm notices this split with power ${brief(power)} by ${units} units${inDays(daysNeeded)}.`,
  );
  if (byDay.length === 0) return;
  print();
  print(
    table(
      ['day', 'units', 'power'],
      byDay.map((row) => [String(row.day), String(row.units), brief(row.power, 3)]),
    ),
  );
}

const inDays = (days: number | null): string => (days === null ? '' : `, in ${days} day${days === 1 ? '' : 's'}`);

function daysOf(perDay: number | null, days: number): { readonly day: number; readonly units: number }[] {
  if (perDay === null) return [];
  const some = [1, 2, 3, 5, 7, 10, 14, 21, 28, 42, 56, 84, 112, 168, 365].filter((day) => day <= days);
  return (some.includes(days) ? some : [...some, days]).map((day) => ({ day, units: Math.floor(day * perDay) }));
}
