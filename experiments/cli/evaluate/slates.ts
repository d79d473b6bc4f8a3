import type { Argv } from 'yargs';
import { GymError } from '../../../core/check.js';
import { slateEstimators } from '../../evaluate/slates/estimators.js';
import {
  evaluateSlates,
  parseSlateEstimators,
  possibleSlateEstimators,
  refuseSlates,
} from '../../evaluate/slates/evaluate-slates.js';
import { readSlateTable, type PairOfColumns, type SlateColumns } from '../../evaluate/slates/table.js';
import { printJson } from '../terminal.js';
import { columnsOf, describeBad, intervalOf, pathOf, resampling, show, tellsWhyInJson } from './common.js';

/** `evaluate slates LOG`: the reward of whole slates under another policy, from a table with one row per slot. */
export function registerSlates(cli: Argv): Argv {
  return cli.command(
    'slates <log>',
    'Off-policy estimates of policies that fill slates, from a table with one row per slot',
    options,
    async (argv) => {
      const interval = intervalOf(argv);
      const columns = slateColumns(argv);
      const path = await pathOf(argv.log);
      const named = argv.estimators === undefined ? undefined : parseSlateEstimators(argv.estimators);
      const { slates, bad } = await readSlateTable(path, columns).catch(
        tellsWhyInJson(argv.json, (reasons) => refuseSlates(named ?? [], { reasons })),
      );
      const estimators = named ?? possibleSlateEstimators(slates);
      if (estimators.length === 0) {
        const hint = 'Name columns of propensities: --propensity and --policy.';
        throw new GymError('usage', `evaluate slates: expected columns that an estimator can use. ${hint}`);
      }
      if (bad.count > 0) {
        if (argv.json) printJson(refuseSlates(estimators, bad));
        throw new GymError('data', describeBad(argv.log, bad));
      }
      const evaluation = evaluateSlates(slates, { estimators, ...interval, force: argv.force });
      if (argv.json) printJson(evaluation);
      else show(evaluation, 'slates');
    },
  );
}

const column = (describe: string) => ({ type: 'string', requiresArg: true, describe }) as const;
const needed = (describe: string) => ({ ...column(describe), demandOption: true }) as const;

function options(command: Argv) {
  return command
    .positional('log', { type: 'string', demandOption: true, describe: 'CSV, TSV or NDJSON file' })
    .options({
      slate: needed('Column that says which rows belong together'),
      position: needed('Column of the position: whole numbers, the smallest at the top'),
      reward: needed('Column of the reward of the slot'),
      propensity: column("Column of the probability of the slot's item, given those above, under the serving policy"),
      policy: column('The same under the judged policy'),
      'cascade-propensity': column('Column of the probability of all items down to this one (product of --propensity)'),
      'cascade-policy': column('The same under the judged policy'),
      'slate-propensity': column('Column of the probability of the whole slate (product of --propensity)'),
      'slate-policy': column('The same under the judged policy'),
      guess: column('Column of a guess of the reward from this slot down, with its item; with --direct'),
      direct: column('Column of that guess, averaged over what the judged policy would show in the slot'),
      'placement-propensity': column("One column per slot: probability of this row's item in it, serving policy"),
      'placement-policy': column('The same under the judged policy'),
      examination: column('One number per slot: how likely it is looked at, for positionBased (all alike)'),
      estimators: column(`Of ${Object.keys(slateEstimators).join(', ')} (those there are columns for)`),
      ...resampling,
    })
    .example(
      '$0 evaluate slates log.csv --slate request --position pos --reward click --propensity mu --policy pi',
      'Probabilities of slots',
    )
    .example(
      '$0 evaluate slates log.csv --slate request --position pos --reward click --slate-propensity mu --slate-policy pi --estimators snSips',
      'Probabilities of whole slates',
    );
}

interface SlateFlags {
  readonly slate: string;
  readonly position: string;
  readonly reward: string;
  readonly propensity?: string | undefined;
  readonly policy?: string | undefined;
  readonly cascadePropensity?: string | undefined;
  readonly cascadePolicy?: string | undefined;
  readonly slatePropensity?: string | undefined;
  readonly slatePolicy?: string | undefined;
  readonly guess?: string | undefined;
  readonly direct?: string | undefined;
  readonly placementPropensity?: string | undefined;
  readonly placementPolicy?: string | undefined;
  readonly examination?: string | undefined;
}

function slateColumns(flags: SlateFlags): SlateColumns {
  const { slate, position, reward, guess, direct, examination } = flags;
  const slot = pair('--propensity', flags.propensity, '--policy', flags.policy);
  const cascade = pair('--cascade-propensity', flags.cascadePropensity, '--cascade-policy', flags.cascadePolicy);
  const whole = pair('--slate-propensity', flags.slatePropensity, '--slate-policy', flags.slatePolicy);
  const placed = pair('--placement-propensity', flags.placementPropensity, '--placement-policy', flags.placementPolicy);
  const model = pair('--guess', guess, '--direct', direct);
  const placement =
    placed === undefined ? undefined : { serving: columnsOf(placed.serving), target: columnsOf(placed.target) };
  if (placement !== undefined && placement.serving.length !== placement.target.length) {
    throw new GymError(
      'usage',
      `--placement-policy: expected one column per slot (${placement.serving.length}), received ${placement.target.length}.`,
    );
  }
  return {
    slate,
    position,
    reward,
    ...(slot && { slot }),
    ...(cascade && { cascade }),
    ...(whole && { whole }),
    ...(placement && { placement }),
    ...(model && { guess: model.serving, direct: model.target }),
    ...(examination === undefined ? {} : { examination: columnsOf(examination).map(Number) }),
  };
}

/** Two flags that only mean something together. */
function pair(one: string, serving: string | undefined, other: string, target?: string): PairOfColumns | undefined {
  if (serving !== undefined && target !== undefined) return { serving, target };
  if (serving === undefined && target === undefined) return undefined;
  const [there, missing] = serving === undefined ? [other, one] : [one, other];
  throw new GymError('usage', `${there}: expected ${missing} with it, received none.`);
}
