import { suggestion } from '../../core/check.js';

/** Which action each distinct text of the action column means. */
export interface ActionReading {
  /** A. */
  readonly count: number;
  /** Per distinct text its action in [0, A), or −1 where it names none. */
  readonly codes: readonly number[];
  /** Why a text names no action. */
  readonly whyNot: (text: string) => string;
}

/**
 * Reads the texts of an action column.
 *
 * With columns (one per action, of probabilities or guesses) the first reading that fits every text wins:
 * 1. the texts are the columns' names, or what follows their common prefix up to its last separator or before its
 *    trailing digits (`pi_red, pi_rose` with red, rose; `p10, p11` with 10, 11);
 * 2. they are whole numbers below A and index the columns;
 * 3. they are what follows some other common prefix of the names.
 * With only a count they are whole numbers below it; with neither, every text is an action of its own.
 */
export function readActions(
  texts: readonly string[],
  columns: readonly string[] | undefined,
  asked: number | undefined,
): ActionReading {
  if (columns === undefined && asked === undefined)
    return { count: texts.length, codes: texts.map((_, i) => i), whyNot: () => '' };
  const count = columns?.length ?? asked ?? 0;
  const byIndex = { names: Array.from({ length: count }, (_, i) => String(i)), index: true };
  const readings = columns === undefined ? [byIndex] : readingsOf(columns, byIndex);
  const told = texts.map(plain);
  const coded = readings.map(({ names }) => {
    const code = new Map(names.map((name, i) => [plain(name), i]));
    return told.map((text) => code.get(text) ?? -1);
  });
  const missed = coded.map((codes) => codes.filter((code) => code < 0).length);
  const best = missed.indexOf(Math.min(...missed));
  const { names, index } = readings[best];
  return {
    count,
    codes: coded[best],
    whyNot: (text) =>
      index
        ? `unknown action '${text}': expected a whole number from 0 to ${count - 1}`
        : `unknown action '${text}'. ${suggestion(text, names).replace(/\.$/, '')}`,
  };
}

interface Reading {
  readonly names: readonly string[];
  readonly index: boolean;
}

function readingsOf(columns: readonly string[], byIndex: Reading): Reading[] {
  const prefix = commonPrefix(columns);
  const separated = prefix.replace(/[A-Za-z0-9]*$/, '');
  const undigited = prefix.replace(/\d+$/, '');
  const after = (length: number): Reading => ({ names: columns.map((name) => name.slice(length)), index: false });
  const shorter = Array.from({ length: prefix.length }, (_, i) => after(prefix.length - i));
  return [after(separated.length), after(0), after(undigited.length), byIndex, ...shorter];
}

/** "3.0" and "3" are the same number, and spaces around a text mean nothing. */
function plain(text: string): string {
  const trimmed = text.trim();
  return /^[+-]?\d+(\.0*)?$/.test(trimmed) ? String(Number(trimmed)) : trimmed;
}

function commonPrefix(names: readonly string[]): string {
  if (names.length < 2) return '';
  let length = 0;
  while (names.every((name) => name.length > length && name[length] === names[0][length])) length++;
  return names[0].slice(0, length);
}
