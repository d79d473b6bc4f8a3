import { complaint, expectNumber } from '../core/check.js';
import { backendInUse } from '../core/tensor/backend.js';
import { fitEncoder } from '../logs/features.js';
import type { Log } from '../logs/record.js';
import { linearScaling, plattScaling } from './calibrate.js';
import type { FitRequest, FittedModel, ModelCard, RewardModelKind } from './contract.js';
import { descend, type Part } from './descend.js';
import { groupUniform, widestGrouping } from './folds.js';
import { loadModel, savable } from './model-file.js';
import { applyHead, type BuildNetwork, type FitSettings, type FittedHead, type Network } from './network.js';
import { outcomeColumn, qualityOf } from './quality.js';

/** Fewer rows than this are no basis for a model. */
const FEWEST_ROWS = 20;

/** A kind of reward model: only its network is its own. */
export interface KindOfNetwork<Settings extends FitSettings> {
  readonly name: string;
  readonly summary: string;
  readonly defaults: Settings;
  readonly build: BuildNetwork<Settings>;
}

/**
 * Makes a reward model kind out of a network: encodes the rows, holds a part out, fits the rest by minibatches of Adam
 * until the held-out loss stops improving, keeps the best parameters (those before the first step, the constant model,
 * unless the rest is convincingly better), and calibrates them on the held-out part.
 */
export function networkKind<Settings extends FitSettings>(kind: KindOfNetwork<Settings>): RewardModelKind<Settings> {
  return {
    summary: kind.summary,
    defaults: kind.defaults,
    fit: (request) => fitNetwork(kind, request),
    load: (bytes) => loadModel(bytes, kind),
  };
}

function fitNetwork<Settings extends FitSettings>(
  kind: KindOfNetwork<Settings>,
  request: FitRequest<Settings>,
): FittedModel {
  const { log, rows, settings, random } = request;
  backendInUse();
  checkSettings(kind.name, settings);
  if (request.heads.length === 0) {
    throw complaint('usage', { where: `${kind.name} fit: heads`, expected: 'one outcome or more', received: 'none' });
  }
  const { fitting, heldOut } = holdOut(request);
  const encoder = fitEncoder(log, { name: rows.name, index: fitting }, settings);
  const bases = request.heads.map((outcome) => baseOf(log, outcome, rows.index, fitting));
  const part = (index: Int32Array): Part => ({
    index,
    features: encoder.encode(
      log,
      index,
      Int32Array.from(index, (row) => log.action[row]),
    ),
    labels: labelsOf(log, bases, index),
  });
  const [learn, check] = [part(fitting), part(heldOut)];
  const shape = { buckets: encoder.buckets, M: encoder.numericNames.length, H: bases.length };
  const network = kind.build(shape, settings, random.fork('initial'));
  const epochs = descend(network, { learn, check, bases }, request);
  const heads = calibrate(network, bases, learn, check);
  const card = describe(kind.name, request, heads, { epochs, parameters: network.parameters.values.length });
  const quality = qualityOn(network, heads, log, check);
  return savable({ card: { ...card, quality }, settings, encoder, network, heads });
}

function checkSettings(name: string, settings: FitSettings): void {
  expectNumber(`${name}: epochs`, settings.epochs, 1, 10_000);
  expectNumber(`${name}: patience`, settings.patience, 1, 10_000);
  expectNumber(`${name}: batch`, settings.batch, 1, 1_000_000);
  expectNumber(`${name}: learningRate`, settings.learningRate, 1e-8, 10);
  expectNumber(`${name}: l2`, settings.l2, 0, 1e9);
  expectNumber(`${name}: leastGain`, settings.leastGain, 0, 100);
  expectNumber(`${name}: heldOut`, settings.heldOut, 0.01, 0.9);
}

function holdOut({ log, rows, settings, random }: FitRequest<FitSettings>): {
  readonly fitting: Int32Array;
  readonly heldOut: Int32Array;
} {
  const by = widestGrouping(log, rows.index);
  const u = groupUniform(log, rows.index, by, `${random.path}/held out`);
  const fitting = rows.index.filter((_, i) => u[i] >= settings.heldOut);
  const heldOut = rows.index.filter((_, i) => u[i] < settings.heldOut);
  if (rows.index.length < FEWEST_ROWS || fitting.length === 0 || heldOut.length === 0) {
    throw complaint('data', {
      where: `reward model of log '${log.name}', split '${rows.name}'`,
      expected: `at least ${FEWEST_ROWS} rows, some of them held out`,
      received: `${fitting.length} to fit and ${heldOut.length} held out`,
    });
  }
  return { fitting, heldOut };
}

