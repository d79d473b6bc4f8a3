import { stat } from 'node:fs/promises';
import type { Argv } from 'yargs';
import pc from 'picocolors';
import { GymError } from '../../core/check.js';
import type { Verdict } from '../contract.js';
import { defaultRequests, evaluatePolicy, parseRequests, type Evaluation } from '../evaluate/evaluate.js';
import { estimators } from '../evaluate/estimators/index.js';
import { readEvaluationTable, smoothedRates, type BadRow, type EvaluationTable } from '../evaluate/table.js';
import { readOpenBanditTable } from '../evaluate/open-bandit-table.js';
import { brief, print, printJson, table } from './terminal.js';

const columnsOf = (text: string): string[] => text.split(',').map((name) => name.trim());

/** `evaluate`: judge a policy on a plain table of logged decisions, without writing code. */
export function registerEvaluate(cli: Argv): Argv {
  return cli.command(
    'evaluate <log>',
    'Off-policy estimates of a policy from a table of logged decisions',
    options,
    async (argv) => {
      if (!(argv.level > 0.5 && argv.level < 1))
        throw new GymError('usage', `--level: expected a number between 0.5 and 1, received ${argv.level}.`);
      const data = await load(argv);
      if (data.bad.length > 0) {
        if (argv.json) printJson(unsupported(data));
        throw new GymError('data', describeBad(argv.log, data.bad));
      }
      const guesses = argv.guess === 'smoothed-rate' ? smoothedRates(data.rounds) : data.guesses;
      const settings = {
        ...(argv.clip === undefined ? {} : { clippedIps: argv.clip }),
        ...(argv.switch === undefined ? {} : { switchDr: argv.switch }),
        ...(argv.shrinkage === undefined ? {} : { dros: argv.shrinkage }),
      };
      const requests =
        argv.estimators === undefined
          ? defaultRequests(guesses !== undefined, settings)
          : parseRequests(argv.estimators, settings);
      const { level, replicates, seed, force } = argv;
      const { weights: _weights, ...evaluation } = evaluatePolicy(data.rounds, data.target, guesses, {
        requests,
        level,
        replicates,
        seed,
        force,
      });
      if (argv.json) printJson(evaluation);
      else show(evaluation);
    },
  );
}

function options(command: Argv) {
  return command
    .positional('log', {
      type: 'string',
      demandOption: true,
      describe: 'CSV or NDJSON file, or an Open Bandit folder',
    })
    .option('action', { type: 'string', requiresArg: true, describe: 'Column of the action taken' })
    .option('reward', { type: 'string', requiresArg: true, describe: 'Column of the reward' })
    .option('propensity', {
      type: 'string',
      requiresArg: true,
      describe: 'Column of the probability with which the serving policy chose the action',
    })
    .option('policy', {
      type: 'string',
      requiresArg: true,
      demandOption: true,
      describe: "One column per action with the judged policy's probability, or 'uniform'",
    })
    .option('guess', {
      type: 'string',
      requiresArg: true,
      describe: "One column per action with a reward model's guess, or 'smoothed-rate'",
    })
    .option('actions', { type: 'number', requiresArg: true, describe: 'Number of actions, for --policy uniform' })
    .option('estimators', {
      type: 'string',
      requiresArg: true,
      describe: `Of ${Object.keys(estimators).join(', ')}; with settings as clippedIps=2`,
    })
    .option('clip', { type: 'number', requiresArg: true, describe: 'Largest weight of clippedIps (10)' })
    .option('switch', {
      type: 'number',
      requiresArg: true,
      describe: 'Largest weight that switchDr corrects with (10)',
    })
    .option('shrinkage', { type: 'number', requiresArg: true, describe: 'λ of dros (10)' })
    .option('level', {
      type: 'number',
      default: 0.95,
      requiresArg: true,
      describe: 'Two-sided level of the intervals',
    })
    .option('replicates', {
      type: 'number',
      default: 0,
      requiresArg: true,
      describe: 'Replicates of a second, bootstrap interval; 0 for none',
    })
    .option('seed', { type: 'number', default: 0, requiresArg: true, describe: 'Seed of the bootstrap' })
    .option('force', {
      type: 'boolean',
      default: false,
      describe: 'Print numbers although the log does not carry them',
    })
    .option('json', { type: 'boolean', default: false, describe: 'Print one JSON object' })
    .example('$0 evaluate log.csv --action a --reward click --propensity p --policy pi_0,pi_1,pi_2', 'A plain table')
    .example('$0 evaluate obd/bts/men --policy uniform --guess smoothed-rate', 'An Open Bandit folder');
}

