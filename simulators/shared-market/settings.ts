import { expectNumber } from '../../core/check.js';

/**
 * Settings of the shared market. Every default is *invented*: chosen so that budgets run out in the afternoon and the
 * harm of sharing them can be seen with a few thousand users, not fitted to any market.
 */
export interface SharedMarketSettings {
  /** Items that advertisers offer; each has its bid, its appeal and what it can spend or sell in a day. */
  readonly items: number;
  /** Kinds of users, dealt in turn; every other kind comes `heavyFactor` times as often. */
  readonly segments: number;
  /** Probability that a light user comes on a day, once; at most 1 ÷ heavyFactor. */
  readonly activity: number;
  readonly heavyFactor: number;
  /** Requests of a session: from 1 to this many, all equally likely. */
  readonly requests: number;
  /** Click probability of an average item. */
  readonly clickRate: number;
  /** Probability that a click ends in a sale. */
  readonly saleRate: number;
  /** Standard deviation, in log-odds of a click, of an item's appeal to everybody and to one segment beyond that. */
  readonly appealDeviation: number;
  readonly fitDeviation: number;
  /** Standard deviation of the logarithm of the bids; their median is 1. */
  readonly bidDeviation: number;
  /** Daily budgets ÷ what even showing would cost the item; 0 for no limit. */
  readonly budget: number;
  /** Daily stock ÷ what even showing would sell; 0 for no limit. */
  readonly stock: number;
  /** Whether click rates are learned from what happened in the pool; otherwise rankers know them. */
  readonly learned: boolean;
  /** Shows that the prior click rate counts for when they are learned. */
  readonly priorShows: number;
}

export const sharedMarketDefaults: SharedMarketSettings = {
  items: 12,
  segments: 2,
  activity: 0.3,
  heavyFactor: 2,
  requests: 5,
  clickRate: 0.1,
  saleRate: 0.3,
  appealDeviation: 0.6,
  fitDeviation: 0.4,
  bidDeviation: 0.4,
  budget: 2,
  stock: 0,
  learned: false,
  priorShows: 20,
};

/** How one arm ranks: what there is to choose about it. */
export interface RankingRule {
  /** score = bidWeight·ln bid + clickWeight·ln p̂ + curiosity ÷ √(1 + shows) */
  readonly bidWeight: number;
  readonly clickWeight: number;
  /** Bonus of items that were seldom shown; only matters when click rates are learned. */
  readonly curiosity: number;
  /** Share of requests answered uniformly; without it the log of an arm cannot judge another. */
  readonly exploration: number;
}

export const rankingRuleDefaults: RankingRule = { bidWeight: 1, clickWeight: 1, curiosity: 0, exploration: 0 };

/** Requests of one session at most: sessions, requests and items have addresses of luck of their own. */
export const MOST_REQUESTS = 64;

/** @throws a numeric error that names the setting */
export function checkMarket(settings: SharedMarketSettings): void {
  const where = 'shared-market';
  expectNumber(`${where}: items`, settings.items, 2, 1000);
  expectNumber(`${where}: segments`, settings.segments, 1, 100);
  expectNumber(`${where}: heavyFactor`, settings.heavyFactor, 1, 100);
  expectNumber(`${where}: activity`, settings.activity, 0, 1 / settings.heavyFactor);
  expectNumber(`${where}: requests`, settings.requests, 1, MOST_REQUESTS);
  expectNumber(`${where}: clickRate`, settings.clickRate, 1e-6, 0.9);
  expectNumber(`${where}: saleRate`, settings.saleRate, 0, 1);
  for (const name of ['appealDeviation', 'fitDeviation', 'bidDeviation', 'budget', 'stock'] as const)
    expectNumber(`${where}: ${name}`, settings[name], 0, 1000);
  expectNumber(`${where}: priorShows`, settings.priorShows, 1e-3, 1e6);
}

/** @throws a numeric error that names the setting */
export function checkRule(arm: string, rule: RankingRule): void {
  for (const name of ['bidWeight', 'clickWeight', 'curiosity'] as const)
    expectNumber(`arm ${arm}: ${name}`, rule[name], -100, 100);
  expectNumber(`arm ${arm}: exploration`, rule.exploration, 0, 1);
}
