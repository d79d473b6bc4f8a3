import type { PreferenceSettings } from '../../agents/preference/learner.js';
import type { ChoiceShape } from '../../agents/preference/models/choice-file.js';
import type { TextTests } from '../../logs/preference/headline-tests.js';
import { hashedGrams, hashedWords } from '../../logs/preference/n-grams.js';

type TextNetwork = Extract<ChoiceShape['network'], { kind: 'texts' | 'transformer' }>;

/** What scores headlines, and how it is fitted. */
export interface HeadlineScorer {
  readonly network: TextNetwork;
  readonly settings: Partial<PreferenceSettings>;
}

/** A linear score of hashed words and pairs of words. */
export const linearScorer: HeadlineScorer = {
  network: { kind: 'texts', buckets: 1 << 15, bag: 64, width: 0 },
  settings: { passes: 30, learningRate: 0.01, weightDecay: 0.1 },
};

/** One transformer block over the first words of a headline; passes and step size were chosen on the tuning tests. */
export const transformerScorer: HeadlineScorer = {
  network: { kind: 'transformer', buckets: 1 << 13, bag: 20, width: 16, heads: 2, depth: 1 },
  settings: { passes: 3, learningRate: 0.003, weightDecay: 0.1 },
};

/** How a config says it: vectors of some width, 0 for a linear score; transformer blocks over words, 0 for bags of n-grams. */
export const textModel = { buckets: 1 << 15, bag: 64, width: 0, heads: 2, depth: 0 };

export function textNetworkOf({ depth, heads, ...bags }: typeof textModel): TextNetwork {
  return depth === 0 ? { kind: 'texts', ...bags } : { kind: 'transformer', ...bags, heads, depth };
}

/** [C, K, bag] ids of all texts as a network reads them, −1 where there is none. */
export function idsOf({ sets, most }: TextTests, network: TextNetwork): Int32Array {
  const write = network.kind === 'texts' ? hashedGrams : hashedWords;
  const { contexts, sizes, text } = sets;
  const ids = new Int32Array(contexts * most * network.bag).fill(-1);
  for (let c = 0; c < contexts; c++)
    for (let k = 0; k < sizes[c]; k++) write(text(c, k), network, ids, (c * most + k) * network.bag);
  return ids;
}
