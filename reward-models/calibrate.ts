import type { Head } from './contract.js';

/** How a raw number is brought in line: `intercept + slope · z`, z the network's deviation from the base. */
export interface Calibration {
  readonly method: Head['calibration'];
  readonly intercept: number;
  readonly slope: number;
}

/** Fewer rows of the rarer class than this cannot carry a slope: only the intercept moves. */
export const ROWS_FOR_SLOPE = 20;
/** Prior standard deviation of the slope around 1: a weak pull that keeps it finite when classes separate. *Invented.* */
const SLOPE_DEVIATION = 0.5;

export interface CalibrationRows {
  /** [n] the network's deviation z from the base, on rows it was not fitted on. */
  readonly deviation: ArrayLike<number>;
  /** Log-odds of the base rate (0/1 outcomes). */
  readonly offset: number;
  /** [n] outcomes. */
  readonly observed: ArrayLike<number>;
  /**
   * How much the fitting rows already say about the intercept: rows of their rarer class. The intercept is pulled to 0
   * as if they had voted for 0, so that seven held-out clicks cannot overrule the forty that the model was fitted on.
   */
  readonly priorRows: number;
}

/**
 * Platt scaling (Platt 1999) of a logit written as offset + z: finds a, b for which σ(offset + a + b·z) is calibrated on
 * rows that the fit did not see. Maximises
 *
 *   Σ ln p(y | σ(offset + a + b·z)) − ½·a²·priorRows − ½·((b − 1)/0.5)²
 *
 * by Newton's method with halved steps. With fewer than 20 rows of the rarer class b stays 1; where b would be negative
 * (the network ranks the wrong way round) it is 0, and the model a constant.
 */
export function plattScaling({ deviation, offset, observed, priorRows }: CalibrationRows): Calibration {
  let positives = 0;
  for (let n = 0; n < observed.length; n++) positives += observed[n];
  const rarer = Math.min(positives, observed.length - positives);
  const withSlope = rarer >= ROWS_FOR_SLOPE && varies(deviation);
  const precision = { a: Math.max(1, priorRows), b: withSlope ? SLOPE_DEVIATION ** -2 : Infinity };
  const objective = (a: number, b: number): number => {
    let sum = 0.5 * precision.a * a * a + (withSlope ? 0.5 * precision.b * (b - 1) ** 2 : 0);
    for (let n = 0; n < observed.length; n++) {
      const logit = offset + a + b * deviation[n];
      sum += Math.max(logit, 0) - logit * observed[n] + Math.log1p(Math.exp(-Math.abs(logit)));
    }
    return sum;
  };
  let a = 0;
  let b = 1;
  let value = objective(a, b);
  for (let round = 0; round < 50; round++) {
    const [stepA, stepB] = newtonStep(a, b);
    let scale = 1;
    let next = objective(a + stepA, b + stepB);
    while (!(next <= value) && scale > 1e-6) {
      scale /= 2;
      next = objective(a + scale * stepA, b + scale * stepB);
    }
    if (!(next <= value)) break;
    a += scale * stepA;
    b += scale * stepB;
    const gain = value - next;
    value = next;
    if (gain < 1e-10 * (1 + Math.abs(value))) break;
  }
  if (b < 0) {
    const flat = plattScaling({ deviation: new Float64Array(observed.length), offset, observed, priorRows });
    return { method: 'intercept and slope', intercept: flat.intercept, slope: 0 };
  }
  return { method: withSlope ? 'intercept and slope' : 'intercept', intercept: a, slope: b };

  function newtonStep(at: number, slope: number): [number, number] {
    let ga = precision.a * at;
    let gb = withSlope ? precision.b * (slope - 1) : 0;
    let aa = precision.a;
    let ab = 0;
    let bb = withSlope ? precision.b : 1;
    for (let n = 0; n < observed.length; n++) {
      const z = deviation[n];
      const p = 1 / (1 + Math.exp(-(offset + at + slope * z)));
      const spread = p * (1 - p);
      ga += p - observed[n];
      aa += spread;
      if (!withSlope) continue;
      gb += (p - observed[n]) * z;
      ab += spread * z;
      bb += spread * z * z;
    }
    const determinant = aa * bb - ab * ab;
    return [-(bb * ga - ab * gb) / determinant, -(aa * gb - ab * ga) / determinant];
  }
}

/**
 * The same for amounts in standard units: least squares of y on a + b·z, with a pulled to 0 and b to 1 as above
 * (unit noise), b not below 0.
 */
export function linearScaling({ deviation, observed, priorRows }: Omit<CalibrationRows, 'offset'>): Calibration {
  const withSlope = observed.length >= ROWS_FOR_SLOPE && varies(deviation);
  let aa = Math.max(1, priorRows);
  let ab = 0;
  let bb = SLOPE_DEVIATION ** -2;
  let ga = 0;
  let gb = 0;
  for (let n = 0; n < observed.length; n++) {
    const z = deviation[n];
    const missed = observed[n] - z;
    aa++;
    ab += z;
    bb += z * z;
    ga += missed;
    gb += missed * z;
  }
  if (!withSlope) return { method: 'intercept', intercept: ga / aa, slope: 1 };
  const determinant = aa * bb - ab * ab;
  const slope = 1 + (aa * gb - ab * ga) / determinant;
  if (slope < 0) return { method: 'intercept and slope', intercept: (ga + ab) / aa, slope: 0 };
  return { method: 'intercept and slope', intercept: (bb * ga - ab * gb) / determinant, slope };
}

function varies(values: ArrayLike<number>): boolean {
  for (let n = 1; n < values.length; n++) if (values[n] !== values[0]) return true;
  return false;
}
