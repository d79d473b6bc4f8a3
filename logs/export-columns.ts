import type { TableFormat } from './import/open-rows.js';
import type { TableHead } from './import/table-head.js';
import type { Dictionary } from './record.js';
import type { LogColumns, LogHead } from './store/fields.js';

/** One column of an exported table: a row's value ready to write; nothing where it was not logged. */
interface OutColumn {
  readonly name: string;
  readonly of: (columns: LogColumns, row: number) => string | undefined;
}

/** The columns of a table and, once every row was written, the head that belongs to it. */
interface OutTable {
  readonly columns: readonly OutColumn[];
  readonly head: () => TableHead;
}

/** Columns are called by our field names, so that the table is read back without a map. Positions count from 1. */
export function outColumns(head: LogHead, listsCandidates: boolean, format: TableFormat): OutTable {
  const { schema } = head;
  const write = format === 'ndjson' ? JSON.stringify : csvText;
  const columns: OutColumn[] = [];
  const add = (name: string, of: OutColumn['of']): void => void columns.push({ name, of });
  /** A dictionary column; tells in the end whether its codes are in order of first appearance. */
  const addTexts = (
    name: string,
    { values }: Dictionary,
    of: (c: LogColumns, row: number) => number,
  ): (() => boolean) => {
    const cells = lazily((code) => write(textFor(name, values[code])));
    let next = 0;
    let inOrder = true;
    add(name, (c, row) => {
      const code = of(c, row);
      if (code === next) next++;
      else if (code > next) inOrder = false;
      return code < 0 ? undefined : cells(code);
    });
    return () => inOrder && next === values.length;
  };

  addTexts('action', head.actions, (c, row) => c.action[row]);
  for (const [i, name] of schema.outcomes.entries()) {
    add(`outcome.${name}`, (c, row) => single(`outcome ${name}`, c.outcomes[i][row]));
  }
  if (schema.hasPropensity) add('propensity', (c, row) => double('propensity', c.propensity[row]));
  add('position', (c, row) => (c.position[row] < 0 ? undefined : String(c.position[row] + 1)));
  add('time', (c, row) => (Number.isNaN(c.timeMs[row]) ? undefined : double('time', c.timeMs[row])));
  const groups = (['user', 'session', 'request'] as const).map((name) => {
    const dictionary = head[`${name}s`];
    return dictionary.values.length === 0 ? () => true : addTexts(name, dictionary, (c, row) => c[name][row]);
  });
  const policies = addTexts('policy', head.policies, (c, row) => c.policy[row]);
  if (listsCandidates) add('candidates', candidateList(head.actions, format));
  if (schema.endReasons.length > 1) {
    const reasons = { values: schema.endReasons };
    addTexts('endReason', reasons, (c, row) => (c.endReason[row] === 0 ? -1 : c.endReason[row]));
  }
  for (const [i, name] of schema.numericNames.entries()) {
    const width = schema.numericNames.length;
    add(`numeric.${name}`, (c, row) => single(`numeric ${name}`, c.numeric[row * width + i]));
  }
  const categories = schema.categoricalNames.map((name, i) => {
    const width = schema.categoricalNames.length;
    const dictionary = head.categoricalValues[i];
    return addTexts(`categorical.${name}`, dictionary, (c, row) => c.categorical[row * width + i]);
  });

  return {
    columns,
    head: () => ({
      schema,
      timeUnit: 'ms',
      actions: head.actions,
      ...(policies() ? {} : { policies: head.policies }),
      ...(groups[0]() ? {} : { users: head.users }),
      ...(groups[1]() ? {} : { sessions: head.sessions }),
      ...(groups[2]() ? {} : { requests: head.requests }),
      categoricalValues: head.categoricalValues.map((dictionary, i) => (categories[i]() ? undefined : dictionary)),
    }),
  };
}

/** A text as a CSV field (RFC 4180), also where tabs separate. */
export function csvText(text: string): string {
  return /[",\r\n\t]|^\ufeff/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function lazily(make: (code: number) => string): (code: number) => string {
  const made: (string | undefined)[] = [];
  return (code) => (made[code] ??= make(code));
}

function textFor(column: string, text: string): string {
  if (text !== '') return text;
  throw new Error(`${column} is an empty text, which a table cannot tell from a missing one. Give it a name.`);
}

/** The shortest decimal that reads back as this 64-bit number. */
function double(column: string, value: number): string {
  if (!Number.isFinite(value)) throw new Error(`${column} is ${value}, which a table cannot hold.`);
  return Object.is(value, -0) ? '-0' : String(value);
}

/** The shortest decimal that reads back as this 32-bit number. */
function single(column: string, value: number): string {
  if (Number.isInteger(value) || !Number.isFinite(value)) return double(column, value);
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(value);
}

function candidateList(actions: Dictionary, format: TableFormat): OutColumn['of'] {
  const cells = lazily((code) => {
    const text = textFor('candidates', actions.values[code]);
    if (format === 'ndjson' || !text.includes('|')) return text;
    throw new Error(`candidate '${text}' contains "|", which separates candidates in CSV. Export to .ndjson.`);
  });
  return ({ candidates }, row) => {
    if (candidates === 'all') return undefined;
    const list = [...candidates.codes.subarray(candidates.offsets[row], candidates.offsets[row + 1])].map(cells);
    return format === 'ndjson' ? JSON.stringify(list) : csvText(list.join('|'));
  };
}
