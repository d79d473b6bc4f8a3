import { GymError } from '../../../core/check.js';
import type { ExtraColumns } from '../../evaluate/extra-columns.js';
import { TUNING_METHODS, type TuningMethod, type TuningOptions } from '../../evaluate/tuning.js';
import { columnsOf } from './common.js';

const text = (describe: string) => ({ type: 'string', requiresArg: true, describe }) as const;

/** Flags of columns that only some estimators need, and of how settings are chosen. */
export const extraFlags = {
  logging: text("One column per action with the serving policy's probability, or 'uniform': for mips, switchIps"),
  embedding: text(
    'Column of what the action taken looked like, such as its category; several are taken together: for mips',
  ),
  'embedding-given': text(
    'Table of p(embedding | action), one row per action, columns named as in --embedding (counted)',
  ),
  logger: text('Column of which policy served: for pooledIps, pooledDr, weightedIps, weightedDr'),
  'logger-propensities': text('One column per logger with its propensity of the action taken: for pooledIps, pooledDr'),
  ratio: text('Column of a density ratio estimated elsewhere: for bips'),
  features: text('Columns of numeric features of the context: for bips, which estimates the ratio from them'),
  tune: {
    choices: TUNING_METHODS,
    requiresArg: true,
    describe:
      'Choose the clips, thresholds and shrinkages that were not given from the log: SLOPE, or a bound of the error',
  },
  candidates: text('Numbers that --tune chooses from (a grid of its own per estimator)'),
} as const;

export interface ExtraFlags {
  readonly logging?: string | undefined;
  readonly embedding?: string | undefined;
  readonly embeddingGiven?: string | undefined;
  readonly logger?: string | undefined;
  readonly loggerPropensities?: string | undefined;
  readonly ratio?: string | undefined;
  readonly features?: string | undefined;
  readonly tune?: TuningMethod | undefined;
  readonly candidates?: string | undefined;
}

/** Undefined where none is named. */
export function extraColumnsOf(flags: ExtraFlags): ExtraColumns | undefined {
  const { logging, embedding, embeddingGiven, logger, loggerPropensities, ratio, features } = flags;
  if (embeddingGiven !== undefined && embedding === undefined)
    throw new GymError('usage', '--embedding-given: expected --embedding with it, received none.');
  if (loggerPropensities !== undefined && logger === undefined)
    throw new GymError('usage', '--logger-propensities: expected --logger with it, received none.');
  const columns = {
    ...(logging === undefined ? {} : { logging: logging === 'uniform' ? ('uniform' as const) : columnsOf(logging) }),
    ...(embedding === undefined ? {} : { embedding: columnsOf(embedding) }),
    ...(embeddingGiven === undefined ? {} : { embeddingGiven }),
    ...(logger === undefined ? {} : { logger }),
    ...(loggerPropensities === undefined ? {} : { loggerPropensities: columnsOf(loggerPropensities) }),
    ...(ratio === undefined ? {} : { ratio }),
    ...(features === undefined ? {} : { features: columnsOf(features) }),
  };
  return Object.keys(columns).length === 0 ? undefined : columns;
}

/** Undefined without --tune. */
export function tuningOf({ tune: method, candidates }: ExtraFlags): TuningOptions | undefined {
  if (method === undefined) {
    if (candidates === undefined) return undefined;
    throw new GymError('usage', `--candidates: expected --tune ${TUNING_METHODS.join(' or ')} with it, received none.`);
  }
  if (candidates === undefined) return { method };
  const numbers = columnsOf(candidates).map((one) => (one === '' ? NaN : Number(one)));
  if (numbers.every((number) => number >= 0)) return { method, candidates: numbers };
  throw new GymError('usage', `--candidates: expected numbers of at least 0, received '${candidates}'.`);
}
