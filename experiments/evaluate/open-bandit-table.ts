import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { complaint, messageOf } from '../../core/check.js';
import { openTable } from './table-rows.js';
import { readEvaluationTable, type EvaluationTable } from './table.js';

/**
 * Reads a folder of the Open Bandit Dataset (one log file beside item_context.csv) for the uniform policy over all of
 * its items, whether or not they were ever shown.
 */
export async function readOpenBanditTable(folder: string): Promise<EvaluationTable> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw complaint('usage', { where: folder, expected: 'a readable folder', received: messageOf(error) }, error);
  });
  const logs = names.filter((name) => name.endsWith('.csv') && name !== 'item_context.csv');
  if (logs.length !== 1 || !names.includes('item_context.csv')) {
    throw complaint('data', {
      where: folder,
      expected: 'item_context.csv and one log file',
      received: names.length === 0 ? 'an empty folder' : names.join(', '),
      try: 'Name a folder such as obd/random/men.',
    });
  }
  const items = await openTable(join(folder, 'item_context.csv'));
  let actions = 0;
  for await (const { problem, line } of items.rows) {
    if (problem !== undefined)
      throw complaint('data', {
        where: `${folder}/item_context.csv line ${line}`,
        expected: 'one item per row',
        received: problem,
      });
    actions++;
  }
  return readEvaluationTable(join(folder, logs[0]), {
    action: 'item_id',
    reward: 'click',
    propensity: 'propensity_score',
    policy: 'uniform',
    actions,
  });
}
