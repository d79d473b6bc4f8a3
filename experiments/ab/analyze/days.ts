import type { CodedTexts } from '../../../logs/import/fast-csv.js';
import { parseTime } from '../../../logs/import/parse.js';
import type { Observations } from '../contract.js';
import type { Complaints } from './complaints.js';

const DAY_MS = 86_400_000;

/** Days as whole numbers: whole numbers as they are, dates and times as days since 1 January 1970 (UTC). */
export function dayNumbers({ codes, values }: CodedTexts, name: string, complaints: Complaints): Int32Array {
  const days = values.map((text) => {
    const number = Number(text);
    return Number.isInteger(number) ? number : Math.floor(parseTime(text) / DAY_MS);
  });
  const wrong = days.map((day) => !(Math.abs(day) < 2 ** 31));
  if (wrong.includes(true))
    codes.forEach((code, row) => {
      if (code >= 0 && wrong[code])
        complaints.add(row, () => `${name} '${values[code]}' is neither a whole number nor a date`);
    });
  return Int32Array.from(codes, (code) => (code < 0 || wrong[code] ? 0 : days[code]));
}

/** The same observations, sorted by day; those of one day keep their order. */
export function inOrderOfDay({ unit, day, columns }: Observations): Observations {
  if (day === undefined || day.every((d, i) => i === 0 || d >= day[i - 1]))
    return { unit, columns, ...(day === undefined ? {} : { day }) };
  const order = Uint32Array.from(day, (_, i) => i).sort((a, b) => day[a] - day[b] || a - b);
  return {
    unit: Int32Array.from(order, (i) => unit[i]),
    day: Int32Array.from(order, (i) => day[i]),
    columns: Object.fromEntries(
      Object.entries(columns).map(([name, values]) => [name, Float64Array.from(order, (i) => values[i])]),
    ),
  };
}

/** Observations whose sums are the means of the given ones: each row becomes what it moves its unit's mean by. */
export function runningMeans({ unit, day, columns }: Observations, units: number): Observations {
  const moved = Object.entries(columns).map(([name, values]): [string, Float64Array] => {
    const [count, mean] = [new Float64Array(units), new Float64Array(units)];
    const steps = values.map((value, i) => {
      const step = (value - mean[unit[i]]) / ++count[unit[i]];
      mean[unit[i]] += step;
      return step;
    });
    return [name, steps];
  });
  return { unit, ...(day === undefined ? {} : { day }), columns: Object.fromEntries(moved) };
}
