import { expectLength } from '../../../core/check.js';
import type { LoggedRounds, Terms } from '../rounds.js';
import { decisionsOf, needed, type Estimator } from './form.js';
import { weighted } from './weighting.js';

/**
 * Marginalised IPS: mean of w(x, e)·r (Saito and Joachims 2022), where the weight compares how often the two policies
 * show what the action looked like, not the action itself:
 *
 *     w(x, e) = Σ_a π(a|x) p(e|a) / Σ_a μ(a|x) p(e|a).
 *
 * Unbiased when the action works on the reward only through its embedding; its weights are far smaller than those of IPS
 * where many actions share one. With an embedding that names the action it is IPS.
 */
export const mips: Estimator = {
  name: 'Marginalised IPS',
  assumption: 'The embedding carries all that the action does to the reward, and every embedding was logged.',
  needsGuesses: false,
  needs: ['logging', 'embedding'],
  perRound: (terms) => ({ numerator: weighted(terms, marginalWeights(terms, 'mips')) }),
};

/** Self-normalised MIPS: Σ w(x, e)·r / Σ w(x, e). */
export const snMips: Estimator = {
  name: 'Self-normalised marginalised IPS',
  assumption: 'As marginalised IPS; additionally robust to propensities that are all off by one factor.',
  needsGuesses: false,
  needs: ['logging', 'embedding'],
  perRound: (terms) => {
    const denominator = marginalWeights(terms, 'snMips');
    return { numerator: weighted(terms, denominator), denominator };
  },
};

/** [N] w(x_n, e_n); 0 where neither policy could have shown e_n. */
function marginalWeights(terms: Terms, who: string): Float64Array {
  const { rounds, target } = decisionsOf(terms, who);
  const { actions: A, action } = rounds;
  const logging = needed(
    rounds.logging,
    who,
    'the whole serving policy, one probability per action',
    'Name its columns (--logging).',
  );
  const embedding = needed(rounds.embedding, who, 'an embedding of the actions', 'Name its columns (--embedding).');
  expectLength('evaluate: logging probabilities', logging, { rounds: action.length, actions: A });
  expectLength('evaluate: embeddings', embedding.code, { rounds: action.length });
  const shown = byEmbedding(embedding.given ?? embeddingShares(rounds), A, embedding.count);
  const weight = new Float64Array(action.length);
  for (let i = 0; i < weight.length; i++) {
    const row = i * A;
    const at = embedding.code[i] * A;
    let above = 0;
    let below = 0;
    for (let a = 0; a < A; a++) {
      above += target[row + a] * shown[at + a];
      below += logging[row + a] * shown[at + a];
    }
    weight[i] = below > 0 ? above / below : 0;
  }
  return weight;
}

/**
 * p(e | a) counted in the log: the share of the rounds of a that showed e. No reward is looked at, so nothing has to be
 * cross-fitted. An action that was never logged is taken to look like the log as a whole.
 *
 * @returns [A, E]
 */
export function embeddingShares({ actions: A, action, embedding }: LoggedRounds): Float64Array {
  const { count: E, code } = needed(embedding, 'embeddingShares', 'an embedding of the actions', 'Give one.');
  const shares = new Float64Array(A * E);
  const overall = new Float64Array(E);
  const rounds = new Float64Array(A);
  for (let i = 0; i < action.length; i++) {
    shares[action[i] * E + code[i]]++;
    overall[code[i]]++;
    rounds[action[i]]++;
  }
  for (let a = 0; a < A; a++)
    for (let e = 0; e < E; e++)
      shares[a * E + e] = rounds[a] > 0 ? shares[a * E + e] / rounds[a] : overall[e] / action.length;
  return shares;
}

/** [A, E] → [E, A], so that the sums over actions walk along rows. */
function byEmbedding(shares: Float64Array, A: number, E: number): Float64Array {
  expectLength('evaluate: p(e|a)', shares, { actions: A, embeddings: E });
  const turned = new Float64Array(E * A);
  for (let a = 0; a < A; a++) for (let e = 0; e < E; e++) turned[e * A + a] = shares[a * E + e];
  return turned;
}
