import { GymError, nearest, suggestion } from '../../core/check.js';

/** Our field → the table's column, e.g. { action: 'item_id', 'outcome.click': 'clicked' }. */
export type FieldMap = Readonly<Record<string, string>>;

/** Fields that a table can have once. */
const SINGLE = [
  'action',
  'propensity',
  'position',
  'user',
  'session',
  'request',
  'time',
  'policy',
  'candidates',
  'endReason',
] as const;
/** Fields that come with a name of their own, in any number. */
const NAMED = ['outcome', 'numeric', 'categorical'] as const;

type Single = (typeof SINGLE)[number];
type Named = (typeof NAMED)[number];

/** Which cell of a row holds what. */
export type TablePlan = Readonly<Record<Named, readonly { readonly name: string; readonly at: number }[]>> & {
  readonly at: Readonly<Partial<Record<Single, number>>> & { readonly action: number };
};

/** Reads `field=column` texts of a command line. */
export function parseMap(entries: readonly string[]): FieldMap {
  return Object.fromEntries(
    entries.map((entry) => {
      const cut = entry.indexOf('=');
      if (cut > 0 && cut < entry.length - 1) return [entry.slice(0, cut), entry.slice(cut + 1)];
      throw new GymError('usage', `--map ${entry}: expected field=column, e.g. outcome.click=clicked.`);
    }),
  );
}

function isSingle(field: string): field is Single {
  return SINGLE.some((name) => name === field);
}

function split(field: string): { kind: Named; name: string } | undefined {
  const kind = NAMED.find((prefix) => field.startsWith(`${prefix}.`) && field.length > prefix.length + 1);
  return kind === undefined ? undefined : { kind, name: field.slice(kind.length + 1) };
}

/** The map that an unmapped table has: every column whose name is a field of ours is that field. */
function ownNames(columns: readonly string[]): FieldMap {
  return Object.fromEntries(
    columns.filter((column) => isSingle(column) || split(column) !== undefined).map((column) => [column, column]),
  );
}

/**
 * Checks a map against the columns of a table.
 *
 * @throws a usage error for an unknown field or column, with the nearest known one, and for a table without actions or
 *   outcomes
 */
export function planTable(path: string, columns: readonly string[], given: FieldMap): TablePlan {
  const map = Object.keys(given).length > 0 ? given : ownNames(columns);
  const at: Partial<Record<Single, number>> = {};
  const named: Record<Named, { name: string; at: number }[]> = { outcome: [], numeric: [], categorical: [] };
  for (const [field, column] of Object.entries(map)) {
    const place = columns.indexOf(column);
    const parts = split(field);
    if (!isSingle(field) && parts === undefined) throw unknownField(field, column);
    if (place < 0) {
      const hint = suggestion(column, columns);
      throw new GymError('usage', `--map ${field}=${column}: ${path} has no column '${column}'. ${hint}`);
    }
    if (isSingle(field)) at[field] = place;
    else if (parts !== undefined) named[parts.kind].push({ name: parts.name, at: place });
  }
  const { action } = at;
  if (action === undefined || named.outcome.length === 0) {
    const missing = action === undefined ? 'action=COLUMN' : 'outcome.NAME=COLUMN, e.g. outcome.click=clicked';
    throw new GymError(
      'usage',
      `${path}: expected to be told its action and at least one outcome: --map ${missing}. Its columns: ${columns.join(', ')}.`,
    );
  }
  return { ...named, at: { ...at, action } };
}

function unknownField(field: string, column: string): GymError {
  const known = [...SINGLE, ...NAMED.map((name) => `${name}.NAME`)];
  const bare = NAMED.find((name) => nearest(field.split('.')[0], [name]) !== undefined);
  const hint =
    bare === undefined ? suggestion(field, known) : `Did you mean '${bare}.NAME'? Known: ${known.join(', ')}.`;
  return new GymError('usage', `--map ${field}=${column}: no field '${field}'. ${hint}`);
}
