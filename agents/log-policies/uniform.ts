import type { LogPolicy } from '../contract.js';
import { keepCandidates } from './candidates.js';

/** Every candidate with the same probability. */
export const uniform: LogPolicy = {
  id: 'uniform',
  probabilities(log, rows, out) {
    out.fill(1 / log.actions.values.length);
    keepCandidates(log, rows, out);
  },
};
