import type { LossSettings, PreferenceLoss } from '../contract.js';
import { aLol } from './a-lol.js';
import { advantageWeightedOnly } from './advantage-weighted.js';
import { conditionalSft } from './conditional-sft.js';
import { dpo } from './dpo.js';
import { droV } from './dro-v.js';
import { hpoOnDpo, hpoOnKto } from './hpo.js';
import { ipo } from './ipo.js';
import { kto } from './kto.js';
import { margin } from './margin.js';
import { offlinePpo, offlinePpoWithReward } from './offline-ppo.js';
import { relabelledDpo } from './relabelled-dpo.js';
import { sft } from './sft.js';

/** The losses by the name a config gives them. */
export const preferenceLosses = {
  sft,
  'conditional-sft': conditionalSft,
  dpo,
  ipo,
  kto,
  margin,
  'relabelled-dpo': relabelledDpo,
  'offline-ppo': offlinePpo,
  'offline-ppo-reward': offlinePpoWithReward,
  'a-lol': aLol,
  'dro-v': droV,
  'advantage-weighted': advantageWeightedOnly,
  'hpo-dpo': hpoOnDpo,
  'hpo-kto': hpoOnKto,
} as const satisfies Readonly<Record<string, PreferenceLoss>>;

export type PreferenceLossName = keyof typeof preferenceLosses;

/** Settings of the notes' prototype where it names them: β, γ_aux, λ, τ and the limit of the weights. */
export const lossDefaults: LossSettings = {
  beta: 0.5,
  margin: 1,
  form: 'sigmoid',
  smoothing: 0,
  desirable: 1,
  undesirable: 1,
  clip: 0.2,
  auxiliary: 0.05,
  temperature: 0.25,
  expectile: 0.7,
  maxWeight: 20,
  valueWeight: 1,
  auxiliaryOn: 'both',
};