/** A head before calibration: predicts its base. */
function baseOf(log: Log, outcome: string, all: Int32Array, fitting: Int32Array): FittedHead {
  const column = outcomeColumn(log, outcome);
  let binary = true;
  for (const row of all) {
    const value = column[row];
    if (!Number.isFinite(value)) {
      throw complaint('data', {
        where: `log '${log.name}', row ${row}: outcome '${outcome}'`,
        expected: 'a finite number',
        received: String(value),
        try: 'Leave such rows out of the split.',
      });
    }
    if (value !== 0 && value !== 1) binary = false;
  }
  let mean = 0;
  for (const row of fitting) mean += column[row] / fitting.length;
  const shared = { outcome, mean, calibration: 'none', intercept: 0, slope: 1 } as const;
  if (binary) {
    // Half an event on either side keeps the log-odds finite when everything or nothing happened.
    const rate = (mean * fitting.length + 0.5) / (fitting.length + 1);
    return { ...shared, unit: 'probability', offset: Math.log(rate / (1 - rate)), scale: 1 };
  }
  let variance = 0;
  for (const row of fitting) variance += (column[row] - mean) ** 2 / fitting.length;
  return { ...shared, unit: 'value', offset: mean, scale: variance > 0 ? Math.sqrt(variance) : 1 };
}

function labelsOf(log: Log, bases: readonly FittedHead[], index: Int32Array): Float32Array {
  const labels = new Float32Array(index.length * bases.length);
  bases.forEach(({ outcome, unit, offset, scale }, h) => {
    const column = outcomeColumn(log, outcome);
    for (let n = 0; n < index.length; n++) {
      const value = column[index[n]];
      labels[n * bases.length + h] = unit === 'probability' ? value : (value - offset) / scale;
    }
  });
  return labels;
}

function calibrate(network: Network, bases: readonly FittedHead[], learn: Part, check: Part): FittedHead[] {
  const H = bases.length;
  const z = new Float64Array(check.features.rows * H);
  network.predict(check.features, z);
  return bases.map((base, h) => {
    const column = (values: ArrayLike<number>): Float64Array =>
      Float64Array.from({ length: check.features.rows }, (_, n) => values[n * H + h]);
    const rows = { deviation: column(z), observed: column(check.labels) };
    const n = learn.features.rows;
    const found =
      base.unit === 'probability'
        ? plattScaling({ ...rows, offset: base.offset, priorRows: n * Math.min(base.mean, 1 - base.mean) })
        : linearScaling({ ...rows, priorRows: n });
    return { ...base, calibration: found.method, intercept: found.intercept, slope: found.slope };
  });
}

function qualityOn(network: Network, heads: readonly FittedHead[], log: Log, check: Part): ModelCard['quality'] {
  const z = new Float64Array(check.features.rows * heads.length);
  network.predict(check.features, z);
  return heads.map((head, h) => {
    const column = outcomeColumn(log, head.outcome);
    const predicted = Float32Array.from(check.index, (_, n) => applyHead(head, z[n * heads.length + h]));
    return qualityOf(
      head,
      predicted,
      Float32Array.from(check.index, (row) => column[row]),
    );
  });
}

function describe(
  kind: string,
  { log, rows, settings }: FitRequest<FitSettings>,
  heads: readonly FittedHead[],
  numbers: Pick<ModelCard, 'epochs' | 'parameters'>,
): Omit<ModelCard, 'quality'> {
  const plain = Object.entries(settings).map(([key, value]: [string, unknown]) => [key, cardValue(value)] as const);
  return {
    kind,
    heads: heads.map(({ outcome }) => outcome),
    unit: heads.every(({ unit }) => unit === 'probability') ? 'probability' : 'value',
    fittedOn: { log: log.name, logHash: log.hash, split: rows.name, rows: rows.index.length },
    settings: {
      ...Object.fromEntries(plain),
      calibration: heads.map(({ outcome, unit, calibration }) => `${outcome} (${unit}): ${calibration}`).join('; '),
    },
    ...numbers,
  };
}

function cardValue(value: unknown): number | string | boolean | readonly number[] {
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value;
  if (!Array.isArray(value)) return String(value);
  const parts: unknown[] = value;
  const numbers = parts.filter((part) => typeof part === 'number');
  return numbers.length === parts.length && parts.length > 0 ? numbers : parts.join(' ');
}
