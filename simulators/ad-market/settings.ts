import { complaint, expectNumber } from '../../core/check.js';

/** How an advertiser's spending is spread over the day. */
export const PACINGS = ['none', 'throttle', 'bid'] as const;
export const PAYMENTS = ['first', 'second'] as const;

/** Settings of the ad market. Every default is *invented* unless it names a source. */
export interface AdMarketSettings {
  /** Names the world: other seeds, other users, ads and luck. */
  readonly seed: number;
  /** Another number, other requests and luck, in the same world. */
  readonly luck: number;
  readonly users: number;
  /** Requests of a day, all users together; the day and hour of a request follow from its number. */
  readonly requestsPerDay: number;
  readonly ads: number;
  readonly advertisers: number;
  /** N, candidate ads of a request. The prototype of the notes has 20. */
  readonly candidates: number;
  /** How often what is in a slot is noticed, first slot first; K of them. The prototype of the notes has two slots. */
  readonly slots: readonly number[];
  /**
   * How much of a user's multipliers the ranker does not know, from 0 (all known: calibrated for everybody) to 1 (none).
   * What is true of the users does not depend on it.
   */
  readonly miscalibration: number;
  /** Deviation of the log multipliers of click, long click and hide; those of the prototype of the notes. */
  readonly multiplierDeviation: readonly number[];
  /** Noise on the features by which users are known, as a share of what they stand for. */
  readonly featureNoise: number;
  /** Highest probability of anything. */
  readonly cap: number;
  /** What an action costs: 'first', the bid; 'second', the least that keeps the slot. */
  readonly payment: string;
  /** Ads that bid less are not shown. */
  readonly reserve: number;
  /** Angle, in radians, by which what features mean has turned at the height of a season; 0 for no seasons. */
  readonly drift: number;
  /** Length of a season, there and back twice. */
  readonly seasonDays: number;
  /** Added to the log multiplier of long clicks on Saturdays and Sundays. */
  readonly weekend: number;
  /** Daily budgets ÷ what it would cost to be shown as often as every other ad; 0 for no limit. */
  readonly budget: number;
  /** 'none', 'throttle' or 'bid'; see `Budgets`. */
  readonly pacing: string;
  /** Probability that a long click ends in a conversion. */
  readonly conversionRate: number;
  /** Mean days until a conversion is known, exponential (Chapelle 2014, "Modeling delayed feedback"). */
  readonly conversionDays: number;
}

export const adMarketDefaults: AdMarketSettings = {
  seed: 1,
  luck: 0,
  users: 100_000,
  requestsPerDay: 5_000_000,
  ads: 2000,
  advertisers: 200,
  candidates: 20,
  slots: [1, 0.6],
  miscalibration: 1,
  multiplierDeviation: [0.8, 0.6, 0.6],
  featureNoise: 0.3,
  cap: 0.9,
  payment: 'first',
  reserve: 0,
  drift: 0,
  seasonDays: 120,
  weekend: 0,
  budget: 0,
  pacing: 'none',
  conversionRate: 0.1,
  conversionDays: 3,
};

/** What the keys of the market's luck are made of. */
export function luckOf({ seed, luck }: AdMarketSettings): string {
  return `${seed}/${luck}`;
}

const WHERE = 'ad market';

/** @throws an error that names the setting */
export function checkAdMarket(settings: AdMarketSettings): void {
  const whole = (
    name: 'seed' | 'luck' | 'users' | 'requestsPerDay' | 'ads' | 'advertisers' | 'candidates',
    low: number,
    high: number,
  ): void => {
    expectNumber(`${WHERE}: ${name}`, settings[name], low, high);
    if (!Number.isInteger(settings[name])) refuse(name, 'a whole number', String(settings[name]));
  };
  whole('seed', -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  whole('luck', 0, Number.MAX_SAFE_INTEGER);
  whole('users', 1, 10_000_000);
  whole('requestsPerDay', 1, 1e12);
  whole('candidates', 1, 500);
  whole('ads', settings.candidates, 65_536);
  whole('advertisers', 1, settings.ads);
  const { slots, multiplierDeviation } = settings;
  if (!(slots.length >= 1 && slots.length <= 20)) refuse('slots', '1 to 20 of them', String(slots.length));
  for (const slot of slots) expectNumber(`${WHERE}: slots`, slot, 0, 1);
  if (multiplierDeviation.length !== 3) {
    refuse('multiplierDeviation', 'three: of click, long click and hide', String(multiplierDeviation.length));
  }
  for (const deviation of multiplierDeviation) expectNumber(`${WHERE}: multiplierDeviation`, deviation, 0, 3);
  expectNumber(`${WHERE}: miscalibration`, settings.miscalibration, 0, 1);
  expectNumber(`${WHERE}: featureNoise`, settings.featureNoise, 0, 100);
  expectNumber(`${WHERE}: cap`, settings.cap, 1e-3, 1);
  expectNumber(`${WHERE}: reserve`, settings.reserve, 0, 1e9);
  expectNumber(`${WHERE}: drift`, settings.drift, -Math.PI, Math.PI);
  expectNumber(`${WHERE}: seasonDays`, settings.seasonDays, 1, 1e6);
  expectNumber(`${WHERE}: weekend`, settings.weekend, -3, 3);
  expectNumber(`${WHERE}: budget`, settings.budget, 0, 1e6);
  expectNumber(`${WHERE}: conversionRate`, settings.conversionRate, 0, 1);
  expectNumber(`${WHERE}: conversionDays`, settings.conversionDays, 0, 1e4);
  oneOf('payment', PAYMENTS, settings.payment);
  oneOf('pacing', PACINGS, settings.pacing);
}

function oneOf(name: string, known: readonly string[], received: string): void {
  if (!known.includes(received)) refuse(name, `one of ${known.join(', ')}`, `'${received}'`);
}

function refuse(name: string, expected: string, received: string): never {
  throw complaint('config', { where: `${WHERE}: ${name}`, expected, received });
}
