import { linearQ } from './linear.js';
import { networkQ } from './network.js';
import { tabularQ } from './tabular.js';
import type { KindOfQ } from './fit.js';

/** The kinds of fitted Q: the table is the registry. */
export const fittedQ: Readonly<Record<'tabular' | 'linear' | 'network', KindOfQ>> = {
  tabular: tabularQ,
  linear: linearQ,
  network: networkQ(),
};
