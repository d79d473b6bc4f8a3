import { complaint, expectLength } from '../core/check.js';
import type { Log, Rows } from '../logs/record.js';
import type { FittedModel, Head, Quality, ReliabilityBin } from './contract.js';

/** Probabilities are cut to [10⁻¹², 1 − 10⁻¹²] inside logarithms, so that one certain mistake costs 28 nats, not ∞. */
const SURE = 1e-12;

/** Mean negative log-likelihood of 0/1 outcomes, in nats: −mean(y·ln p + (1 − y)·ln(1 − p)). */
export function logLoss(predicted: ArrayLike<number>, observed: ArrayLike<number>): number {
  let sum = 0;
  for (let n = 0; n < predicted.length; n++) {
    const p = Math.min(1 - SURE, Math.max(SURE, predicted[n]));
    sum -= observed[n] * Math.log(p) + (1 - observed[n]) * Math.log1p(-p);
  }
  return sum / predicted.length;
}

/** mean((ŷ − y)²). */
export function squaredLoss(predicted: ArrayLike<number>, observed: ArrayLike<number>): number {
  let sum = 0;
  for (let n = 0; n < predicted.length; n++) sum += (predicted[n] - observed[n]) ** 2;
  return sum / predicted.length;
}

/** Row numbers from the lowest prediction to the highest; ties in row order. */
function ascending(predicted: ArrayLike<number>): Uint32Array {
  return Uint32Array.from(predicted, (_, n) => n).sort((a, b) => predicted[a] - predicted[b] || a - b);
}

/**
 * Area under the ROC curve: the share of (positive, negative) pairs that the prediction orders rightly, ties counting
 * half (Mann and Whitney's U over the number of pairs). NaN when there is no pair.
 */
export function areaUnderCurve(predicted: ArrayLike<number>, observed: ArrayLike<number>): number {
  const order = ascending(predicted);
  let positives = 0;
  let rankSum = 0;
  for (let from = 0, to = 0; from < order.length; from = to) {
    let tied = 0;
    for (to = from; to < order.length && predicted[order[to]] === predicted[order[from]]; to++) {
      if (observed[order[to]] > 0) tied++;
    }
    positives += tied;
    rankSum += tied * ((from + 1 + to) / 2);
  }
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) return NaN;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/**
 * Rows sorted by prediction and cut into bins of equal count: what was predicted and what happened in each. Rows of one
 * and the same prediction stay in one bin, so there may be fewer and larger bins than asked for.
 */
export function reliabilityTable(
  predicted: ArrayLike<number>,
  observed: ArrayLike<number>,
  bins = 10,
): ReliabilityBin[] {
  const order = ascending(predicted);
  const table: ReliabilityBin[] = [];
  for (let from = 0, bin = 0; from < order.length; bin++) {
    let to = Math.max(from + 1, Math.round(((bin + 1) * order.length) / bins));
    while (to < order.length && predicted[order[to]] === predicted[order[to - 1]]) to++;
    while (bin + 1 < bins && Math.round(((bin + 2) * order.length) / bins) <= to) bin++;
    let meanPredicted = 0;
    let meanObserved = 0;
    for (let i = from; i < to; i++) {
      meanPredicted += predicted[order[i]] / (to - from);
      meanObserved += observed[order[i]] / (to - from);
    }
    table.push({ rows: to - from, meanPredicted, meanObserved });
    from = to;
  }
  return table;
}

/** Σ (rows in bin / rows) · |mean predicted − mean observed|. */
export function calibrationError(table: readonly ReliabilityBin[]): number {
  const rows = table.reduce((sum, bin) => sum + bin.rows, 0);
  return table.reduce((sum, bin) => sum + (bin.rows / rows) * Math.abs(bin.meanPredicted - bin.meanObserved), 0);
}

/** Everything a report says about one head's numbers on rows whose outcomes are known. */
export function qualityOf(
  head: Pick<Head, 'unit' | 'mean'>,
  predicted: ArrayLike<number>,
  observed: ArrayLike<number>,
): Quality {
  expectLength('quality: observed', observed, { rows: predicted.length });
  const loss = head.unit === 'probability' ? logLoss : squaredLoss;
  const reliability = reliabilityTable(predicted, observed);
  return {
    rows: predicted.length,
    loss: loss(predicted, observed),
    lossOfConstant: loss(new Float64Array(predicted.length).fill(head.mean), observed),
    auc: head.unit === 'probability' ? areaUnderCurve(predicted, observed) : NaN,
    expectedCalibrationError: calibrationError(reliability),
    reliability,
  };
}

/** Scores a model on rows of a log: for honest numbers, rows that it was not fitted on. One Quality per head. */
export function measureQuality(model: FittedModel, log: Log, rows: Rows): Quality[] {
  const index = rows.index;
  const H = model.heads.length;
  const predicted = new Float32Array(index.length * H);
  model.predict(
    log,
    index,
    Int32Array.from(index, (row) => log.action[row]),
    predicted,
  );
  return qualityPerHead(model.heads, log, index, predicted);
}

/** @param predicted [n, H] */
export function qualityPerHead(
  heads: readonly Head[],
  log: Log,
  index: Int32Array,
  predicted: Float32Array,
): Quality[] {
  return heads.map((head, h) => {
    const column = outcomeColumn(log, head.outcome);
    return qualityOf(
      head,
      Float32Array.from(index, (_, n) => predicted[n * heads.length + h]),
      Float32Array.from(index, (row) => column[row]),
    );
  });
}

/** The outcome column of that name, or an error that lists the outcomes there are. */
export function outcomeColumn(log: Log, name: string): Float32Array {
  const column = log.schema.outcomes.indexOf(name);
  if (column >= 0) return log.outcomes[column];
  throw complaint('usage', {
    where: `log '${log.name}'`,
    expected: `an outcome out of ${log.schema.outcomes.join(', ')}`,
    received: `'${name}'`,
  });
}
