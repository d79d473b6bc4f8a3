import { complaint, expectNumber } from '../../core/check.js';
import type { Source } from '../../core/random.js';
import { normalQuantile } from '../../core/stats/normal.js';

/** The constants of the world, with the values of RecSim's `create_environment` as defaults. */
export interface InterestEvolutionSettings {
  /** Topics of documents and interests. RecSim: NUM_FEATURES = 20. */
  readonly topics: number;
  /** Quality of the worst and the best topic on average. RecSim: −3 and 3. */
  readonly lowestQuality: number;
  readonly highestQuality: number;
  /** Deviation of a document's quality from its topic's. RecSim: 0.1 (called a variance there, used as deviation). */
  readonly qualityDeviation: number;
  /** Length of every document. RecSim: 4. */
  readonly documentMinutes: number;
  /** What a user can spend on a session. RecSim: 200. */
  readonly budgetMinutes: number;
  /** What looking at a slate without choosing costs. RecSim: step_penalty = 0.5. */
  readonly noClickMinutes: number;
  /** Attraction of choosing nothing, on the scale of interests. RecSim: no_click_mass = 1. */
  readonly noClickInterest: number;
  /** Subtracted from every attraction to make it a weight. RecSim: min_normalizer = −1. */
  readonly leastInterest: number;
  /** Share of the minutes watched that one unit of quality gives back. RecSim: user_update_alpha = 0.9 / 3.4. */
  readonly returnedPerQuality: number;
  /** Largest step of an interest, at interest 0. RecSim: alpha_y_intercept = 0.3. */
  readonly interestStep: number;
  /** Size of an interest that no longer moves. RecSim: alpha_x_intercept = 1. */
  readonly fixedInterest: number;
}

export const interestEvolutionDefaults: InterestEvolutionSettings = {
  topics: 20,
  lowestQuality: -3,
  highestQuality: 3,
  qualityDeviation: 0.1,
  documentMinutes: 4,
  budgetMinutes: 200,
  noClickMinutes: 0.5,
  noClickInterest: 1,
  leastInterest: -1,
  returnedPerQuality: 0.9 / 3.4,
  interestStep: 0.3,
  fixedInterest: 1,
};

/** The names of the settings, in the order they are saved in. */
const settingNames = [
  'topics',
  'lowestQuality',
  'highestQuality',
  'qualityDeviation',
  'documentMinutes',
  'budgetMinutes',
  'noClickMinutes',
  'noClickInterest',
  'leastInterest',
  'returnedPerQuality',
  'interestStep',
  'fixedInterest',
] as const satisfies readonly (keyof InterestEvolutionSettings)[];

/** Topics below this share of all are of negative quality ("trashy"), the others "nutritious". */
const TRASHY_SHARE = 0.7;

/**
 * People whose interests move with what they watch, in a world where what attracts is not what is good for them: the
 * "interest evolution" world of RecSim (Ie et al. 2019, "RecSim: a configurable simulation platform for recommender
 * systems"; the same authors' "SlateQ" for the model), as recsim/environments/interest_evolution.py and
 * recsim/choice_model.py build it in `create_environment`: UtilityModelVideoSampler, UtilityModelUserSampler and
 * MultinomialProportionalChoiceModel. The constants are RecSim's, the code is not.
 *
 * x ∈ [−1, 1]²⁰ a user's interests, t(d) topic of document d, q(d) its quality, T minutes left in the session.
 *
 * - Documents: t uniform, q ~ N(μ_t, 0.1); μ rises evenly from −3 to 0 over the first 70 % of the topics and from 0 to 3
 *   over the rest (so two topics have mean 0); every document lasts 4 minutes.
 * - Users: every interest uniform in [−1, 1], T = 200.
 * - Choice: document d of the slate with weight x_t(d) + 1, nothing with weight 2.
 * - Watching: v = min(T, 4) minutes; T falls by v · (1 − q · 0.9/3.4). A bad document costs more than its length, a good
 *   one gives most of it back. Choosing nothing costs 0.5.
 * - Interest in the topic watched: steps towards 1 with probability (x + 1)/2, else away from it, by
 *   0.3 (1 − |x|)(1 − x). Documents are about one topic, so other interests stay.
 * - The session ends when T ≤ 0.
 *
 * Everything is a pass over columns of B users, with short loops and no numbers handed from function to function: what
 * the engine compiles best, and does not box. Nothing is kept here but the constants.
 */
export class InterestEvolution {
  readonly settings: InterestEvolutionSettings;
  /** The settings as numbers in a fixed order, to tell saved worlds apart. */
  readonly constants: readonly number[];
  /** [topics] μ */
  readonly meanQuality: Float64Array;
  readonly topics: number;

  constructor(settings: InterestEvolutionSettings = interestEvolutionDefaults) {
    checkSettings(settings);
    this.settings = settings;
    this.constants = settingNames.map((name) => settings[name]);
    this.topics = settings.topics;
    this.meanQuality = meanQualities(settings);
  }

  /** Columns for so many users. */
  people(users: number): People {
    return { interests: new Float64Array(users * this.topics), budget: new Float64Array(users) };
  }

  /** Columns for what so many users are shown and do in one step. */
  slates(users: number, size: number): Slates {
    return {
      size,
      topic: new Int32Array(users * size),
      quality: new Float64Array(users * size),
      weight: new Float64Array(size + 1),
      chosen: new Int32Array(users),
      direction: new Float64Array(users),
      watched: new Float64Array(users),
    };
  }

  /** Topic of the document that a draw in [0, 1) stands for. */
  documentTopic(draw: number): number {
    return Math.floor(draw * this.topics);
  }

