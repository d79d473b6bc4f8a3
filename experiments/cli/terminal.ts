import colours from 'picocolors';
import type { Verdict } from '../contract.js';

/** Colours on a terminal only: what is piped or stored, CI logs too, stays plain. FORCE_COLOR adds them, NO_COLOR never has any. */
const plain = !process.stdout.isTTY || process.env['TERM'] === 'dumb';
export const pc = colours.createColors(
  process.env['NO_COLOR'] === undefined && (process.env['FORCE_COLOR'] !== undefined || !plain),
);

/** The colour of a verdict; the word itself always stands beside it. */
export const VERDICT_COLOUR: Readonly<Record<Verdict, (text: string) => string>> = {
  supported: pc.green,
  weak: pc.yellow,
  unsupported: pc.red,
};

/** Writes a line to standard output: results, and nothing else, so that it can be piped. */
export function print(text = ''): void {
  process.stdout.write(`${text}\n`);
}

/** Writes a line to standard error: progress and remarks. */
export function remark(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Prints one JSON object; numbers that JSON does not know (NaN, Infinity) become null. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

const plainWidth = (text: string): number => Array.from(text.replaceAll(/\u001b\[[0-9;]*m/g, '')).length;

/** Lines up columns: text to the left, numbers (and what looks like them) to the right. */
export function table(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  const numeric = headers.map(
    (_, c) => rows.length > 0 && rows.every((row) => /^[-+±\d.,%—∞ []/.test(row[c] ?? '') || row[c] === ''),
  );
  const widths = headers.map((header, c) =>
    Math.max(plainWidth(header), ...rows.map((row) => plainWidth(row[c] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, c) => {
        const gap = ' '.repeat(Math.max(0, widths[c] - plainWidth(cell)));
        return numeric[c] ? gap + cell : cell + gap;
      })
      .join('  ')
      .trimEnd();
  return [pc.bold(line(headers)), pc.dim(widths.map((w) => '─'.repeat(w)).join('  ')), ...rows.map(line)].join('\n');
}

/** A number for reading: four significant digits, no exponent for everyday sizes; "—" for nothing. */
export function brief(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '—';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e6) return Number(value.toPrecision(digits)).toString();
  return value.toExponential(digits - 1);
}

/** Shows how far long work is: one rewritten line on a terminal, a plain line every few seconds elsewhere. */
export interface Progress {
  update(done: number, total: number, note?: string): void;
  finish(note?: string): void;
}

/** @param label what is going on, e.g. "import men" */
export function progress(label: string): Progress {
  const live = process.stderr.isTTY;
  const start = Date.now();
  let shown = start - (live ? 1000 : 0);
  const write = (text: string): void => {
    process.stderr.write(live ? `\r\u001b[K${text}` : `${text}\n`);
  };
  return {
    update(done, total, note = '') {
      const now = Date.now();
      if (now - shown < (live ? 100 : 5000)) return;
      shown = now;
      const seconds = (now - start) / 1000;
      const rate = done / Math.max(seconds, 1e-3);
      const left = total > done && rate > 0 ? `, ${Math.ceil((total - done) / rate)} s left` : '';
      const share = total > 0 ? `${Math.floor((100 * done) / total)} %` : String(done);
      write(`${label}: ${share} (${brief(rate, 3)}/s${left})${note === '' ? '' : ` ${note}`}`);
    },
    finish(note = '') {
      const seconds = (Date.now() - start) / 1000;
      write(`${label}: done in ${seconds.toFixed(1)} s${note === '' ? '' : `, ${note}`}`);
      if (live) process.stderr.write('\n');
    },
  };
}
