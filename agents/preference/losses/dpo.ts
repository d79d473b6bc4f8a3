import { choose } from '../../../core/check.js';
import type { PreferenceLoss } from '../contract.js';
import { pairForms } from './pair-forms.js';
import { logRatio } from './ratios.js';

/**
 * Direct preference optimisation: the policy is its own Bradley–Terry model of the labels,
 *
 *     L = −ln σ(β Δ)    (form 'sigmoid'; `pairForms` lists the others)
 */
export const dpo: PreferenceLoss = {
  kind: 'pairs',
  summary: 'direct preference optimisation, in the form that is set',
  paper: 'Rafailov et al. 2023, arXiv:2305.18290',
  each: ({ chosen, rejected }, settings) =>
    choose('form of the pairwise loss', pairForms, settings.form)(logRatio(chosen), logRatio(rejected), settings),
};
