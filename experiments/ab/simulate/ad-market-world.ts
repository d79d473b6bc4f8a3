import { GymError, complaint, expectNumber } from '../../../core/check.js';
import { completeSettings } from '../../../core/settings.js';
import type { RequestBuffers } from '../../../simulators/ad-market/columns.js';
import { ConversionQueue } from '../../../simulators/ad-market/conversions.js';
import { WEIGHTED, type Served } from '../../../simulators/ad-market/contract.js';
import { AdMarket } from '../../../simulators/ad-market/market.js';
import { adMarketDefaults, type AdMarketSettings } from '../../../simulators/ad-market/settings.js';
import type { AbExperiment } from '../../config/ab-schema.js';
import type { MarketRequest } from './market-world.js';
import type { Rows } from './rows.js';

/** Columns that metrics may ask for. */
export const AD_MARKET_COLUMNS = [
  'sessions',
  'requests',
  'revenue',
  'ecpm',
  'clicks',
  'longClicks',
  'hides',
  'conversions',
] as const;
/** What is known of a user beforehand. */
export const AD_MARKET_FEATURES = ['clickRate', 'longClickRate', 'hideRate', 'activity'] as const;
/** Quartiles of a standard normal: how the click rate cuts users into segments. */
export const CLICK_RATE_CUTS = [-0.674, 0, 0.674] as const;

/** Requests of a user and day on average, and a catalogue whose advertisers a few thousand users can use up. *Invented*. */
const REQUESTS_PER_USER = 5;
const SMALL = { ads: 200, advertisers: 20, candidates: 10 } as const;
/** Weights of utility in production. */
const PRODUCTION = { click: 0.2, longClick: 0.2, hide: 0.2 } as const;
/** Requests made and served together. */
const BATCH = 1024;
const HOURS = 24;

/** The market of an experiment. @throws a config error for settings that the experiment itself says */
export function adMarketOf({ world, seed, users }: AbExperiment, luck = 0): AdMarket {
  const own = ['seed', 'luck', 'users'].find((key) => key in world.settings);
  if (own !== undefined) {
    throw complaint('config', {
      where: `world.settings: ${own}`,
      expected: 'no such key here',
      received: own,
      try: own === 'users' ? 'Set users of the experiment.' : 'Set seed of the experiment.',
    });
  }
  const defaults: AdMarketSettings = {
    ...adMarketDefaults,
    ...SMALL,
    seed,
    luck,
    users,
    requestsPerDay: users * REQUESTS_PER_USER,
  };
  return new AdMarket(completeSettings('world.settings', defaults, world.settings));
}

/** [arms, 3] weights of the arms, checked. */
export function weightsOf({ arms }: Pick<AbExperiment, 'arms'>): Float32Array {
  return Float32Array.from(
    arms.flatMap(({ name, settings }) => {
      const weights = completeSettings(`arm ${name}: settings`, PRODUCTION, settings);
      return WEIGHTED.map((head) => {
        expectNumber(`arm ${name}: ${head}`, weights[head], 0, 1000);
        return weights[head];
      });
    }),
  );
}

/** Refuses what this market cannot play. */
export function checkAdMarketPlan(experiment: AbExperiment): void {
  weightsOf(experiment);
  adMarketOf(experiment);
  if (experiment.novelty.size !== 0) {
    throw new GymError('config', 'novelty.size: expected 0 in an ad market, whose users know no novelty.');
  }
}

/**
 * Plays the market before and during the test; a row per request, in the order of time. Who gets which arm is decided
 * request by request, all from the same budgets, or from those of the assignment's pools. A conversion is counted on its
 * request if it was known by the end of the test.
 */
