import type { Argv } from 'yargs';
import { GymError } from '../../../core/check.js';
import { badRowsOf, evaluateTerms, parseRequests, refuse, type Request } from '../../evaluate/evaluate.js';
import { readContinuousTable } from '../../evaluate/continuous-table.js';
import { chooseBandwidth, continuousTerms } from '../../evaluate/estimators/continuous.js';
import { estimators } from '../../evaluate/estimators/index.js';
import type { KernelKey } from '../../evaluate/estimators/kernels.js';
import { printJson } from '../terminal.js';
import {
  columnsOf,
  describeBad,
  intervalFlags,
  intervalsOf,
  pathOf,
  promises,
  show,
  tellsWhyInJson,
} from './common.js';

const CHOSEN = 'slope';
const NOTHING_READ = { rows: 0, propensity: new Float64Array(0), offendingRows: [] };
const WITHOUT_MODEL = 'ips,snips';
const WITH_MODEL = 'ips,snips,dm,dr,sndr';

/** `evaluate continuous LOG`: a policy that chooses amounts (bids, prices), judged through a kernel. */
export function registerContinuous(cli: Argv): Argv {
  return cli.command(
    'continuous <log>',
    'Off-policy estimates of a policy that chooses amounts, such as bids or prices',
    options,
    async (argv) => {
      const interval = intervalsOf(argv);
      const range = rangeOf(argv.range);
      const requests = requestsOf(argv);
      const fixed = argv.bandwidth === CHOSEN ? undefined : bandwidthOf(argv.bandwidth);
      const { rounds, rows, bad } = await readContinuousTable(await pathOf(argv.log), {
        amount: argv.amount,
        reward: argv.reward,
        density: argv.density,
        target: argv.policy,
        ...(argv.guess === undefined ? {} : { guess: argv.guess }),
        ...(argv.loggedGuess === undefined ? {} : { loggedGuess: argv.loggedGuess }),
        ...(range === undefined ? {} : { range }),
      }).catch(tellsWhyInJson(argv.json, (reasons) => told(refuse(requests, { ...NOTHING_READ, reasons }))));
      if (bad.count > 0) {
        if (argv.json) printJson(told(refuse(requests, badRowsOf(bad, { propensity: rounds.density }, rows))));
        throw new GymError('data', describeBad(argv.log, bad));
      }
      const smoothing = { kernel: argv.kernel, ...(range === undefined ? {} : { range }) };
      const bandwidth = fixed ?? chooseBandwidth(rounds, smoothing);
      const terms = continuousTerms(rounds, { ...smoothing, bandwidth });
      const log = { reward: rounds.reward, propensity: rounds.density };
      const evaluation = evaluateTerms(terms, log, { requests, ...interval, force: argv.force });
      const how = `${argv.kernel} kernel, bandwidth ${Number(bandwidth.toPrecision(4))}${fixed === undefined ? ', chosen by SLOPE' : ''}`;
      if (argv.json) printJson({ ...told(evaluation), kernel: argv.kernel, bandwidth });
      else show(evaluation, 'rounds', how);
    },
  );
}

const told = ({ estimates, diagnostics, verdict, reasons }: ReturnType<typeof refuse>) => ({
  estimates,
  diagnostics,
  verdict,
  reasons,
});

const KERNELS: readonly KernelKey[] = ['gaussian', 'epanechnikov', 'triangular', 'cosine', 'rectangular'];
const column = (describe: string) => ({ type: 'string', requiresArg: true, describe }) as const;
const needed = (describe: string) => ({ ...column(describe), demandOption: true }) as const;

function options(command: Argv) {
  return command
    .positional('log', { type: 'string', demandOption: true, describe: 'CSV, TSV or NDJSON file' })
    .options({
      amount: needed('Column of the amount that was chosen'),
      reward: needed('Column of the reward'),
      density: needed('Column of the density with which the serving policy chose the amount'),
      policy: needed('Column of the amount that the judged policy would have chosen'),
      guess: column("Column of a reward model's guess at that amount"),
      'logged-guess': column('Column of its guess at the amount that was chosen (by default that of --guess)'),
      kernel: {
        choices: KERNELS,
        default: 'gaussian' as const,
        requiresArg: true,
        describe: 'How rounds count by the distance of the two amounts',
      },
      bandwidth: {
        type: 'string',
        default: CHOSEN,
        requiresArg: true,
        describe: `Width of the kernel in units of the amount, or '${CHOSEN}': as wide as the estimates allow`,
      },
      range: column('Smallest and largest amount that can be served, as 0,10: corrects the kernel near its ends'),
      estimators: column(`Of ${Object.keys(estimators).join(', ')} that need weights alone (${WITH_MODEL})`),
      ...intervalFlags,
    })
    .example(
      '$0 evaluate continuous bids.csv --amount bid --reward profit --density f --policy newBid',
      'A bandwidth chosen by SLOPE',
    )
    .example(
      '$0 evaluate continuous bids.csv --amount bid --reward profit --density f --policy newBid --guess q --logged-guess qLogged --bandwidth 0.2 --kernel epanechnikov --range 0,10',
      'Doubly robust',
    )
    .epilogue(promises);
}

interface ContinuousFlags {
  readonly estimators?: string | undefined;
  readonly guess?: string | undefined;
  readonly loggedGuess?: string | undefined;
}

function requestsOf({ estimators: list, guess, loggedGuess }: ContinuousFlags): Request[] {
  if (loggedGuess !== undefined && guess === undefined)
    throw new GymError('usage', '--logged-guess: expected --guess with it, received none.');
  const requests = parseRequests(list ?? (guess === undefined ? WITHOUT_MODEL : WITH_MODEL));
  const needy = requests.find(({ estimator }) => guess === undefined && estimators[estimator].needsGuesses);
  if (needy !== undefined)
    throw new GymError('usage', `${needy.key}: expected --guess with a column of a reward model, received none.`);
  return requests;
}

function bandwidthOf(text: string): number {
  const bandwidth = Number(text);
  if (bandwidth > 0 && bandwidth < Infinity) return bandwidth;
  throw new GymError('usage', `--bandwidth: expected a number above 0 or '${CHOSEN}', received '${text}'.`);
}

function rangeOf(text: string | undefined): [number, number] | undefined {
  if (text === undefined) return undefined;
  const ends = columnsOf(text).map((end) => (end === '' ? NaN : Number(end)));
  if (ends.length === 2 && ends.every(Number.isFinite) && ends[0] < ends[1]) return [ends[0], ends[1]];
  throw new GymError('usage', `--range: expected two numbers as LOW,HIGH, received '${text}'.`);
}
