import type { PreferenceLoss } from '../contract.js';
import { auxiliaryTarget } from './advantage-weighted.js';
import { dpo } from './dpo.js';
import { kto } from './kto.js';

/**
 * Hybrid preference optimisation: a preference loss for the labels, and the designer's reward by offline RL as an
 * advantage-weighted likelihood with an expectile value function,
 *
 *     L = L_pref + γ_aux · L_aux + c_v · L_V
 *
 * Only abstract, introduction and reviews of the paper were available; which responses carry the auxiliary term, and
 * γ_aux, λ and τ, are settings here.
 */
function hybrid(base: PreferenceLoss, summary: string): PreferenceLoss {
  const own = {
    summary,
    paper: PAPER,
    target: auxiliaryTarget,
    auxiliary: ({ auxiliary }: { auxiliary: number }) => auxiliary,
  };
  return base.kind === 'pairs' ? { ...base, ...own } : { ...base, ...own };
}

const PAPER = 'Badrinath, Agarwal and Xu 2024, arXiv:2405.17956';

export const hpoOnDpo = hybrid(dpo, 'hybrid preference optimisation on DPO');
export const hpoOnKto = hybrid(kto, 'hybrid preference optimisation on KTO');
