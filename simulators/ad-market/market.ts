import { complaint, expectLength, expectNumber } from '../../core/check.js';
import { KeyedDraws } from '../../core/draws.js';
import { hash32 } from '../../core/random.js';
import { generateAds, type Ads } from './ads.js';
import { Auction } from './auction.js';
import { Budgets } from './budgets.js';
import { hourOfShare, isWeekend } from './calendar.js';
import { Candidates } from './candidates.js';
import {
  checkRequests,
  contextBuffers,
  requestBuffers,
  servedBuffers,
  type ContextBuffers,
  type MarketShape,
  type RequestBuffers,
} from './columns.js';
import type { Requests, Served } from './contract.js';
import { Habits } from './habits.js';
import { highOf, lowOf } from './luck.js';
import { Outcomes } from './outcomes.js';
import { DEVICES, USER_NAMES, generatePeople, type People } from './people.js';
import { adMarketDefaults, checkAdMarket, luckOf, type AdMarketSettings } from './settings.js';
import { SURFACES, surfaceAt } from './surfaces.js';

/** M numeric features. */
const NUMERIC = [...USER_NAMES, 'hourSin', 'hourCos', 'weekend'] as const;
const M = NUMERIC.length;
/** C categorical features. */
const CATEGORICAL = ['surface', 'device'] as const;
const C = CATEGORICAL.length;

/** Requests that share nothing. */
const ALONE: Serving = {};

/** What `serve` may be told besides the weights. */
export interface Serving {
  /** Shared budgets; without them nothing carries over from one request to the next. */
  readonly budgets?: Budgets;
  /** [n] pool of each request; pool 0 unless given. */
  readonly pools?: Int32Array;
  /** Leaves `realised` and `conversionDays` as they are, which saves their luck; not with budgets. */
  readonly expectedOnly?: boolean;
  /** Whether the requests and weights come from elsewhere and are checked first; see `checkRequests`. */
  readonly check?: boolean;
}

/**
 * A market for ads whose truth is known. A request r, by its number: a user, the time, a surface, and N ads out of the
 * catalogue. The ranker predicts, for ad i and head h (action, click, long click, hide),
 *
 *     predicted = min(cap, rate_{i,h} · surface_{s,h} · relevance_{r,i,h} · m_{u,h}^(1 − c)),   c = miscalibration
 *     truth     = min(cap, rate_{i,h} · surface_{s,h} · relevance_{r,i,h} · m_{u,h})
 *     m_{u,h}   = exp(σ_h z_{u,h} − σ_h²/2), mean 1; m = 1 for actions, of which the ranker is sure
 *
 * with relevance log-normal of mean 1 and habits z that logged features are noisy signals of (`Habits`). A long click is
 * a click: its probability is at most that of the click, in predictions and in truth. Which ads are shown for which
 * weights: `Auction`. What follows: `Outcomes`.
 *
 * Users, candidates and luck are found by the number of the request and of the candidate: two weight vectors on one
 * request meet the same luck, and any request can be made again in any batch.
 */
export class AdMarket {
  readonly settings: AdMarketSettings;
  readonly about: string;
  /** Changes whenever anything true in the market does. */
  readonly fingerprint: readonly number[];
  readonly shape: MarketShape;
  readonly numericNames: readonly string[] = NUMERIC;
  readonly categoricalNames: readonly string[] = CATEGORICAL;
  /** [C] what the codes stand for. */
  readonly categoricalValues: readonly (readonly string[])[] = [SURFACES, DEVICES];
  readonly ads: Ads;
  readonly #people: People;
  readonly #habits: Habits;
  readonly #candidates: Candidates;
  readonly #auction: Auction;
  readonly #outcomes: Outcomes;
  readonly #luck: KeyedDraws;
  readonly #draw = new Float64Array(1);
  /** Of a request's surface and user. */
  readonly #draws = new Float64Array(3);

