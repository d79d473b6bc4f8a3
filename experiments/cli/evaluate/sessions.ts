import { stat } from 'node:fs/promises';
import type { Argv } from 'yargs';
import { complaint, GymError, messageOf } from '../../../core/check.js';
import { startBackend } from '../../../core/tensor/backend.js';
import { openStore } from '../../../logs/store/log-store.js';
import { tellBadRows, type BadRows } from '../../evaluate/bad-rounds.js';
import { sessionEstimators } from '../../evaluate/sessions/estimators/index.js';
import { byStep } from '../../evaluate/sessions/estimators/marginal.js';
import {
  evaluateSessions,
  offered,
  parseSessionEstimators,
  possibleEstimators,
  refuseSessions,
  whyRefused,
  type SessionEvaluation,
} from '../../evaluate/sessions/evaluate-sessions.js';
import { crossFitQ } from '../../evaluate/sessions/fitted-q/fit.js';
import { fittedQ } from '../../evaluate/sessions/fitted-q/index.js';
import { sessionsOfLog } from '../../evaluate/sessions/log.js';
import { readSessionTable, type SessionTable } from '../../evaluate/sessions/table.js';
import { brief, print, printJson, table, VERDICT_COLOUR } from '../terminal.js';

/** Replicates of an asked-for bootstrap interval. */
const REPLICATES = 2000;
const KINDS = ['tabular', 'linear', 'network', 'none'] as const;

/** `evaluate sessions LOG`: the value of whole sessions under a policy, from a table with one row per decision. */
export function registerSessions(cli: Argv): Argv {
  return cli.command(
    'sessions <log>',
    'Off-policy estimates of the value of whole sessions, from a table with one row per decision',
    options,
    async (argv) => {
      const { level, seed, force, interval, discount, json } = argv;
      if (!(level > 0.5 && level < 1))
        throw new GymError('usage', `--level: expected a number between 0.5 and 1, received ${level}.`);
      if (!(discount >= 0 && discount <= 1))
        throw new GymError('usage', `--discount: expected a number from 0 to 1, received ${discount}.`);
      const replicates = argv.replicates ?? (interval === 'bootstrap' ? REPLICATES : 0);
      if (!Number.isInteger(replicates) || replicates < (interval === 'bootstrap' ? 2 : 0))
        throw new GymError('usage', `--replicates: expected a whole number, received ${replicates}.`);
      const data = await load(argv).catch((error: unknown) => {
        if (json && error instanceof GymError && error.code === 'data')
          printJson(refuseSessions([], { rounds: 0, offendingRows: [], reasons: [messageOf(error)] }));
        throw error;
      });
      const kind = kindOf(argv, data);
      const offer = offered(data.sessions, data.target, data.guesses !== undefined || kind !== undefined);
      const estimators =
        argv.estimators === undefined ? possibleEstimators(offer) : parseSessionEstimators(argv.estimators, offer);
      if (data.bad.count > 0) {
        if (json)
          printJson(refuseSessions(estimators, { rounds: data.sessions.action.length, ...whyRefused(data.bad) }));
        throw new GymError('data', describeBad(argv.log, data.bad));
      }
      const guesses = data.guesses ?? (kind === undefined ? undefined : await fitted(kind, data, argv));
      const settings = { estimators, discount, level, replicates, interval, seed, force };
      const evaluation = evaluateSessions(data.sessions, data.target, guesses, settings);
      if (json) printJson(evaluation);
      else show(evaluation);
    },
  );
}

