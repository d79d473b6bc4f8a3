import { complaint } from '../../core/check.js';
import { categorical } from '../../core/distributions.js';
import { DRAWS_PER_STEP, KeyedDraws } from '../../core/draws.js';
import { width, type RecordSpace } from '../../core/space.js';
import type { InterestEvolution, People, Slates } from '../../simulators/interest-evolution/interest-evolution.js';
import { batchCheck, clearOutcome, expectSeed, expectState, isSlate, notStarted, refusedAction } from '../buffers.js';
import type { ActionBatch, Env, EnvSpec, EnvState, StepBatch } from '../contract.js';

/** What is asked of the recommender. */
export interface InterestEvolutionEnvSettings {
  /** Documents to choose from in every step, 1 to 2,048. */
  readonly candidates: number;
  /** Documents shown. */
  readonly slateSize: number;
  /** Whether every step has new candidates; else a world keeps the same ones for ever. */
  readonly resampleDocuments: boolean;
}

/** RecSim's README and RLlib's examples: 10 candidates, slates of 2. */
export const interestEvolutionEnvDefaults: InterestEvolutionEnvSettings = {
  candidates: 10,
  slateSize: 2,
  resampleDocuments: true,
};

const endReasons = [
  { name: 'none', ending: 'none' },
  { name: 'budget', ending: 'terminated' },
] as const;
const BUDGET = 1;
/** The largest |normal draw| of 32 bits is below this, so qualities are bounded. */
const WIDEST_NORMAL = 6.5;
/** Shown as topic before a session's first slate. */
const NO_TOPIC = -1;
/** Numbers of the response per place of the slate. */
const RESPONSE = 4;

function observationSpace(world: InterestEvolution, settings: InterestEvolutionEnvSettings): RecordSpace {
  const { slateSize: S, candidates: K } = settings;
  const { lowestQuality, highestQuality, qualityDeviation, documentMinutes } = world.settings;
  const spread = WIDEST_NORMAL * qualityDeviation;
  return {
    kind: 'record',
    fields: {
      interests: { kind: 'box', shape: [world.topics], low: -1, high: 1 },
      documents: { kind: 'box', shape: [K, world.topics], low: 0, high: 1 },
      response: {
        kind: 'record',
        fields: {
          clicked: { kind: 'box', shape: [S], low: 0, high: 1 },
          watched: { kind: 'box', shape: [S], low: 0, high: documentMinutes, unit: 'minutes' },
          quality: { kind: 'box', shape: [S], low: lowestQuality - spread, high: highestQuality + spread },
          topic: { kind: 'box', shape: [S], low: NO_TOPIC, high: world.topics - 1 },
        },
      },
    },
  };
}

function checkSettings({ candidates, slateSize }: InterestEvolutionEnvSettings): void {
  const check = (name: string, value: number, highest: number, why: string): void => {
    if (Number.isInteger(value) && value >= 1 && value <= highest) return;
    throw complaint('usage', {
      where: `recsim/InterestEvolution-v1: ${name}`,
      expected: `a whole number from 1 to ${highest} (${why})`,
      received: String(value),
    });
  };
  check('candidates', candidates, DRAWS_PER_STEP, 'one draw each');
  check('slateSize', slateSize, candidates, 'as many as there are candidates');
}

