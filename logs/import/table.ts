import { basename } from 'node:path';
import { complaint } from '../../core/check.js';
import { namedActions } from '../columns.js';
import { Codes } from '../dictionary.js';
import type { ActionTable, LogSchema } from '../record.js';
import { shapeOf, type LogHead } from '../store/fields.js';
import type { LogStore } from '../store/log-store.js';
import { ChunkBuilder } from './chunk-builder.js';
import { fingerprint } from './fingerprint.js';
import { importRows, type Imported, type ImportOptions, type RowDecoder } from './import-rows.js';
import { kindOfTable, mustBeFile, openRows } from './open-rows.js';
import { isMissing, parseNumber, parseTime, shown, type Cell, type TimeUnit } from './parse.js';
import { headPath, readTableHead, type TableHead } from './table-head.js';
import { planTable, type FieldMap, type TablePlan } from './table-map.js';

/** How a table is read. */
export interface TableOptions {
  /** Without it, columns named like our fields ("action", "outcome.click" …) are those fields. */
  readonly map?: FieldMap;
  /** The number of the first position; 1 unless given. */
  readonly positionBase?: 0 | 1;
  readonly timeUnit?: TimeUnit;
  /** All actions there are, in the order of their codes; rows with another action or candidate are bad. */
  readonly actions?: readonly string[];
}

/** Fingerprint of a table, its head and how it is read; see `fingerprint`. */
export async function tableOrigin(path: string, options: TableOptions, maxBadShare: number): Promise<string> {
  await mustBeFile(path);
  const { map = {}, positionBase = 1, timeUnit = 'auto', actions = null } = options;
  const head = await headOf(path, options);
  const files = head === undefined ? [path] : [path, headPath(path)];
  const settings = {
    format: 'table',
    version: 1,
    kind: kindOfTable(path),
    maxBadShare,
    positionBase,
    timeUnit,
    actions,
  };
  // The order of a map's entries is the order of the outcomes and features, so it belongs to the settings.
  return fingerprint(files, { ...settings, map: Object.entries(map) });
}

/**
 * Imports a CSV or NDJSON file, one decision a row.
 *
 * - Every text column has a dictionary, coded in order of first appearance; actions that are only ever candidates get
 *   their codes from there too. An empty user, session, request, position, time or categorical feature is "not logged"
 *   in that row, an empty end reason is "none".
 * - Bad rows: no action or (where there is a list of actions) one outside it; no policy; a propensity outside (0, 1]; an
 *   outcome or numeric feature that is not a finite number; a position below its base; an unreadable time; candidates
 *   without the action; a wrong number of fields.
 * - Candidates are "a|b|c", or a list in NDJSON. Outcomes may be true and false.
 */
export async function importTable(
  store: LogStore,
  path: string,
  table: TableOptions,
  options: ImportOptions,
): Promise<Imported> {
  const origin = await tableOrigin(path, table, options.maxBadShare ?? 0);
  const head = await headOf(path, table);
  const rows = await openRows(path);
  const plan = planTable(path, rows.columns, table.map ?? {});
  if (head !== undefined) checkHead(path, plan, head);
  const decoder = tableDecoder(plan, startingHead(path, plan, table, head), {
    ...table,
    timeUnit: table.timeUnit ?? head?.timeUnit ?? 'auto',
  });
  return importRows(store, rows, decoder, origin, options);
}

/** The head beside the table; a map or a list of actions says that the caller knows better. */
async function headOf(path: string, { map = {}, actions }: TableOptions): Promise<TableHead | undefined> {
  return Object.keys(map).length > 0 || actions !== undefined ? undefined : readTableHead(path);
}

function checkHead(path: string, plan: TablePlan, { schema }: TableHead): void {
  const same = (kind: 'outcome' | 'numeric' | 'categorical', names: readonly string[]): boolean =>
    plan[kind].length === names.length && plan[kind].every(({ name }, i) => name === names[i]);
  const fits =
    same('outcome', schema.outcomes) &&
    same('numeric', schema.numericNames) &&
    same('categorical', schema.categoricalNames) &&
    (plan.at.propensity !== undefined) === schema.hasPropensity;
  if (fits) return;
  throw complaint('data', {
    where: headPath(path),
    expected: `the columns of ${basename(path)}`,
    received: 'others: the table or its head was changed after the export',
    try: 'Export the log again, or delete the head to read the table without it.',
  });
}

