import { KeyedDraws } from '../../core/draws.js';
import { lowOf, highOf } from './luck.js';
import { luckOf, type AdMarketSettings } from './settings.js';

/** Part of a day after which pacing looks at what was spent: a quarter of an hour of traffic. *Invented*. */
const LOOKS = 96;
/** Step of the controller, as in Agarwal et al. 2014; bounds *invented*. */
const STEP = 0.1;
const LOWEST = 0.02;
/** Pace of the first day: in full. */
const FULL = 1;

/**
 * What is left of the advertisers' daily budgets, P pools with a share of them each, and how fast it is spent. Users of a
 * pool share its budgets: what one is shown, another is not.
 *
 * Pacing. After every 96th of the day's requests an advertiser's pace turns down by 10 % where it has spent a larger part
 * of its budget than requests have come, else up by 10 %, between 2 % and 100 % (the rule of Agarwal, Ghosh, Wei and You
 * 2014, "Budget pacing for targeted online advertisements at LinkedIn"). 'throttle' takes part in that share of the
 * auctions, by luck of the request and candidate; 'bid' multiplies the bid; 'none' spends as it comes. The pace is kept
 * overnight.
 *
 * Requests have to come in the order of their numbers.
 */
export class Budgets {
  readonly #settings: AdMarketSettings;
  readonly #advertisers: number;
  /** [P, advertisers] at the start of a day, left, and the pace. */
  readonly #daily: Float64Array;
  readonly #left: Float64Array;
  readonly #pace: Float64Array;
  readonly #luck: KeyedDraws;
  #day = -1;
  #look = 0;

  /**
   * @param daily [advertisers] a day's budget of everybody together; Infinity for no limit
   * @param pools share of the budgets that each pool holds
   */
  constructor(settings: AdMarketSettings, daily: Float64Array, pools: readonly number[]) {
    this.#settings = settings;
    this.#advertisers = daily.length;
    this.#daily = new Float64Array(pools.length * daily.length);
    pools.forEach((share, pool) => {
      daily.forEach((budget, a) => (this.#daily[pool * daily.length + a] = share * budget));
    });
    this.#left = this.#daily.slice();
    this.#pace = new Float64Array(this.#daily.length).fill(FULL);
    this.#luck = new KeyedDraws(luckOf(settings), 'ad-market pacing');
  }

  /** The clock moves to this request: budgets are filled at the start of its day, paces are looked at. */
  moveTo(request: number): void {
    const { requestsPerDay, pacing } = this.#settings;
    const day = Math.floor(request / requestsPerDay);
    const come = request / requestsPerDay - day;
    if (day !== this.#day) {
      this.#left.set(this.#daily);
      this.#day = day;
      this.#look = 0;
    }
    const look = Math.floor(come * LOOKS);
    if (pacing === 'none' || look === this.#look) return;
    this.#look = look;
    for (let at = 0; at < this.#pace.length; at++) {
      const spent = 1 - this.#left[at] / this.#daily[at];
      const turned = this.#pace[at] * (spent > come ? 1 - STEP : 1 + STEP);
      this.#pace[at] = Math.min(FULL, Math.max(LOWEST, turned));
    }
  }

  /** What a bid is multiplied with; 0 keeps the ad out of the auction. */
  factor(pool: number, advertiser: number, request: number, candidate: number): number {
    const at = pool * this.#advertisers + advertiser;
    if (!(this.#left[at] > 0)) return 0;
    switch (this.#settings.pacing) {
      case 'bid':
        return this.#pace[at];
      case 'throttle': {
        if (this.#pace[at] >= 1) return 1;
        const u = this.#luck.at(highOf(request), lowOf(request), candidate).next();
        return u < this.#pace[at] ? 1 : 0;
      }
      default:
        return 1;
    }
  }

  left(pool: number, advertiser: number): number {
    return this.#left[pool * this.#advertisers + advertiser];
  }

  /** Takes the payment `prices[k]`, or what is left of it, and writes what was paid in its place. */
  charge(pool: number, advertiser: number, prices: Float64Array, k: number): void {
    const at = pool * this.#advertisers + advertiser;
    if (prices[k] > this.#left[at]) prices[k] = this.#left[at];
    this.#left[at] -= prices[k];
  }

  /** As if nothing had been spent and nothing learned: full budgets, full pace, whatever request comes next. */
  restart(): void {
    this.#left.set(this.#daily);
    this.#pace.fill(FULL);
    this.#day = -1;
    this.#look = 0;
  }

  /** Everything that changes, to go on from later. */
  snapshot(): BudgetState {
    return { day: this.#day, look: this.#look, left: this.#left.slice(), pace: this.#pace.slice() };
  }

  restore({ day, look, left, pace }: BudgetState): void {
    this.#day = day;
    this.#look = look;
    this.#left.set(left);
    this.#pace.set(pace);
  }
}

export interface BudgetState {
  readonly day: number;
  readonly look: number;
  readonly left: Float64Array;
  readonly pace: Float64Array;
}
