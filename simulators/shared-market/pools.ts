import { KeyedDraws } from '../../core/draws.js';
import { uniformInt } from '../../core/distributions.js';
import type { Source } from '../../core/random.js';
import type { MarketPlay, SharedMarket } from './market.js';
import type { RankingRule } from './settings.js';

/**
 * What users share: per pool and item what is left of budget and stock, and what is known of the click rates. A test
 * that splits budgets gives every arm a pool of its own. Letters: P pools, S segments, I items.
 */
export class Pools {
  readonly choices: KeyedDraws;
  readonly answers: KeyedDraws;
  readonly #market: SharedMarket;
  readonly #rules: readonly RankingRule[];
  readonly #items: number;
  readonly #segments: number;
  /** [P, I] at the start of a day; Infinity for no limit. */
  readonly #budgets: Float64Array;
  readonly #stocks: Float64Array;
  /** [P, I] left. */
  readonly #budget: Float64Array;
  readonly #stock: Float64Array;
  /** [P, S, I] what was seen, the prior included. */
  readonly #shows: Float64Array;
  readonly #clicks: Float64Array;
  readonly #logBid: Float64Array;
  /** [S, I] */
  readonly #logRate: Float64Array;

  constructor(market: SharedMarket, { seed, users, rules, pools }: MarketPlay) {
    const { items, segments, budget, stock, saleRate, clickRate, priorShows } = market.settings;
    this.#market = market;
    this.#rules = rules;
    this.#items = items;
    this.#segments = segments;
    this.choices = new KeyedDraws(seed, 'choices');
    this.answers = new KeyedDraws(seed, 'answers');
    this.#budgets = new Float64Array(pools.length * items).fill(Infinity);
    this.#stocks = new Float64Array(pools.length * items).fill(Infinity);
    this.#budget = new Float64Array(pools.length * items);
    this.#stock = new Float64Array(pools.length * items);
    this.#shows = new Float64Array(pools.length * segments * items).fill(priorShows);
    this.#clicks = new Float64Array(pools.length * segments * items).fill(priorShows * clickRate);
    this.#logBid = market.bid.map(Math.log);
    this.#logRate = market.clickRate.map(Math.log);
    for (let i = 0; i < items; i++) {
      // Clicks of a day when all items are shown equally often.
      let clicks = 0;
      for (let s = 0; s < segments; s++)
        clicks += ((users / segments) * market.demand(s) * market.clickRate[s * items + i]) / items;
      pools.forEach((share, pool) => {
        if (budget > 0) this.#budgets[pool * items + i] = share * budget * clicks * market.bid[i];
        if (stock > 0) this.#stocks[pool * items + i] = share * stock * clicks * saleRate;
      });
    }
  }

  /** A new day: budgets and stock are what they were; what was learned stays. */
  refill(): void {
    this.#budget.set(this.#budgets);
    this.#stock.set(this.#stocks);
  }

  /** The item an arm shows; −1 when none has budget and stock left. Two draws when it explores, else one. */
  choose(pool: number, segment: number, arm: number, luck: Source): number {
    const { exploration } = this.#rules[arm];
    if (exploration > 0 && luck.next() < exploration) return this.#uniform(pool, luck);
    return this.#best(pool, segment, arm);
  }

  #uniform(pool: number, luck: Source): number {
    let left = uniformInt(luck, this.#available(pool));
    for (let i = 0; i < this.#items; i++) if (this.#has(pool, i) && left-- === 0) return i;
    return -1;
  }

  #best(pool: number, segment: number, arm: number): number {
    const { bidWeight, clickWeight, curiosity } = this.#rules[arm];
    const { learned } = this.#market.settings;
    const seen = (pool * this.#segments + segment) * this.#items;
    let best = -1;
    let highest = -Infinity;
    for (let i = 0; i < this.#items; i++) {
      if (!this.#has(pool, i)) continue;
      const rate = learned
        ? Math.log(this.#clicks[seen + i] / this.#shows[seen + i])
        : this.#logRate[segment * this.#items + i];
      const bonus = learned && curiosity !== 0 ? curiosity / Math.sqrt(1 + this.#shows[seen + i]) : 0;
      const score = bidWeight * this.#logBid[i] + clickWeight * rate + bonus;
      if (score > highest) {
        highest = score;
        best = i;
      }
    }
    return best;
  }

  #has(pool: number, item: number): boolean {
    const at = pool * this.#items + item;
    return this.#budget[at] > 0 && this.#stock[at] > 0;
  }

  #available(pool: number): number {
    let count = 0;
    for (let i = 0; i < this.#items; i++) if (this.#has(pool, i)) count++;
    return count;
  }

  /** π_judged(item) ÷ π_arm(item) here and now. */
  weight(
    pool: number,
    segment: number,
    { item, arm, judged }: { readonly item: number; readonly arm: number; readonly judged: number },
  ): number {
    const even = 1 / this.#available(pool);
    const chance = (who: number): number => {
      const { exploration } = this.#rules[who];
      return exploration * even + (this.#best(pool, segment, who) === item ? 1 - exploration : 0);
    };
    return chance(judged) / chance(arm);
  }

  /** Takes what a show costs from the pool and remembers what was seen. @returns what the advertiser paid */
  record(
    pool: number,
    { segment, item, clicked, sold }: { segment: number; item: number; clicked: boolean; sold: boolean },
  ): number {
    const seen = (pool * this.#segments + segment) * this.#items + item;
    this.#shows[seen]++;
    if (!clicked) return 0;
    this.#clicks[seen]++;
    const at = pool * this.#items + item;
    const paid = Math.min(this.#market.bid[item], this.#budget[at]);
    this.#budget[at] -= paid;
    if (sold) this.#stock[at]--;
    return paid;
  }
}
