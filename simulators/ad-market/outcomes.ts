import { exponential } from '../../core/distributions.js';
import { KeyedDraws } from '../../core/draws.js';
import type { Auction } from './auction.js';
import type { Requests, Served } from './contract.js';
import { highOf, lowOf } from './luck.js';
import { luckOf, type AdMarketSettings } from './settings.js';

/**
 * What follows what was shown. In slot k everything has position_k times its probability at the first slot. A long click
 * is drawn after a click, with P(long click) ÷ P(click), so that both happen as often as stated. Luck belongs to the
 * request and the candidate: whatever weights show an ad, it meets the same.
 */
export class Outcomes {
  /** [K] whether the ad in the slot was acted on, after `realise`. */
  readonly action: Uint8Array;
  readonly #settings: AdMarketSettings;
  readonly #luck: KeyedDraws;
  /** Of action, click, long click, hide and conversion. */
  readonly #draws = new Float64Array(5);

  constructor(settings: AdMarketSettings) {
    this.#settings = settings;
    this.action = new Uint8Array(settings.slots.length);
    this.#luck = new KeyedDraws(luckOf(settings), 'ad-market outcomes');
  }

  /** Writes the expectations of row n and what was shown. */
  expect({ predicted, truth }: Requests, n: number, { shown, price }: Auction, out: Served): void {
    const { candidates: N, slots } = this.#settings;
    let revenue = 0;
    let click = 0;
    let long = 0;
    let hide = 0;
    let ecpm = 0;
    for (let k = 0; k < shown.length; k++) {
      const j = shown[k];
      out.shown[n * shown.length + k] = j;
      if (j < 0) continue;
      const at = (n * N + j) * 4;
      const seen = slots[k];
      revenue += seen * truth[at] * price[k];
      ecpm += seen * predicted[at] * price[k];
      click += seen * truth[at + 1];
      long += seen * truth[at + 2];
      hide += seen * truth[at + 3];
    }
    const { expected } = out;
    expected[n * 4] = revenue;
    expected[n * 4 + 1] = click;
    expected[n * 4 + 2] = long;
    expected[n * 4 + 3] = hide;
    out.ecpm[n] = ecpm;
  }

  /** Draws what row n's user does. */
  realise({ request, truth }: Requests, n: number, { shown, price }: Auction, out: Served): void {
    const { candidates: N, slots, conversionRate, conversionDays } = this.#settings;
    let revenue = 0;
    let clicks = 0;
    let longs = 0;
    let hides = 0;
    let days = NaN;
    const draws = this.#draws;
    for (let k = 0; k < shown.length; k++) {
      this.action[k] = 0;
      const j = shown[k];
      if (j < 0) continue;
      const at = (n * N + j) * 4;
      const seen = slots[k];
      const luck = this.#luck.at(highOf(request[n]), lowOf(request[n]), j);
      luck.fill(draws);
      if (draws[0] < seen * truth[at]) {
        this.action[k] = 1;
        revenue += price[k];
      }
      const click = draws[1];
      const long = draws[2];
      if (draws[3] < seen * truth[at + 3]) hides++;
      if (!(click < seen * truth[at + 1])) continue;
      clicks++;
      if (!(long * truth[at + 1] < truth[at + 2])) continue;
      longs++;
      if (!(draws[4] < conversionRate)) continue;
      const delay = exponential(luck, conversionDays);
      if (!(days <= delay)) days = delay;
    }
    const { realised } = out;
    realised[n * 4] = revenue;
    realised[n * 4 + 1] = clicks;
    realised[n * 4 + 2] = longs;
    realised[n * 4 + 3] = hides;
    out.conversionDays[n] = days;
  }
}
