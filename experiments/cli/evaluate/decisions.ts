import { stat } from 'node:fs/promises';
import type { Argv } from 'yargs';
import { GymError, messageOf } from '../../../core/check.js';
import { openBanditFiles } from '../../../logs/import/open-bandit.js';
import { openStore } from '../../../logs/store/log-store.js';
import {
  badRowsOf,
  defaultRequests,
  evaluatePolicy,
  parseRequests,
  refuse,
  type Evaluation,
  type Request,
} from '../../evaluate/evaluate.js';
import { estimators, USUAL_ESTIMATORS } from '../../evaluate/estimators/index.js';
import { readExtraColumns, type ExtraRounds } from '../../evaluate/extra-columns.js';
import { smoothedRates } from '../../evaluate/smoothed-rates.js';
import { readOpenBanditTable, tableOfLog } from '../../evaluate/sources.js';
import { readEvaluationTable, type EvaluationTable } from '../../evaluate/table.js';
import { printJson } from '../terminal.js';
import { columnsOf, describeBad, intervalFlags, intervalsOf, promises, show } from './common.js';
import { extraColumnsOf, extraFlags, tuningOf, type ExtraFlags } from './extra-flags.js';

const SMOOTHED = 'smoothed-rate';
const NOTHING_READ = { rows: 0, propensity: new Float64Array(0), offendingRows: [] };

/** `evaluate LOG`: judge a policy on a plain table of logged decisions, without writing code. */
export function registerDecisions(cli: Argv): Argv {
  return cli.command(
    '$0 <log>',
    'Off-policy estimates of a policy from a table of logged decisions',
    options,
    async (argv) => {
      const sure = intervalsOf(argv);
      const requests = requestsOf(argv);
      const tune = tuningOf(argv);
      const data = await load(argv).catch((error: unknown) => {
        // A file that cannot be read as a table at all is answered like one with bad rows.
        if (argv.json && error instanceof GymError && error.code === 'data')
          answer(refuse(requests, { ...NOTHING_READ, reasons: [messageOf(error)] }));
        throw error;
      });
      if (data.bad.count > 0) {
        if (argv.json) answer(refuse(requests, badRowsOf(data.bad, data.rounds, data.rows)));
        throw new GymError('data', describeBad(argv.log, data.bad));
      }
      const guesses = argv.guess === SMOOTHED ? smoothedRates(data.rounds) : data.guesses;
      const extra = await loadExtra(argv, data.rounds.actions);
      if (extra.bad.count > 0) {
        if (argv.json) answer(refuse(requests, badRowsOf(extra.bad, data.rounds, data.rows)));
        throw new GymError('data', describeBad(argv.log, extra.bad));
      }
      const settings = { requests, ...sure, force: argv.force, ...(tune === undefined ? {} : { tune }) };
      const evaluation = evaluatePolicy({ ...data.rounds, ...extra.rounds }, data.target, guesses, settings);
      if (argv.json) answer(evaluation);
      else show(evaluation, 'rounds');
    },
  );
}

function options(command: Argv) {
  return command
    .positional('log', {
      type: 'string',
      demandOption: true,
      describe: 'CSV, TSV or NDJSON file, an Open Bandit folder, or with --store the name of a stored log',
    })
    .options({
      action: { type: 'string', requiresArg: true, describe: 'Column of the action taken' },
      reward: { type: 'string', requiresArg: true, describe: 'Column of the reward' },
      propensity: {
        type: 'string',
        requiresArg: true,
        describe: 'Column of the probability with which the serving policy chose the action',
      },
      policy: {
        type: 'string',
        requiresArg: true,
        demandOption: true,
        describe: "One column per action with the judged policy's probability, or 'uniform'",
      },
      guess: {
        type: 'string',
        requiresArg: true,
        describe: `One column per action with a reward model's guess, or '${SMOOTHED}'`,
      },
      actions: { type: 'number', requiresArg: true, describe: 'Number of actions, for --policy uniform' },
      store: { type: 'string', requiresArg: true, describe: 'SQLite file of the logs; LOG is then the name of one' },
      estimators: {
        type: 'string',
        requiresArg: true,
        describe: `Of ${Object.keys(estimators).join(', ')}; with settings as clippedIps=2 (${USUAL_ESTIMATORS.join(', ')})`,
      },
      clip: { type: 'number', requiresArg: true, describe: 'Largest weight of clippedIps (10)' },
      switch: { type: 'number', requiresArg: true, describe: 'Largest weight that switchDr corrects with (10)' },
      shrinkage: { type: 'number', requiresArg: true, describe: 'λ of dros (10)' },
      ...extraFlags,
      ...intervalFlags,
    })
    .example('$0 evaluate log.csv --action a --reward click --propensity p --policy pi_0,pi_1,pi_2', 'A plain table')
    .example(`$0 evaluate obd/bts/men --policy uniform --guess ${SMOOTHED}`, 'An Open Bandit folder')
    .example(
      '$0 evaluate log.csv --action a --reward click --propensity p --policy pi_0,pi_1 --logging mu_0,mu_1 --embedding category --estimators mips,snMips',
      'By what actions look like',
    )
    .example(
      '$0 evaluate log.csv --action a --reward click --propensity p --policy pi_0,pi_1 --interval bca,hoeffding,sequence --reward-range 0,1 --weight-max 20',
      'Intervals that correct for skewness, hold at every sample size, or at every time',
    )
    .example('$0 evaluate men --store logs/runs/gym.sqlite --policy uniform', 'A stored log')
    .epilogue(promises);
}

