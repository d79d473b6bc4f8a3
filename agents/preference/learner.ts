import { choose, complaint, expectLength, expectNumber } from '../../core/check.js';
import { shuffle } from '../../core/distributions.js';
import type { Rng } from '../../core/random.js';
import { compileStep } from '../../core/tensor/compile.js';
import type { Inputs, Numbers } from '../../core/tensor/compiled-programs.js';
import { Trainer } from '../../core/tensor/train.js';
import type { OnProgress } from '../../reward-models/contract.js';
import type { Metrics } from '../contract.js';
import type { LossSettings, PreferenceData, PreferenceLoss, PreferenceModel, ResponseBatch } from './contract.js';
import { lossDefaults, preferenceLosses } from './losses/index.js';
import { preferenceObjective } from './objective.js';

export interface PreferenceSettings extends LossSettings {
  /** A name of `preferenceLosses`. */
  readonly loss: string;
  /** Passes over the comparisons. */
  readonly passes: number;
  /** Comparisons per gradient step; as many as there are, where fewer. */
  readonly batch: number;
  readonly learningRate: number;
  /** Decay of every parameter per step, times the learning rate. */
  readonly weightDecay: number;
}

export const preferenceDefaults: PreferenceSettings = {
  ...lossDefaults,
  loss: 'hpo-dpo',
  passes: 100,
  batch: 1024,
  learningRate: 0.02,
  weightDecay: 0,
};

export interface PreferenceFit {
  readonly model: PreferenceModel;
  readonly data: PreferenceData;
  readonly settings: PreferenceSettings;
  readonly random: Rng;
  readonly onProgress?: OnProgress;
}

/** Whether a loss marks responses by their quality: its model needs a policy for each mark. */
export function isConditional(name: string): boolean {
  return lossOf(name).conditional ?? false;
}

/**
 * Fits the policy of a model to preferences by Adam, in place. Batches are drawn without replacement, in an order that
 * follows from `random`. Needs a started backend.
 *
 * @returns one entry per pass: mean loss, its parts, and the KL to the frozen reference on the batches, in nats
 * @throws a config error where the loss needs pairs and the data are single responses; a numeric error where it diverges
 */
export function fitPreferences({ model, data, settings, random, onProgress }: PreferenceFit): Metrics[] {
  const loss = lossOf(settings.loss);
  const n = checkFit(loss, data, settings);
  const sides = data.sides.length;
  const trainer = new Trainer(model.parameters, settings);
  const step = compileStep(trainer, (inputs) =>
    preferenceObjective(loss, settings, model.judge(inputs, sides), inputs),
  );
  const order = Int32Array.from({ length: n }, (_, i) => i);
  const size = Math.min(settings.batch, n);
  const whole = size === n ? batchInputs(model, data, order) : undefined;
  const curve: Metrics[] = [];
  for (let pass = 1; pass <= settings.passes; pass++) {
    const sums = new Map<string, number>();
    let batches = 0;
    if (whole === undefined) shuffle(random, order);
    // A last batch that is not full is left out: its comparisons come in another pass.
    for (let from = 0; from + size <= n; from += size) {
      const report = step(whole ?? batchInputs(model, data, order.subarray(from, from + size)));
      const parts = Object.entries(report.outputs).map(([name, [value]]): [string, number] => [name, value]);
      for (const [name, value] of [['loss', report.loss] as const, ...parts])
        sums.set(name, (sums.get(name) ?? 0) + value);
      batches++;
    }
    const means = Object.fromEntries(Array.from(sums, ([name, sum]) => [name, sum / batches]));
    curve.push({ pass, ...means });
    onProgress?.(pass, settings.passes, `loss ${means['loss'].toPrecision(4)}`);
  }
  return curve;
}

/** The comparisons of some rows as inputs of a step. */
export function batchInputs(model: PreferenceModel, data: PreferenceData, rows: Int32Array): Inputs {
  const column = (values: Float32Array): Numbers => ({
    values: Float32Array.from(rows, (row) => values[row]),
    shape: [rows.length],
  });
  const labels: Record<string, Numbers> = {};
  data.sides.forEach((_, side) => {
    labels[`good${side}`] = column(data.good[side]);
    labels[`reward${side}`] = column(data.reward[side]);
  });
  return { ...model.encode(batchOf(data, rows)), ...labels };
}

function batchOf(data: PreferenceData, rows: Int32Array): ResponseBatch {
  return {
    context: Int32Array.from(rows, (row) => data.context[row]),
    sides: data.sides.map((side) => {
      const width = side.length / data.context.length;
      const out = new Int32Array(rows.length * width);
      rows.forEach((row, i) => {
        out.set(side.subarray(row * width, (row + 1) * width), i * width);
      });
      return out;
    }),
    good: data.good.map((good) => Float32Array.from(rows, (row) => good[row])),
  };
}

function lossOf(name: string): PreferenceLoss {
  return choose<PreferenceLoss>('preference loss', preferenceLosses, name);
}

/** Refuses what cannot be fitted. @returns how many contexts there are */
export function checkFit(loss: PreferenceLoss, data: PreferenceData, settings: PreferenceSettings): number {
  const where = 'preferences';
  const n = data.context.length;
  if (n === 0) throw complaint('data', { where, expected: 'at least one comparison', received: 'none' });
  if (loss.kind === 'pairs' && data.sides.length !== 2) {
    throw complaint('config', {
      where: `${where}: loss '${settings.loss}'`,
      expected: 'pairs of responses',
      received: `${data.sides.length} response(s) per context`,
      try: 'Use a loss of labelled responses, e.g. kto or hpo-kto.',
    });
  }
  data.sides.forEach((_, side) => {
    expectLength(`${where}: reward of side ${side}`, data.reward[side], { comparisons: n });
    expectLength(`${where}: labels of side ${side}`, data.good[side], { comparisons: n });
  });
  expectNumber(`${where}: beta`, settings.beta, 1e-6, 1e6);
  expectNumber(`${where}: expectile`, settings.expectile, 1e-6, 1 - 1e-6);
  expectNumber(`${where}: temperature`, settings.temperature, 1e-6, 1e6);
  expectNumber(`${where}: auxiliary`, settings.auxiliary, 0, 1e6);
  expectNumber(`${where}: smoothing`, settings.smoothing, 0, 0.499);
  for (const name of ['passes', 'batch'] as const) {
    if (Number.isInteger(settings[name]) && settings[name] >= 1) continue;
    throw complaint('config', {
      where: `${where}: ${name}`,
      expected: 'a whole number of at least 1',
      received: String(settings[name]),
    });
  }
  return n;
}