/** What is known before the first row. */
interface Start {
  readonly schema: LogSchema;
  readonly actions: ActionTable | undefined;
  readonly dictionaries: Pick<TableHead, 'policies' | 'users' | 'sessions' | 'requests' | 'categoricalValues'>;
}

function startingHead(path: string, plan: TablePlan, table: TableOptions, head: TableHead | undefined): Start {
  const names = (kind: 'outcome' | 'numeric' | 'categorical'): string[] => plan[kind].map(({ name }) => name);
  const schema: LogSchema = {
    numericNames: names('numeric'),
    categoricalNames: names('categorical'),
    perAction: head?.schema.perAction ?? [],
    endReasons: head?.schema.endReasons ?? ['none'],
    hasPropensity: plan.at.propensity !== undefined,
    outcomes: names('outcome'),
    source: `table ${basename(path)}`,
    ...(head?.schema.warnings === undefined ? {} : { warnings: head.schema.warnings }),
  };
  const actions = head?.actions ?? (table.actions === undefined ? undefined : namedActions(table.actions));
  return { schema, actions, dictionaries: head ?? { categoricalValues: [] } };
}

/** Longest list of end reasons: they are stored as bytes. */
const MOST_END_REASONS = 256;

function tableDecoder(plan: TablePlan, start: Start, table: TableOptions): RowDecoder {
  const { at } = plan;
  const { dictionaries: known } = start;
  const builder = new ChunkBuilder(shapeOf(start.schema), at.candidates !== undefined);
  const actions = new Codes(start.actions?.values);
  const policies = new Codes(known.policies?.values ?? (at.policy === undefined ? ['logged'] : []));
  const endReasons = new Codes(start.schema.endReasons);
  const groups = [
    { at: at.user, column: builder.user, codes: new Codes(known.users?.values) },
    { at: at.session, column: builder.session, codes: new Codes(known.sessions?.values) },
    { at: at.request, column: builder.request, codes: new Codes(known.requests?.values) },
  ];
  const categories = plan.categorical.map((_, i) => new Codes(known.categoricalValues[i]?.values));
  const readNumbers = numberReader(plan, builder, table);
  const readActions = actionReader(plan, start.actions === undefined ? undefined : actions);

  return {
    builder,
    decode(cells) {
      const row = builder.rows;
      const problem = readNumbers(cells, row);
      if (problem !== undefined) return problem;
      const choice = readActions(cells);
      if (typeof choice === 'string') return choice;
      const policy = at.policy === undefined ? undefined : textOf(cells[at.policy]);
      if (at.policy !== undefined && policy === undefined) return `policy ${shown(cells[at.policy])}, expected a name`;
      const ending = at.endReason === undefined ? undefined : textOf(cells[at.endReason]);
      if (ending !== undefined && endReasons.find(ending) < 0 && endReasons.values.length === MOST_END_REASONS) {
        return `endReason '${ending}' is more than the ${MOST_END_REASONS} that fit`;
      }
      // From here on nothing can go wrong, so dictionaries hold nothing of bad rows.
      builder.endReason[row] = ending === undefined ? 0 : endReasons.code(ending);
      if (policy !== undefined) builder.policy[row] = policies.code(policy);
      for (const group of groups) {
        if (group.at !== undefined) group.column[row] = codeOf(group.codes, cells[group.at]);
      }
      for (const [i, { at: place }] of plan.categorical.entries()) {
        builder.categorical[row * categories.length + i] = codeOf(categories[i], cells[place]);
      }
      const candidates = choice.candidates?.map((text) => actions.code(text));
      builder.action[row] = actions.code(choice.action);
      builder.keep(candidates);
      return undefined;
    },
    head(): LogHead {
      const [users, sessions, requests] = groups.map(({ codes }) => ({ values: codes.values }));
      return {
        schema: { ...start.schema, endReasons: endReasons.values },
        actions: start.actions ?? namedActions(actions.values),
        policies: { values: policies.values },
        users,
        sessions,
        requests,
        categoricalValues: categories.map(({ values }) => ({ values })),
      };
    },
  };
}

