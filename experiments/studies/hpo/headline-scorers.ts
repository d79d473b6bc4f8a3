import type { PreferenceSettings } from '../../../agents/preference/learner.js';
import { textNetwork, type MakeNetwork } from '../../../agents/preference/models/network.js';
import { transformerNetwork } from '../../../agents/preference/models/transformer.js';
import type { TextTests } from '../../../logs/preference/headline-tests.js';
import { hashedGrams, hashedWords, type GramSettings } from '../../../logs/preference/n-grams.js';

/** What scores headlines, and how it is fitted. */
export interface HeadlineScorer {
  readonly network: (tests: TextTests) => MakeNetwork;
  readonly settings: Partial<PreferenceSettings>;
}

/** [C, K, bag] ids of all texts, −1 where there is none. */
function idsOf({ sets, most }: TextTests, write: typeof hashedGrams, settings: GramSettings): Int32Array {
  const { contexts, sizes, text } = sets;
  const ids = new Int32Array(contexts * most * settings.bag).fill(-1);
  for (let c = 0; c < contexts; c++)
    for (let k = 0; k < sizes[c]; k++) write(text(c, k), settings, ids, (c * most + k) * settings.bag);
  return ids;
}

/** A linear score of hashed words and pairs of words. */
export const linearScorer: HeadlineScorer = {
  network: (tests) => {
    const grams = { buckets: 1 << 15, bag: 64 };
    return textNetwork({ ids: idsOf(tests, hashedGrams, grams), candidates: tests.most, ...grams, width: 0 });
  },
  settings: { passes: 30, learningRate: 0.01, weightDecay: 0.1 },
};

/** One transformer block over the first words of a headline; passes and step size were chosen on the tuning tests. */
export const transformerScorer: HeadlineScorer = {
  network: (tests) => {
    const words = { buckets: 1 << 13, bag: 20 };
    const size = { places: words.bag, buckets: words.buckets, width: 16, heads: 2, depth: 1 };
    return transformerNetwork({ ids: idsOf(tests, hashedWords, words), candidates: tests.most, ...size });
  },
  settings: { passes: 3, learningRate: 0.003, weightDecay: 0.1 },
};