  constructor(given: Partial<AdMarketSettings> = {}) {
    const settings = { ...adMarketDefaults, ...given };
    checkAdMarket(settings);
    this.settings = settings;
    this.about = `ad-market ${JSON.stringify(settings)}`;
    this.fingerprint = [hash32(this.about), hash32(this.about, 1)];
    this.shape = {
      numeric: M,
      categorical: C,
      candidates: settings.candidates,
      slots: settings.slots.length,
    };
    this.ads = generateAds(settings);
    this.#people = generatePeople(settings);
    this.#habits = new Habits(settings, this.#people);
    this.#candidates = new Candidates(settings, this.ads);
    this.#auction = new Auction(settings, this.ads);
    this.#outcomes = new Outcomes(settings);
    this.#luck = new KeyedDraws(luckOf(settings), 'ad-market requests');
  }

  get users(): number {
    return this.#people.users;
  }

  context(capacity: number): ContextBuffers {
    return contextBuffers(this.shape, capacity);
  }

  requests(capacity: number): RequestBuffers {
    return requestBuffers(this.shape, capacity);
  }

  served(capacity: number): Served {
    return servedBuffers(this.shape, capacity);
  }

  /** Days since the market began, with the part of the day that has passed. */
  timeOf(request: number): number {
    const { requestsPerDay } = this.settings;
    const day = Math.floor(request / requestsPerDay);
    return day + hourOfShare(request / requestsPerDay - day) / 24;
  }

  /** Index into `SURFACES`: cheap, for those who want the requests of one. */
  surfaceOf(request: number): number {
    const luck = this.#luck.at(highOf(request), lowOf(request));
    return surfaceAt(luck.next());
  }

