import type { SessionEstimator } from '../forms.js';
import { dm, dr, snDr } from './doubly-robust.js';
import { pdis, snPdis, snTis, tis } from './importance.js';
import { magic } from './magic.js';
import { mwl, samis, smis } from './marginal.js';

/** The table of estimators of sessions. Its keys are the names used on the command line and in reports. */
export const sessionEstimators = {
  tis,
  pdis,
  snTis,
  snPdis,
  dm,
  dr,
  snDr,
  magic,
  smis,
  samis,
  mwl,
} as const satisfies Readonly<Record<string, SessionEstimator>>;

export type SessionEstimatorKey = keyof typeof sessionEstimators;
