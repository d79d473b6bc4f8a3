import { brief } from '../cli/terminal.js';
import type { Estimate } from '../contract.js';

/** Numbers for reading: a true minus sign, grouped thousands, as many decimals as the uncertainty leaves room for. */

const minus = (text: string): string => text.replaceAll('-', '−');
const grouped = (text: string): string => text.replace(/\d+/, (whole) => whole.replaceAll(/\B(?=(\d{3})+$)/g, ','));

/** With a given number of decimals; never "−0.00". */
export function fixed(value: number, decimals: number): string {
  if (Math.abs(value) === Infinity) return value > 0 ? '∞' : '−∞';
  if (Math.abs(value) >= 1e15) return significant(value);
  const text = value.toFixed(decimals);
  return minus(grouped(Number(text) === 0 ? text.replace('-', '') : text));
}

/** The same with its sign always shown; a value that rounds to 0 has none. */
export function signed(value: number, decimals: number): string {
  const text = fixed(value, decimals);
  return text.startsWith('−') || Number(value.toFixed(decimals)) === 0 ? text : `+${text}`;
}

/** Four significant digits, for numbers without a known uncertainty. */
export function significant(value: number | null | undefined, digits = 4): string {
  const text = brief(value, digits);
  return minus(text.includes('e') ? text : grouped(text));
}

/** How many there are: whole numbers in full, others with one decimal. */
export function count(value: number): string {
  return fixed(value, Number.isInteger(value) || Math.abs(value) >= 1000 ? 0 : 1);
}

/** A share of 1 in percent: two significant digits below 10 %, one decimal from there on. */
export function percent(share: number): string {
  const value = 100 * share;
  const size = Math.abs(value);
  const decimals = size === 0 ? 0 : size >= 10 ? 1 : Math.min(6, 1 - Math.floor(Math.log10(size)));
  return `${fixed(value, decimals)}\u00a0%`;
}

/** A relative change in percent, with its sign. */
export function change(share: number): string {
  return `${signed(100 * share, 1)}\u00a0%`;
}

const RAISED = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** A p-value: two significant digits, as a power of ten below 0.001, and never 0. */
export function pValue(p: number): string {
  if (p === 0) return '< 10⁻³⁰⁰';
  return p < 0.001 ? powerOfTen(p) : String(Number(p.toPrecision(2)));
}

/** Two significant digits of a number of any size ≥ 0, tiny ones as a power of ten. */
export function twoDigits(value: number): string {
  return value === 0 || value >= 1e-4 ? fixed(value, decimalsOf([value], 2)) : powerOfTen(value);
}

function powerOfTen(small: number): string {
  const [digits, exponent] = small.toExponential(1).split('e-');
  return `${digits}\u00a0×\u00a010⁻${exponent.replaceAll(/\d/g, (digit) => RAISED[Number(digit)])}`;
}

/** A chance in percent with one decimal; never 0 % or 100 % of what is only almost so. */
export function chance(share: number): string {
  if (share < 0.001) return '< 0.1\u00a0%';
  if (share > 0.999) return '> 99.9\u00a0%';
  return `${fixed(100 * share, 1)}\u00a0%`;
}

/**
 * The decimals that give the shortest interval of a column two significant digits in its half-width. One that is far
 * shorter than usual does not count: the others would get digits that mean nothing.
 */
export function decimalsFor(estimates: readonly Estimate[]): number {
  const halves = estimates
    .flatMap(({ value, interval }) => (value === null || interval === null ? [] : [(interval[1] - interval[0]) / 2]))
    .filter((half) => half > 0)
    .sort((a, b) => a - b);
  const sizes = estimates.flatMap(({ value }) => (value === null || value === 0 ? [] : [Math.abs(value) / 100]));
  const bare = sizes.length === 0 ? 0.01 : Math.min(...sizes);
  const unit = halves.length === 0 ? bare : Math.max(halves[0], halves[halves.length >> 1] / 10);
  return Math.max(0, Math.min(10, 1 - Math.floor(Math.log10(unit))));
}

/** The decimals that show the largest of some numbers with so many significant digits. */
export function decimalsOf(values: readonly number[], digits = 4): number {
  const largest = Math.max(0, ...values.map(Math.abs));
  return largest === 0 ? 0 : Math.max(0, Math.min(10, digits - 1 - Math.floor(Math.log10(largest))));
}

/** "0.0512 to 0.0626". */
export function range([low, high]: readonly [number, number], decimals: number): string {
  return `${fixed(low, decimals)} to ${fixed(high, decimals)}`;
}

/** How the numbers of one column are written. */
export interface Writing {
  readonly value: (value: number) => string;
  readonly range: (pair: readonly [number, number]) => string;
}

/** In the unit of the estimates; differences get a sign. */
export function writingOf(estimates: readonly Estimate[], value: typeof fixed = fixed): Writing {
  const decimals = decimalsFor(estimates);
  return { value: (number) => value(number, decimals), range: (pair) => range(pair, decimals) };
}

/** Shares of 1, written in percent. */
export function percentWriting(estimates: readonly Estimate[], value: typeof fixed = signed): Writing {
  const hundredfold = (n: number | null): number | null => (n === null ? null : 100 * n);
  const decimals = decimalsFor(
    estimates.map((estimate) => ({
      ...estimate,
      value: hundredfold(estimate.value),
      interval: estimate.interval === null ? null : [100 * estimate.interval[0], 100 * estimate.interval[1]],
    })),
  );
  return {
    value: (share) => `${value(100 * share, decimals)}\u00a0%`,
    range: ([low, high]) => `${range([100 * low, 100 * high], decimals)}\u00a0%`,
  };
}
