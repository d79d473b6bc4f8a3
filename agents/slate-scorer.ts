import { complaint } from '../core/check.js';
import { fields, type Field, type SlateSpace } from '../core/space.js';
import type { Agent, AgentKind } from './contract.js';
import { plackettLuce } from './policy/plackett-luce.js';
import { savedStream } from './saved.js';
import type { EnvSpec } from '../envs/contract.js';

/** How candidates are scored: a rule that anybody can read, and the baseline that a learned slate policy must beat. */
export interface SlateScorerSettings {
  /** Weight of the person's interest in what the document is about. */
  readonly interestWeight: number;
  /** [T] added per topic, e.g. what is known of its quality; empty for none. */
  readonly topicWeights: readonly number[];
  /** 0 shows the best-scored documents; above 0 the slate is drawn from Plackett–Luce of the scores ÷ temperature. */
  readonly temperature: number;
}

/**
 * Shows the documents d of highest score
 *
 *     s(d) = Σ_t d_t (interestWeight · x_t + topicWeights_t)
 *
 * of all candidates. Needs an observation with the fields `interests` [T] and `documents` [K, T], and slates as actions.
 * Learns nothing. A drawn slate has its exact propensity; one that is not drawn has propensity 1.
 */
export const slateScorer: AgentKind<SlateScorerSettings> = {
  summary: 'slates of the best-scored candidates by interest and topic; learns nothing',
  defaults: { interestWeight: 1, topicWeights: [], temperature: 0 },
  make: (spec, settings, random) => {
    const { interests, documents, slate } = placesOf(spec);
    const { interestWeight, topicWeights, temperature } = settings;
    const topics = interests.length;
    if (topicWeights.length !== 0 && topicWeights.length !== topics) {
      throw complaint('config', {
        where: 'agent slate-scorer: topicWeights',
        expected: `one number per topic (${topics}) or none`,
        received: String(topicWeights.length),
      });
    }
    if (!(temperature >= 0)) {
      throw complaint('config', {
        where: 'agent slate-scorer: temperature',
        expected: 'a number of at least 0',
        received: String(temperature),
      });
    }
    const chance = random.fork('slates');
    const head = plackettLuce(slate.candidates, slate.size);
    const weights = Float64Array.from({ length: topics }, (_, t) => topicWeights.at(t) ?? 0);
    const scores = new Float32Array(slate.candidates);
    const agent: Agent = {
      act(observation, out, explore = true) {
        const rows = out.propensity.length;
        const width = observation.length / rows;
        const drawn = explore && temperature > 0;
        for (let b = 0; b < rows; b++) {
          const row = b * width;
          for (let k = 0; k < slate.candidates; k++) {
            const at = row + documents.at + k * topics;
            let score = 0;
            for (let t = 0; t < topics; t++)
              score += observation[at + t] * (interestWeight * observation[row + interests.at + t] + weights[t]);
            scores[k] = drawn ? score / temperature : score;
          }
          if (drawn) out.propensity[b] = Math.exp(head.draw(scores, 0, chance, out.action, b * slate.size));
          else {
            head.best(scores, 0, out.action, b * slate.size);
            out.propensity[b] = 1;
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

function placesOf({ id, observation, action }: EnvSpec): {
  readonly interests: Field;
  readonly documents: Field;
  readonly slate: SlateSpace;
} {
  const parts = fields(observation);
  const interests = parts.find(({ name }) => name === 'interests');
  const documents = parts.find(({ name }) => name === 'documents');
  if (
    action.kind !== 'slate' ||
    interests === undefined ||
    documents?.length !== action.candidates * interests.length
  ) {
    throw complaint('config', {
      where: `agent slate-scorer in ${id}`,
      expected: 'slates as actions, and an observation with interests [T] and documents [candidates, T]',
      received: `${action.kind} actions and the fields ${parts.map(({ name }) => name || 'unnamed').join(', ')}`,
      try: 'Use it in recsim/InterestEvolution-v1, or choose another agent.',
    });
  }
  return { interests, documents, slate: action };
}
