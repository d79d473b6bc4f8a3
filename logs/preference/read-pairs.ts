import { complaint } from '../../core/check.js';
import { Codes } from '../dictionary.js';
import { openRows } from '../import/open-rows.js';
import { isMissing, parseNumber, type Cell } from '../import/parse.js';
import type { RawPair, ResponseSets } from './contract.js';
import { checkPairs, type CheckedPairs } from './pairs.js';

/** Comparisons of a file, with the texts they are about. */
export interface PairsOfFile extends CheckedPairs {
  readonly contexts: readonly string[];
  /** Texts of each context's answers, in order of appearance. */
  readonly texts: readonly (readonly string[])[];
  readonly sets: ResponseSets;
}

/**
 * Reads a table of comparisons (CSV, TSV or NDJSON) with the columns `prompt`, `chosen`, `rejected` and, where it is
 * known, `propensity`; or `first`, `second`, `winner` (1 or 2) instead of chosen and rejected.
 *
 * @throws an io or data error; see `checkPairs`
 */
export async function readPairs(path: string, { maxBadShare = 0 } = {}): Promise<PairsOfFile> {
  const file = await openRows(path);
  const column = (name: string): number => file.columns.indexOf(name);
  const judged = column('chosen') >= 0 && column('rejected') >= 0;
  const wanted = judged ? ['prompt', 'chosen', 'rejected'] : ['prompt', 'first', 'second', 'winner'];
  const missing = wanted.filter((name) => column(name) < 0);
  if (missing.length > 0) {
    throw complaint('data', {
      where: path,
      expected: 'the columns prompt, chosen and rejected, or prompt, first, second and winner',
      received: `${file.columns.join(', ')}, without ${missing.join(' and ')}`,
    });
  }
  const [prompt, first, second, winner = -1] = wanted.map(column);
  const propensity = column('propensity');
  const contexts = new Codes();
  const answers: Codes[] = [];
  const raw: RawPair[] = [];
  for await (const { rows } of file.batches) {
    for (const { line, cells, problem } of rows) {
      if (problem !== undefined) {
        raw.push({ line, context: -1, first: [], second: [], winner: 0, problem });
        continue;
      }
      const context = contexts.code(textOf(cells[prompt]));
      if (context === answers.length) answers.push(new Codes());
      const place = (at: number): number[] => [answers[context].code(textOf(cells[at]))];
      raw.push({
        ...{ line, context, first: place(first), second: place(second) },
        winner: judged ? 1 : parseNumber(cells[winner]),
        ...(propensity < 0 || isMissing(cells[propensity]) ? {} : { propensity: parseNumber(cells[propensity]) }),
      });
    }
  }
  const texts = answers.map(({ values }) => values);
  const sets: ResponseSets = {
    contexts: texts.length,
    sizes: Int32Array.from(texts, (own) => own.length),
    text: (context, candidate) => texts[context][candidate],
  };
  return { contexts: contexts.values, texts, sets, ...checkPairs(raw, sets, { maxBadShare, where: path }) };
}

function textOf(cell: Cell): string {
  return isMissing(cell) ? '' : String(cell);
}
