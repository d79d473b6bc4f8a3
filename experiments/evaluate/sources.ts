import { complaint, GymError, suggestion } from '../../core/check.js';
import { openBanditFiles } from '../../logs/import/open-bandit.js';
import { openRows } from '../../logs/import/open-rows.js';
import { isMissing, shown } from '../../logs/import/parse.js';
import { outcome, type Log } from '../../logs/record.js';
import { badRounds } from './bad-rounds.js';
import type { LoggedRounds } from './rounds.js';
import { readEvaluationTable, type EvaluationTable, type TableColumns } from './table.js';

/** Columns of the Open Bandit Dataset. */
const OPEN_BANDIT = { action: 'item_id', reward: 'click', propensity: 'propensity_score' } as const;

/** Reads the log of an Open Bandit folder; its actions are the items of item_context.csv, ever shown or not. */
export async function readOpenBanditTable(folder: string, columns: Partial<TableColumns>): Promise<EvaluationTable> {
  const { impressions, items } = await openBanditFiles(folder);
  return readEvaluationTable(impressions, {
    ...OPEN_BANDIT,
    policy: 'uniform',
    actions: await itemIds(items),
    ...columns,
  });
}

async function itemIds(path: string): Promise<string[]> {
  const file = await openRows(path);
  const at = file.columns.indexOf(OPEN_BANDIT.action);
  const ids: string[] = [];
  for await (const { rows } of file.batches) {
    for (const { line, cells, problem } of rows) {
      const id = cells[at];
      if (problem !== undefined || isMissing(id)) {
        const where = `${path} line ${line}`;
        throw complaint('data', { where, expected: 'an item_id in every row', received: problem ?? shown(id) });
      }
      ids.push(String(id));
    }
  }
  return ids;
}

/** A log of the store, judged for the uniform policy over each row's candidates; the reward is one of its outcomes. */
export function tableOfLog(log: Log, reward: string | undefined): EvaluationTable {
  const { outcomes, hasPropensity } = log.schema;
  const name = reward ?? (outcomes.length === 1 ? outcomes[0] : undefined);
  if (name === undefined)
    throw new GymError('usage', `--reward: expected one of the outcomes ${outcomes.join(', ')}, received none.`);
  const column = outcome(log, name);
  if (column === undefined)
    throw new GymError('usage', `--reward: no outcome called '${name}'. ${suggestion(name, outcomes)}`);
  if (!hasPropensity)
    throw new GymError(
      'data',
      `log '${log.name}': expected logged propensities, received none. Nothing can be weighted.`,
    );
  const { action, propensity, rows } = log;
  const rounds: LoggedRounds = {
    actions: log.actions.values.length,
    action,
    reward: Float64Array.from(column),
    propensity,
  };
  const target = uniformOverCandidates(log);
  return { rounds, target, guesses: undefined, rows, bad: badRounds(rounds, target) };
}

/** [N, A] */
function uniformOverCandidates({ rows, actions, candidates }: Log): Float64Array {
  const A = actions.values.length;
  if (candidates === 'all') return new Float64Array(rows * A).fill(1 / A);
  const target = new Float64Array(rows * A);
  const { offsets, codes } = candidates;
  for (let n = 0; n < rows; n++)
    for (let i = offsets[n]; i < offsets[n + 1]; i++) target[n * A + codes[i]] = 1 / (offsets[n + 1] - offsets[n]);
  return target;
}