function options(command: Argv) {
  const column = (describe: string) => ({ type: 'string', requiresArg: true, describe }) as const;
  return command
    .positional('log', {
      type: 'string',
      demandOption: true,
      describe: 'CSV, TSV or NDJSON file, or with --store the name of a stored log',
    })
    .options({
      session: column('Column of the session'),
      step: column('Column of the step in its session: whole numbers that rise by 1, from 0 or from 1'),
      action: column('Column of the action taken'),
      reward: column('Column of the reward; of a stored log, one of its outcomes'),
      propensity: column('Column of the probability with which the serving policy chose the action'),
      target: column("Column of the judged policy's probability of the action taken"),
      policy: column("One column per action with the judged policy's probability, or 'uniform'"),
      state: column('Column of a discrete state, for marginal weights and tabular fitted Q'),
      'state-by-step': { type: 'boolean', default: false, describe: 'The same state at another step is another state' },
      features: column('Columns of numeric features of the state, for linear weights and fitted Q'),
      guess: column('One column per action with a guess of Q: the value of the rest of the session'),
      fit: {
        choices: KINDS,
        requiresArg: true,
        describe: 'How Q is fitted where no guesses are given (tabular with --state, linear with --features)',
      },
      folds: {
        type: 'number',
        default: 5,
        requiresArg: true,
        describe: 'Parts of the cross-fitting: no session is scored by a Q that saw it',
      },
      discount: {
        type: 'number',
        default: 1,
        requiresArg: true,
        describe: 'What a reward one step later is worth, in [0, 1]',
      },
      store: column('SQLite file of the logs; LOG is then the name of one'),
      estimators: column(`Of ${Object.keys(sessionEstimators).join(', ')}`),
      level: { type: 'number', default: 0.95, requiresArg: true, describe: 'Two-sided level of the intervals' },
      interval: {
        choices: ['delta', 'bootstrap'] as const,
        default: 'delta' as const,
        requiresArg: true,
        describe: 'How the interval is made',
      },
      replicates: {
        type: 'number',
        requiresArg: true,
        describe: `Bootstrap replicates over sessions (${REPLICATES}); with --interval delta, adds a second interval`,
      },
      seed: { type: 'number', default: 0, requiresArg: true, describe: 'Seed of the folds and the bootstrap' },
      force: { type: 'boolean', default: false, describe: 'Print numbers although the log does not carry them' },
      json: { type: 'boolean', default: false, describe: 'Print one JSON object' },
    })
    .example(
      '$0 evaluate sessions log.csv --session s --step t --action a --reward r --propensity p --target pi',
      'Weights alone',
    )
    .example(
      '$0 evaluate sessions log.csv --session s --step t --action a --reward r --propensity p --policy pi_0,pi_1 --state x',
      'And a model of the states',
    );
}

interface SessionFlags {
  readonly log: string;
  readonly session?: string | undefined;
  readonly step?: string | undefined;
  readonly action?: string | undefined;
  readonly reward?: string | undefined;
  readonly propensity?: string | undefined;
  readonly target?: string | undefined;
  readonly policy?: string | undefined;
  readonly state?: string | undefined;
  readonly stateByStep: boolean;
  readonly features?: string | undefined;
  readonly guess?: string | undefined;
  readonly store?: string | undefined;
}

const columnsOf = (text: string): string[] => text.split(',').map((name) => name.trim());

async function load(flags: SessionFlags): Promise<SessionTable> {
  const { log, store, session, step, action, reward, propensity, target, policy, state } = flags;
  if (store !== undefined) return fromStore(store, flags);
  if ((await stat(log).catch(() => undefined)) === undefined)
    throw complaint('usage', {
      where: log,
      expected: 'a file',
      received: 'none of that name',
      try: 'Check the path; a stored log also needs --store FILE.',
    });
  if (
    session === undefined ||
    step === undefined ||
    action === undefined ||
    reward === undefined ||
    propensity === undefined
  ) {
    const missing = Object.entries({ session, step, action, reward, propensity }).filter(
      ([, name]) => name === undefined,
    );
    const flagged = missing.map(([name]) => `--${name}`).join(', ');
    throw new GymError('usage', `evaluate sessions ${log}: expected ${flagged} to name columns, received nothing.`);
  }
  const read = await readSessionTable(log, {
    ...{ session, step, action, reward, propensity },
    ...(target === undefined ? {} : { target }),
    ...(policy === undefined ? {} : { policy: policy === 'uniform' ? ('uniform' as const) : columnsOf(policy) }),
    ...(state === undefined ? {} : { state }),
    ...(flags.features === undefined ? {} : { features: columnsOf(flags.features) }),
    ...(flags.guess === undefined ? {} : { guess: columnsOf(flags.guess) }),
  });
  if (!flags.stateByStep || read.bad.count > 0) return read;
  return { ...read, sessions: byStep(read.sessions) };
}

async function fromStore(file: string, { log, policy, reward, guess, state }: SessionFlags): Promise<SessionTable> {
  if (policy !== 'uniform' || guess !== undefined || state !== undefined)
    throw new GymError(
      'usage',
      '--store: expected --policy uniform, without --guess and --state. Export the log to a table for others.',
    );
  if ((await stat(file).catch(() => undefined)) === undefined)
    throw new GymError('usage', `--store: no file ${file}. Import a log with 'recsys-gym logs import' first.`);
  const store = await openStore(file);
  try {
    const stored = await store.read(log);
    const rows = Int32Array.from({ length: stored.rows }, (_, row) => row);
    return { ...sessionsOfLog(stored, rows, 'uniform', reward), guesses: undefined, bad: { count: 0, first: [] } };
  } finally {
    await store.close();
  }
}