  /**
   * Moves `request[i]` on to the nearest request of a surface in the same day, itself included; after the day's last
   * comes its first. In place, so that nothing is allocated.
   */
  seek(request: Float64Array, i: number, surface: number): void {
    const { requestsPerDay } = this.settings;
    const first = Math.floor(request[i] / requestsPerDay) * requestsPerDay;
    let at = request[i];
    for (;;) {
      this.#luck.at(highOf(at), lowOf(at)).fill(this.#draw);
      if (surfaceAt(this.#draw[0]) === surface) break;
      at = at + 1 < first + requestsPerDay ? at + 1 : first;
    }
    request[i] = at;
  }

  /** Makes the context of these requests: the same bits as `fill` leaves. @param request [n] whole numbers below 2⁵³ */
  fillContext(request: Float64Array, out: ContextBuffers): void {
    const n = request.length;
    if (n > out.capacity) {
      throw complaint('shape', {
        where: 'ad market: requests',
        expected: `at most ${out.capacity}, the capacity`,
        received: String(n),
      });
    }
    out.count = n;
    out.request.set(request);
    for (let i = 0; i < n; i++) {
      if (!(Number.isSafeInteger(request[i]) && request[i] >= 0)) {
        throw complaint('data', {
          where: `ad market: request ${i} of ${n}`,
          expected: 'a whole number from 0, below 2⁵³',
          received: String(request[i]),
        });
      }
      this.#context(out, i);
    }
  }

  /** Makes these requests: who asks, the candidates, what the ranker predicts and what is true. */
  fill(request: Float64Array, out: RequestBuffers): void {
    this.fillContext(request, out);
    for (let i = 0; i < out.count; i++) {
      this.#habits.look(out.user[i], out.day[i]);
      this.#candidates.fill(out, i, out.categorical[i * C], this.#habits);
    }
  }

  #context(out: ContextBuffers, i: number): void {
    const { requestsPerDay } = this.settings;
    const request = out.request[i];
    const draws = this.#draws;
    this.#luck.at(highOf(request), lowOf(request)).fill(draws);
    const surface = surfaceAt(draws[0]);
    const user = this.#people.draw(draws, 1);
    const day = Math.floor(request / requestsPerDay);
    const turn = (2 * Math.PI * hourOfShare(request / requestsPerDay - day)) / 24;
    out.user[i] = user;
    out.day[i] = day;
    const { features, device } = this.#people;
    for (let f = 0; f < 4; f++) out.numeric[i * M + f] = features[user * 4 + f];
    out.numeric[i * M + 4] = Math.sin(turn);
    out.numeric[i * M + 5] = Math.cos(turn);
    out.numeric[i * M + 6] = isWeekend(day) ? 1 : 0;
    out.categorical[i * C] = surface;
    out.categorical[i * C + 1] = device[user];
  }

  /** Writes the true multipliers of a user on a day: click, long click, hide. For judges alone. */
  multipliers(user: number, day: number, out: Float64Array): void {
    this.#habits.look(user, day);
    for (let h = 0; h < 3; h++) out[h] = this.#habits.all[h];
  }

  /**
   * Runs the auctions and tells what followed.
   *
   * @param weights [n, 3] of click, long click and hide
   * @throws a shape error for too few weights, a usage error for `expectedOnly` with budgets; with `check`, a
   *   data error that names the request and candidate, and a numeric error for weights that are not finite
   */
  serve(requests: Requests, weights: Float32Array, out: Served, serving: Serving = ALONE): void {
    const { budgets, pools, expectedOnly = false, check = false } = serving;
    const { count } = requests;
    if (budgets !== undefined && expectedOnly) {
      throw complaint('usage', {
        where: 'ad market: expectedOnly',
        expected: 'no budgets',
        received: 'budgets, which what is realised is paid from',
      });
    }
    if (weights.length < count * 3) expectLength('ad market: weights', weights, { requests: count, weights: 3 });
    if (check) {
      checkRequests(requests, this.shape.candidates);
      for (let i = 0; i < count * 3; i++)
        expectNumber(`ad market: weight ${i % 3} of row ${(i - (i % 3)) / 3}`, weights[i]);
    }
    for (let n = 0; n < count; n++) {
      const pool = pools === undefined ? 0 : pools[n];
      budgets?.moveTo(requests.request[n]);
      this.#auction.run(requests, n, weights, budgets, pool);
      this.#outcomes.expect(requests, n, this.#auction, out);
      if (!expectedOnly) this.#outcomes.realise(requests, n, this.#auction, out);
      if (budgets !== undefined) this.#charge(requests, n, out, budgets, pool);
    }
  }

  /** What advertisers paid comes out of their budgets; who shows two ads pays for both from the same one. */
  #charge(requests: Requests, n: number, out: Served, budgets: Budgets, pool: number): void {
    const N = this.settings.candidates;
    let revenue = 0;
    for (let k = 0; k < this.shape.slots; k++) {
      if (this.#outcomes.action[k] === 0) continue;
      const ad = requests.ad[n * N + this.#auction.shown[k]];
      budgets.charge(pool, this.ads.advertiser[ad], this.#auction.price, k);
      revenue += this.#auction.price[k];
    }
    out.realised[n * 4] = revenue;
  }

  /**
   * Daily budgets as the settings have them: `budget` × the payments an advertiser would make in a day if its ads, at
   * their bids, were shown as often as all others.
   *
   * @param pools share of the budgets that each pool holds
   */
  budgets(pools: readonly number[] = [1]): Budgets {
    const { budget, requestsPerDay, slots } = this.settings;
    const shows = (requestsPerDay * slots.reduce((sum, slot) => sum + slot, 0)) / this.ads.count;
    const daily = new Float64Array(this.ads.advertisers).fill(budget > 0 ? 0 : Infinity);
    if (budget > 0) {
      for (let ad = 0; ad < this.ads.count; ad++)
        daily[this.ads.advertiser[ad]] += budget * shows * this.ads.rate[ad * 4] * this.ads.bid[ad];
    }
    return new Budgets(this.settings, daily, pools);
  }
}
