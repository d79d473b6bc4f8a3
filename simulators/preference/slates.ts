import { complaint, expectLength, expectNumber } from '../../core/check.js';
import { gumbel, uniformInt } from '../../core/distributions.js';
import { KeyedDraws } from '../../core/draws.js';
import { hash32, stream, type Rng, type Source } from '../../core/random.js';
import type { RecordSpace, SlateSpace } from '../../core/space.js';
import type { LabelledResponses, PreferencePairs, RawPair } from '../../logs/preference/contract.js';
import { checkPairs } from '../../logs/preference/pairs.js';
import { generateItems, generateUsers } from '../feed-session/people.js';
import { feedWorldDefaults } from '../feed-session/settings.js';
import type { PreferencePeople } from './contract.js';
import { sigmoid } from './tabular.js';

/** Every default is *invented*. */
export interface SlatePreferenceSettings {
  /** Names the world. */
  readonly seed: number;
  /** Requests: a user and candidates each. */
  readonly contexts: number;
  readonly candidates: number;
  readonly places: number;
  readonly users: number;
  readonly items: number;
  /** What a fresh item adds to its utility, in log-odds: below 0 people dislike what the designer wants. */
  readonly freshTaste: number;
  /** Log-odds of a difference of one in utility: how sure people are of their taste. */
  readonly sharpness: number;
  /** Log-odds by which the slate shown first is preferred. */
  readonly positionBias: number;
  /** Share of labels that are flipped. */
  readonly labelNoise: number;
}

export const slatePreferenceDefaults: SlatePreferenceSettings = {
  ...{ seed: 1, contexts: 400, candidates: 12, places: 4, users: 300, items: 600 },
  ...{ freshTaste: -0.2, sharpness: 2, positionBias: 0.3, labelNoise: 0.05 },
};

/** What is known of a candidate, in this order; noisy signals of what people feel. */
export const SLATE_FEATURES = ['match', 'quality', 'bait', 'length', 'popularity', 'fresh'] as const;
const F = SLATE_FEATURES.length;
const [MATCH, QUALITY, BAIT, LENGTH, POPULARITY, FRESH] = [0, 1, 2, 3, 4, 5];
/** Utility of an item beyond its match, per unit. *Invented*: bait is liked at once. */
const UTILITY = { quality: 0.4, bait: 0.3 } as const;
/** The production ranker's scores, and share of fresh items. *Invented*. */
const RANKER = { match: 0.5, quality: 0.1, popularity: 0.3 } as const;
const FRESH_SHARE = 0.3;
/** Items whose bait signal is above are flagged by the policy of the house. *Invented*. */
const FLAGGED = 0.8;

/** Means of one policy's slates in one context. */
export interface SlateWorth {
  /** [C] hidden utility, and chance that people prefer it to a slate of the reference. */
  readonly preference: Float64Array;
  readonly winRate: Float64Array;
  /** By designer's outcome, [C]. */
  readonly designer: readonly Float64Array[];
  /** [C] the designer's reward, where a formula was given; else 0. */
  readonly reward: Float64Array;
  /** [C] KL of the slates to those of a reference, from ln π − ln π_ref of the slates drawn, nats. */
  readonly divergence: Float64Array;
}

/**
 * Users of the feed world who are shown two slates and prefer one. With v the utility of an item to the user,
 *
 *     v = taste · mix + 0.4 quality + 0.3 bait + freshTaste · fresh      U(slate) = sharpness · Σ_j w_j v_j,  w_j ∝ 1/log2(j + 2)
 *     P(first is preferred) = σ(U_1 − U_2 + positionBias), then flipped with probability labelNoise
 *
 * Both slates are Plackett–Luce draws of the production ranker, the reference. The designer counts what no label holds:
 * fresh items, distinct topics, items flagged for bait, each as a share of the places.
 */
export class SlatePreferences implements PreferencePeople {
  readonly about: string;
  readonly contexts: number;
  readonly observation: RecordSpace;
  readonly action: SlateSpace;
  readonly outcomes = ['preference', 'fresh', 'diversity', 'flagged'];
  readonly fingerprint: readonly number[];
  readonly settings: SlatePreferenceSettings;
  /** [C, K, 6] */
  readonly features: Float32Array;
  /** [C, K] scores of the production ranker, ln π_ref up to a constant. */
  readonly reference: Float32Array;
  readonly #utility: Float64Array;
  readonly #topic: Int32Array;
  readonly #weights: Float64Array;

  constructor(given: Partial<SlatePreferenceSettings> = {}) {
    const settings = { ...slatePreferenceDefaults, ...given };
    checkSlates(settings);
    const { contexts: C, candidates: K, places } = settings;
    this.settings = settings;
    this.about = `slate preferences ${JSON.stringify(settings)}`;
    this.fingerprint = [hash32(this.about)];
    this.contexts = C;
    const features = { kind: 'box', shape: [K, F], low: -Infinity, high: Infinity } as const;
    this.observation = { kind: 'record', fields: { candidates: features } };
    this.action = { kind: 'slate', size: places, candidates: K };
    this.features = new Float32Array(C * K * F);
    this.reference = new Float32Array(C * K);
    this.#utility = new Float64Array(C * K);
    this.#topic = new Int32Array(C * K);
    const weights = Float64Array.from({ length: places }, (_, j) => 1 / Math.log2(j + 2));
    const total = weights.reduce((a, b) => a + b, 0);
    this.#weights = weights.map((weight) => (settings.sharpness * weight) / total);
    this.#fill();
  }