/** How Q is fitted, if it is. */
function kindOf(
  { fit, guess }: { readonly fit?: (typeof KINDS)[number] | undefined; readonly guess?: string | undefined },
  { sessions, target }: SessionTable,
): keyof typeof fittedQ | undefined {
  if (fit === 'none' || guess !== undefined || (fit === undefined && target.all === undefined)) return undefined;
  const kind =
    fit ?? (sessions.state !== undefined ? 'tabular' : sessions.features !== undefined ? 'linear' : undefined);
  if (kind === undefined) return undefined;
  const { needs } = fittedQ[kind];
  const lacks = target.all === undefined ? 'policy' : sessions[needs] === undefined ? needs : undefined;
  if (lacks !== undefined) throw new GymError('usage', `--fit ${kind}: expected --${lacks}, received none.`);
  return kind;
}

async function fitted(
  kind: keyof typeof fittedQ,
  { sessions, target }: SessionTable,
  { discount, folds, seed }: { readonly discount: number; readonly folds: number; readonly seed: number },
): Promise<Float64Array | undefined> {
  if (target.all === undefined) return undefined;
  if (kind === 'network') await startBackend(process.env['RECSYS_GYM_BACKEND']);
  return crossFitQ(fittedQ[kind], { sessions, policy: target.all, discount }, { folds, seed });
}

function describeBad(log: string, bad: BadRows): string {
  const rows = tellBadRows(bad).map((reason) => `  ${reason}`);
  return `${log}: unsupported: expected sessions that can be weighted, received ${bad.count} rows that cannot:\n${rows.join('\n')}`;
}

function show({ estimates, diagnostics, verdict, reasons }: SessionEvaluation): void {
  const range = (interval: readonly [number, number] | null | undefined): string =>
    interval === null || interval === undefined ? '—' : `[${brief(interval[0])}, ${brief(interval[1])}]`;
  const entries = Object.entries(estimates);
  const bootstrapped = entries.some(([, { bootstrap }]) => bootstrap !== undefined);
  const headers = [
    'estimator',
    'value',
    'standard error',
    'interval',
    'method',
    ...(bootstrapped ? ['bootstrap'] : []),
  ];
  print(
    table(
      headers,
      entries.map(([key, { value, standardError, interval, method, bootstrap }]) => [
        key,
        brief(value, 6),
        brief(standardError),
        range(interval),
        value === null ? 'refused' : method,
        ...(bootstrapped ? [range(bootstrap)] : []),
      ]),
    ),
  );
  print();
  const { sessions, rounds, longest, meanLength, effectiveSampleSize, meanWeight, maxWeight, maxWeightShare } =
    diagnostics;
  print(
    `sessions ${brief(sessions)}, decisions ${rounds}, mean length ${brief(meanLength, 3)}, longest ${brief(longest)}; of whole sessions: effective sample size ${brief(effectiveSampleSize)}, mean weight ${brief(meanWeight)}, largest weight ${brief(maxWeight)} (${brief(100 * (maxWeightShare ?? NaN), 3)} % of all)`,
  );
  const steps = diagnostics.horizon ?? [];
  if (steps.length > 1) {
    const told = steps.filter((_, i) => i % Math.ceil(steps.length / 8) === 0 || i === steps.length - 1);
    print(
      `effective sample size by step: ${told.map(({ step, effectiveSampleSize: n }) => `${step}: ${brief(n, 3)}`).join(', ')}`,
    );
  }
  for (const [name, { effectiveSampleSize: n }] of Object.entries(diagnostics.decisions ?? {}))
    print(
      `${name === 'single' ? 'ratios' : `weights of ${name}`}: effective sample size ${brief(n)} of ${rounds} decisions`,
    );
  const heavy = diagnostics.offendingSessions ?? [];
  if (heavy.length > 0) print(`sessions that hold much of the weight: ${heavy.join(', ')}`);
  print();
  print(VERDICT_COLOUR[verdict](verdict.toUpperCase()));
  for (const reason of reasons) print(`  – ${reason}`);
}
