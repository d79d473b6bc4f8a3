import { GymError, complaint, suggestion } from '../../core/check.js';
import type { ResponseModel } from '../../reward-models/feed-session/contract.js';
import type { BuiltOn } from '../contract.js';
import { expectLayout, type FeedPlaces } from './places.js';

/**
 * What the serving ranker makes of a candidate: the expected reward of its answers,
 *
 *     f(s, a) = Σ_h w_h · P(outcome h | s, a)
 */
export class SupervisedScores {
  readonly ranker: ResponseModel;
  readonly places: FeedPlaces;
  /** [H] */
  readonly weights: Float64Array;

  /** @param given weight per outcome; the main outcome counts 1 when there are none */
  constructor(agent: string, places: FeedPlaces, ranker: ResponseModel, given: Readonly<Record<string, number>>) {
    expectLayout(agent, places, ranker.layout);
    const { outcomes } = ranker.layout;
    for (const [name, weight] of Object.entries(given)) {
      if (!outcomes.includes(name)) {
        throw new GymError(
          'config',
          `agent ${agent}: scoreWeights: No outcome called '${name}'. ${suggestion(name, outcomes)}`,
        );
      }
      if (!Number.isFinite(weight)) {
        throw complaint('config', {
          where: `agent ${agent}: scoreWeights.${name}`,
          expected: 'a finite number',
          received: String(weight),
        });
      }
    }
    this.ranker = ranker;
    this.places = places;
    const main = Object.keys(given).length === 0;
    this.weights = Float64Array.from(outcomes, (name, h) =>
      main ? Number(h === 0) : Object.hasOwn(given, name) ? given[name] : 0,
    );
  }

  /**
   * Asks the ranker.
   *
   * @param observation [rows, O]
   * @param out         [rows, K, H] overwritten
   */
  rank(observation: Float32Array, rows: number, out: Float32Array): void {
    const { width, candidates, K } = this.places;
    this.ranker.rank({ rows, values: observation, width, stateAt: 0, itemsAt: candidates, items: K }, out);
  }

  /** Writes f of the K candidates whose probabilities begin at `probabilities[at]`. */
  scores(probabilities: Float32Array, at: number, out: Float64Array): void {
    const { weights } = this;
    const H = weights.length;
    for (let k = 0; k < out.length; k++, at += H) {
      let score = 0;
      for (let h = 0; h < H; h++) score += weights[h] * probabilities[at + h];
      out[k] = score;
    }
  }
}

/** The ranker that an agent is built on; without one it is refused. */
export function rankerOf(agent: string, built: BuiltOn | undefined, hint = ''): ResponseModel {
  if (built?.ranker !== undefined) return built.ranker;
  throw complaint('config', {
    where: `agent ${agent}`,
    expected: 'a ranker to build on',
    received: 'none',
    try: `Fit one on a feed log and hand it over as 'ranker'${hint}; a config names a run that did: feed: { path: DIR }.`,
  });
}

/** Writes 1 for the candidates that retrieval gave, at least one; where it gave none, every candidate counts. */
export function markRetrieved(observation: Float32Array, injectedAt: number, out: Uint8Array): void {
  let some = false;
  for (let k = 0; k < out.length; k++) {
    out[k] = observation[injectedAt + k] === 0 ? 1 : 0;
    some ||= out[k] === 1;
  }
  if (!some) out.fill(1);
}

/**
 * Writes the `size` best of the open candidates, best first; ties go to the lower candidate.
 *
 * @param open [K] 1 where a candidate may be shown; those that are written are closed
 */
export function writeBest(
  scores: Float64Array,
  open: Uint8Array,
  action: Int32Array | Float32Array,
  place: number,
  size: number,
): void {
  for (let j = 0; j < size; j++) {
    const pick = bestOpen(scores, open);
    action[place + j] = pick;
    open[pick] = 0;
  }
}

/** The open candidate of highest score; ties go to the lower one. */
export function bestOpen(scores: Float64Array, open: Uint8Array): number {
  let pick = -1;
  for (let k = 0; k < scores.length; k++) {
    if (open[k] === 1 && (pick < 0 || scores[k] > scores[pick])) pick = k;
  }
  if (pick >= 0) return pick;
  throw complaint('usage', { where: 'feed slate', expected: 'a candidate for every place', received: 'too few' });
}
