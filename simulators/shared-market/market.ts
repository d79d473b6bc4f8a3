import { normal, uniformInt } from '../../core/distributions.js';
import { KeyedDraws } from '../../core/draws.js';
import { MOST_REQUESTS, checkMarket, checkRule, type RankingRule, type SharedMarketSettings } from './settings.js';
import { Pools } from './pools.js';

/** What is played: who gets which arm, and what the arms share. Letters: U users, I items, N requests. */
export interface MarketPlay {
  readonly seed: number;
  readonly users: number;
  readonly days: number;
  readonly rules: readonly RankingRule[];
  /** Index of the rule that answers a request. @param hour 0 to 23 */
  readonly armOf: (user: number, day: number, request: number, hour: number) => number;
  /** Which pool of budgets, stock and knowledge a request draws from. */
  readonly poolOf: (user: number, arm: number) => number;
  /** Share of the market's budgets and stock that each pool holds. */
  readonly pools: readonly number[];
  /** Factor of the click probability of a user on a day under an arm: what is new excites, or has to be learned. */
  readonly response?: (user: number, day: number, arm: number) => number;
  /** The rule to be judged off-policy from what the others showed: fills `weight`. */
  readonly judged?: number;
}

/** [N] each, in the order in which the requests came. */
export interface MarketHistory {
  readonly user: Int32Array;
  readonly day: Int32Array;
  readonly hour: Int32Array;
  readonly arm: Int32Array;
  readonly clicks: Float64Array;
  /** What advertisers paid, in bids. */
  readonly revenue: Float64Array;
  readonly sales: Float64Array;
  /** π_judged(item shown) ÷ π_arm(item shown) at that moment; 1 where nobody could show anything, 0 without `judged`. */
  readonly weight: Float64Array;
}

/**
 * A small market whose items are shared by all users: budgets and stock run out during the day, click rates may be
 * learned, and what one user is shown takes something from the others. In such a market a test that splits the users
 * measures a mixture of what the new policy earns and of what it takes from the old one (Liu, Mao and Kang 2021).
 *
 * A user of segment s clicks item i with probability σ(ln odds of clickRate + appeal_i + fit_{s,i}), pays nothing, and the
 * advertiser pays its bid, or what is left of its budget. The item of highest score among those with budget and stock is
 * shown (`RankingRule`); with none, nothing is.
 *
 * Luck is found by address (user, day, request, item): two plays of one seed meet the same users at the same moments, and
 * the same answer to the same item. What is true in the market follows from `seed` too.
 */
export class SharedMarket {
  readonly settings: SharedMarketSettings;
  readonly #seed: number;
  /** [I] */
  readonly bid: Float64Array;
  /** [S, I] true click probabilities. */
  readonly clickRate: Float64Array;

  constructor(settings: SharedMarketSettings, seed: number) {
    checkMarket(settings);
    this.settings = settings;
    this.#seed = seed;
    const { items, segments, appealDeviation, fitDeviation, bidDeviation, clickRate } = settings;
    const draws = new KeyedDraws(seed, 'market');
    const odds = Math.log(clickRate / (1 - clickRate));
    this.bid = new Float64Array(items);
    this.clickRate = new Float64Array(segments * items);
    for (let i = 0; i < items; i++) {
      draws.at(i, 0);
      this.bid[i] = Math.exp(bidDeviation * normal(draws));
      const appeal = appealDeviation * normal(draws);
      for (let s = 0; s < segments; s++)
        this.clickRate[s * items + i] = 1 / (1 + Math.exp(-(odds + appeal + fitDeviation * normal(draws))));
    }
  }

  segmentOf(user: number): number {
    return user % this.settings.segments;
  }

  /** Expected requests of a user of that segment on a day. */
  demand(segment: number): number {
    const { activity, heavyFactor, requests } = this.settings;
    return activity * (segment % 2 === 1 ? heavyFactor : 1) * ((1 + requests) / 2);
  }

  /** Plays some days and tells every request. */
  play(play: MarketPlay): MarketHistory {
    play.rules.forEach((rule, arm) => {
      checkRule(String(arm), rule);
    });
    const arrivals = Array.from({ length: play.days }, (_, day) => this.#arrivals(play, day));
    const total = arrivals.reduce((sum, { length }) => sum + length, 0);
    const history: MarketHistory = {
      user: new Int32Array(total),
      day: new Int32Array(total),
      hour: new Int32Array(total),
      arm: new Int32Array(total),
      clicks: new Float64Array(total),
      revenue: new Float64Array(total),
      sales: new Float64Array(total),
      weight: new Float64Array(total),
    };
    const pools = new Pools(this, play);
    let at = 0;
    arrivals.forEach((order, day) => {
      pools.refill();
      for (const packed of order) this.#answer(play, pools, history, { at: at++, day, packed });
    });
    return history;
  }

  /** [requests of the day] moment · 2³² + user · 64 + request, ascending: sorting it puts the day in order. */
  #arrivals({ seed, users }: MarketPlay, day: number): Float64Array {
    const { activity, heavyFactor, requests } = this.settings;
    const draws = new KeyedDraws(seed, 'arrivals');
    const packed = new Float64Array(users * requests);
    let count = 0;
    for (let user = 0; user < users; user++) {
      const often = this.segmentOf(user) % 2 === 1 ? activity * heavyFactor : activity;
      if (draws.at(user, day).next() >= often) continue;
      const start = draws.next();
      const asked = 1 + uniformInt(draws, requests);
      for (let request = 0; request < asked; request++) {
        const moment = Math.min(DAY - 1, Math.floor(start * DAY) + request * GAP);
        packed[count++] = moment * 2 ** 32 + user * MOST_REQUESTS + request;
      }
    }
    return packed.slice(0, count).sort();
  }

  #answer(play: MarketPlay, pools: Pools, history: MarketHistory, { at, day, packed }: Arrival): void {
    const moment = Math.floor(packed / 2 ** 32);
    const rest = packed - moment * 2 ** 32;
    const user = Math.floor(rest / MOST_REQUESTS);
    const request = rest % MOST_REQUESTS;
    const hour = Math.floor((moment * 24) / DAY);
    const arm = play.armOf(user, day, request, hour);
    const pool = play.poolOf(user, arm);
    const segment = this.segmentOf(user);
    history.user[at] = user;
    history.day[at] = day;
    history.hour[at] = hour;
    history.arm[at] = arm;
    const address = day * MOST_REQUESTS + request;
    const item = pools.choose(pool, segment, arm, pools.choices.at(user, address));
    if (item < 0) {
      history.weight[at] = 1;
      return;
    }
    if (play.judged !== undefined) history.weight[at] = pools.weight(pool, segment, { item, arm, judged: play.judged });
    const luck = pools.answers.at(user, address, item);
    const rate = this.clickRate[segment * this.settings.items + item] * (play.response?.(user, day, arm) ?? 1);
    const clicked = luck.next() < rate;
    const sold = clicked && luck.next() < this.settings.saleRate;
    history.clicks[at] = clicked ? 1 : 0;
    history.sales[at] = sold ? 1 : 0;
    history.revenue[at] = pools.record(pool, { segment, item, clicked, sold });
  }

  /** What is true here and which luck there is, for those who tell markets apart. */
  get about(): string {
    return `shared-market ${JSON.stringify(this.settings)} from seed ${this.#seed}`;
  }
}

/** Moments of a day, and between the requests of a session: 86,400 seconds, 30 of them. */
const DAY = 86_400;
const GAP = 30;

interface Arrival {
  readonly at: number;
  readonly day: number;
  readonly packed: number;
}