interface EvaluateFlags {
  readonly log: string;
  readonly action?: string | undefined;
  readonly reward?: string | undefined;
  readonly propensity?: string | undefined;
  readonly policy: string;
  readonly guess?: string | undefined;
  readonly actions?: number | undefined;
}

async function load({
  log,
  action,
  reward,
  propensity,
  policy,
  guess,
  actions,
}: EvaluateFlags): Promise<EvaluationTable> {
  const found = await stat(log).catch(() => undefined);
  if (found?.isDirectory() === true) {
    if (policy !== 'uniform')
      throw new GymError(
        'usage',
        `--policy: expected 'uniform' for an Open Bandit folder, received '${policy}'. For other policies use 'recsys-gym run'.`,
      );
    return readOpenBanditTable(log);
  }
  const missing = Object.entries({ action, reward, propensity }).flatMap(([name, value]) =>
    value === undefined ? [`--${name}`] : [],
  );
  if (action === undefined || reward === undefined || propensity === undefined) {
    throw new GymError('usage', `evaluate ${log}: expected ${missing.join(', ')} to name columns, received nothing.`);
  }
  return readEvaluationTable(log, {
    action,
    reward,
    propensity,
    policy: policy === 'uniform' ? 'uniform' : columnsOf(policy),
    ...(guess === undefined || guess === 'smoothed-rate' ? {} : { guess: columnsOf(guess) }),
    ...(actions === undefined ? {} : { actions }),
  });
}

const sentence = ({ row, line, reason }: BadRow): string => `Row ${row} (line ${line}): ${reason}.`;

function describeBad(log: string, bad: readonly BadRow[]): string {
  const listed = bad.slice(0, 10).map((row) => `  ${sentence(row)}`);
  const more = bad.length > 10 ? [`  … and ${bad.length - 10} more.`] : [];
  return [
    `${log}: unsupported: expected rows that can be weighted, received ${bad.length} that cannot:`,
    ...listed,
    ...more,
  ].join('\n');
}

function unsupported({ rounds, bad }: EvaluationTable): Omit<Evaluation, 'weights'> {
  const floor = rounds.propensity.reduce((least, p) => Math.min(least, p), Infinity);
  return {
    estimates: {},
    diagnostics: {
      rounds: rounds.action.length + bad.length,
      effectiveSampleSize: NaN,
      meanWeight: NaN,
      maxWeight: NaN,
      maxWeightShare: NaN,
      propensityFloor: floor,
      offendingRows: bad.slice(0, 20).map(({ row }) => row),
    },
    verdict: 'unsupported',
    reasons: bad.slice(0, 20).map(sentence),
  };
}

const COLOUR: Readonly<Record<Verdict, (text: string) => string>> = {
  supported: pc.green,
  weak: pc.yellow,
  unsupported: pc.red,
};

function show({ estimates, diagnostics, verdict, reasons }: Omit<Evaluation, 'weights'>): void {
  const bootstrapped = Object.values(estimates).some(({ bootstrap }) => bootstrap !== undefined);
  print(
    table(
      ['estimator', 'value', 'standard error', 'interval', ...(bootstrapped ? ['bootstrap'] : []), 'setting'],
      Object.entries(estimates).map(([key, { value, standardError, interval, bootstrap, setting }]) => [
        key,
        value === null ? 'refused' : brief(value, 6),
        brief(standardError),
        interval === null ? '—' : `[${brief(interval[0])}, ${brief(interval[1])}]`,
        ...(bootstrapped ? [bootstrap === undefined ? '—' : `[${brief(bootstrap[0])}, ${brief(bootstrap[1])}]`] : []),
        setting === undefined ? '' : brief(setting),
      ]),
    ),
  );
  const { rounds, effectiveSampleSize, meanWeight, maxWeight, maxWeightShare, propensityFloor, offendingRows } =
    diagnostics;
  print();
  print(
    `rounds ${rounds}, effective sample size ${brief(effectiveSampleSize)}, mean weight ${brief(meanWeight)}, largest weight ${brief(maxWeight)} (${brief(100 * maxWeightShare, 3)} % of all), smallest propensity ${brief(propensityFloor)}`,
  );
  if (offendingRows.length > 0) print(`rows that hold most of the weight: ${offendingRows.join(', ')}`);
  print();
  print(COLOUR[verdict](verdict.toUpperCase()));
  for (const reason of reasons) print(`  – ${reason}`);
}
