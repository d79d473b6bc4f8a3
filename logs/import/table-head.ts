import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { complaint, messageOf } from '../../core/check.js';
import type { TimeUnit } from './parse.js';
import type { ActionTable, Dictionary, LogSchema } from '../record.js';

/**
 * What a table cannot say of a log: the actions nobody took and what is known of them, the order of codes, which
 * numeric columns belong to which action. An export writes it beside the table as TABLE.head.json, and the import of
 * that table reads it when no map is given.
 */
export function headPath(table: string): string {
  return `${table}.head.json`;
}

/** What is known of a table before its rows are read. Dictionaries that are left out are built in order of appearance. */
export interface TableHead {
  readonly schema: Omit<LogSchema, 'source'>;
  /** How the table's times are written. */
  readonly timeUnit: TimeUnit;
  readonly actions: ActionTable;
  readonly policies?: Dictionary;
  readonly users?: Dictionary;
  readonly sessions?: Dictionary;
  readonly requests?: Dictionary;
  /** One for each categorical feature; nothing where it is in order of appearance. */
  readonly categoricalValues: readonly (Dictionary | undefined)[];
}

const texts = z.array(z.string());
const dictionary = z.object({ values: texts });
const shape = z.object({
  format: z.literal('recsys-gym/log-head'),
  version: z.literal(1),
  timeUnit: z.enum(['auto', 'ms', 's']),
  schema: z.object({
    numericNames: texts,
    categoricalNames: texts,
    perAction: z.array(z.object({ name: z.string(), columns: z.array(z.int().min(0)) })),
    endReasons: texts,
    hasPropensity: z.boolean(),
    outcomes: texts,
    warnings: texts.exactOptional(),
  }),
  actions: z.object({
    values: texts,
    numericNames: texts,
    numeric: z.array(z.union([z.number(), z.enum(['-0', 'NaN', 'Infinity', '-Infinity'])])),
    categoricalNames: texts,
    categorical: z.array(z.int().min(-1)),
    categoricalValues: z.array(dictionary),
  }),
  policies: dictionary.optional(),
  users: dictionary.optional(),
  sessions: dictionary.optional(),
  requests: dictionary.optional(),
  categoricalValues: z.array(dictionary.nullable()),
});

/** The head as JSON. Numbers that JSON does not know are written as texts. */
export function headJson(head: TableHead): string {
  const { numericNames, categoricalNames, perAction, endReasons, hasPropensity, outcomes, warnings } = head.schema;
  const { actions, policies, users, sessions, requests } = head;
  return JSON.stringify({
    format: 'recsys-gym/log-head',
    version: 1,
    timeUnit: head.timeUnit,
    schema: { numericNames, categoricalNames, perAction, endReasons, hasPropensity, outcomes, warnings },
    actions: { ...actions, numeric: Array.from(actions.numeric, jsonNumber), categorical: [...actions.categorical] },
    policies,
    users,
    sessions,
    requests,
    categoricalValues: head.categoricalValues.map((known) => known ?? null),
  });
}

function jsonNumber(value: number): number | string {
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? value : String(value);
}

/** The head beside a table, if there is one. */
export async function readTableHead(table: string): Promise<TableHead | undefined> {
  const path = headPath(table);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw complaint('io', { where: path, expected: 'a readable file', received: messageOf(error) }, error);
  }
  const hint = `It was written beside ${table}. Delete it to read the table without it, or export the log again.`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw complaint('data', { where: path, expected: 'JSON', received: messageOf(error), try: hint }, error);
  }
  const parsed = shape.safeParse(value);
  if (!parsed.success) {
    const received = z.prettifyError(parsed.error);
    throw complaint('data', { where: path, expected: 'the head of a log', received, try: hint });
  }
  const { actions, categoricalValues, policies, users, sessions, requests, schema, timeUnit } = parsed.data;
  return {
    schema,
    timeUnit,
    actions: {
      ...actions,
      numeric: Float32Array.from(actions.numeric, Number),
      categorical: Int32Array.from(actions.categorical),
    },
    ...(policies === undefined ? {} : { policies }),
    ...(users === undefined ? {} : { users }),
    ...(sessions === undefined ? {} : { sessions }),
    ...(requests === undefined ? {} : { requests }),
    categoricalValues: categoricalValues.map((known) => known ?? undefined),
  };
}
