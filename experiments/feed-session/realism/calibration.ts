import { normal } from '../../../core/distributions.js';
import type { Source } from '../../../core/random.js';
import { areaUnderCurve, calibrationError, logLoss, reliabilityTable } from '../../../reward-models/quality.js';
import { clusteredMean } from './clustered.js';
import type { HeadCalibration, RealismThresholds } from './contract.js';
import type { HeadRows } from './head-rows.js';

const LEVEL = 0.95;
/** Logs in which a perfect model is imagined. */
const IMAGINED = 2000;

/** How far one head's numbers can be taken at their word, on rows that no fit saw. */
export function calibrationOf(rows: HeadRows, thresholds: RealismThresholds, random: Source): HeadCalibration {
  const { head, predicted, observed } = rows;
  const n = predicted.length;
  const { mean: meanObserved, interval } = clusteredMean(
    rows,
    Int32Array.from(predicted, (_, i) => i),
    LEVEL,
  );
  const meanPredicted = predicted.reduce((sum, p) => sum + p, 0) / n;
  const reliability = reliabilityTable(predicted, observed);
  const error = calibrationError(reliability);
  const errorByChance = chanceError(predicted, random);
  const calibrated = error <= errorLimit(meanObserved, errorByChance, thresholds);
  return {
    head,
    quality: {
      rows: n,
      loss: logLoss(predicted, observed),
      lossOfConstant: logLoss(new Float64Array(n).fill(meanObserved), observed),
      auc: areaUnderCurve(predicted, observed),
      expectedCalibrationError: error,
      reliability,
    },
    meanPredicted,
    meanObserved,
    interval,
    errorByChance,
    ok: calibrated && meanAgrees({ meanPredicted, meanObserved, interval }, thresholds),
  };
}

/** |mean predicted ÷ mean observed − 1| within the threshold, or the prediction inside the interval of what was observed. */
export function meanAgrees(
  { meanPredicted, meanObserved, interval }: Pick<HeadCalibration, 'meanPredicted' | 'meanObserved' | 'interval'>,
  { mean }: RealismThresholds,
): boolean {
  const inside = meanPredicted >= interval[0] && meanPredicted <= interval[1];
  return inside || Math.abs(meanPredicted - meanObserved) <= mean * meanObserved;
}

/** The largest calibration error that is tolerated; never below what chance alone gives a perfect model. */
export function errorLimit(
  meanObserved: number,
  errorByChance: number,
  { calibrationError: absolute, calibrationShare }: RealismThresholds,
): number {
  return Math.max(errorByChance, Math.min(absolute, calibrationShare * meanObserved));
}

/**
 * The calibration error that a perfect model stays below in 95 % of the logs. Given its predictions the outcomes do not
 * depend on each other, whatever the session, so that the surplus of a bin is normal with variance Σ p(1 − p):
 *
 *     error = Σ_bins |N(0, Σ p(1 − p))| / n
 */
function chanceError(predicted: Float64Array, random: Source): number {
  const order = Float64Array.from(predicted).sort();
  let at = 0;
  const deviations = reliabilityTable(predicted, predicted).map(({ rows }) => {
    let variance = 0;
    for (const end = at + rows; at < end; at++) variance += order[at] * (1 - order[at]);
    return Math.sqrt(variance) / predicted.length;
  });
  const errors = Float64Array.from({ length: IMAGINED }, () =>
    deviations.reduce((sum, deviation) => sum + Math.abs(normal(random, 0, deviation)), 0),
  );
  return errors.sort()[Math.ceil(LEVEL * IMAGINED) - 1];
}