  observe(context: number, out: Float32Array, at: number): void {
    const width = this.settings.candidates * F;
    const from = context * width;
    for (let i = 0; i < width; i++) out[at + i] = this.features[from + i];
  }

  answer(context: number, action: ArrayLike<number>, place: number, out: Float32Array, to: number): void {
    const L = this.action.size;
    const first = context * this.action.candidates;
    out[to] = out[to + 1] = out[to + 2] = out[to + 3] = 0;
    for (let j = 0; j < L; j++) {
      const cell = first + action[place + j];
      out[to] += this.#weights[j] * this.#utility[cell];
      out[to + 1] += this.features[cell * F + FRESH];
      if (this.features[cell * F + BAIT] > FLAGGED) out[to + 3] += 1;
      let seen = false;
      for (let i = 0; i < j; i++) if (this.#topic[first + action[place + i]] === this.#topic[cell]) seen = true;
      if (!seen) out[to + 2] += 1;
    }
    for (let i = 1; i < 4; i++) out[to + i] /= L;
  }

  /** n comparisons of two different slates of the reference. */
  pairs(n: number, random: Rng): PreferencePairs {
    const { candidates: K, places: L, positionBias, labelNoise } = this.settings;
    const raw: RawPair[] = [];
    const [first, second] = [new Int32Array(L), new Int32Array(L)];
    for (let i = 0; i < n; i++) {
      const context = uniformInt(random, this.contexts);
      const own = this.#draw(context, random, first);
      let other = this.#draw(context, random, second);
      while (first.every((k, j) => k === second[j])) other = this.#draw(context, random, second);
      const wins = random.next() < sigmoid(this.#of(context, first) - this.#of(context, second) + positionBias);
      const flipped = random.next() < labelNoise;
      raw.push({
        ...{ line: i + 1, context, first: [...first], second: [...second], winner: wins === flipped ? 2 : 1 },
        propensity: (own * other) / (1 - own) / this.contexts,
      });
    }
    return checkPairs(raw, { contexts: this.contexts, sizes: new Int32Array(this.contexts).fill(K) }, { width: L })
      .pairs;
  }

  /** n slates of the reference, each called good with probability σ(U − the mean utility of the candidates). */
  labelled(n: number, random: Rng): LabelledResponses {
    const { candidates: K, places: L, sharpness, labelNoise } = this.settings;
    const [context, response] = [new Int32Array(n), new Int32Array(n * L)];
    const [good, propensity] = [new Uint8Array(n), new Float64Array(n)];
    for (let i = 0; i < n; i++) {
      context[i] = uniformInt(random, this.contexts);
      const slate = response.subarray(i * L, (i + 1) * L);
      propensity[i] = this.#draw(context[i], random, slate) / this.contexts;
      const all = this.#utility.subarray(context[i] * K, (context[i] + 1) * K);
      const mean = (sharpness * all.reduce((a, b) => a + b, 0)) / K;
      const likes = random.next() < sigmoid(this.#of(context[i], slate) - mean);
      good[i] = Number(likes !== random.next() < labelNoise);
    }
    return { count: n, width: L, context, response, good, propensity };
  }

  /**
   * What Plackett–Luce slates of these scores are worth, by `draws` slates per context. The luck is found by context, so
   * that policies are paired.
   *
   * @param logs [C, K] ln π of the first place
   * @param wants the designer's reward of a slate, from all its outcomes, and which policy the divergence is from, [C, K]
   */
  judge(
    logs: Float32Array,
    seed: number,
    draws = 20,
    wants: { readonly reward?: (outcomes: Float32Array) => number; readonly reference?: Float32Array } = {},
  ): SlateWorth {
    const { candidates: K, places: L } = this.settings;
    const { reward, reference = this.reference } = wants;
    expectLength('slate preferences: policy', logs, { contexts: this.contexts, candidates: K });
    expectLength('slate preferences: reference', reference, { contexts: this.contexts, candidates: K });
    const luck = new KeyedDraws(seed, 'slates of a policy');
    const rivals = new KeyedDraws(seed, 'slates of the reference');
    const column = (): Float64Array => new Float64Array(this.contexts);
    const [preference, winRate, wanted, divergence] = [column(), column(), column(), column()];
    const designer = this.outcomes.slice(1).map(column);
    const [own, other] = [new Int32Array(L), new Int32Array(L)];
    const values = new Float32Array(this.outcomes.length);
    for (let c = 0; c < this.contexts; c++) {
      const [row, against] = [logs, reference].map((all) => all.subarray(c * K, (c + 1) * K));
      for (let draw = 0; draw < draws; draw++) {
        drawSlate(row, luck.at(c, draw), own);
        this.#draw(c, rivals.at(c, draw), other);
        this.answer(c, own, 0, values, 0);
        preference[c] += values[0] / draws;
        designer.forEach((all, i) => (all[c] += values[1 + i] / draws));
        if (reward !== undefined) wanted[c] += reward(values) / draws;
        divergence[c] += Math.log(slateChance(row, own) / slateChance(against, own)) / draws;
        winRate[c] += sigmoid(this.#of(c, own) - this.#of(c, other)) / draws;
      }
    }
    return { preference, winRate, designer, reward: wanted, divergence };
  }

  /** Draws a slate of the reference. @returns its probability */
  #draw(context: number, source: Source, out: Int32Array): number {
    const K = this.settings.candidates;
    const row = this.reference.subarray(context * K, (context + 1) * K);
    drawSlate(row, source, out);
    return slateChance(row, out);
  }

  /** U of a slate. */
  #of(context: number, slate: Int32Array): number {
    const K = this.settings.candidates;
    return slate.reduce((sum, k, j) => sum + this.#weights[j] * this.#utility[context * K + k], 0);
  }

  #fill(): void {
    const { seed, users: n, items: N, contexts: C, candidates: K, freshTaste } = this.settings;
    const feed = { ...feedWorldDefaults, seed, users: n, items: N, newItems: FRESH_SHARE };
    const [items, users] = [generateItems(feed), generateUsers(feed)];
    const T = feed.topics;
    const { features, names } = items.catalogue;
    const random = stream(seed).fork('slate requests');
    const order = Int32Array.from({ length: N }, (_, i) => i);
    for (let c = 0; c < C; c++) {
      const user = uniformInt(random, n);
      for (let k = 0; k < K; k++) {
        const pick = k + uniformInt(random, N - k);
        [order[k], order[pick]] = [order[pick], order[k]];
        const i = order[k];
        const [cell, row] = [c * K + k, i * names.length];
        let [match, guess] = [0, 0];
        for (let t = 0; t < T; t++) {
          match += users.taste[user * T + t] * items.mix[i * T + t];
          guess += users.features[user * (T + 1) + t] * features[row + t];
        }
        const fresh = features[row + T + 4];
        this.#utility[cell] =
          match + UTILITY.quality * items.quality[i] + UTILITY.bait * items.bait[i] + freshTaste * fresh;
        this.#topic[cell] = items.catalogue.cluster[i];
        const at = cell * F;
        this.features[at + MATCH] = guess;
        this.features[at + QUALITY] = features[row + T];
        this.features[at + BAIT] = features[row + T + 1];
        this.features[at + LENGTH] = features[row + T + 2];
        this.features[at + POPULARITY] = features[row + T + 3];
        this.features[at + FRESH] = fresh;
        this.reference[cell] =
          RANKER.match * guess + RANKER.quality * features[row + T] + RANKER.popularity * features[row + T + 3];
      }
    }
  }
}

/** A Plackett–Luce draw: the largest of scores plus Gumbel noise, in order (one draw per candidate). */
function drawSlate(scores: Float32Array, source: Source, out: Int32Array): void {
  const noisy = Float64Array.from(scores, (score) => score + gumbel(source));
  for (let j = 0; j < out.length; j++) {
    let best = 0;
    for (let k = 1; k < noisy.length; k++) if (noisy[k] > noisy[best]) best = k;
    out[j] = best;
    noisy[best] = -Infinity;
  }
}

/** Π_j exp(s_j) / Σ of what is left. */
function slateChance(scores: Float32Array, slate: Int32Array): number {
  const weights = Float64Array.from(scores, Math.exp);
  let left = weights.reduce((a, b) => a + b, 0);
  return slate.reduce((chance, k) => {
    const share = weights[k] / left;
    left -= weights[k];
    return chance * share;
  }, 1);
}

function checkSlates(settings: SlatePreferenceSettings): void {
  const where = 'slate preferences';
  const whole = (name: 'contexts' | 'candidates' | 'places' | 'users', low: number, high: number): void => {
    if (Number.isInteger(settings[name]) && settings[name] >= low && settings[name] <= high) return;
    throw complaint('config', {
      where: `${where}: ${name}`,
      expected: `a whole number from ${low} to ${high}`,
      received: String(settings[name]),
    });
  };
  whole('contexts', 1, 1e6);
  whole('users', 1, 1e6);
  whole('candidates', 2, settings.items);
  whole('places', 1, settings.candidates - 1);
  expectNumber(`${where}: freshTaste`, settings.freshTaste, -100, 100);
  expectNumber(`${where}: sharpness`, settings.sharpness, 0, 100);
  expectNumber(`${where}: positionBias`, settings.positionBias, -100, 100);
  expectNumber(`${where}: labelNoise`, settings.labelNoise, 0, 0.5);
}
