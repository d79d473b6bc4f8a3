import { betaQuantile, betaTail } from '../../../core/stats/beta.js';
import { binet, deviance } from '../../../core/stats/gamma.js';

/** Successes among units of one arm. */
export interface Counts {
  readonly successes: number;
  readonly units: number;
}

/** A beta belief about a proportion: as if a successes and b failures had been seen. Both above 0. */
export interface BetaPrior {
  readonly a: number;
  readonly b: number;
}

/** What to believe of two proportions. */
export interface ProportionBelief {
  /** Posterior means and central credible intervals, control first. */
  readonly values: readonly { readonly mean: number; readonly interval: readonly [number, number] }[];
  /** P(arm > control). */
  readonly chanceToWin: number;
  /** E max(0, control − arm), what choosing the arm loses on average. */
  readonly risk: number;
  /** E max(0, arm − control). */
  readonly riskOfControl: number;
}

/** Grid steps per standard deviation of the narrower belief; the trapezoid rule is then exact to about 1e-14. */
const STEPS = 5;
/** Grid points leave out what is below e^(−REACH) of the density's top. */
const REACH = 40;

/**
 * Beta-binomial beliefs of two independent proportions, and which is larger, exactly (no normal approximation, no
 * draws). With posteriors F_A, F_B:
 *
 *     P(B > A) = ∫ f_B F_A      E max(0, A − B) = ∫ F_B (1 − F_A)
 *
 * both by the trapezoid rule over ln(x/(1 − x)), where the integrands are smooth and vanish at both ends, so that it
 * converges exponentially. All terms are positive: tiny chances and risks keep their digits.
 *
 * @param prior uniform unless given; the same for both arms
 */
export function posteriorProportions(
  control: Counts,
  arm: Counts,
  prior: BetaPrior = { a: 1, b: 1 },
  level = 0.95,
): ProportionBelief {
  const [a, b] = [control, arm].map(({ successes, units }) => ({
    a: prior.a + successes,
    b: prior.b + units - successes,
  }));
  return {
    values: [a, b].map((belief) => ({
      mean: belief.a / (belief.a + belief.b),
      interval: [
        betaQuantile((1 - level) / 2, belief.a, belief.b),
        betaQuantile((1 + level) / 2, belief.a, belief.b),
      ] as const,
    })),
    chanceToWin: chanceLarger(b, a),
    risk: expectedGap(a, b),
    riskOfControl: expectedGap(b, a),
  };
}

/** Spread of ln(x/(1 − x)) near its middle: 1/√a + … of a beta belief, √(1/a + 1/b). */
function spread({ a, b }: BetaPrior): number {
  return Math.min(Math.sqrt(1 / a + 1 / b), 2);
}

/** P(X > Y): the density of the narrower belief with the tail of the wider one. */
function chanceLarger(x: BetaPrior, y: BetaPrior): number {
  const narrow = spread(x) < spread(y) ? x : y;
  const wide = narrow === x ? y : x;
  const tail = narrow === x ? lower : upper;
  const { from, to } = range(narrow);
  const step = spread(narrow) / STEPS;
  let sum = 0;
  for (let u = from; u <= to; u += step) sum += density(narrow, u) * tail(wide, u);
  return Math.min(1, sum * step);
}

/** E max(0, X − Y) = ∫ P(Y ≤ t < X) dt. */
function expectedGap(x: BetaPrior, y: BetaPrior): number {
  const [first, second] = [range(x), range(y)];
  const step = Math.min(spread(x), spread(y)) / STEPS;
  const to = Math.max(first.to, second.to);
  let sum = 0;
  for (let u = Math.min(first.from, second.from); u <= to; u += step) {
    sum += lower(y, u) * upper(x, u) * logistic(u) * logistic(-u);
  }
  return sum * step;
}

const logistic = (u: number): number => (u < 0 ? Math.exp(u) / (1 + Math.exp(u)) : 1 / (1 + Math.exp(-u)));

/** P(X ≤ x) and P(X > x) at x = logistic(u), from x and 1 − x both, so that neither end of [0, 1] loses digits. */
const lower = ({ a, b }: BetaPrior, u: number): number => betaTail(logistic(u), logistic(-u), a, b);
const upper = ({ a, b }: BetaPrior, u: number): number => betaTail(logistic(-u), logistic(u), b, a);

/** Where the density of ln(x/(1 − x)) is not negligible. */
function range({ a, b }: BetaPrior): { from: number; to: number } {
  const top = Math.log(a / b);
  const far = (side: number): number => {
    let size = spread({ a, b });
    while (logKernel({ a, b }, top + side * size) > -REACH) size *= 1.25;
    return top + side * size;
  };
  return { from: far(-1), to: far(1) };
}

/** ln of x^a (1 − x)^b over its largest value, by deviances. */
function logKernel({ a, b }: BetaPrior, u: number): number {
  const n = a + b;
  const x = logistic(u);
  const y = logistic(-u);
  if (x === 0 || y === 0) return -Infinity;
  const d = x < y ? a - n * x : n * y - b;
  return -deviance(a, n * x, d) - deviance(b, n * y, -d);
}

/** Density of ln(x/(1 − x)): x^a (1 − x)^b / B(a, b). */
function density(belief: BetaPrior, u: number): number {
  const { a, b } = belief;
  const n = a + b;
  const log = logKernel(belief, u) + binet(n) - binet(a) - binet(b);
  return Math.exp(log) * Math.sqrt((a / n) * (b / (2 * Math.PI)));
}
