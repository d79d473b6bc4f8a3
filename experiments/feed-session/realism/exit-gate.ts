import { chiSquareUpper } from '../../../core/stats/chi-square.js';
import { twoSidedZ } from '../../../core/stats/intervals.js';
import { moments } from '../../../core/stats/moments.js';
import { errorLimit, meanAgrees } from './calibration.js';
import { recalibrate } from './clustered.js';
import type {
  Coefficient,
  Direction,
  ExitGate,
  GateCheck,
  HeadCalibration,
  RealismThresholds,
  SliceTable,
} from './contract.js';
import type { HeadRows } from './head-rows.js';
import { inPercent, short, span } from './words.js';

const LEVEL = 0.95;
/** p below which slices of the log are told apart, over all tables (Bonferroni). */
const SIGNAL = 0.01;
/** Log-odds are taken of predictions cut to [10⁻⁹, 1 − 10⁻⁹]. */
const SURE = 1e-9;

export interface ExitEvidence {
  readonly rows: HeadRows;
  readonly calibration: HeadCalibration;
  /** Of the exit alone. */
  readonly tables: readonly SliceTable[];
  readonly directions: readonly Direction[];
}

/**
 * The gate of a learned simulator: whether what ends sessions in it is what ends them in the log. A policy trained where
 * it is not learns to chase, or to shun, the wrong things. Passed where all of this holds on held-out rows:
 *
 * - slope: y ~ σ(a + b · logit p) has an interval of b inside the threshold. b < 0: sessions end in the model where they
 *   go on in the log; b near 0: the model's variation is noise; b small: exaggerated; b large: too timid. Predictions
 *   that do not vary have no b: they pass only where exits do not differ between slices of the log either;
 * - mean: predicted and observed within the threshold of each other, or not told apart;
 * - calibration error: not above the threshold or what chance alone explains;
 * - directions: from little to much engagement, and from the first items to late ones, exits rise or fall as in the log.
 */
export function exitGateOf(evidence: ExitEvidence, thresholds: RealismThresholds): ExitGate {
  const { rows, calibration, directions } = evidence;
  const { observed } = rows;
  const logit = rows.predicted.map((p) => {
    const inside = Math.min(1 - SURE, Math.max(SURE, p));
    return Math.log(inside / (1 - inside));
  });
  const varies = Math.sqrt(moments(logit).variance) >= thresholds.flat;
  const line = varies ? recalibrate(rows, logit) : undefined;
  const z = twoSidedZ(LEVEL);
  const coefficient = (value: number, error: number): Coefficient => ({
    value,
    interval: [value - z * error, value + z * error],
  });
  const slope = line === undefined ? null : coefficient(line.slope, line.slopeError);
  const checks = [
    varies ? slopeCheck(slope, thresholds) : flatCheck(evidence, thresholds),
    meanCheck(calibration, thresholds),
    errorCheck(calibration, thresholds),
    ...directions.map(directionCheck),
  ];
  const failed = checks.filter(({ passed }) => !passed);
  return {
    passed: failed.length === 0,
    why: (failed.length === 0 ? checks : failed).map(({ found }) => found).join('; '),
    rows: observed.length,
    exits: observed.reduce((sum, y) => sum + y, 0),
    intercept: line === undefined ? null : coefficient(line.intercept, line.interceptError),
    slope,
    checks,
  };
}

function slopeCheck(slope: Coefficient | null, { slope: [low, high] }: RealismThresholds): GateCheck {
  const name = 'slope';
  if (slope === null) {
    return { name, passed: false, found: 'the held-out rows carry no calibration slope: their exits are all alike' };
  }
  const [from, to] = slope.interval;
  const passed = from >= low && to <= high;
  const wanted = `${short(low)} to ${short(high)}`;
  const meaning = passed
    ? `inside ${wanted}`
    : to < 0
      ? `expected ${wanted}: sessions end in the model where they go on in the log`
      : to < low
        ? `expected ${wanted}: the model exaggerates what ends sessions`
        : from > high
          ? `expected ${wanted}: the model is too timid about what ends sessions`
          : `expected ${wanted}: too few exits to tell, or a slope at the edge`;
  return { name, passed, found: `exit slope ${short(slope.value)} (${span(slope.interval)}), ${meaning}` };
}

/** Predictions that do not vary: right only where the log's exits do not vary either, as far as slices can tell. */
function flatCheck({ calibration, tables }: ExitEvidence, { flat }: RealismThresholds): GateCheck {
  const name = 'slope';
  const p = calibration.meanObserved;
  const tests = tables.map(({ by, rows }) => {
    const surplus = rows.map(({ rows: n, observed }) => (n * (observed - p) ** 2) / (p * (1 - p)));
    const square = surplus.reduce((sum, value) => sum + value, 0);
    return { by, chance: chiSquareUpper(square, rows.length - 1) };
  });
  const found = tests.find(({ chance }) => chance * tests.length < SIGNAL);
  if (!(p > 0 && p < 1)) return { name, passed: false, found: 'the held-out exits are all alike: they tell nothing' };
  const flatly = `exit predictions do not vary (log-odds by less than ${short(flat)})`;
  if (found === undefined) return { name, passed: true, found: `${flatly}, and neither do the log's between slices` };
  return { name, passed: false, found: `${flatly}, but in the log exits differ by ${found.by}` };
}

function meanCheck(calibration: HeadCalibration, thresholds: RealismThresholds): GateCheck {
  const { meanPredicted, meanObserved, interval } = calibration;
  const passed = meanAgrees(calibration, thresholds);
  const numbers = `mean exit ${short(meanPredicted)} predicted, ${short(meanObserved)} observed (${span(interval)})`;
  return {
    name: 'mean',
    passed,
    found: passed ? numbers : `${numbers}, expected within ${inPercent(thresholds.mean)}`,
  };
}

function errorCheck(
  { quality, meanObserved, errorByChance }: HeadCalibration,
  thresholds: RealismThresholds,
): GateCheck {
  const error = quality.expectedCalibrationError;
  const limit = errorLimit(meanObserved, errorByChance, thresholds);
  const passed = error <= limit;
  return {
    name: 'calibration error',
    passed,
    found: `exit calibration error ${short(error)}, ${passed ? 'within' : 'expected at most'} ${short(limit)}`,
  };
}

function directionCheck({ by, from, to, observed, interval, predicted, agrees }: Direction): GateCheck {
  const change = `${short(observed)} (${span(interval)}) in the log, ${short(predicted)} in the model`;
  const told =
    agrees === null
      ? ', which the log does not tell from nothing'
      : agrees
        ? ''
        : predicted === 0
          ? ': no change'
          : ': the other way round';
  return {
    name: `direction by ${by}`,
    passed: agrees !== false,
    found: `exits from '${from}' to '${to}' by ${by}: ${change}${told}`,
  };
}