interface EvaluateFlags extends ExtraFlags {
  readonly log: string;
  readonly action?: string | undefined;
  readonly reward?: string | undefined;
  readonly propensity?: string | undefined;
  readonly policy: string;
  readonly guess?: string | undefined;
  readonly actions?: number | undefined;
  readonly store?: string | undefined;
  readonly estimators?: string | undefined;
  readonly clip?: number | undefined;
  readonly switch?: number | undefined;
  readonly shrinkage?: number | undefined;
}

function requestsOf({ estimators: list, guess, clip, switch: threshold, shrinkage }: EvaluateFlags): Request[] {
  for (const [flag, value] of Object.entries({ clip, switch: threshold, shrinkage })) {
    if (value !== undefined && !(value >= 0))
      throw new GymError('usage', `--${flag}: expected a number of at least 0, received ${value}.`);
  }
  const settings = {
    ...(clip === undefined ? {} : { clippedIps: clip }),
    ...(threshold === undefined ? {} : { switchDr: threshold }),
    ...(shrinkage === undefined ? {} : { dros: shrinkage }),
  };
  const requests = list === undefined ? defaultRequests(guess !== undefined, settings) : parseRequests(list, settings);
  const needy = guess === undefined ? requests.find(({ estimator }) => estimators[estimator].needsGuesses) : undefined;
  if (needy === undefined) return requests;
  throw new GymError(
    'usage',
    `${needy.key}: expected --guess with columns of a reward model or ${SMOOTHED}, received none.`,
  );
}

async function load(flags: EvaluateFlags): Promise<EvaluationTable> {
  const { log, policy, store, action, reward, propensity } = flags;
  if (store !== undefined) return fromStore(store, flags);
  const found = await stat(log).catch((error: unknown) => {
    const hint = 'Check the path; a stored log also needs --store FILE.';
    throw new GymError('usage', `${log}: expected a file or folder, received ${messageOf(error)}. ${hint}`);
  });
  const columns = {
    ...(action === undefined ? {} : { action }),
    ...(reward === undefined ? {} : { reward }),
    ...(propensity === undefined ? {} : { propensity }),
    ...(flags.guess === undefined || flags.guess === SMOOTHED ? {} : { guess: columnsOf(flags.guess) }),
    ...(flags.actions === undefined ? {} : { actions: flags.actions }),
    policy: policy === 'uniform' ? ('uniform' as const) : columnsOf(policy),
  };
  if (found.isDirectory()) return readOpenBanditTable(log, columns);
  if (action === undefined || reward === undefined || propensity === undefined) {
    const missing = ['action', 'reward', 'propensity'].filter((name) => !Object.hasOwn(columns, name));
    const flagged = missing.map((name) => `--${name}`).join(', ');
    throw new GymError('usage', `evaluate ${log}: expected ${flagged} to name columns, received nothing.`);
  }
  return readEvaluationTable(log, { ...columns, action, reward, propensity });
}

/** Columns that only some estimators need, from the same table. */
async function loadExtra(flags: EvaluateFlags, actions: number): Promise<ExtraRounds> {
  const columns = extraColumnsOf(flags);
  if (columns === undefined) return { rounds: {}, bad: { count: 0, first: [] } };
  if (flags.store !== undefined)
    throw new GymError(
      'usage',
      '--store: a stored log has no columns for --logging, --embedding, --logger and the like.',
    );
  const folder = (await stat(flags.log)).isDirectory();
  return readExtraColumns(folder ? (await openBanditFiles(flags.log)).impressions : flags.log, columns, actions);
}

async function fromStore(file: string, { log, policy, guess, reward }: EvaluateFlags): Promise<EvaluationTable> {
  if (policy !== 'uniform' || (guess !== undefined && guess !== SMOOTHED)) {
    const hint = "For other policies use 'recsys-gym run'.";
    throw new GymError('usage', `--store: expected --policy uniform and no --guess but ${SMOOTHED}. ${hint}`);
  }
  if ((await stat(file).catch(() => undefined)) === undefined)
    throw new GymError('usage', `--store: no file ${file}. Import a log with 'recsys-gym logs import' first.`);
  const store = await openStore(file);
  try {
    return tableOfLog(await store.read(log), reward);
  } finally {
    await store.close();
  }
}

/** Prints the JSON object; the histogram is for reports only. */
function answer({ estimates, diagnostics, verdict, reasons }: Evaluation): void {
  printJson({ estimates, diagnostics, verdict, reasons });
}
