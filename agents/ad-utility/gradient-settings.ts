import { complaint, expectNumber } from '../../core/check.js';
import type { HeadKind } from './heads.js';
import type { Serving } from './scored-policy.js';

/** What the three readings have in common. Rewards are in standard deviations, so that settings carry over. */
export interface GradientSettings {
  /** One softmax over all actions, or one per group of weights (for grids). */
  readonly head: HeadKind;
  /** Width of every [BatchNorm → Linear → ReLU → Dropout] block. */
  readonly hidden: readonly number[];
  /** Chance that a number of a block is dropped while it learns, in [0, 1). */
  readonly dropout: number;
  /** Passes over the rows, at most. */
  readonly epochs: number;
  /** Passes without a better held-out score before it stops; only with held-out rows. */
  readonly patience: number;
  /** Rows per gradient step. */
  readonly batch: number;
  /** Of Adam; falls along a line to a tenth over all passes. */
  readonly learningRate: number;
  /** Decay of every parameter per step, times the learning rate. */
  readonly weightDecay: number;
  /** Share of the rows, at most 200,000 of them, that only decides which pass is kept; 0 keeps the last. */
  readonly heldOut: number;
  /** Whether rows are shuffled before each pass; a log that is streamed never is. */
  readonly shuffle: boolean;
  /** Whether the learned policy serves its best action, or a draw from its chances. */
  readonly serving: Serving;
  /**
   * Name of the action that is served to everybody where held-out rows like no pass better than the start, e.g. that of
   * the weights in production. Without one (''), the start itself is: a uniform draw, as it has no best action.
   */
  readonly fallback: string;
}

export const GRADIENT_DEFAULTS: GradientSettings = {
  head: 'joint',
  hidden: [64, 64],
  dropout: 0.1,
  epochs: 2,
  patience: 2,
  batch: 1024,
  learningRate: 0.002,
  weightDecay: 0.01,
  heldOut: 0,
  shuffle: true,
  serving: 'best',
  fallback: '',
};

/** @throws a config error that names the setting */
export function checkGradientSettings(where: string, settings: GradientSettings): void {
  const { head, serving, hidden, dropout, heldOut } = settings;
  expectOneOf(`${where}: head`, head, ['joint', 'factorised']);
  expectOneOf(`${where}: serving`, serving, ['best', 'draw']);
  for (const [name, value] of [
    ...(['epochs', 'patience', 'batch'] as const).map((name) => [name, settings[name]] as const),
    ...hidden.map((width) => ['hidden', width] as const),
  ]) {
    if (!Number.isInteger(value) || value < 1) {
      throw complaint('config', {
        where: `${where}: ${name}`,
        expected: 'whole numbers of at least 1',
        received: String(value),
      });
    }
  }
  expectNumber(`${where}: dropout`, dropout, 0, 0.95);
  expectNumber(`${where}: heldOut`, heldOut, 0, 0.9);
  expectNumber(`${where}: learningRate`, settings.learningRate, 0);
  expectNumber(`${where}: weightDecay`, settings.weightDecay, 0);
}

/** @throws a config error with the words that are known */
export function expectOneOf(where: string, value: string, known: readonly string[]): void {
  if (known.includes(value)) return;
  throw complaint('config', { where, expected: `one of ${known.join(', ')}`, received: `'${value}'` });
}
