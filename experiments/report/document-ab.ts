import { z } from 'zod';
import { estimate, list, number, pair, text, verdict } from './document-parts.js';

/** The saved form of A/B tests and simulations; the types are in `../ab/contract.ts`. */

const metric = z.strictObject({
  name: text,
  kind: z.enum(['mean', 'proportion', 'ratio', 'quantile']),
  column: text,
  denominator: text.exactOptional(),
  quantile: number.exactOptional(),
  covariate: text.exactOptional(),
  covariateDenominator: text.exactOptional(),
  role: z.enum(['primary', 'secondary', 'guardrail']),
  better: z.enum(['higher', 'lower']),
  margin: number.exactOptional(),
});

const cuped = z.strictObject({
  covariate: text,
  theta: number,
  correlation: number,
  varianceReduction: number,
  difference: estimate,
  relative: estimate.exactOptional(),
  pValue: number,
  warnings: list(text),
});

const effect = z.strictObject({
  arm: text,
  difference: estimate,
  relative: estimate,
  pValue: number.nullable(),
  relativePValue: number.exactOptional(),
  permutationPValue: number.exactOptional(),
  adjustedPValue: number.exactOptional(),
  cuped: cuped.exactOptional(),
  sequential: z.strictObject({ difference: estimate, pValue: number }).exactOptional(),
  bayes: z.strictObject({ chanceToWin: number, risk: number }).exactOptional(),
  guardrail: z.enum(['kept', 'broken', 'unclear']).exactOptional(),
  truth: number.exactOptional(),
});

const look = z.strictObject({
  day: number,
  units: number,
  difference: number,
  naive: pair.nullable(),
  alwaysValid: pair.nullable(),
});

const ofArm = { metric: text, arm: text };

export const abTest = z.strictObject({
  name: text,
  unit: text,
  control: text,
  level: number,
  arms: list(z.strictObject({ name: text, units: number, planned: number })),
  sampleRatio: z.strictObject({ p: number, alarm: z.boolean() }),
  metrics: list(
    z.strictObject({
      metric,
      values: list(z.strictObject({ arm: text, value: estimate })),
      effects: list(effect),
    }),
  ),
  looks: list(z.strictObject({ ...ofArm, looks: list(look), stoppedOn: number.nullable() })),
  segments: list(
    z.strictObject({
      ...ofArm,
      by: text,
      rows: list(z.strictObject({ segment: text, units: number, difference: estimate })),
      sameEffect: number.nullable(),
      together: estimate.exactOptional(),
    }),
  ),
  verdict,
  reasons: list(text),
  assumptions: list(text),
});

export const designTable = z.strictObject({
  ...ofArm,
  truth: estimate,
  rows: list(
    z.strictObject({
      design: text,
      replications: number,
      mean: estimate,
      bias: estimate,
      deviation: number,
      coverage: number,
    }),
  ),
});

export const powerTable = z.strictObject({
  ...ofArm,
  rule: text,
  rows: list(z.strictObject({ day: number, units: number, found: estimate })),
});

export const agreement = z.strictObject({
  quantity: text,
  rows: list(z.strictObject({ method: text, estimate })),
  agree: z.boolean().nullable(),
  truth: number.exactOptional(),
  sentence: text,
});
