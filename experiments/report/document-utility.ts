import { z } from 'zod';
import { list, number, text } from './document-parts.js';

/** The schemas of what only ad-utility experiments report; see ad-utility/contract.ts. */

export const weightTable = z.strictObject({
  policy: text,
  by: text,
  groups: list(text),
  production: list(number),
  seeds: list(number),
  buckets: list(z.strictObject({ name: text, requests: number, level: number, weights: list(number) })),
  rankCorrelation: list(list(number.nullable())),
});

export const logSizeTable = z.strictObject({
  policy: text,
  within: number,
  level: number,
  rows: number,
  hits: number,
  variation: number.nullable(),
  needed: list(z.strictObject({ method: text, rows: number.nullable() })),
});
