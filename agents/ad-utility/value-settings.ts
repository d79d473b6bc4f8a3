import { complaint, expectNumber, GymError, suggestion } from '../../core/check.js';
import type { LearningHead } from './rounds.js';

export interface ValueRegressionSettings {
  /** Outcomes with a head each; without any, one head for the reward. */
  readonly outcomes: readonly string[];
  /** Those of them that count events and are cut to min(count, 1), as PRL-PUTS does. */
  readonly clipped: readonly string[];
  /** The reward as a sum over the outcomes, Σ weight·Q; as many as outcomes. */
  readonly weights: readonly number[];
  /** Width of each of the BatchNorm–Linear–ReLU blocks. */
  readonly hidden: readonly number[];
  /** Width that the weights of an action are embedded in. */
  readonly embedding: number;
  readonly dropout: number;
  /** Passes over the rows, at most. */
  readonly epochs: number;
  /** Passes without a better held-out error before it stops. */
  readonly patience: number;
  /** Rows per gradient step. */
  readonly batch: number;
  /** Of Adam; falls along a line to a tenth over all passes. */
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Share of the rows, at most 200,000 of them, that only decides which pass is kept; 0 keeps the last. */
  readonly heldOut: number;
  /** Whether rows are shuffled before each pass; a log that is streamed never is. */
  readonly shuffle: boolean;
}

export const VALUE_DEFAULTS: ValueRegressionSettings = {
  outcomes: [],
  clipped: [],
  weights: [],
  hidden: [32, 32, 32],
  embedding: 16,
  dropout: 0,
  epochs: 4,
  patience: 2,
  batch: 1024,
  learningRate: 0.003,
  weightDecay: 0.01,
  heldOut: 0.1,
  shuffle: true,
};

/** Where the numbers to be guessed come from: [H] columns of the log's outcomes; none for the reward. */
export function targetsOf(where: string, settings: ValueRegressionSettings, { schema }: LearningHead): number[] {
  const { outcomes, clipped, weights, hidden } = settings;
  const columns = outcomes.map((name) => {
    const column = schema.outcomes.indexOf(name);
    if (column >= 0) return column;
    throw new GymError('config', `${where}: outcomes: no outcome '${name}'. ${suggestion(name, schema.outcomes)}`);
  });
  for (const name of clipped) {
    if (!outcomes.includes(name)) {
      throw new GymError('config', `${where}: clipped: '${name}' is not guessed. ${suggestion(name, outcomes)}`);
    }
  }
  if (weights.length !== outcomes.length) {
    throw complaint('config', {
      where: `${where}: weights`,
      expected: `one per outcome, ${outcomes.length}`,
      received: String(weights.length),
    });
  }
  for (const weight of weights) expectNumber(`${where}: weights`, weight);
  for (const [name, value] of [
    ...(['embedding', 'epochs', 'patience', 'batch'] as const).map((name) => [name, settings[name]] as const),
    ...(hidden.length === 0 ? [NaN] : hidden).map((width) => ['hidden', width] as const),
  ]) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw complaint('config', {
      where: `${where}: ${name}`,
      expected: 'whole numbers of at least 1',
      received: Number.isNaN(value) ? 'none' : String(value),
    });
  }
  expectNumber(`${where}: dropout`, settings.dropout, 0, 0.95);
  expectNumber(`${where}: heldOut`, settings.heldOut, 0, 0.9);
  return columns;
}
