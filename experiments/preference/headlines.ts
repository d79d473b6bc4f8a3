import type { PreferenceData } from '../../agents/preference/contract.js';
import {
  fitPreferences,
  isConditional,
  preferenceDefaults,
  type PreferenceSettings,
} from '../../agents/preference/learner.js';
import { IMPOSSIBLE } from '../../agents/preference/models/choice.js';
import { choiceModel, type Choices } from '../../agents/preference/models/choice-file.js';
import { hash32, stream } from '../../core/random.js';
import { clickPairs, type TextTests } from '../../logs/preference/headline-tests.js';
import type { PreferencePairs } from '../../logs/preference/contract.js';
import { measureText, TEXT_OUTCOMES, type TextReward } from '../../reward-models/preference/auxiliary.js';
import type { Method } from './contract.js';
import { idsOf, linearScorer, type HeadlineScorer } from './headline-scorers.js';
import { policyOf } from './learning.js';

/** How every method is fitted to headlines; scorers have passes and step sizes of their own. */
const HEADLINES: PreferenceSettings = { ...preferenceDefaults, beta: 0.1, batch: 256 };

/** The same with all that suits the linear scorer. */
export const headlineDefaults: PreferenceSettings = { ...HEADLINES, ...linearScorer.settings };

/** Tests of headlines with all that is measured of the texts, and who is for what. */
export interface Headlines {
  readonly tests: TextTests;
  /** [C, K] designer's reward of each text, and per outcome of `TEXT_OUTCOMES`. */
  readonly reward: Float32Array;
  readonly measures: Float64Array;
  readonly pairs: PreferencePairs;
  readonly parts: Readonly<Record<'train' | 'tune' | 'judge', Int32Array>>;
}

/**
 * Splits tests by a hash of their ids, 60 / 20 / 20, and takes pairs from the first part.
 *
 * @param p pairs are those whose click rates differ beyond chance at this level
 */
export function prepareHeadlines(tests: TextTests, reward: TextReward, seed: number, p = 0.05): Headlines {
  const { contexts, sizes, text } = tests.sets;
  const K = tests.most;
  const rewards = new Float32Array(contexts * K);
  const measures = new Float64Array(contexts * K * TEXT_OUTCOMES.length);
  for (let c = 0; c < contexts; c++) {
    for (let k = 0; k < sizes[c]; k++) {
      const cell = c * K + k;
      measureText(text(c, k), { flagged: [] }, measures, cell * TEXT_OUTCOMES.length);
      rewards[cell] = reward.score(text(c, k));
    }
  }
  const part = tests.ids.map((id) => hash32(id, hash32(`headlines/${seed}`)) / 2 ** 32);
  const where = (has: (u: number) => boolean): Int32Array =>
    Int32Array.from(part.flatMap((u, c) => (has(u) ? [c] : [])));
  const parts = {
    train: where((u) => u < 0.6),
    tune: where((u) => u >= 0.6 && u < 0.8),
    judge: where((u) => u >= 0.8),
  };
  return { tests, reward: rewards, measures, pairs: clickPairs(tests, parts.train, p), parts };
}

/** What is chosen from: the texts of every test, all alike before anything is learned. */
export function headlineChoices({ tests }: Headlines, network: HeadlineScorer['network']): Choices {
  const { contexts, sizes } = tests.sets;
  const K = tests.most;
  const reference = new Float32Array(contexts * K).fill(IMPOSSIBLE);
  for (let c = 0; c < contexts; c++) reference.fill(-Math.log(sizes[c]), c * K, c * K + sizes[c]);
  return { contexts, reference, grams: idsOf(tests, network) };
}

/** The training pairs with the designer's reward of both texts. */
export function headlineData({ tests, reward, pairs }: Headlines): PreferenceData {
  const rewardOf = (side: Int32Array): Float32Array =>
    Float32Array.from(side, (candidate, i) => reward[pairs.context[i] * tests.most + candidate]);
  return {
    context: pairs.context,
    sides: [pairs.chosen, pairs.rejected],
    good: [new Float32Array(pairs.count).fill(1), new Float32Array(pairs.count)],
    reward: [rewardOf(pairs.chosen), rewardOf(pairs.rejected)],
  };
}

/** π of every candidate of some tests, [n, K]: learned from the training pairs. */
export function learnHeadlines(
  headlines: Headlines,
  { settings }: Method,
  contexts: Int32Array,
  seed: number,
  scorer: HeadlineScorer = linearScorer,
): { readonly policy: Float64Array; readonly divergence: number } {
  const { tests } = headlines;
  const K = tests.most;
  const all = { ...HEADLINES, ...scorer.settings, ...settings };
  const { network } = scorer;
  const shape = { candidates: K, places: 1, conditional: isConditional(all.loss), network };
  const model = choiceModel(shape, headlineChoices(headlines, network), stream(seed).fork('headlines'));
  fitPreferences({ model, data: headlineData(headlines), settings: all, random: stream(seed).fork('batches') });
  const policy = Float64Array.from(policyOf(model, contexts), Math.exp);
  let divergence = 0;
  contexts.forEach((c, n) => {
    for (let k = 0; k < K; k++) {
      const p = policy[n * K + k];
      if (p > 0) divergence += (p * Math.log(p * tests.sets.sizes[c])) / contexts.length;
    }
  });
  return { policy, divergence };
}

/** What a policy does in each test: known, because the arms were randomised. */
export interface HeadlineWorth {
  /** [n] expected click rate, and the designer's reward. */
  readonly clickRate: Float64Array;
  readonly reward: Float64Array;
  /** [n] reading grade and share of clickbait words. */
  readonly grade: Float64Array;
  readonly clickbait: Float64Array;
}

/** @param policy [n, K] */
export function judgeHeadlines(
  { tests, reward, measures }: Headlines,
  contexts: Int32Array,
  policy: Float64Array,
): HeadlineWorth {
  const K = tests.most;
  const expected = (value: (cell: number) => number): Float64Array =>
    Float64Array.from(contexts, (c, n) => {
      let sum = 0;
      for (let k = 0; k < tests.sets.sizes[c]; k++) sum += policy[n * K + k] * value(c * K + k);
      return sum;
    });
  return {
    clickRate: expected((cell) => tests.clicks[cell] / tests.impressions[cell]),
    reward: expected((cell) => reward[cell]),
    grade: expected((cell) => measures[cell * TEXT_OUTCOMES.length]),
    clickbait: expected((cell) => measures[cell * TEXT_OUTCOMES.length + 1]),
  };
}

/** Every arm alike, [n, K]; or the arm that was clicked most in the test itself, which nobody can know ahead. */
export function plainPolicy({ tests }: Headlines, contexts: Int32Array, kind: 'uniform' | 'hindsight'): Float64Array {
  const K = tests.most;
  const out = new Float64Array(contexts.length * K);
  contexts.forEach((c, n) => {
    const size = tests.sets.sizes[c];
    if (kind === 'uniform') out.fill(1 / size, n * K, n * K + size);
    else {
      let best = 0;
      const rate = (k: number): number => tests.clicks[c * K + k] / tests.impressions[c * K + k];
      for (let k = 1; k < size; k++) if (rate(k) > rate(best)) best = k;
      out[n * K + best] = 1;
    }
  });
  return out;
}
