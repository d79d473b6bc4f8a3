import { dm, dr, dros, sndr, switchDr } from './model-based.js';
import { clippedIps, ips, snips } from './weighting.js';
import type { Estimator } from './form.js';

/** The table of estimators. Its keys are the names used in configs, on the command line and in reports. */
export const estimators = { ips, clippedIps, snips, dm, dr, sndr, switchDr, dros } as const satisfies Readonly<
  Record<string, Estimator>
>;

export type EstimatorKey = keyof typeof estimators;
