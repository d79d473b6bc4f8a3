import type { PreferenceData } from '../../agents/preference/contract.js';
import { preferenceDefaults, type PreferenceSettings } from '../../agents/preference/learner.js';
import { stream } from '../../core/random.js';
import type { PreferencePairs } from '../../logs/preference/contract.js';
import type { Reward } from '../../reward-models/formula.js';
import { PreferenceBandit } from '../../simulators/preference/tabular.js';
import type { PreferenceExperiment } from '../config/preference-schema.js';
import { DESIGNER, DIVERGENCE, OBJECTIVE, type Scene } from './contract.js';
import { divergenceOf, hex } from './scene-parts.js';

/** How every method is fitted to a table: all comparisons in every step, the same number of steps for all. */
export const TABULAR: PreferenceSettings = { ...preferenceDefaults, passes: 200, batch: 1e9, learningRate: 0.05 };

/** What a designer's formula may read of a table. */
export const TABLE_OUTCOMES = ['designer'] as const;

/** Pairs with the designer's reward of both responses. @param reward [C, K] */
export function tableData(
  world: PreferenceBandit,
  pairs: PreferencePairs,
  reward: ArrayLike<number> = world.reward,
): PreferenceData {
  const { context, chosen, rejected, count } = pairs;
  const rewardOf = (side: Int32Array): Float32Array =>
    Float32Array.from(side, (response, i) => reward[context[i] * world.responses + response]);
  return {
    context,
    sides: [chosen, rejected],
    good: [new Float32Array(count).fill(1), new Float32Array(count)],
    reward: [rewardOf(chosen), rewardOf(rejected)],
  };
}

/** A table whose truth and optimum are known. */
export function tableScene(
  { pairs, contexts, responses, correlation, beta, spread }: Extract<PreferenceExperiment['source'], { from: 'table' }>,
  formula: Reward,
  seed: number,
): Scene {
  const world = new PreferenceBandit({ seed, contexts, responses, correlation, beta, spread });
  const reward = Float64Array.from(world.reward, (own) => formula.evaluateRow([own]));
  return {
    about: `${pairs} comparisons of ${world.about}`,
    hash: hex(world.about),
    warnings: [],
    formula: formula.text,
    shape: { candidates: responses, places: 1, network: { kind: 'table' } },
    choices: { contexts, reference: new Float32Array(contexts * responses).fill(-Math.log(responses)) },
    data: tableData(world, world.pairs(pairs, stream(seed).fork('pairs')), reward),
    defaults: { ...TABULAR, beta },
    judges: Int32Array.from({ length: contexts }, (_, c) => c),
    ...{ unit: 'contexts', sameData: false, liking: 'win rate' },
    judge(logs, reference) {
      const own = world.judgeEach(Float64Array.from(logs, Math.exp), reward);
      return {
        ...{ [DESIGNER]: own.reward, 'preference reward': own.preference, 'win rate': own.winRate },
        ...{ [DIVERGENCE]: divergenceOf(logs, reference, responses), [OBJECTIVE]: own.objective },
      };
    },
    best: () => Float32Array.from(world.optimum(reward), Math.log),
  };
}
