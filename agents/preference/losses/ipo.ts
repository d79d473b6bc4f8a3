import type { PreferenceLoss } from '../contract.js';
import { pairForms } from './pair-forms.js';
import { logRatio } from './ratios.js';

/** Identity preference optimisation: a squared distance to a gap that certain labels cannot push to infinity, (Δ − 1/(2β))². */
export const ipo: PreferenceLoss = {
  kind: 'pairs',
  summary: 'identity preference optimisation: regresses the gap on 1/(2β)',
  paper: 'Azar et al. 2023, arXiv:2310.12036',
  each: ({ chosen, rejected }, settings) => pairForms['ipo'](logRatio(chosen), logRatio(rejected), settings),
};
