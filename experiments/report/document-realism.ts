import { z } from 'zod';
import { list, number, pair, quality, text } from './document-parts.js';

/** The saved form of judged simulators; the types are in `../feed-session/realism/contract.ts`. */

const coefficient = z.strictObject({ value: number, interval: pair });

const exitGate = z.strictObject({
  passed: z.boolean(),
  why: text,
  rows: number,
  exits: number,
  intercept: coefficient.nullable(),
  slope: coefficient.nullable(),
  checks: list(z.strictObject({ name: text, passed: z.boolean(), found: text })),
});

const slice = z.strictObject({
  slice: text,
  rows: number,
  sessions: number,
  predicted: number,
  observed: number,
  interval: pair,
  flagged: z.boolean(),
});

const direction = z.strictObject({
  head: text,
  by: text,
  from: text,
  to: text,
  observed: number,
  interval: pair,
  predicted: number,
  rankCorrelation: number.nullable(),
  agrees: z.boolean().nullable(),
});

const sessionsMean = z.strictObject({ sessions: number, mean: number });

const distance = z.strictObject({
  policy: text,
  quantity: text,
  logged: sessionsMean,
  simulated: sessionsMean,
  ks: number,
  ksByChance: number,
  wasserstein: number,
  wassersteinByChance: number,
  ok: z.boolean(),
});

const meanOf = z.strictObject({ sessions: number, mean: number, interval: pair.nullable() });
const difference = z.strictObject({ difference: number, interval: pair });

const ranking = z.strictObject({
  metric: text,
  policies: list(z.strictObject({ policy: text, logged: meanOf, simulated: meanOf })),
  pairs: list(
    z.strictObject({
      policy: text,
      against: text,
      logged: difference,
      simulated: difference,
      order: z.enum(['alike', 'differently', 'not told by the log', 'not told by the simulator']),
    }),
  ),
  agreement: number.nullable(),
});

export const realism = z.strictObject({
  simulator: text,
  log: text,
  sessions: number,
  rows: number,
  verdict: z.enum(['fit for training', 'usable with care', 'refused']),
  reasons: list(text),
  gate: z.strictObject({ exit: exitGate }),
  heads: list(
    z.strictObject({
      head: text,
      quality,
      meanPredicted: number,
      meanObserved: number,
      interval: pair,
      errorByChance: number,
      ok: z.boolean(),
    }),
  ),
  slices: list(z.strictObject({ head: text, by: text, rows: list(slice) })),
  directions: list(direction),
  distances: list(distance),
  ranking: list(ranking),
  thresholds: z.strictObject({
    slope: pair,
    flat: number,
    mean: number,
    calibrationError: number,
    calibrationShare: number,
    slice: number,
    sliceShare: number,
    ks: number,
    wasserstein: number,
  }),
});
