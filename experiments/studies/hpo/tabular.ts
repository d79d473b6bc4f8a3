import type { PreferenceData } from '../../../agents/preference/contract.js';
import { fitPreferences, isConditional } from '../../../agents/preference/learner.js';
import { choiceModel } from '../../../agents/preference/models/choice-file.js';
import { stream } from '../../../core/random.js';
import { PreferenceBandit, type TrueWorth } from '../../../simulators/preference/tabular.js';
import type { Method } from '../../preference/contract.js';
import { tableData, TABULAR } from '../../preference/table.js';

export type { Method };

export const HPO: Method = { name: 'HPO on DPO', settings: { loss: 'hpo-dpo' } };
export const DPO: Method = { name: 'DPO', settings: { loss: 'dpo' } };
export const MARGIN: Method = { name: 'margin, α = 1', settings: { loss: 'margin', margin: 1 } };
export const MARGIN2: Method = { name: 'margin, α = 2', settings: { loss: 'margin', margin: 2 } };

/** Every method of the main table. γ, λ and τ of HPO are those that the notes' prototype names. */
export const METHODS: readonly Method[] = [
  HPO,
  { name: 'HPO on DPO, chosen only, γ = 0.1', settings: { loss: 'hpo-dpo', auxiliary: 0.1, auxiliaryOn: 'chosen' } },
  { name: 'HPO on KTO', settings: { loss: 'hpo-kto' } },
  DPO,
  { name: 'IPO', settings: { loss: 'ipo' } },
  { name: 'KTO', settings: { loss: 'kto' } },
  MARGIN,
  MARGIN2,
  { name: 'relabelled DPO', settings: { loss: 'relabelled-dpo' } },
  { name: 'offline PPO', settings: { loss: 'offline-ppo' } },
  { name: 'offline PPO with reward', settings: { loss: 'offline-ppo-reward' } },
  { name: 'A-LoL', settings: { loss: 'a-lol', expectile: 0.5 } },
  { name: 'DRO-V', settings: { loss: 'dro-v' } },
  { name: 'advantage-weighted only', settings: { loss: 'advantage-weighted' } },
  { name: 'SFT', settings: { loss: 'sft' } },
  { name: 'conditional SFT', settings: { loss: 'conditional-sft' } },
];

/** A world and what people said in it. */
export interface Asked {
  readonly world: PreferenceBandit;
  readonly data: PreferenceData;
}

export interface Question {
  readonly pairs: number;
  readonly correlation: number;
  readonly contradicting?: boolean;
}

/** World `seed` and its comparisons. */
export function ask(seed: number, { pairs, correlation, contradicting = false }: Question): Asked {
  const world = new PreferenceBandit({ seed, correlation });
  return { world, data: tableData(world, world.pairs(pairs, stream(seed).fork('pairs'), { contradicting })) };
}

/**
 * Fits one method and says what its policy is truly worth.
 *
 * @param stops passes after which it is judged, ascending; it is fitted up to the last
 */
export function tryMethod({ world, data }: Asked, { settings }: Method, stops = [TABULAR.passes]): TrueWorth[] {
  const { contexts: C, responses: K } = world;
  const all = { ...TABULAR, beta: world.settings.beta, ...settings, passes: stops[stops.length - 1] };
  const model = choiceModel(
    { candidates: K, places: 1, conditional: isConditional(all.loss), network: { kind: 'table' } },
    { contexts: C, reference: new Float32Array(C * K) },
    stream(world.settings.seed),
  );
  const everywhere = Int32Array.from({ length: C }, (_, c) => c);
  const worth: TrueWorth[] = [];
  fitPreferences({
    ...{ model, data, settings: all, random: stream(world.settings.seed).fork('batches') },
    onProgress: (pass) => {
      if (stops.includes(pass)) worth.push(world.judge(Float64Array.from(model.policy(everywhere).logs, Math.exp)));
    },
  });
  return worth;
}
