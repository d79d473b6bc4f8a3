import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { complaint, GymError, messageOf } from '../../core/check.js';
import { namedActions } from '../columns.js';
import { Codes } from '../dictionary.js';
import type { ActionTable, LogSchema } from '../record.js';
import { shapeOf } from '../store/fields.js';
import type { LogStore } from '../store/log-store.js';
import { ChunkBuilder } from './chunk-builder.js';
import { fingerprint } from './fingerprint.js';
import { importRows, type Imported, type ImportOptions, type RowDecoder } from './import-rows.js';
import { openRows } from './open-rows.js';
import { isMissing, parseNumber, parseTime, shown, type Cell } from './parse.js';

/**
 * The Open Bandit Dataset (Saito et al. 2020, arXiv:2008.07146): folders POLICY/CAMPAIGN with CAMPAIGN.csv, one
 * impression a row, and item_context.csv, one item a row.
 *
 * - action: item_id; the codes are the ids in ascending order and every item of item_context.csv has one, shown or not.
 * - position: 1 to 3 there, 0 to 2 here. propensity: propensity_score. outcome: click. policy: name of the folder above.
 * - user_feature_K, hashed text: categorical features. user-item_affinity_K: numeric features, and as
 *   `schema.perAction` "affinity" the one that belongs to each action.
 * - item_feature_K: of the action table, numeric where every item has a number (item_feature_0), else categorical.
 * - Users, sessions and requests are not logged: each row is an impression whose slate cannot be put together again.
 */
const OPEN_BANDIT = 'open-bandit';

const ITEMS = 'item_context.csv';
const AFFINITY = /^user-item_affinity_(\d+)$/;

/** The two files of a folder of the Open Bandit Dataset. */
interface OpenBanditFiles {
  readonly impressions: string;
  readonly items: string;
  readonly policy: string;
  readonly campaign: string;
}

/** @throws an io error when the folder or one of its files is missing */
export async function openBanditFiles(folder: string): Promise<OpenBanditFiles> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw complaint(
      'io',
      { where: folder, expected: 'a folder POLICY/CAMPAIGN of the Open Bandit Dataset', received: messageOf(error) },
      error,
    );
  });
  const campaign = basename(resolve(folder));
  const tables = names.filter((name) => name.endsWith('.csv') && name !== ITEMS);
  const impressions = tables.includes(`${campaign}.csv`)
    ? `${campaign}.csv`
    : tables.length === 1
      ? tables[0]
      : undefined;
  const missing = [
    ...(names.includes(ITEMS) ? [] : [ITEMS]),
    ...(impressions === undefined ? [`${campaign}.csv`] : []),
  ];
  if (impressions === undefined || missing.length > 0) {
    throw complaint('io', {
      where: folder,
      expected: `${ITEMS} and one other CSV file, as in random/men of the Open Bandit Dataset`,
      received: `a folder without ${missing.join(' and ')} (it holds ${names.slice(0, 8).join(', ') || 'nothing'})`,
    });
  }
  return {
    impressions: join(folder, impressions),
    items: join(folder, ITEMS),
    policy: basename(dirname(resolve(folder))),
    campaign,
  };
}

/** Fingerprint of a folder; see `fingerprint`. */
export function openBanditOrigin(
  { impressions, items, policy }: OpenBanditFiles,
  maxBadShare: number,
): Promise<string> {
  return fingerprint([impressions, items], { format: OPEN_BANDIT, version: 1, policy, maxBadShare });
}

/** Imports a folder of the Open Bandit Dataset. */
export async function importOpenBandit(store: LogStore, folder: string, options: ImportOptions): Promise<Imported> {
  const files = await openBanditFiles(folder);
  const origin = await openBanditOrigin(files, options.maxBadShare ?? 0);
  const actions = await readItems(files.items);
  const rows = await openRows(files.impressions);
  const decoder = impressionDecoder(rows.columns, files, actions);
  return importRows(store, rows, decoder, origin, options);
}

/** All items, in ascending order of their ids. */
async function readItems(path: string): Promise<ActionTable> {
  const file = await openRows(path);
  const at = mustHave(path, file.columns, 'item_id');
  const items: { id: number; cells: readonly Cell[] }[] = [];
  for await (const batch of file.batches) {
    for (const { line, cells, problem } of batch.rows) {
      const id = parseNumber(cells[at]);
      if (problem !== undefined || !Number.isInteger(id) || items.some((item) => item.id === id)) {
        throw complaint('data', {
          where: `${path} line ${line}`,
          expected: 'an item with a whole number of its own as item_id',
          received: problem ?? shown(cells[at]),
        });
      }
      items.push({ id, cells });
    }
  }
  if (items.length === 0)
    throw complaint('data', { where: path, expected: 'items below the header', received: 'none' });
  items.sort((a, b) => a.id - b.id);
  return actionTable(file.columns, items);
}

