import type { Argv } from 'yargs';
import { GymError } from '../../../core/check.js';
import { cdfEstimators } from '../../evaluate/distribution/estimators.js';
import {
  evaluateDistribution,
  parseCdfEstimators,
  possibleCdfEstimators,
  refuseDistribution,
  type DistributionEvaluation,
} from '../../evaluate/distribution/evaluate-distribution.js';
import { bandQuantile } from '../../evaluate/distribution/guaranteed-band.js';
import { whyRefused } from '../../evaluate/sessions/evaluate-sessions.js';
import { brief, print, printJson, table, VERDICT_COLOUR } from '../terminal.js';
import { tellsWhyInJson } from './common.js';
import {
  checkNumbers,
  describeBad,
  fitGuesses,
  kindOf,
  loadSessions,
  SESSION_INPUT,
  SESSION_LOG,
} from './session-input.js';

/** `evaluate distribution LOG`: how returns would be spread under a policy, of sessions or of single decisions. */
export function registerDistribution(cli: Argv): Argv {
  return cli.command(
    'distribution <log>',
    'The distribution of the return under a policy: mean, variance, lower tail, quartiles',
    options,
    async (argv) => {
      const { level, seed, force, json, discount, tail, replicates, maxWeight } = argv;
      checkNumbers(argv);
      if (!(tail > 0 && tail <= 1))
        throw new GymError('usage', `--tail: expected a number above 0 and up to 1, received ${tail}.`);
      if (!Number.isInteger(replicates) || replicates < 2)
        throw new GymError('usage', `--replicates: expected a whole number from 2, received ${replicates}.`);
      if (maxWeight !== undefined && !(maxWeight > 0))
        throw new GymError('usage', `--max-weight: expected a number above 0, received ${maxWeight}.`);
      const data = await loadSessions(argv, true).catch(
        tellsWhyInJson(json, (reasons) =>
          refuseDistribution({ estimators: [], tail }, { rounds: 0, offendingRows: [], reasons }),
        ),
      );
      const kind = kindOf(argv, data);
      const modelled = data.target.all !== undefined && (data.guesses !== undefined || kind !== undefined);
      const estimators =
        argv.estimators === undefined ? possibleCdfEstimators(modelled) : parseCdfEstimators(argv.estimators, modelled);
      if (data.bad.count > 0) {
        const unusable = { rounds: data.sessions.action.length, ...whyRefused(data.bad) };
        if (json) printJson(refuseDistribution({ estimators, tail }, unusable));
        throw new GymError('data', describeBad(argv.log, data.bad));
      }
      const guesses = data.guesses ?? (kind === undefined ? undefined : await fitGuesses(kind, data, argv));
      const bound = maxWeight === undefined ? {} : { maxWeight };
      const settings = { estimators, discount, tail, level, replicates, seed, force, ...bound };
      const evaluation = evaluateDistribution(data.sessions, data.target, guesses, settings);
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
        describe: `Of ${Object.keys(cdfEstimators).join(', ')}`,
      },
      tail: { type: 'number', default: 0.1, requiresArg: true, describe: 'Share of the worst returns in cvar' },
      'max-weight': {
        type: 'number',
        requiresArg: true,
        describe: 'What no weight can exceed (of sessions: no product of ratios), for a band that holds at every size',
      },
      level: { type: 'number', default: 0.95, requiresArg: true, describe: 'Two-sided level of intervals and band' },
      replicates: { type: 'number', default: 1000, requiresArg: true, describe: 'Bootstrap replicates' },
      seed: { type: 'number', default: 0, requiresArg: true, describe: 'Seed of the folds and the bootstrap' },
      force: { type: 'boolean', default: false, describe: 'Print numbers although the log does not carry them' },
      json: { type: 'boolean', default: false, describe: 'Print one JSON object, with the distribution functions' },
    })
    .example(
      '$0 evaluate distribution log.csv --action a --reward spend --propensity p --target pi',
      'Of single decisions',
    )
    .example(
      '$0 evaluate distribution log.csv --session s --step t --action a --reward r --propensity p --target pi --tail 0.05',
      'Of sessions',
    );
}

function show({ estimates, guaranteed, diagnostics, verdict, reasons }: DistributionEvaluation): void {
  print(
    table(
      ['estimator', 'of the return', 'value', 'standard error', 'interval', 'method'],
      Object.entries(estimates).flatMap(([key, functionals]) =>
        Object.entries(functionals).map(([name, { value, standardError, interval, method, setting }], i) => [
          i === 0 ? key : '',
          setting === undefined ? name : `${name} (worst ${brief(100 * setting)} %)`,
          brief(value, 6),
          brief(standardError),
          interval === null ? '—' : `[${brief(interval[0])}, ${brief(interval[1])}]`,
          value === null ? 'refused' : method,
        ]),
      ),
    ),
  );
  const { sessions, rounds, effectiveSampleSize, meanWeight, maxWeightShare } = diagnostics;
  print();
  print(
    `units ${sessions ?? '—'} (decisions ${rounds}), effective sample size ${brief(effectiveSampleSize)}, mean weight ${brief(meanWeight)}, largest weight share ${brief(100 * (maxWeightShare ?? NaN), 3)} %`,
  );
  if (guaranteed !== undefined) {
    const [low, high] = bandQuantile(guaranteed, 0.5);
    const within = `${low === -Infinity ? '' : `above ${brief(low)}`}${low === -Infinity || high === Infinity ? '' : ' and '}${high === Infinity ? '' : `at most ${brief(high)}`}`;
    print(
      `guaranteed at ${brief(100 * guaranteed.level)} % if no weight can exceed ${brief(guaranteed.maxWeight)}: the median is ${within === '' ? 'anywhere' : within}`,
    );
  }
  print();
  print(VERDICT_COLOUR[verdict](verdict.toUpperCase()));
  for (const reason of reasons) print(`  – ${reason}`);
}
