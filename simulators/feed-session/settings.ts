import { complaint, expectNumber } from '../../core/check.js';

/** How much of a session's length depends on what is shown. */
export interface Leverage {
  /** Log-odds of leaving after an item, per unit of its quality (stays), of its bait (leaves) and of fatigue. */
  readonly quality: number;
  readonly bait: number;
  readonly fatigue: number;
  /** Log-odds of leaving after a watch, a like (both stay), a skip and a hide (both leave). */
  readonly watch: number;
  readonly like: number;
  readonly skip: number;
  readonly hide: number;
}

/**
 * The presets. `moderate` and `strong` use the exit coefficients of quality, bait and fatigue of the prototype in the
 * notes on RecoMind (0.2/0.1/0.8 and 0.55/0.25/0.8); what an answer does to leaving is *invented*. `none` is the null
 * world: nothing that is shown changes when a session ends.
 */
export const leverages = {
  none: { quality: 0, bait: 0, fatigue: 0, watch: 0, like: 0, skip: 0, hide: 0 },
  moderate: { quality: 0.2, bait: 0.1, fatigue: 0.8, watch: -0.2, like: -0.2, skip: 0.2, hide: 0.5 },
  strong: { quality: 0.55, bait: 0.25, fatigue: 0.8, watch: -0.2, like: -0.2, skip: 0.2, hide: 0.5 },
} as const satisfies Readonly<Record<string, Leverage>>;

/** Settings of the generated feed. Every default is *invented* unless it names a source. */
export interface FeedWorldSettings {
  /** Names the world: other seeds, other users and items. */
  readonly seed: number;
  readonly users: number;
  /** Size of the catalogue, 10 to 2,000,000. */
  readonly items: number;
  /** Topics of items and tastes; also the number of content features. The prototype of the notes has 12. */
  readonly topics: number;
  /** A name of `leverages`. */
  readonly leverage: string;
  /** Share of the items that hardly anybody watches, 0 to 0.9999: a catalogue grows mostly by these. */
  readonly junk: number;
  /** Noise on the features by which users and items are known, as a share of what they stand for. */
  readonly featureNoise: number;
  /** Angle by which every user's taste turns from one visit to the next, in radians. */
  readonly drift: number;
  /** Share of the items that appear after the first visit, and over how many visits. */
  readonly newItems: number;
  readonly newItemVisits: number;
}

export const feedWorldDefaults: FeedWorldSettings = {
  seed: 1,
  users: 1000,
  items: 1000,
  topics: 10,
  leverage: 'moderate',
  junk: 0,
  featureNoise: 0.3,
  drift: 0,
  newItems: 0,
  newItemVisits: 10,
};

export function leverageOf(name: string): Leverage {
  if (Object.hasOwn(leverages, name)) return Object.entries(leverages).filter(([key]) => key === name)[0][1];
  throw complaint('config', {
    where: 'feed world: leverage',
    expected: Object.keys(leverages).join(', '),
    received: `'${name}'`,
  });
}

export function checkFeedWorld(settings: FeedWorldSettings): void {
  const where = 'feed world';
  const whole = (name: 'seed' | 'users' | 'items' | 'topics' | 'newItemVisits', low: number, high: number): void => {
    expectNumber(`${where}: ${name}`, settings[name], low, high);
    if (Number.isInteger(settings[name])) return;
    throw complaint('config', {
      where: `${where}: ${name}`,
      expected: 'a whole number',
      received: String(settings[name]),
    });
  };
  whole('seed', -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  whole('users', 1, 10_000_000);
  whole('items', 10, 2_000_000);
  whole('topics', 2, 64);
  whole('newItemVisits', 1, 1_000_000);
  expectNumber(`${where}: featureNoise`, settings.featureNoise, 0, 10);
  expectNumber(`${where}: drift`, settings.drift, 0, Math.PI);
  expectNumber(`${where}: newItems`, settings.newItems, 0, 0.9);
  expectNumber(`${where}: junk`, settings.junk, 0, 0.9999);
  leverageOf(settings.leverage);
}
