import { choose, complaint } from '../../../core/check.js';
import { readColumns, type CodedTexts } from '../../../logs/import/fast-csv.js';
import type { BadRows } from '../../evaluate/bad-rounds.js';
import { Complaints } from '../analyze/complaints.js';
import { CREDIT_RULES, type CreditRule } from './credits.js';
import type { Team } from './lottery.js';

/** Credits as they are, or lists and clicks of which they are made; a row is one shown list. */
export type InterleavedColumns =
  | { readonly creditA: string; readonly creditB: string; readonly query?: string }
  | {
      /** A key of `CREDIT_RULES`. */
      readonly method: string;
      readonly rankingA: string;
      readonly rankingB: string;
      readonly shown: string;
      readonly clicked: string;
      /** A or B per place; needed for team drafts. */
      readonly teams?: string;
      readonly query?: string;
    };

/** One credit B − A per query. They mean nothing while there are bad rows. */
export interface InterleavedTable {
  readonly credits: Float64Array;
  readonly rows: number;
  readonly bad: BadRows;
}

/**
 * Reads a table (CSV, TSV or NDJSON) of interleaved lists. Rows of one query (or whatever column is named, such as the
 * user) are added up. Cells with several documents separate them by spaces or |.
 */
export async function readInterleaved(path: string, columns: InterleavedColumns): Promise<InterleavedTable> {
  const query = columns.query === undefined ? [] : [columns.query];
  if ('creditA' in columns) {
    const names = [columns.creditA, columns.creditB];
    const read = await readColumns(path, { numbers: names.map((name) => [name]), texts: query });
    expectRows(path, read.rows);
    const complaints = new Complaints(read);
    complaints.columns(names, []);
    const credit = read.numbers[1].map((b, row) => b - read.numbers[0][row]);
    return {
      credits: addedUp(credit, read.texts.at(0), complaints, columns.query),
      rows: read.rows,
      bad: complaints.done(),
    };
  }
  const rule = choose('way of interleaving', CREDIT_RULES, columns.method);
  if (rule.needsTeams && columns.teams === undefined)
    throw complaint('usage', {
      where: `interleaving: ${columns.method}`,
      expected: 'a column with the team of each place (--teams)',
      received: 'none',
    });
  const lists = [columns.rankingA, columns.rankingB, columns.shown, columns.clicked];
  const teams = columns.teams === undefined ? [] : [columns.teams];
  const read = await readColumns(path, { numbers: [], texts: [...query, ...lists, ...teams] });
  expectRows(path, read.rows);
  const complaints = new Complaints(read);
  const at = query.length;
  const codes = new Map<string, number>();
  const [a, b, shown, clicked] = lists.map((_, i) => documentsOf(read.texts[at + i], codes));
  const team = teams.length === 0 ? undefined : teamsOf(read.texts[at + 4]);
  const credit = new Float64Array(read.rows);
  for (let row = 0; row < read.rows; row++) {
    const one: Row = { a: a(row), b: b(row), shown: shown(row), clicked: clicked(row), teams: team?.(row) };
    const wrong = whyBad(one, rule);
    if (wrong === undefined) credit[row] = creditOf(one, rule);
    else complaints.add(row, () => wrong);
  }
  const groups = query.length === 0 ? undefined : read.texts[0];
  return { credits: addedUp(credit, groups, complaints, columns.query), rows: read.rows, bad: complaints.done() };
}

interface Row {
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly shown: readonly number[];
  readonly clicked: readonly number[];
  /** Null where a place has neither A nor B. */
  readonly teams: readonly (Team | null)[] | undefined;
}

function whyBad({ a, b, shown, clicked, teams }: Row, rule: CreditRule): string | undefined {
  const twice = (list: readonly number[]): boolean => new Set(list).size < list.length;
  if (shown.length === 0) return 'nothing was shown';
  if (twice(a) || twice(b) || twice(shown)) return 'a list holds a document twice';
  if (!shown.every((document) => a.includes(document) || b.includes(document)))
    return 'a shown document is in neither ranking';
  if (!clicked.every((document) => shown.includes(document))) return 'a clicked document was not shown';
  if (!rule.needsTeams) return undefined;
  if (teams?.length !== shown.length)
    return `there are ${teams?.length ?? 0} teams for ${shown.length} shown documents`;
  return teams.includes(null) ? 'a team is neither A nor B' : undefined;
}

function creditOf({ a, b, shown, clicked, teams }: Row, rule: CreditRule): number {
  const clicks = [...new Set(clicked)].map((document) => shown.indexOf(document));
  return rule.credit({ a, b }, { documents: shown, teams: teams?.map((team) => team ?? 0) ?? [] }, clicks);
}

/** Sums over the rows of a query, in order of appearance. */
function addedUp(
  credit: Float64Array,
  query: CodedTexts | undefined,
  complaints: Complaints,
  name = 'query',
): Float64Array {
  if (query === undefined) return credit;
  complaints.missing(query, name);
  const sums = new Float64Array(query.values.length);
  credit.forEach((value, row) => {
    if (query.codes[row] >= 0) sums[query.codes[row]] += value;
  });
  return sums;
}

const partsOf = (text: string): string[] => text.split(/[\s|]+/).filter((part) => part !== '');

/** Documents of each row, by number; the same text has the same number in all columns. */
function documentsOf({ codes, values }: CodedTexts, known: Map<string, number>): (row: number) => readonly number[] {
  const lists = values.map((text) =>
    partsOf(text).map((part) => {
      const code = known.get(part) ?? known.size;
      known.set(part, code);
      return code;
    }),
  );
  return (row) => (codes[row] < 0 ? [] : lists[codes[row]]);
}

function teamsOf({ codes, values }: CodedTexts): (row: number) => readonly (Team | null)[] {
  const lists = values.map((text) =>
    partsOf(text).map((part): Team | null => (/^(a|0)$/i.test(part) ? 0 : /^(b|1)$/i.test(part) ? 1 : null)),
  );
  return (row) => (codes[row] < 0 ? [] : lists[codes[row]]);
}

function expectRows(path: string, rows: number): void {
  if (rows === 0) throw complaint('data', { where: path, expected: 'rows below the header', received: 'none' });
}
