import { stat } from 'node:fs/promises';
import { complaint, GymError } from '../../../core/check.js';
import { startBackend } from '../../../core/tensor/backend.js';
import { openStore } from '../../../logs/store/log-store.js';
import { tellBadRows, type BadRows } from '../../evaluate/bad-rounds.js';
import { byStep } from '../../evaluate/sessions/estimators/marginal.js';
import { crossFitQ } from '../../evaluate/sessions/fitted-q/fit.js';
import { fittedQ } from '../../evaluate/sessions/fitted-q/index.js';
import { sessionsOfLog } from '../../evaluate/sessions/log.js';
import { readSessionTable, type SessionTable } from '../../evaluate/sessions/table.js';

/** What `evaluate sessions` and `evaluate distribution` read. */

const KINDS = ['tabular', 'linear', 'network', 'none'] as const;
const column = (describe: string) => ({ type: 'string', requiresArg: true, describe }) as const;

/** Flags that say what the log holds and how Q is fitted. */
export const SESSION_INPUT = {
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
} as const;

/** Where the log is. */
export const SESSION_LOG = {
  type: 'string',
  demandOption: true,
  describe: 'CSV, TSV or NDJSON file, or with --store the name of a stored log',
} as const;

/** Throws unless the numbers of the flags are in their ranges. */
export function checkNumbers({ level, discount }: { readonly level: number; readonly discount: number }): void {
  if (!(level > 0.5 && level < 1))
    throw new GymError('usage', `--level: expected a number between 0.5 and 1, received ${level}.`);
  if (!(discount >= 0 && discount <= 1))
    throw new GymError('usage', `--discount: expected a number from 0 to 1, received ${discount}.`);
}

export interface SessionFlags {
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

/**
 * Reads the sessions that the flags describe.
 *
 * @param loose whether every row may be a session of its own, where neither --session nor --step is given
 */
export async function loadSessions(flags: SessionFlags, loose = false): Promise<SessionTable> {
  const { log, store, session, step, action, reward, propensity, target, policy, state } = flags;
  if (store !== undefined) return fromStore(store, flags);
  if ((await stat(log).catch(() => undefined)) === undefined)
    throw complaint('usage', {
      where: log,
      expected: 'a file',
      received: 'none of that name',
      try: 'Check the path; a stored log also needs --store FILE.',
    });
  const single = loose && session === undefined && step === undefined;
  const missing = Object.entries({ ...(single ? {} : { session, step }), action, reward, propensity })
    .filter(([, name]) => name === undefined)
    .map(([name]) => `--${name}`);
  if (action === undefined || reward === undefined || propensity === undefined || missing.length > 0)
    throw new GymError('usage', `${log}: expected ${missing.join(', ')} to name columns, received nothing.`);
  const read = await readSessionTable(log, {
    ...{ action, reward, propensity },
    ...(session === undefined ? {} : { session }),
    ...(step === undefined ? {} : { step }),
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
export function kindOf(
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

/** Cross-fitted guesses. */
export async function fitGuesses(
  kind: keyof typeof fittedQ,
  { sessions, target }: SessionTable,
  { discount, folds, seed }: { readonly discount: number; readonly folds: number; readonly seed: number },
): Promise<Float64Array | undefined> {
  if (target.all === undefined) return undefined;
  if (kind === 'network') await startBackend(process.env['RECSYS_GYM_BACKEND']);
  return crossFitQ(fittedQ[kind], { sessions, policy: target.all, discount }, { folds, seed });
}

export function describeBad(log: string, bad: BadRows): string {
  const rows = tellBadRows(bad).map((reason) => `  ${reason}`);
  return `${log}: unsupported: expected sessions that can be weighted, received ${bad.count} rows that cannot:\n${rows.join('\n')}`;
}
