import type { PreferenceData } from '../../agents/preference/contract.js';
import { preferenceDefaults, type PreferenceSettings } from '../../agents/preference/learner.js';
import { stream } from '../../core/random.js';
import { completeSettings } from '../../core/settings.js';
import type { Reward } from '../../reward-models/formula.js';
import { SLATE_OUTCOMES } from '../../reward-models/preference/auxiliary.js';
import { SLATE_FEATURES, slatePreferenceDefaults, SlatePreferences } from '../../simulators/preference/slates.js';
import type { PreferenceExperiment } from '../config/preference-schema.js';
import { DESIGNER, DIVERGENCE, type Scene } from './contract.js';
import { hex } from './scene-parts.js';

/** How every method is fitted to slates. */
export const SLATES: PreferenceSettings = {
  ...preferenceDefaults,
  ...{ beta: 0.1, passes: 40, batch: 500, learningRate: 0.01 },
  ...{ temperature: 0.25, expectile: 0.7 },
};

/** What a designer's formula may read of a slate, in the order of the people's outcomes after the first. */
export { SLATE_OUTCOMES };

/** How slates are scored. */
export const slateModel = { hidden: [16] };

/** What people said of n pairs of slates, with the designer's reward of each. @param rewardOf of all outcomes of a slate */
export function slateData(
  people: SlatePreferences,
  n: number,
  seed: number,
  rewardOf: (outcomes: Float32Array) => number,
): PreferenceData {
  const { context, chosen, rejected, count, width } = people.pairs(n, stream(seed).fork('pairs'));
  const values = new Float32Array(people.outcomes.length);
  const rewards = (side: Int32Array): Float32Array =>
    Float32Array.from({ length: count }, (_, i) => {
      people.answer(context[i], side, i * width, values, 0);
      return rewardOf(values);
    });
  const good = [new Float32Array(count).fill(1), new Float32Array(count)];
  return { context, sides: [chosen, rejected], good, reward: [rewards(chosen), rewards(rejected)] };
}

/** The settings of a world of slates. @throws a config error that names the key */
export function slateSettings(settings: object): Omit<typeof slatePreferenceDefaults, 'seed'> {
  const { seed: _named, ...known } = slatePreferenceDefaults;
  return completeSettings('source: settings', known, settings);
}

/** Slates of a generated feed's users. */
export function slateScene(
  { pairs, settings }: Extract<PreferenceExperiment['source'], { from: 'slates' }>,
  { formula, hidden, seed }: { readonly formula: Reward; readonly hidden: readonly number[]; readonly seed: number },
): Scene {
  const people = new SlatePreferences({ ...slateSettings(settings), seed });
  const { contexts, candidates, places } = people.settings;
  const reward = (outcomes: Float32Array): number => formula.evaluateRow(outcomes.subarray(1));
  const width = SLATE_FEATURES.length;
  return {
    about: `${pairs} comparisons of ${people.about}`,
    hash: hex(people.about),
    warnings: [],
    formula: formula.text,
    shape: { candidates, places, network: { kind: 'features', width, hidden: [...hidden] } },
    choices: { contexts, reference: people.reference, features: people.features },
    data: slateData(people, pairs, seed, reward),
    defaults: SLATES,
    judges: Int32Array.from({ length: contexts }, (_, c) => c),
    ...{ unit: 'requests', sameData: false, liking: 'win rate' },
    judge(logs, reference) {
      const own = people.judge(logs, seed, 20, { reward, reference });
      return {
        ...{ [DESIGNER]: own.reward, 'win rate': own.winRate, utility: own.preference },
        ...Object.fromEntries(SLATE_OUTCOMES.map((name, i) => [name, own.designer[i]])),
        [DIVERGENCE]: own.divergence,
      };
    },
  };
}
