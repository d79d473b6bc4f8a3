import { complaint, expectNumber, suggestion } from '../../core/check.js';
import { placesOf, type FeedLayout } from '../../logs/feed-session/layout.js';

/** How networks of this folder are fitted. */
export interface DescentSettings {
  /** Most passes over the fitting rows. */
  readonly epochs: number;
  /** Stop after this many passes without a better loss on the held-out rows. */
  readonly patience: number;
  /** Rows per gradient step. */
  readonly batch: number;
  /** Adam's step size in the first pass; pass t uses it divided by √t. */
  readonly learningRate: number;
  /** Pull of every weight to 0: the fit minimises Σ row losses + ½·l2·Σ w². */
  readonly l2: number;
  /** Share of the sessions (by hash of the user, or of the session where few users are logged) held out. */
  readonly heldOut: number;
}

export interface ResponseSettings extends DescentSettings {
  /** Units of the hidden layers of the response network; the first adds a state half and an item half. */
  readonly hidden: readonly number[];
  /** Width of queries, keys and values of the attention over recent items; 0 leaves it out. */
  readonly attention: number;
  /** Units of the hidden layers of the exit network. */
  readonly exitHidden: readonly number[];
  /** Parts of the state (`STATE_PARTS`) that the model shall not know of: for studies of models that lack something. */
  readonly leaveOut: readonly string[];
}

export const RESPONSE_DEFAULTS: ResponseSettings = {
  hidden: [64, 32],
  attention: 16,
  exitHidden: [32],
  epochs: 5,
  patience: 2,
  batch: 1024,
  learningRate: 0.004,
  l2: 2,
  heldOut: 0.15,
  leaveOut: [],
};

/** Parts of a state that a model can be made to ignore. */
export const STATE_PARTS = ['user', 'context', 'progress', 'answers', 'exposure', 'recent'] as const;

export function checkDescent(name: string, settings: DescentSettings): void {
  expectNumber(`${name}: epochs`, settings.epochs, 1, 10_000);
  expectNumber(`${name}: patience`, settings.patience, 1, 10_000);
  expectNumber(`${name}: batch`, settings.batch, 1, 1_000_000);
  expectNumber(`${name}: learningRate`, settings.learningRate, 1e-8, 10);
  expectNumber(`${name}: l2`, settings.l2, 0, 1e9);
  expectNumber(`${name}: heldOut`, settings.heldOut, 0.01, 0.9);
}

export function checkUnits(where: string, units: readonly number[], least = 1): void {
  if (units.every((width) => Number.isInteger(width) && width >= least && width <= 4096)) return;
  throw complaint('config', {
    where,
    expected: `whole numbers from ${least} to 4096`,
    received: JSON.stringify(units),
  });
}

export function checkResponseSettings(settings: ResponseSettings): void {
  checkDescent('response model', settings);
  checkUnits('response model: hidden', settings.hidden);
  checkUnits('response model: exitHidden', settings.exitHidden);
  checkUnits('response model: attention', [settings.attention], 0);
  if (settings.hidden.length === 0) {
    throw complaint('config', { where: 'response model: hidden', expected: 'one layer or more', received: 'none' });
  }
  for (const name of settings.leaveOut) {
    if (STATE_PARTS.some((part) => part === name)) continue;
    throw complaint('config', {
      where: 'response model: leaveOut',
      expected: 'parts of a state',
      received: `'${name}'`,
      try: suggestion(name, STATE_PARTS),
    });
  }
}

/** Where a part of the state lies: from, and up to but without `to`. */
export function partOfState(layout: FeedLayout, name: string): readonly [number, number] {
  const places = placesOf(layout);
  const starts = [...STATE_PARTS.map((part) => places[part]), places.width];
  const at = STATE_PARTS.findIndex((part) => part === name);
  return [starts[at], starts[at + 1]];
}
