import { historyRows, runKernel, worthKernels } from '../../core/native-rows.js';
import type { Catalogue } from './catalogue.js';
import { LONG_SESSION, PREFIX_DECAY, placesOf, type FeedLayout, type StatePlaces } from './layout.js';

/** The columns of `SessionPrefix`, for snapshots. */
export interface PrefixColumns {
  readonly step: Int32Array;
  readonly known: Float32Array;
  readonly averages: Float32Array;
  readonly recentItem: Int32Array;
  readonly recentAnswers: Float32Array;
}

/**
 * What is known of B sessions before their next choice: who, in which context, and what was shown and answered so far.
 * One implementation serves envs (which observe it), replays of logs and learned simulators, so that a model meets the
 * same numbers when it is fitted and when it is asked. Nothing is allocated per step.
 *
 * After each item with features x and answers y (H outcomes and the dwell number):
 *
 *     answers ← 0.85 · answers + 0.15 · y,    exposure ← 0.85 · exposure + 0.15 · x
 */
export class SessionPrefix implements PrefixColumns {
  readonly layout: FeedLayout;
  readonly places: StatePlaces;
  readonly worlds: number;
  /** [B] items shown so far. */
  readonly step: Int32Array;
  /** [B, U + X] user and context. */
  readonly known: Float32Array;
  /** [B, H + 1 + F] moving averages of answers, then of features. */
  readonly averages: Float32Array;
  /** [B, L] a ring: item shown at step s is at place s mod L; −1 where there is none. */
  readonly recentItem: Int32Array;
  /** [B, L, H + 1] */
  readonly recentAnswers: Float32Array;
  readonly #catalogue: Catalogue;
  readonly #progress: Float32Array;

  constructor(layout: FeedLayout, catalogue: Catalogue, worlds: number) {
    const places = placesOf(layout);
    const { recent: L } = layout;
    this.layout = layout;
    this.places = places;
    this.worlds = worlds;
    this.#catalogue = catalogue;
    this.step = new Int32Array(worlds);
    this.known = new Float32Array(worlds * places.progress);
    this.averages = new Float32Array(worlds * (places.recent - places.answers));
    this.recentItem = new Int32Array(worlds * L).fill(-1);
    this.recentAnswers = new Float32Array(worlds * L * places.answerWidth);
    this.#progress = Float32Array.from(
      { length: LONG_SESSION + 1 },
      (_, step) => Math.log1p(step) / Math.log1p(LONG_SESSION),
    );
  }

  /**
   * Starts session b. The caller writes the context features at `contextAt(b)` of `known` himself, before or after.
   *
   * @param user features of the user at `user[at…]`
   */
  begin(b: number, user: Float32Array, at: number): void {
    const { progress, context, answers, recent } = this.places;
    const L = this.layout.recent;
    for (let i = 0; i < context; i++) this.known[b * progress + i] = user[at + i];
    const width = recent - answers;
    this.averages.fill(0, b * width, (b + 1) * width);
    this.recentItem.fill(-1, b * L, (b + 1) * L);
    this.step[b] = 0;
  }

  /** Where the context features of session b lie in `known`. */
  contextAt(b: number): number {
    return b * this.places.progress + this.places.context;
  }

  /** Session b was shown an item, and this followed: H + 1 numbers (the last is the dwell number) at `answers[at…]`. */
  push(b: number, item: number, answers: Float32Array, at: number): void {
    const { answerWidth: A, answers: first, recent } = this.places;
    const L = this.layout.recent;
    const width = recent - first;
    const { features } = this.#catalogue;
    const { averages } = this;
    const F = width - A;
    let to = b * width;
    for (let i = 0; i < A; i++, to++) averages[to] = PREFIX_DECAY * averages[to] + (1 - PREFIX_DECAY) * answers[at + i];
    const from = item * F;
    for (let f = 0; f < F; f++, to++) {
      averages[to] = PREFIX_DECAY * averages[to] + (1 - PREFIX_DECAY) * features[from + f];
    }
    if (L > 0) {
      const place = b * L + (this.step[b] % L);
      this.recentItem[place] = item;
      for (let i = 0; i < A; i++) this.recentAnswers[place * A + i] = answers[at + i];
    }
    this.step[b]++;
  }

  /** Writes the state of session b: `places.width` numbers at `out[at…]`. */
  write(b: number, out: Float32Array, at: number): void {
    const { progress, answers, recent, answerWidth: A, recentWidth } = this.places;
    const L = this.layout.recent;
    const width = recent - answers;
    const F = width - A;
    const { known, averages, recentItem, recentAnswers } = this;
    const { features } = this.#catalogue;
    const step = this.step[b];
    for (let i = 0, from = b * progress; i < progress; i++) out[at + i] = known[from + i];
    out[at + progress] = step < LONG_SESSION ? step / LONG_SESSION : 1;
    out[at + progress + 1] = this.#progress[step < LONG_SESSION ? step : LONG_SESSION];
    for (let i = 0, from = b * width, to = at + answers; i < width; i++) out[to + i] = averages[from + i];
    let to = at + recent;
    for (let l = 1; l <= L; l++) {
      if (l > step) {
        for (let i = 0; i < recentWidth; i++) out[to++] = 0;
        continue;
      }
      const place = b * L + ((step - l) % L);
      out[to++] = 1;
      for (let f = 0, from = recentItem[place] * F; f < F; f++) out[to++] = features[from + f];
      for (let i = 0, from = place * A; i < A; i++) out[to++] = recentAnswers[from + i];
    }
  }

  /**
   * Writes the states of the sessions `list[0 … n)`, each of `places.width` numbers at the beginning of row `rows[i]` of
   * `out` [rows, stride].
   */
  writeRows(list: Int32Array, n: number, rows: Int32Array, out: Float32Array, stride: number): void {
    if (!worthKernels(n)) {
      for (let i = 0; i < n; i++) this.write(list[i], out, rows[i] * stride);
      return;
    }
    const { progress, answers, recent, answerWidth: A } = this.places;
    const { known, averages, step, recentItem, recentAnswers } = this;
    const { features, names } = this.#catalogue;
    runKernel(
      historyRows(),
      [known, averages, step, recentItem, recentAnswers, features, this.#progress, list, rows],
      [out],
      [n, progress, recent - answers, this.layout.recent, A, names.length, stride, LONG_SESSION],
    );
  }

  /** Copies of all columns. */
  save(): PrefixColumns {
    return {
      step: this.step.slice(),
      known: this.known.slice(),
      averages: this.averages.slice(),
      recentItem: this.recentItem.slice(),
      recentAnswers: this.recentAnswers.slice(),
    };
  }

  restore(saved: PrefixColumns): void {
    this.step.set(saved.step);
    this.known.set(saved.known);
    this.averages.set(saved.averages);
    this.recentItem.set(saved.recentItem);
    this.recentAnswers.set(saved.recentAnswers);
  }
}
