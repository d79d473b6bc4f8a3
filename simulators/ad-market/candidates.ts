import { KeyedDraws } from '../../core/draws.js';
import { normalQuantile } from '../../core/stats/normal.js';
import type { Ads } from './ads.js';
import type { RequestBuffers } from './columns.js';
import type { Habits } from './habits.js';
import { highOf, lowOf } from './luck.js';
import { luckOf, type AdMarketSettings } from './settings.js';
import { surfaceEffects } from './surfaces.js';

/** Deviation of the log relevance of an ad to a request, per head; of long clicks, beyond what clicks share. *Invented*. */
const RELEVANCE = [0.5, 0.5, 0.4, 0.5] as const;
/** Deviation of the part of a click's log relevance that long clicks share. *Invented*. */
const SHARED = 0.3;
/** Relevance comes in this many equally likely sizes. */
const SIZES = 4096;
const BYTE = 256;

/**
 * Draws the candidates of a request. The catalogue lies in N shelves and every shelf gives one ad, so that no ad comes
 * twice. Two words of luck per candidate are cut into four relevances of 12 bits and an ad of 16.
 */
export class Candidates {
  readonly #settings: AdMarketSettings;
  readonly #ads: Ads;
  readonly #luck: KeyedDraws;
  /** [2N] two draws per candidate. */
  readonly #draws: Float64Array;
  readonly #surface = surfaceEffects();
  /** [5, SIZES] factors with mean 1: of the four heads, and what long clicks share with clicks. */
  readonly #relevance = relevanceTable();

  constructor(settings: AdMarketSettings, ads: Ads) {
    this.#settings = settings;
    this.#ads = ads;
    this.#luck = new KeyedDraws(luckOf(settings), 'ad-market candidates');
    this.#draws = new Float64Array(2 * settings.candidates);
  }

  /** Writes the candidates of row n; `habits` look at its user. */
  fill(out: RequestBuffers, n: number, surface: number, habits: Habits): void {
    const { candidates: N, cap } = this.#settings;
    const { count, rate, bid } = this.#ads;
    const { known, hidden } = habits;
    const table = this.#relevance;
    const s = surface * 4;
    const onAction = this.#surface[s];
    const onClick = this.#surface[s + 1] * known[0];
    const onLong = this.#surface[s + 2] * known[1];
    const onHide = this.#surface[s + 3] * known[2];
    const ofClick = hidden[0];
    const ofLong = hidden[1];
    const ofHide = hidden[2];
    const draws = this.#draws;
    this.#luck.at(highOf(out.request[n]), lowOf(out.request[n])).fill(draws);
    const { predicted, truth } = out;
    for (let j = 0; j < N; j++) {
      const one = draws[2 * j] * SIZES;
      const two = draws[2 * j + 1] * SIZES;
      const first = Math.floor(one);
      const third = Math.floor(two);
      const oneLeft = (one - first) * SIZES;
      const twoLeft = (two - third) * SIZES;
      const second = Math.floor(oneLeft);
      const fourth = Math.floor(twoLeft);
      const place = oneLeft - second + (twoLeft - fourth) / BYTE;
      const low = Math.floor((j * count) / N);
      const high = Math.floor(((j + 1) * count) / N);
      const ad = low + Math.floor(place * (high - low));
      const row = n * N + j;
      out.ad[row] = ad;
      out.bid[row] = bid[ad];
      const a = ad * 4;
      const action = Math.min(cap, rate[a] * onAction * table[first]);
      const click = rate[a + 1] * onClick * table[SIZES + second];
      const long = rate[a + 2] * onLong * table[2 * SIZES + third] * table[4 * SIZES + second];
      const hide = rate[a + 3] * onHide * table[3 * SIZES + fourth];
      const at = row * 4;
      const predictedClick = Math.min(cap, click);
      const trueClick = Math.min(cap, click * ofClick);
      predicted[at] = action;
      predicted[at + 1] = predictedClick;
      predicted[at + 2] = Math.min(predictedClick, long);
      predicted[at + 3] = Math.min(cap, hide);
      truth[at] = action;
      truth[at + 1] = trueClick;
      truth[at + 2] = Math.min(trueClick, long * ofLong);
      truth[at + 3] = Math.min(cap, hide * ofHide);
    }
  }
}

function relevanceTable(): Float64Array {
  const out = new Float64Array(5 * SIZES);
  [...RELEVANCE, SHARED].forEach((deviation, h) => {
    let sum = 0;
    for (let i = 0; i < SIZES; i++) {
      out[h * SIZES + i] = Math.exp(deviation * normalQuantile((i + 0.5) / SIZES));
      sum += out[h * SIZES + i];
    }
    for (let i = 0; i < SIZES; i++) out[h * SIZES + i] *= SIZES / sum;
  });
  return out;
}