  /** Makes user b a new one, with the draws of a source. */
  begin(people: People, b: number, draws: Source): void {
    const at = b * this.topics;
    for (let topic = 0; topic < this.topics; topic++) people.interests[at + topic] = 2 * draws.next() - 1;
    people.budget[b] = this.settings.budgetMinutes;
  }

  /**
   * What the documents of all slates are. One draw makes a whole document: which of the equally likely topics it falls
   * in, and where inside that topic's share of [0, 1), which is again uniform (in steps of topics · 2⁻³²) and is turned
   * into its quality. So quality is only computed of documents that are shown.
   *
   * @param documents  [B, candidates] a draw in [0, 1) per candidate
   * @param shown      [B, size] which candidates are shown
   */
  judge(slates: Slates, documents: Float64Array, shown: ArrayLike<number>): void {
    const { size, topic, quality } = slates;
    const users = slates.chosen.length;
    const candidates = documents.length / users;
    const { qualityDeviation } = this.settings;
    for (let b = 0, i = 0; b < users; b++) {
      for (let place = 0; place < size; place++, i++) {
        const scaled = documents[b * candidates + shown[i]] * this.topics;
        topic[i] = scaled;
        // Half a step away from 0 keeps the quantile finite.
        const within = scaled - topic[i] + this.topics * 2 ** -33;
        quality[i] = this.meanQuality[topic[i]] + qualityDeviation * normalQuantile(within);
      }
    }
  }

  /** The weights of user b's choice: per place of the slate, then of choosing nothing. */
  weigh(people: People, slates: Slates, b: number): void {
    const { size, topic, weight } = slates;
    const { leastInterest, noClickInterest } = this.settings;
    for (let place = 0; place < size; place++) {
      weight[place] = people.interests[b * this.topics + topic[b * size + place]] - leastInterest;
    }
    weight[size] = noClickInterest - leastInterest;
  }

  /** What choosing does to all users: minutes watched and left, and the interest in the topic. */
  watch(people: People, slates: Slates): void {
    const { interests, budget } = people;
    const { size, topic, quality, chosen, direction, watched } = slates;
    const { documentMinutes, noClickMinutes, returnedPerQuality, interestStep, fixedInterest } = this.settings;
    for (let b = 0; b < chosen.length; b++) {
      if (chosen[b] === size) {
        watched[b] = 0;
        budget[b] -= noClickMinutes;
        continue;
      }
      const shown = b * size + chosen[b];
      const v = Math.min(budget[b], documentMinutes);
      watched[b] = v;
      budget[b] = budget[b] - v + returnedPerQuality * v * quality[shown];
      const at = b * this.topics + topic[shown];
      const x = interests[at];
      const step = interestStep * (1 - Math.abs(x) / fixedInterest) * (1 - x);
      interests[at] = Math.max(-1, Math.min(1, direction[b] < (x + 1) / 2 ? x + step : x - step));
    }
  }
}

/** Columns of B users. */
export interface People {
  /** [B, topics] x */
  readonly interests: Float64Array;
  /** [B] T, minutes left */
  readonly budget: Float64Array;
}

/** Columns of what B users are shown and do in one step. */
export interface Slates {
  readonly size: number;
  /** [B, size] topic and quality of the documents shown */
  readonly topic: Int32Array;
  readonly quality: Float64Array;
  /** [size + 1] the weights of one user's choice; the last is for choosing nothing */
  readonly weight: Float64Array;
  /** [B] the place chosen; `size` when none was */
  readonly chosen: Int32Array;
  /** [B] a draw in [0, 1) that decides whether the interest in what is watched rises or falls */
  readonly direction: Float64Array;
  /** [B] v, minutes watched */
  readonly watched: Float64Array;
}

/** μ: two straight lines that meet at 0. */
function meanQualities(settings: InterestEvolutionSettings): Float64Array {
  const { topics, lowestQuality, highestQuality } = settings;
  const trashy = Math.floor(topics * TRASHY_SHARE + 1e-9);
  const nutritious = topics - trashy;
  return Float64Array.from({ length: topics }, (_, topic) =>
    topic < trashy
      ? lowestQuality * (1 - topic / Math.max(1, trashy - 1))
      : (highestQuality * (topic - trashy)) / Math.max(1, nutritious - 1),
  );
}

function checkSettings(settings: InterestEvolutionSettings): void {
  const where = 'interest evolution';
  expectNumber(`${where}: topics`, settings.topics, 2, 1000);
  if (!Number.isInteger(settings.topics)) {
    throw complaint('usage', { where: `${where}: topics`, expected: 'a whole number', received: `${settings.topics}` });
  }
  expectNumber(`${where}: lowestQuality`, settings.lowestQuality, -100, 0);
  expectNumber(`${where}: highestQuality`, settings.highestQuality, 0, 100);
  expectNumber(`${where}: qualityDeviation`, settings.qualityDeviation, 0, 100);
  expectNumber(`${where}: documentMinutes`, settings.documentMinutes, Number.MIN_VALUE, 1e6);
  expectNumber(`${where}: budgetMinutes`, settings.budgetMinutes, Number.MIN_VALUE, 1e9);
  expectNumber(`${where}: noClickMinutes`, settings.noClickMinutes, Number.MIN_VALUE, 1e6);
  // Interests are in [−1, 1]: anything above −1 here would make negative weights.
  expectNumber(`${where}: leastInterest`, settings.leastInterest, -1e6, -1);
  expectNumber(`${where}: noClickInterest`, settings.noClickInterest, settings.leastInterest, 1e6);
  expectNumber(`${where}: returnedPerQuality`, settings.returnedPerQuality, 0, 100);
  expectNumber(`${where}: interestStep`, settings.interestStep, 0, 1);
  expectNumber(`${where}: fixedInterest`, settings.fixedInterest, 1, 1e6);
}
