import { bips } from './balanced.js';
import { mips, snMips } from './embeddings.js';
import type { Estimator } from './form.js';
import { cressieRead, empiricalLikelihood } from './likelihood.js';
import { clippedDr, dm, dr, dros, sndr, switchDr } from './model-based.js';
import { pooledDr, pooledIps, weightedDr, weightedIps } from './multi-logger.js';
import { replay } from './replay.js';
import { sgDr, sgIps } from './sub-gaussian.js';
import { switchIps } from './switch-ips.js';
import { clippedIps, ips, snips } from './weighting.js';

/** The estimators that are computed when none are named. */
const usual = { ips, clippedIps, snips, dm, dr, sndr, switchDr, dros } as const;
/** Those that need no more of a log than the usual ones. */
const further = { sgIps, clippedDr, sgDr, replay, bips, empiricalLikelihood, cressieRead } as const;
/** Those that need more of it: the whole serving policy, an embedding of the actions, or who served. */
const needy = { switchIps, mips, snMips, pooledIps, pooledDr, weightedIps, weightedDr } as const;

/** The table of estimators. Its keys are the names used in configs, on the command line and in reports. */
export const estimators = { ...usual, ...further, ...needy } as const satisfies Readonly<Record<string, Estimator>>;

export type EstimatorKey = keyof typeof estimators;

/** The keys that are computed when none are named. */
export const USUAL_ESTIMATORS: readonly string[] = Object.keys(usual);
