import { z } from 'zod';

/** What the schemas of a saved report share. */

export const number = z.number();
export const text = z.string();
export const pair = z.tuple([number, number]).readonly();
export const list = <Item extends z.ZodType>(item: Item): z.ZodReadonly<z.ZodArray<Item>> => z.array(item).readonly();
export const verdict = z.enum(['supported', 'weak', 'unsupported']);

export const estimate = z.strictObject({
  value: number.nullable(),
  standardError: number.nullable(),
  interval: pair.nullable(),
  method: text,
  setting: number.exactOptional(),
  bootstrap: pair.exactOptional(),
  others: list(z.strictObject({ interval: pair.nullable(), method: text })).exactOptional(),
});

/** JSON has no NaN; this is the one place where NaN means something (a single class has no ROC curve): written as null. */
const numberOrNaN = z.codec(number.nullable(), z.union([number, z.nan()]), {
  decode: (stored) => stored ?? NaN,
  encode: (value) => (Number.isNaN(value) ? null : value),
});

export const quality = z.strictObject({
  rows: number,
  loss: number,
  lossOfConstant: number,
  auc: numberOrNaN,
  expectedCalibrationError: number,
  reliability: list(z.strictObject({ rows: number, meanPredicted: number, meanObserved: number })),
});

export const liftTable = z.strictObject({
  place: text,
  control: text,
  seeds: list(number),
  users: number,
  unit: text.exactOptional(),
  scale: z.literal('difference').exactOptional(),
  rows: list(
    z.strictObject({
      policy: text,
      metric: text,
      control: number.nullable(),
      value: number.nullable(),
      relative: estimate,
      perSeed: list(estimate),
    }),
  ),
  guardrail: z
    .strictObject({
      metric: text,
      margin: number,
      states: list(z.strictObject({ policy: text, state: z.enum(['kept', 'broken', 'unclear']) })),
    })
    .exactOptional(),
});