/** The text of a cell; nothing when it is empty or a list. */
function textOf(cell: Cell): string | undefined {
  return isMissing(cell) || typeof cell === 'object' ? undefined : String(cell);
}

function codeOf(codes: Codes, cell: Cell): number {
  const text = textOf(cell);
  return text === undefined ? -1 : codes.code(text);
}

interface Choice {
  readonly action: string;
  readonly candidates?: readonly string[];
}

/** Reads what was chosen and among what, as texts; a text instead of a choice says why the row is bad. */
function actionReader({ at }: TablePlan, known: Codes | undefined): (cells: readonly Cell[]) => Choice | string {
  return (cells) => {
    const action = textOf(cells[at.action]);
    if (action === undefined) return `action ${shown(cells[at.action])}, expected a name`;
    if (known !== undefined && known.find(action) < 0) return `action '${action}' is not in the list of actions`;
    if (at.candidates === undefined) return { action };
    const cell = cells[at.candidates];
    const candidates = typeof cell === 'object' && cell !== null ? cell : (textOf(cell)?.split('|') ?? []);
    const stranger = known === undefined ? undefined : candidates.find((text) => known.find(text) < 0);
    if (stranger !== undefined) return `candidate '${stranger}' is not in the list of actions`;
    if (!candidates.includes(action)) return `candidates ${shown(cell)} do not include the action '${action}'`;
    return { action, candidates };
  };
}

/** Reads and checks everything that is a number; the text it returns says why the row is bad. */
function numberReader(
  { at, outcome, numeric }: TablePlan,
  builder: ChunkBuilder,
  { positionBase = 1, timeUnit = 'auto' }: TableOptions,
): (cells: readonly Cell[], row: number) => string | undefined {
  return (cells, row) => {
    if (at.propensity !== undefined) {
      const p = parseNumber(cells[at.propensity]);
      if (!(p > 0 && p <= 1)) return `propensity ${shown(cells[at.propensity])}, expected a number in (0, 1]`;
      builder.propensity[row] = p;
    }
    if (at.position !== undefined) {
      const cell = cells[at.position];
      const place = isMissing(cell) ? positionBase - 1 : parseNumber(cell);
      if (!Number.isInteger(place) || (place < positionBase && !isMissing(cell))) {
        return `position ${shown(cell)}, expected a whole number from ${positionBase}`;
      }
      builder.position[row] = place - positionBase;
    }
    if (at.time !== undefined) {
      const cell = cells[at.time];
      const timeMs = isMissing(cell) ? NaN : parseTime(cell, timeUnit);
      if (Number.isNaN(timeMs) && !isMissing(cell)) return `time ${shown(cell)}, expected ISO text or a unix time`;
      builder.timeMs[row] = timeMs;
    }
    for (const [i, { name, at: place }] of outcome.entries()) {
      const cell = cells[place];
      const value = Math.fround(isTrueOrFalse(cell) ? Number(String(cell) === 'true') : parseNumber(cell));
      if (!Number.isFinite(value)) return `outcome ${name} ${shown(cell)}, expected a number`;
      builder.outcomes[i][row] = value;
    }
    for (const [i, { name, at: place }] of numeric.entries()) {
      const value = Math.fround(parseNumber(cells[place]));
      if (!Number.isFinite(value)) return `numeric ${name} ${shown(cells[place])}, expected a number`;
      builder.numeric[row * numeric.length + i] = value;
    }
    return undefined;
  };
}

function isTrueOrFalse(cell: Cell): boolean {
  return typeof cell === 'boolean' || cell === 'true' || cell === 'false';
}
