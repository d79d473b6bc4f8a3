/** What a cell of a table can hold: text in CSV, a JSON value in NDJSON. */
export type Cell = string | number | boolean | null | undefined | readonly string[];

/** Whether a cell says nothing. */
export function isMissing(cell: Cell): cell is null | undefined | '' {
  return cell === '' || cell === null || cell === undefined;
}

/** A finite number, or NaN when the cell is anything else. */
export function parseNumber(cell: Cell): number {
  if (typeof cell === 'number') return Number.isFinite(cell) ? cell : NaN;
  if (typeof cell !== 'string') return NaN;
  const value = Number(cell);
  return (value === 0 && cell.trim() === '') || !Number.isFinite(value) ? NaN : value;
}

const TIME = /^\s*(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?)?\s*(Z|UTC|[+-]\d\d(?::?\d\d)?)?\s*$/;

/** From here on a bare number is milliseconds (1973 as milliseconds, the year 5138 as seconds). */
const SMALLEST_MS = 1e11;

/** How bare numbers tell the time. 'auto': milliseconds from 10¹¹ on, seconds below. */
export type TimeUnit = 'auto' | 'ms' | 's';

/**
 * Unix milliseconds from a number or from ISO text such as 2019-11-24 00:03:13.442536+00:00; NaN when it is neither.
 * Digits below the millisecond are kept as a fraction. Text without a zone is taken as UTC.
 */
export function parseTime(cell: Cell, unit: TimeUnit = 'auto'): number {
  const number = parseNumber(cell);
  if (!Number.isNaN(number)) {
    return unit === 'ms' || (unit === 'auto' && Math.abs(number) >= SMALLEST_MS) ? number : number * 1000;
  }
  const parts = typeof cell === 'string' ? TIME.exec(cell) : null;
  if (parts === null) return NaN;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = parts;
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const real = new Date(midnight).getUTCDate() === Number(day) && Number(month) >= 1 && Number(month) <= 12;
  if (!real || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return NaN;
  const seconds = (Number(hour) * 60 + Number(minute)) * 60 + Number(second);
  // Milliseconds stay whole where they are; Number(`.442536`) * 1000 would not be 442.536.
  const below = fraction === '' ? 0 : Number(`${fraction.slice(1)}e${3 - (fraction.length - 1)}`);
  return midnight + seconds * 1000 - zoneMs(zone) + below;
}

function zoneMs(zone: string): number {
  const digits = zone.replace(':', '').slice(1);
  if (!/^\d/.test(digits)) return 0;
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2) || '0');
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}

/** What a cell holds, for a message. */
export function shown(cell: Cell): string {
  if (isMissing(cell)) return 'nothing';
  const text = typeof cell === 'string' ? `'${cell}'` : JSON.stringify(cell);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