/**
 * RecSim's interest evolution as an env: a session of slates for one user after another. Show what they click now, or
 * what is good for them and keeps them longer? The people and documents are those of `simulators/interest-evolution`,
 * which also names the source of every constant.
 *
 * | observation       | numbers (default) | what                                                      | range     |
 * |-------------------|-------------------|-----------------------------------------------------------|-----------|
 * | interests         | 20                | the user's interest per topic                             | −1 to 1   |
 * | documents         | 10 × 20           | per candidate, 1 at its topic                             | 0 or 1    |
 * | response.clicked  | 2                 | per place of the last slate: whether it was chosen        | 0 or 1    |
 * | response.watched  | 2                 | minutes watched of it                                     | 0 to 4    |
 * | response.quality  | 2                 | quality of the document shown there                       | ±3.65     |
 * | response.topic    | 2                 | topic of the document shown there; −1 before a first slate | −1 to 19 |
 *
 * Hidden: the minutes left, and the quality of candidates that are not shown. Action: a slate of `slateSize` distinct
 * candidates; their order does not matter to the user. Reward: minutes watched, at most 4 a step. Start: a new user with
 * interests uniform in [−1, 1] and 200 minutes. End: terminated when the minutes are used up ("budget"). There is no
 * step limit: a user with few minutes left who is only shown good documents can go on for long, but every step costs
 * something (a step without a click costs half a minute).
 *
 * Random slates earn 153.70 ± 0.34 minutes a session in RecSim itself (1,000 sessions of mean length 83.8; 10 candidates,
 * slates of 2); `recsys-gym envs play recsim/InterestEvolution-v1` prints ours.
 *
 * Differences from RecSim: after an ending `final` is the user who left, with a new set of candidates as if they had
 * stayed; RecSim's constant response field `liked` (always 0) is left out; before a session's first slate the response
 * is zeros with topic −1 where RecSim has none; luck is found by address (see `core/draws.ts`), not drawn from NumPy's
 * global generator.
 *
 * Versions: v1.
 */
export class InterestEvolutionEnv implements Env {
  readonly spec: EnvSpec;
  readonly #world: InterestEvolution;
  readonly #settings: Float64Array;
  readonly #candidates: number;
  readonly #slateSize: number;
  readonly #resample: boolean;
  readonly #width: number;
  readonly #check: (verb: 'reset' | 'step', out: StepBatch) => void;
  readonly #people: People;
  /** [B] steps taken in the present session, and number of the session. */
  readonly #age: Int32Array;
  readonly #visit: Int32Array;
  /** [B, K] the draw each candidate is made from; follows from seed, world, visit and age, so it is not saved. */
  readonly #documents: Float64Array;
  readonly #slates: Slates;
  #seed = 0;
  #luck: { readonly users: KeyedDraws; readonly documents: KeyedDraws; readonly choices: KeyedDraws } | undefined;

  constructor(world: InterestEvolution, settings: InterestEvolutionEnvSettings, batch: number) {
    checkSettings(settings);
    const { candidates, slateSize, resampleDocuments } = settings;
    this.#world = world;
    this.#settings = Float64Array.of(candidates, slateSize, Number(resampleDocuments), ...world.constants);
    this.#candidates = candidates;
    this.#slateSize = slateSize;
    this.#resample = resampleDocuments;
    this.spec = {
      id: 'recsim/InterestEvolution-v1',
      batch,
      observation: observationSpace(world, settings),
      action: { kind: 'slate', size: slateSize, candidates },
      objectives: ['watched'],
      rewardUnit: 'minutes',
      endReasons,
      maxSteps: Infinity,
    };
    this.#width = width(this.spec.observation);
    this.#check = batchCheck(this.spec);
    this.#people = world.people(batch);
    this.#slates = world.slates(batch, slateSize);
    this.#age = new Int32Array(batch);
    this.#visit = new Int32Array(batch);
    this.#documents = new Float64Array(batch * candidates);
  }

  reset(seed: number, out: StepBatch): void {
    expectSeed(`${this.spec.id} reset`, seed);
    this.#check('reset', out);
    this.#reseed(seed);
    this.#visit.fill(0);
    out.observation.fill(0);
    for (let b = 0; b < this.spec.batch; b++) this.#begin(b, out.observation);
    clearOutcome(out);
  }