function actionTable(
  columns: readonly string[],
  items: readonly { id: number; cells: readonly Cell[] }[],
): ActionTable {
  const features = columns.flatMap((name, at) => (name.startsWith('item_feature_') ? [{ name, at }] : []));
  const isNumber = ({ at }: { at: number }): boolean =>
    items.every(({ cells }) => !Number.isNaN(parseNumber(cells[at])));
  const numbers = features.filter(isNumber);
  const texts = features.filter((feature) => !isNumber(feature));
  const dictionaries = texts.map(() => new Codes());
  const numeric = items.flatMap(({ cells }) => numbers.map(({ at }) => parseNumber(cells[at])));
  const categorical = items.flatMap(({ cells }) => texts.map(({ at }, i) => dictionaries[i].code(String(cells[at]))));
  return {
    ...namedActions(items.map(({ id }) => String(id))),
    numericNames: numbers.map(({ name }) => name),
    numeric: Float32Array.from(numeric),
    categoricalNames: texts.map(({ name }) => name),
    categorical: Int32Array.from(categorical),
    categoricalValues: dictionaries.map(({ values }) => ({ values })),
  };
}

function mustHave(path: string, columns: readonly string[], name: string): number {
  const at = columns.indexOf(name);
  if (at >= 0) return at;
  throw complaint('data', {
    where: path,
    expected: `a column '${name}'`,
    received: `the columns ${columns.slice(0, 12).join(', ')}${columns.length > 12 ? ', …' : ''}`,
    try: 'Is this the Open Bandit Dataset? Any other table is read with --format table and --map.',
  });
}

function impressionDecoder(columns: readonly string[], files: OpenBanditFiles, actions: ActionTable): RowDecoder {
  const column = (name: string): number => mustHave(files.impressions, columns, name);
  const [time, item, position, click, propensity] = [
    'timestamp',
    'item_id',
    'position',
    'click',
    'propensity_score',
  ].map(column);
  const userFeatures = columns.flatMap((name, at) => (name.startsWith('user_feature_') ? [{ name, at }] : []));
  const affinities = columns.flatMap((name, at) => (AFFINITY.test(name) ? [{ name, at }] : []));
  const schema: LogSchema = {
    outcomes: ['click'],
    numericNames: affinities.map(({ name }) => name),
    categoricalNames: userFeatures.map(({ name }) => name),
    perAction: affinityPerAction(
      files,
      affinities.map(({ name }) => name),
      actions,
    ),
    endReasons: ['none'],
    hasPropensity: true,
    source: `${OPEN_BANDIT} ${files.policy}/${files.campaign}`,
  };
  const builder = new ChunkBuilder(shapeOf(schema));
  const known = new Codes(actions.values);
  const dictionaries = userFeatures.map(() => new Codes());

  return {
    builder,
    decode(cells) {
      const row = builder.rows;
      const action = known.find(String(parseNumber(cells[item])));
      if (action < 0) return `item_id ${shown(cells[item])} is not in ${ITEMS}`;
      const place = parseNumber(cells[position]);
      if (!Number.isInteger(place) || place < 1) return `position ${shown(cells[position])}, expected 1, 2, 3 …`;
      const p = parseNumber(cells[propensity]);
      if (!(p > 0 && p <= 1)) return `propensity_score ${shown(cells[propensity])}, expected a number in (0, 1]`;
      const clicked = parseNumber(cells[click]);
      if (clicked !== 0 && clicked !== 1) return `click ${shown(cells[click])}, expected 0 or 1`;
      const timeMs = parseTime(cells[time]);
      if (Number.isNaN(timeMs)) return `timestamp ${shown(cells[time])}, expected an ISO time`;
      for (const [i, { name, at }] of affinities.entries()) {
        const value = parseNumber(cells[at]);
        if (Number.isNaN(value)) return `${name} ${shown(cells[at])}, expected a number`;
        builder.numeric[row * affinities.length + i] = value;
      }
      for (const [i, { at }] of userFeatures.entries()) {
        const cell = cells[at];
        builder.categorical[row * userFeatures.length + i] = isMissing(cell) ? -1 : dictionaries[i].code(String(cell));
      }
      builder.action[row] = action;
      builder.position[row] = place - 1;
      builder.propensity[row] = p;
      builder.outcomes[0][row] = clicked;
      builder.timeMs[row] = timeMs;
      builder.keep();
      return undefined;
    },
    head: () => ({
      schema,
      actions,
      policies: { values: [files.policy] },
      users: { values: [] },
      sessions: { values: [] },
      requests: { values: [] },
      categoricalValues: dictionaries.map(({ values }) => ({ values })),
    }),
  };
}

/** For each action the numeric column of its affinity; nothing when the log has no affinities. */
function affinityPerAction(
  files: OpenBanditFiles,
  names: readonly string[],
  actions: ActionTable,
): LogSchema['perAction'] {
  if (names.length === 0) return [];
  const columns = actions.values.map((id) => names.indexOf(`user-item_affinity_${id}`));
  const without = columns.indexOf(-1);
  if (without >= 0) {
    throw new GymError(
      'data',
      `${files.impressions}: expected a column user-item_affinity_${actions.values[without]}, as ${ITEMS} lists that ` +
        'item, received none. Do the two files belong to the same campaign?',
    );
  }
  return [{ name: 'affinity', columns }];
}