export function playAdMarket({ experiment, assignment, luck, same = false }: MarketRequest): Rows {
  const market = adMarketOf(experiment, luck);
  const { before, days, users } = experiment;
  const { requestsPerDay } = market.settings;
  const total = (before + days) * requestsPerDay;
  const play = new Play(market, weightsOf(experiment), total);
  const seen = new Int32Array(users);
  const budgets = market.budgets(assignment.pools);
  const pools = new Int32Array(BATCH);
  const numbers = new Float64Array(BATCH);
  let today = -1;
  for (let from = 0; from < total; from += BATCH) {
    const n = Math.min(BATCH, total - from);
    for (let i = 0; i < n; i++) numbers[i] = from + i;
    market.fill(numbers.subarray(0, n), play.requests);
    for (let i = 0; i < n; i++) {
      const user = play.requests.user[i];
      const day = play.requests.day[i];
      if (day !== today) seen.fill(0);
      today = day;
      const hour = Math.min(HOURS - 1, Math.floor((market.timeOf(from + i) - day) * HOURS));
      const arm = assignment.armOf(user, day - before, seen[user]++, hour);
      play.place(from + i, i, { day: day - before, hour, arm, first: seen[user] === 1 });
      play.weigh(i, same ? 0 : arm);
      pools[i] = assignment.poolOf(user, arm);
    }
    market.serve(play.requests, play.weights, play.served, { budgets, pools });
    play.record(from, n);
  }
  play.deliver(before + days);
  return play.rows;
}

/** The rows of a play as they are written, and room for a batch of it. */
class Play {
  readonly requests: RequestBuffers;
  readonly served: Served;
  /** [BATCH, 3] */
  readonly weights = new Float32Array(BATCH * 3);
  readonly rows: Rows;
  readonly #market: AdMarket;
  /** [arms, 3] */
  readonly #arms: Float32Array;
  readonly #coming = new ConversionQueue();
  readonly #columns: Readonly<Record<(typeof AD_MARKET_COLUMNS)[number], Float64Array>>;

  constructor(market: AdMarket, arms: Float32Array, total: number) {
    this.#market = market;
    this.#arms = arms;
    this.requests = market.requests(BATCH);
    this.served = market.served(BATCH);
    const zeros = (): Float64Array => new Float64Array(total);
    this.#columns = {
      sessions: zeros(),
      requests: zeros(),
      revenue: zeros(),
      ecpm: zeros(),
      clicks: zeros(),
      longClicks: zeros(),
      hides: zeros(),
      conversions: zeros(),
    };
    this.rows = {
      user: new Int32Array(total),
      day: new Int32Array(total),
      hour: new Int32Array(total),
      arm: new Int32Array(total),
      columns: this.#columns,
      features: Object.fromEntries(AD_MARKET_FEATURES.map((name) => [name, zeros()])),
    };
  }

  place(
    row: number,
    i: number,
    {
      day,
      hour,
      arm,
      first,
    }: { readonly day: number; readonly hour: number; readonly arm: number; readonly first: boolean },
  ): void {
    const { rows, requests } = this;
    rows.user[row] = requests.user[i];
    rows.day[row] = day;
    rows.hour[row] = hour;
    rows.arm[row] = arm;
    this.#columns.sessions[row] = first ? 1 : 0;
    this.#columns.requests[row] = 1;
    const { numeric } = this.#market.shape;
    AD_MARKET_FEATURES.forEach((name, f) => {
      rows.features[name][row] = requests.numeric[i * numeric + f];
    });
  }

  weigh(i: number, arm: number): void {
    for (let g = 0; g < 3; g++) this.weights[i * 3 + g] = this.#arms[arm * 3 + g];
  }

  record(from: number, n: number): void {
    const { realised, ecpm, conversionDays } = this.served;
    const columns = this.#columns;
    for (let i = 0; i < n; i++) {
      columns.revenue[from + i] = realised[i * 4];
      columns.clicks[from + i] = realised[i * 4 + 1];
      columns.longClicks[from + i] = realised[i * 4 + 2];
      columns.hides[from + i] = realised[i * 4 + 3];
      columns.ecpm[from + i] = ecpm[i];
      if (conversionDays[i] >= 0) this.#coming.push(this.#market.timeOf(from + i) + conversionDays[i], from + i);
    }
  }

  /** Conversions known by this day. */
  deliver(day: number): void {
    this.#coming.deliver(day, (row) => {
      this.#columns.conversions[row] = 1;
    });
  }
}