  step(action: ActionBatch, out: StepBatch): void {
    if (this.#luck === undefined) throw notStarted(this.spec);
    this.#check('step', out);
    const B = this.spec.batch;
    const { size } = this.#slates;
    for (let b = 0; b < B; b++) {
      if (!isSlate(action, b, size, this.#candidates)) throw refusedAction(this.spec, action, b);
    }
    out.observation.fill(0);
    this.#world.judge(this.#slates, this.#documents, action);
    this.#choose();
    this.#world.watch(this.#people, this.#slates);
    out.reward.set(this.#slates.watched);
    out.objectives.set(this.#slates.watched);
    out.truncated.fill(0);
    this.#respond(out.observation);
    for (let b = 0; b < B; b++) {
      this.#age[b]++;
      this.#drawDocuments(b);
    }
    for (let b = 0; b < B; b++) {
      this.#observe(b, out.observation);
      const over = this.#people.budget[b] <= 0;
      out.terminated[b] = over ? 1 : 0;
      out.endReason[b] = over ? BUDGET : 0;
      if (over) this.#finish(b, out);
    }
  }

  snapshot(): EnvState {
    const columns = {
      settings: this.#settings.slice(),
      interests: this.#people.interests.slice(),
      budget: this.#people.budget.slice(),
      age: this.#age.slice(),
      visit: this.#visit.slice(),
    };
    return { id: this.spec.id, batch: this.spec.batch, seed: this.#seed, columns };
  }

  restore(state: EnvState): void {
    const B = this.spec.batch;
    expectState(this.spec, state, this.#settings, { interests: B * this.#world.topics, budget: B, age: B, visit: B });
    const { interests, budget, age, visit } = state.columns;
    this.#people.interests.set(interests);
    this.#people.budget.set(budget);
    this.#age.set(age);
    this.#visit.set(visit);
    this.#reseed(state.seed);
    for (let b = 0; b < B; b++) this.#drawDocuments(b);
  }

  #reseed(seed: number): void {
    this.#seed = seed;
    this.#luck = {
      users: new KeyedDraws(seed, 'users'),
      documents: new KeyedDraws(seed, 'documents'),
      choices: new KeyedDraws(seed, 'choices'),
    };
  }

  /** A new user with the first candidates, observed in a row that is zero so far. */
  #begin(b: number, rows: Float32Array): void {
    if (this.#luck === undefined) throw notStarted(this.spec);
    this.#world.begin(this.#people, b, this.#luck.users.at(b, this.#visit[b]));
    this.#age[b] = 0;
    this.#drawDocuments(b);
    this.#observe(b, rows);
    const topicsAt = (b + 1) * this.#width - this.#slateSize;
    for (let i = 0; i < this.#slateSize; i++) rows[topicsAt + i] = NO_TOPIC;
  }

  #drawDocuments(b: number): void {
    if (this.#luck === undefined) throw notStarted(this.spec);
    const draws = this.#luck.documents.at(b, this.#resample ? this.#visit[b] : 0, this.#resample ? this.#age[b] : 0);
    const at = b * this.#candidates;
    for (let k = 0; k < this.#candidates; k++) this.#documents[at + k] = draws.next();
  }

  /** Which place of its slate each user chooses, and the luck that moves their interest. */
  #choose(): void {
    if (this.#luck === undefined) throw notStarted(this.spec);
    const { choices } = this.#luck;
    const slates = this.#slates;
    for (let b = 0; b < this.spec.batch; b++) {
      this.#world.weigh(this.#people, slates, b);
      slates.chosen[b] = categorical(choices.at(b, this.#visit[b], this.#age[b]), slates.weight);
      slates.direction[b] = choices.next();
    }
  }

  /** Writes what is shown of the answers into rows that are zero so far. */
  #respond(rows: Float32Array): void {
    const { size, topic, quality, chosen, watched } = this.#slates;
    for (let b = 0, i = 0; b < this.spec.batch; b++) {
      const clicked = (b + 1) * this.#width - RESPONSE * size;
      if (chosen[b] < size) {
        rows[clicked + chosen[b]] = 1;
        rows[clicked + size + chosen[b]] = watched[b];
      }
      for (let place = 0; place < size; place++, i++) {
        rows[clicked + 2 * size + place] = quality[i];
        rows[clicked + 3 * size + place] = topic[i];
      }
    }
  }

  /** Writes interests and documents into a row whose documents are zero so far. */
  #observe(b: number, rows: Float32Array): void {
    const { topics } = this.#world;
    const row = b * this.#width;
    const interests = b * topics;
    for (let topic = 0; topic < topics; topic++) rows[row + topic] = this.#people.interests[interests + topic];
    const documents = b * this.#candidates;
    for (let k = 0; k < this.#candidates; k++) {
      rows[row + topics * (k + 1) + this.#world.documentTopic(this.#documents[documents + k])] = 1;
    }
  }

  #finish(b: number, out: StepBatch): void {
    const end = (b + 1) * this.#width;
    for (let i = b * this.#width; i < end; i++) {
      out.final[i] = out.observation[i];
      out.observation[i] = 0;
    }
    this.#visit[b]++;
    this.#begin(b, out.observation);
  }
}
