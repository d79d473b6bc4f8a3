import { parseNumber } from './parse.js';

/** 10^k for the k where it is exact in 53 bits. */
const POWERS = Float64Array.from({ length: 23 }, (_, k) => Number(`1e${k}`));
/** Veltkamp's constant 2²⁷ + 1: splits a number of 53 bits into two halves whose products are exact. */
const SPLIT = 134217729;
/** Room for the error of the correction itself, which is below 2⁻⁵⁰ of it. */
const DOUBT = 2 ** -40;
/** Digits that two whole numbers of 53 bits hold without rounding. */
const MOST_DIGITS = 19;

const PLUS = 43;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;

/**
 * The number written in `bytes` from `start` to `end`, without a text in between; NaN for anything that is not a finite
 * number. The same numbers as `parseNumber`, correctly rounded: up to 19 digits are a mantissa m and a power of ten, and
 * m·10^±k (k ≤ 22) is one multiplication or division whose remainder is computed exactly and decides the last bit
 * (Dekker 1971). What is written otherwise, or lies too near the middle of two numbers, is left to `parseNumber`.
 */
export function numberFromBytes(bytes: Buffer, start: number, end: number): number {
  let at = start;
  const sign = at < end ? bytes[at] : 0;
  if (sign === MINUS || sign === PLUS) at++;
  let high = 0;
  let low = 0;
  let digits = 0;
  let lowDigits = 0;
  let places = 0;
  let seen = 0;
  let point = false;
  for (; at < end; at++) {
    const digit = bytes[at] - ZERO;
    if (digit >= 0 && digit <= 9) {
      seen++;
      if (point) places++;
      if (digits === 0 && digit === 0) continue;
      digits++;
      if (digits <= 15) high = high * 10 + digit;
      else {
        low = low * 10 + digit;
        lowDigits++;
      }
    } else if (bytes[at] === POINT && !point) point = true;
    else break;
  }
  let power = -places;
  if (at < end) {
    const exponent = exponentAt(bytes, at, end);
    if (Number.isNaN(exponent)) return written(bytes, start, end);
    power += exponent;
  }
  if (seen === 0 || digits > MOST_DIGITS || power < -22 || power > 22) return written(bytes, start, end);
  const size = lowDigits === 0 && power >= 0 ? scaledUp(high, power) : scaled(high, low, lowDigits, power);
  if (Number.isNaN(size)) return written(bytes, start, end);
  return sign === MINUS ? -size : size;
}

const written = (bytes: Buffer, start: number, end: number): number => parseNumber(bytes.toString('utf8', start, end));

/** The whole number after an e, or NaN. */
function exponentAt(bytes: Buffer, start: number, end: number): number {
  if ((bytes[start] | 32) !== 101) return NaN;
  let at = start + 1;
  const sign = at < end ? bytes[at] : 0;
  if (sign === MINUS || sign === PLUS) at++;
  if (at === end || end - at > 4) return NaN;
  let value = 0;
  for (; at < end; at++) {
    const digit = bytes[at] - ZERO;
    if (digit < 0 || digit > 9) return NaN;
    value = value * 10 + digit;
  }
  return sign === MINUS ? -value : value;
}

/** Up to 15 digits times a power that is exact: one rounding. */
function scaledUp(whole: number, power: number): number {
  return whole * POWERS[power];
}

/** (high·10^lowDigits + low)·10^power, rounded once, or NaN where that cannot be told from here. */
function scaled(high: number, low: number, lowDigits: number, power: number): number {
  if (power > 0) return NaN;
  const divisor = POWERS[-power];
  if (lowDigits === 0) return high / divisor;
  // head + tail is the mantissa exactly: a product of 53 bits with its error, and the digits below.
  const scale = POWERS[lowDigits];
  const product = high * scale;
  const productError = errorOfProduct(high, scale, product);
  const head = product + low;
  const tail = low - (head - product) + productError;
  const quotient = head / divisor;
  const back = quotient * divisor;
  const rest = (head - back - errorOfProduct(quotient, divisor, back) + tail) / divisor;
  const above = quotient + rest * (1 + DOUBT);
  return above === quotient + rest * (1 - DOUBT) ? above : NaN;
}

/** a·b − product exactly, where product is a·b rounded. */
function errorOfProduct(a: number, b: number, product: number): number {
  const bigA = SPLIT * a;
  const headA = bigA - (bigA - a);
  const tailA = a - headA;
  const bigB = SPLIT * b;
  const headB = bigB - (bigB - b);
  const tailB = b - headB;
  return tailA * tailB - (product - headA * headB - tailA * headB - headA * tailB);
}
