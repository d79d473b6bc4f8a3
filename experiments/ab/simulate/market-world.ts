import { SharedMarket, type MarketHistory } from '../../../simulators/shared-market/market.js';
import {
  rankingRuleDefaults,
  sharedMarketDefaults,
  type RankingRule,
} from '../../../simulators/shared-market/settings.js';
import { completeSettings } from '../../../core/settings.js';
import type { AbExperiment } from '../../config/ab-schema.js';
import type { Assignment } from './assignment.js';
import { playAdMarket } from './ad-market-world.js';
import { Novelty } from './novelty.js';
import type { Rows } from './rows.js';

/** Columns that metrics may ask for. */
export const MARKET_COLUMNS = ['sessions', 'requests', 'clicks', 'revenue', 'sales'] as const;

/** What a play of the market is. */
export interface MarketRequest {
  readonly experiment: AbExperiment;
  readonly assignment: Assignment;
  /** Seed of the luck; what is true in the market follows from the seed of the experiment. */
  readonly luck: number;
  /** The control's rule in every arm. */
  readonly same?: boolean;
  /** Whether the change is met as a change; the truth leaves that out. */
  readonly novel: boolean;
}

/** Plays the market before and during the test; a row per request, in the order of time. */
export function playMarket(request: MarketRequest): Rows {
  return request.experiment.world.from === 'ad-market' ? playAdMarket(request) : playSharedMarket(request);
}

function playSharedMarket({ experiment, assignment, luck, same = false, novel }: MarketRequest): Rows {
  const { users, days, before, novelty } = experiment;
  const market = marketOf(experiment);
  const rules = rulesOf(experiment);
  const excitement = new Novelty(novelty, users);
  const history = market.play({
    seed: luck,
    users,
    days: before + days,
    rules: same ? rules.map(() => rules[0]) : rules,
    armOf: (user, day, request, hour) => assignment.armOf(user, day - before, request, hour),
    poolOf: assignment.poolOf,
    pools: assignment.pools,
    judged: 1,
    ...(novel && novelty.size !== 0
      ? { response: (user: number, day: number, arm: number) => excitement.factor(user, day - before, arm) }
      : {}),
  });
  return rowsOf(market, history, experiment);
}

function marketOf({ world, seed }: AbExperiment): SharedMarket {
  return new SharedMarket(completeSettings('world.settings', sharedMarketDefaults, world.settings), seed);
}

/** The ranking rules of the arms, checked. */
export function rulesOf({ arms }: AbExperiment): RankingRule[] {
  return arms.map(({ name, settings }) => completeSettings(`arm ${name}: settings`, rankingRuleDefaults, settings));
}

/** Names of the market's segments: every other kind of users comes more often. */
export function marketSegments(experiment: AbExperiment): string[] {
  const { settings } = marketOf(experiment);
  return Array.from({ length: settings.segments }, (_, s) => `${s} (${s % 2 === 1 ? 'heavy' : 'light'})`);
}

function rowsOf(market: SharedMarket, history: MarketHistory, { users, before }: AbExperiment): Rows {
  const { user, day, hour, arm, clicks, revenue, sales, weight } = history;
  const sessions = new Float64Array(user.length);
  const last = new Int32Array(users).fill(-1);
  for (let n = 0; n < user.length; n++) {
    if (last[user[n]] === day[n]) continue;
    last[user[n]] = day[n];
    sessions[n] = 1;
  }
  return {
    user,
    day: day.map((d) => d - before),
    hour,
    arm,
    columns: { sessions, requests: new Float64Array(user.length).fill(1), clicks, revenue, sales, weight },
    features: { segment: Float64Array.from(user, (u) => market.segmentOf(u)) },
  };
}
