import { createHash } from 'node:crypto';
import type { Dictionary } from '../record.js';
import { bytesOf, type Column, type Field, type LogHead } from './fields.js';

/** Values written to the hash at once, so that a dictionary of millions never becomes one text. */
const BATCH = 4096;

/**
 * The hash that makeLog gives the same log (`logs/columns.ts`), computed without having the log in memory: head first,
 * then column after column in consecutive pieces, then the candidates.
 *
 * @param pieces the pieces of one column in row order, without gaps
 * @param candidates offsets (N + 1 numbers) and codes in consecutive pieces; nothing when every action is a candidate
 */
export async function hashInPieces(
  head: LogHead,
  fields: readonly Field[],
  pieces: (field: Field) => AsyncIterable<Column>,
  candidates?: { readonly offsets: AsyncIterable<Column>; readonly codes: AsyncIterable<Column> },
): Promise<string> {
  const hash = createHash('sha256');
  for (const text of words(head)) hash.update(text);
  hash.update(bytesOf(head.actions.numeric));
  hash.update(bytesOf(head.actions.categorical));
  const columns = fields.map(pieces);
  if (candidates !== undefined) columns.push(candidates.offsets, candidates.codes);
  for (const column of columns) for await (const piece of column) hash.update(bytesOf(piece));
  return hash.digest('hex').slice(0, 16);
}

/** JSON of the head, in parts: [schema without source and warnings, action names, …]. */
function* words(head: LogHead): Generator<string> {
  const { numericNames, categoricalNames, endReasons, hasPropensity, outcomes } = head.schema;
  const perAction = head.schema.perAction.map(({ name, columns }) => ({ name, columns }));
  // The order of the keys is makeLog's, whatever the order they were given in.
  const schema = { numericNames, categoricalNames, perAction, endReasons, hasPropensity, outcomes };
  const { actions } = head;
  yield `[${JSON.stringify(schema)},`;
  yield* list(actions.values);
  yield `,${JSON.stringify([actions.numericNames, actions.categoricalNames]).slice(1, -1)},`;
  yield* dictionaries(actions.categoricalValues);
  for (const dictionary of [head.policies, head.users, head.sessions, head.requests]) {
    yield ',';
    yield* values(dictionary);
  }
  yield ',';
  yield* dictionaries(head.categoricalValues);
  yield ']';
}

function* dictionaries(all: readonly Dictionary[]): Generator<string> {
  yield '[';
  for (const [i, dictionary] of all.entries()) {
    if (i > 0) yield ',';
    yield* values(dictionary);
  }
  yield ']';
}

function* values(dictionary: Dictionary): Generator<string> {
  yield '{"values":';
  yield* list(dictionary.values);
  yield '}';
}

function* list(texts: readonly string[]): Generator<string> {
  yield '[';
  for (let at = 0; at < texts.length; at += BATCH) {
    if (at > 0) yield ',';
    yield JSON.stringify(texts.slice(at, at + BATCH)).slice(1, -1);
  }
  yield ']';
}
