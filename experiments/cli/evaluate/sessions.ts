import type { Argv } from 'yargs';
import { GymError } from '../../../core/check.js';
import { sessionEstimators } from '../../evaluate/sessions/estimators/index.js';
import {
  evaluateSessions,
  offered,
  parseSessionEstimators,
  possibleEstimators,
  refuseSessions,
  whyRefused,
  type SessionEvaluation,
} from '../../evaluate/sessions/evaluate-sessions.js';
import { brief, print, printJson, table, VERDICT_COLOUR } from '../terminal.js';
import { intervalOf, resampling, tellsWhyInJson } from './common.js';
import {
  checkNumbers,
  describeBad,
  fitGuesses,
  kindOf,
  loadSessions,
  SESSION_INPUT,
  SESSION_LOG,
} from './session-input.js';

/** `evaluate sessions LOG`: the value of whole sessions under a policy, from a table with one row per decision. */
export function registerSessions(cli: Argv): Argv {
  return cli.command(
    'sessions <log>',
    'Off-policy estimates of the value of whole sessions, from a table with one row per decision',
    options,
    async (argv) => {
      const { force, discount, json } = argv;
      checkNumbers(argv);
      const sure = intervalOf(argv);
      const data = await loadSessions(argv).catch(
        tellsWhyInJson(json, (reasons) => refuseSessions([], { rounds: 0, offendingRows: [], reasons })),
      );
      const kind = kindOf(argv, data);
      const offer = offered(data.sessions, data.target, data.guesses !== undefined || kind !== undefined);
      const estimators =
        argv.estimators === undefined ? possibleEstimators(offer) : parseSessionEstimators(argv.estimators, offer);
      if (data.bad.count > 0) {
        if (json)
          printJson(refuseSessions(estimators, { rounds: data.sessions.action.length, ...whyRefused(data.bad) }));
        throw new GymError('data', describeBad(argv.log, data.bad));
      }
      const guesses = data.guesses ?? (kind === undefined ? undefined : await fitGuesses(kind, data, argv));
      const settings = { estimators, discount, ...sure, force };
      const evaluation = evaluateSessions(data.sessions, data.target, guesses, settings);
      if (json) printJson(evaluation);
      else show(evaluation);
    },
  );
}

function options(command: Argv) {
  return command
    .positional('log', SESSION_LOG)
    .options({
      ...SESSION_INPUT,
      estimators: {
        type: 'string',
        requiresArg: true,
        describe: `Of ${Object.keys(sessionEstimators).join(', ')}`,
      },
      ...resampling,
      seed: { ...resampling.seed, describe: 'Seed of the folds and the bootstrap' },
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
    `sessions ${sessions ?? '—'}, decisions ${rounds}, mean length ${brief(meanLength, 3)}, longest ${longest ?? '—'}; of whole sessions: effective sample size ${brief(effectiveSampleSize)}, mean weight ${brief(meanWeight)}, largest weight ${brief(maxWeight)} (${brief(100 * (maxWeightShare ?? NaN), 3)} % of all)`,
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
