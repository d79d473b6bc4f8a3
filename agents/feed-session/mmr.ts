import { expectNumber } from '../../core/check.js';
import type { Agent, AgentKind } from '../contract.js';
import { feedPlaces, type FeedPlaces } from './places.js';
import { SupervisedScores, bestOpen, markRetrieved, rankerOf } from './scores.js';

/** The ranker with a rule against repetition. */
export interface MmrSettings {
  /** Weight per outcome in the expected reward f; empty for the main outcome alone. */
  readonly scoreWeights: Readonly<Record<string, number>>;
  /** λ: 1 is the ranker alone, 0 variety alone. 0.5 to 1. */
  readonly lambda: number;
}

/**
 * Maximal marginal relevance (Carbonell and Goldstein 1998): place by place the retrieved candidate of highest
 *
 *     λ · f(s, a) − (1 − λ) · max_i cos(x_a, x_i)
 *
 * with i over the recent items of the state and the earlier places of the slate; the maximum over none is 0, and so is
 * the cosine of an item without features. Learns nothing and draws nothing.
 */
export const mmr: AgentKind<MmrSettings> = {
  summary: 'feed sessions: the ranker with a penalty for items like those shown recently; learns nothing',
  // *Invented*: scores differ by tenths of a probability, cosines by ones.
  defaults: { scoreWeights: {}, lambda: 0.9 },
  make: (spec, { scoreWeights, lambda }, _random, _totalSteps, built) => {
    const places = feedPlaces('mmr', spec);
    const supervised = new SupervisedScores('mmr', places, rankerOf('mmr', built), scoreWeights);
    expectNumber('agent mmr: lambda', lambda, 0, 1);
    const { K, H, F, size, width, candidates, injected } = places;
    const f = new Float64Array(K);
    const likeness = new Float64Array(K);
    const value = new Float64Array(K);
    const open = new Uint8Array(K);
    let probabilities = new Float32Array(0);
    const agent: Agent = {
      act(observation, out) {
        const rows = out.propensity.length;
        if (probabilities.length !== rows * K * H) probabilities = new Float32Array(rows * K * H);
        supervised.rank(observation, rows, probabilities);
        for (let b = 0; b < rows; b++) {
          const row = b * width;
          supervised.scores(probabilities, b * K * H, f);
          markRetrieved(observation, row + injected, open);
          likenessToRecent(observation, row, places, likeness);
          for (let j = 0; j < size; j++) {
            for (let k = 0; k < K; k++) {
              value[k] = lambda * f[k] - (1 - lambda) * (likeness[k] === -Infinity ? 0 : likeness[k]);
            }
            const pick = bestOpen(value, open);
            open[pick] = 0;
            out.action[b * size + j] = pick;
            if (j + 1 < size) likenessTo(observation, row + candidates + pick * F, row + candidates, F, likeness);
          }
        }
        out.propensity.fill(1);
      },
      learn: () => undefined,
      snapshot: () => ({ json: '{}', arrays: {} }),
      restore: () => undefined,
    };
    return agent;
  },
};

/** Overwrites `out` with every candidate's highest cosine to a recent item; −∞ where there is none. */
function likenessToRecent(observation: Float32Array, row: number, places: FeedPlaces, out: Float64Array): void {
  const { L, F, recent, recentWidth, candidates } = places;
  out.fill(-Infinity);
  for (let l = 0; l < L; l++) {
    const at = row + recent + l * recentWidth;
    if (observation[at] !== 0) likenessTo(observation, at + 1, row + candidates, F, out);
  }
}

/** Raises `out` to the cosine of each candidate with the item whose features begin at `item`, where that is higher. */
function likenessTo(x: Float32Array, item: number, candidates: number, F: number, out: Float64Array): void {
  for (let k = 0; k < out.length; k++) {
    let [dot, own, its] = [0, 0, 0];
    for (let i = 0, at = candidates + k * F; i < F; i++, at++) {
      dot += x[at] * x[item + i];
      own += x[at] * x[at];
      its += x[item + i] * x[item + i];
    }
    const cosine = own > 0 && its > 0 ? dot / Math.sqrt(own * its) : 0;
    if (cosine > out[k]) out[k] = cosine;
  }
}
