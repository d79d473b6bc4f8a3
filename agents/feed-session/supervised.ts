import { complaint, expectNumber } from '../../core/check.js';
import { categorical } from '../../core/distributions.js';
import type { Agent, AgentKind } from '../contract.js';
import { plackettLuce } from '../policy/plackett-luce.js';
import { savedStream } from '../saved.js';
import { feedPlaces } from './places.js';
import { SupervisedScores, bestOpen, markRetrieved, rankerOf, writeBest } from './scores.js';

/** How the serving ranker is used as it is: the myopic policy that session learning must beat. */
export interface SupervisedSettings {
  /** Weight per outcome in the expected reward f; empty for the main outcome alone. */
  readonly scoreWeights: Readonly<Record<string, number>>;
  /** 0 shows the best-scored candidates; above 0 they are drawn from the softmax of f ÷ temperature. 0 to 1. */
  readonly temperature: number;
  /** Chance that any candidate is drawn instead, each alike, for logs that a policy can be judged on. 0 to 1. */
  readonly epsilon: number;
}

/** Score of a candidate that may not be drawn. */
const CLOSED = -1e9;

/**
 * Shows the retrieved candidates that the ranker expects most of, f(s, a) = Σ_h w_h P(h | s, a). Learns nothing. With
 * `explore`, of n retrieved and K candidates in all,
 *
 *     π(a) = (1 − ε) · softmax(f / temperature)(a) · 1[a retrieved] + ε / K
 *
 * where temperature 0 stands for the best one, and a whole slate is drawn place by place without ε. Where retrieval
 * gave nothing, every candidate counts as retrieved.
 */
export const supervised: AgentKind<SupervisedSettings> = {
  summary: 'feed sessions: the items that the ranker expects most of, one by one; learns nothing',
  defaults: { scoreWeights: {}, temperature: 0, epsilon: 0 },
  make: (spec, { scoreWeights, temperature, epsilon }, random, _totalSteps, built) => {
    const places = feedPlaces('supervised', spec);
    const scores = new SupervisedScores('supervised', places, rankerOf('supervised', built), scoreWeights);
    expectNumber('agent supervised: temperature', temperature, 0);
    expectNumber('agent supervised: epsilon', epsilon, 0, 1);
    const { K, H, size, width, injected } = places;
    if (size > 1 && epsilon > 0) {
      throw complaint('config', {
        where: 'agent supervised: epsilon',
        expected: `0 in an env of slates of ${size}`,
        received: String(epsilon),
        try: 'Use a temperature to explore whole slates.',
      });
    }
    const chance = random.fork('actions');
    const head = plackettLuce(K, size);
    const f = new Float64Array(K);
    const chances = new Float64Array(K);
    const logits = new Float32Array(K);
    const open = new Uint8Array(K);
    let probabilities = new Float32Array(0);

    /** Writes the chance of each candidate, f and the open ones in place. */
    const writeChances = (): void => {
      const best = bestOpen(f, open);
      let total = 0;
      for (let k = 0; k < K; k++) {
        if (open[k] === 0) chances[k] = 0;
        else chances[k] = temperature === 0 ? Number(k === best) : Math.exp((f[k] - f[best]) / temperature);
        total += chances[k];
      }
      for (let k = 0; k < K; k++) chances[k] = ((1 - epsilon) * chances[k]) / total + epsilon / K;
    };

    const agent: Agent = {
      act(observation, out, explore = true) {
        const rows = out.propensity.length;
        if (probabilities.length !== rows * K * H) probabilities = new Float32Array(rows * K * H);
        scores.rank(observation, rows, probabilities);
        for (let b = 0; b < rows; b++) {
          scores.scores(probabilities, b * K * H, f);
          markRetrieved(observation, b * width + injected, open);
          if (!explore || (temperature === 0 && epsilon === 0)) {
            writeBest(f, open, out.action, b * size, size);
            out.propensity[b] = 1;
          } else if (size > 1) {
            for (let k = 0; k < K; k++) logits[k] = open[k] === 1 ? f[k] / temperature : CLOSED;
            out.propensity[b] = Math.exp(head.draw(logits, 0, chance, out.action, b * size));
          } else {
            writeChances();
            const pick = categorical(chance, chances);
            out.action[b] = pick;
            out.propensity[b] = chances[pick];
          }
        }
      },
      learn: () => undefined,
      snapshot: () => ({ json: JSON.stringify(chance.save()), arrays: {} }),
      restore: (state) => {
        chance.restore(savedStream.parse(JSON.parse(state.json)));
      },
    };
    return agent;
  },
};
