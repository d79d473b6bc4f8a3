import { complaint, expectNumber } from '../../core/check.js';
import { WeightGrid } from '../../logs/ad-utility/weight-grid.js';
import { SURFACES } from '../../simulators/ad-market/surfaces.js';

/** What is asked of whoever tunes the utility of an ad market. */
export interface AdUtilitySettings {
  /** 'request': every request is a session of one step. 'day': a day of `requests` that share daily budgets. */
  readonly horizon: string;
  /** Requests of a day, with the horizon 'day'. */
  readonly requests: number;
  /** 'joint': one number, the joint action of the grid. 'groups': one level per weight. */
  readonly action: string;
  /** What reward and objectives tell: 'realised', as a log would; 'expected', which only a simulator knows. */
  readonly outcomes: string;
  /** The surface whose requests are decided; all of them when empty. */
  readonly surface: string;
  /** Days from which requests come: [from, from + days). */
  readonly firstDay: number;
  readonly days: number;
  /** Grid of each weight, and the vector in production. */
  readonly click: readonly number[];
  readonly longClick: readonly number[];
  readonly hide: readonly number[];
  readonly production: readonly number[];
  /** Reward = Σ weight · outcome, unless a formula is given to the env. */
  readonly reward: {
    readonly revenue: number;
    readonly click: number;
    readonly longClick: number;
    readonly hide: number;
  };
}

/** Requests of the market's day for each that a session has: room to find one of the surface. */
const ROOM = 50;

/** Five levels per weight, 125 actions, and the reward near revenue neutrality, as in the prototype of the notes. */
const LEVELS = [0, 0.1, 0.2, 0.4, 0.8] as const;

export const adUtilityDefaults: AdUtilitySettings = {
  horizon: 'request',
  requests: 200,
  action: 'joint',
  outcomes: 'realised',
  surface: '',
  firstDay: 0,
  days: 28,
  click: LEVELS,
  longClick: LEVELS,
  hide: LEVELS,
  production: [0.2, 0.2, 0.2],
  reward: { revenue: 1, click: 0.25, longClick: 0.25, hide: -0.2 },
};

/** The grid of the settings: groups click, longClick and hide. */
export function gridOf({ click, longClick, hide, production }: AdUtilitySettings): WeightGrid {
  if (production.length !== 3) {
    throw complaint('config', {
      where: 'ad utility: production',
      expected: 'three weights: of click, long click and hide',
      received: String(production.length),
    });
  }
  return new WeightGrid([
    { name: 'click', levels: click, production: production[0] },
    { name: 'longClick', levels: longClick, production: production[1] },
    { name: 'hide', levels: hide, production: production[2] },
  ]);
}

/** Index of the surface that is decided; −1 for all. */
export function surfaceOf(where: string, surface: string): number {
  if (surface === '') return -1;
  const index = SURFACES.findIndex((name) => name === surface);
  if (index >= 0) return index;
  throw complaint('config', {
    where: `${where}: surface`,
    expected: `one of ${SURFACES.join(', ')}`,
    received: surface,
  });
}

/** @param requestsPerDay of the market */
export function checkAdUtility(where: string, settings: AdUtilitySettings, requestsPerDay: number): void {
  const oneOf = (name: 'horizon' | 'action' | 'outcomes', known: readonly string[]): void => {
    if (known.includes(settings[name])) return;
    throw complaint('config', { where: `${where}: ${name}`, expected: known.join(' or '), received: settings[name] });
  };
  oneOf('horizon', ['request', 'day']);
  oneOf('action', ['joint', 'groups']);
  oneOf('outcomes', ['realised', 'expected']);
  for (const [name, low, high] of [
    ['requests', 1, 1_000_000],
    ['firstDay', 0, 100_000],
    ['days', 1, 100_000],
  ] as const) {
    expectNumber(`${where}: ${name}`, settings[name], low, high);
    if (Number.isInteger(settings[name])) continue;
    throw complaint('config', {
      where: `${where}: ${name}`,
      expected: 'a whole number',
      received: String(settings[name]),
    });
  }
  for (const [name, value] of Object.entries(settings.reward)) {
    expectNumber(`${where}: reward.${name}`, value, -1e6, 1e6);
  }
  surfaceOf(where, settings.surface);
  // A day's requests are found each in its own part of the market's day.
  if (settings.horizon !== 'day' || settings.requests * ROOM <= requestsPerDay) return;
  throw complaint('config', {
    where: `${where}: requests`,
    expected: `at most ${Math.floor(requestsPerDay / ROOM)}, as the market has ${requestsPerDay} requests a day`,
    received: String(settings.requests),
  });
}
