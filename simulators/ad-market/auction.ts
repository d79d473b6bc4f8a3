import type { Ads } from './ads.js';
import type { Budgets } from './budgets.js';
import type { Requests } from './contract.js';
import type { AdMarketSettings } from './settings.js';

/**
 * Ranks the candidates of a request by utility
 *
 *     U_j = pAction_j·bid_j + w₁·pClick_j + w₂·pLongClick_j − w₃·pHide_j
 *
 * on the ranker's predictions and fills the K slots with the highest; equal ones in the order of the candidates. Ads that
 * bid less than the reserve price, or whose advertiser has spent its budget, stand outside. Per action,
 *
 *     first price:  the bid
 *     second price: max(reserve, min(bid, (U of the next − engagement part of U_j) ÷ pAction_j)), the reserve for the last:
 *                   the least that keeps the slot (generalised second price, Edelman, Ostrovsky and Schwarz 2007)
 *
 * and never more than is left of the budget. The result is in `shown` and `price`; nothing is allocated.
 */
export class Auction {
  /** [K] candidates, best first; −1 where a slot stays empty. */
  readonly shown: Int32Array;
  /** [K] per action. */
  readonly price: Float64Array;
  readonly #candidates: number;
  readonly #reserve: number;
  readonly #second: boolean;
  readonly #advertiser: Int32Array;
  /** [K + 1] */
  readonly #best: Float64Array;
  readonly #who: Int32Array;
  /** [N] bids as budgets let them be; 0 for ads that stand outside. */
  readonly #paced: Float64Array;

  constructor({ candidates, slots, reserve, payment }: AdMarketSettings, { advertiser }: Ads) {
    this.shown = new Int32Array(slots.length);
    this.price = new Float64Array(slots.length);
    this.#candidates = candidates;
    this.#reserve = reserve;
    this.#second = payment === 'second';
    this.#advertiser = advertiser;
    this.#best = new Float64Array(slots.length + 1);
    this.#who = new Int32Array(slots.length + 1);
    this.#paced = new Float64Array(candidates);
  }

  /** Runs the auction of row n with weights w[n·3…]. */
  run(requests: Requests, n: number, weights: Float32Array, budgets?: Budgets, pool = 0): void {
    const K = this.shown.length;
    const { bid, predicted, ad } = requests;
    const best = this.#best;
    const who = this.#who;
    best.fill(-Infinity);
    who.fill(-1);
    const click = weights[n * 3];
    const long = weights[n * 3 + 1];
    const hide = weights[n * 3 + 2];
    const ranked = this.#second ? K + 1 : K;
    const from = n * this.#candidates;
    if (budgets !== undefined) this.#pace(requests, n, budgets, pool);
    for (let j = 0; j < this.#candidates; j++) {
      const offered = budgets === undefined ? bid[from + j] : this.#paced[j];
      if (offered < this.#reserve || offered < 0) continue;
      const at = (from + j) * 4;
      const utility =
        predicted[at] * offered + click * predicted[at + 1] + long * predicted[at + 2] - hide * predicted[at + 3];
      if (!(utility > best[ranked - 1])) continue;
      let place = ranked - 1;
      for (; place > 0 && utility > best[place - 1]; place--) {
        best[place] = best[place - 1];
        who[place] = who[place - 1];
      }
      best[place] = utility;
      who[place] = j;
    }
    for (let k = 0; k < K; k++) {
      const j = who[k];
      this.shown[k] = j;
      if (j < 0) {
        this.price[k] = 0;
        continue;
      }
      const offered = budgets === undefined ? bid[from + j] : this.#paced[j];
      const price = this.#second ? this.#least(k, offered, predicted[(from + j) * 4]) : offered;
      this.price[k] =
        budgets === undefined ? price : Math.min(price, budgets.left(pool, this.#advertiser[ad[from + j]]));
    }
  }

  #least(k: number, offered: number, action: number): number {
    const next = this.#best[k + 1];
    if (next === -Infinity || action === 0) return this.#reserve;
    const engagement = this.#best[k] - action * offered;
    return Math.max(this.#reserve, Math.min(offered, (next - engagement) / action));
  }

  #pace({ bid, ad, request }: Requests, n: number, budgets: Budgets, pool: number): void {
    const from = n * this.#candidates;
    for (let j = 0; j < this.#candidates; j++) {
      const factor = budgets.factor(pool, this.#advertiser[ad[from + j]], request[n], j);
      this.#paced[j] = factor > 0 ? bid[from + j] * factor : -1;
    }
  }
}
