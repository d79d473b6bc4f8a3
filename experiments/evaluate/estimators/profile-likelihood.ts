import type { Terms } from '../rounds.js';
import type { MostLikely } from './likelihood.js';

const MOST_STEPS = 60;
const SETTLED = 1e-12;

/**
 * Profile interval of empirical likelihood (Owen 1990; Qin and Lawless 1994): every v that the likelihood ratio does not
 * rule out,
 *
 *     2·max_{β,γ} Σ log(1 + β(w − 1) + γ·w(r − v)) − 2·Σ log(1 + β̂(w − 1)) ≤ χ²₁.
 *
 * It follows the skewness of the rounds, where the normal interval is symmetric. Undefined where mean weight 1 cannot be
 * reached at all, or no v is ruled out.
 *
 * @param limit the quantile of χ² with one degree of freedom
 */
export function profileInterval(terms: Terms, best: MostLikely, limit: number): readonly [number, number] | undefined {
  if (!best.inside || terms.weight.length < 2) return undefined;
  const scale = scaleOf(terms, best.value);
  if (scale === 0) return [best.value, best.value];
  const profile = new Profile(terms, best);
  const [low, high] = [edge(profile, best.value, -scale, limit), edge(profile, best.value, scale, limit)];
  return Number.isFinite(low) && Number.isFinite(high) ? [low, high] : undefined;
}

/** The normal half-width for one standard error: where to look first. */
function scaleOf({ weight, reward }: Terms, value: number): number {
  let squares = 0;
  for (let i = 0; i < weight.length; i++) squares += (weight[i] * (reward[i] - value)) ** 2;
  return Math.sqrt(squares) / weight.length;
}

/** The v on one side of the value where the ratio reaches the limit; its root is nearly linear in v, so secants hit fast. */
function edge(profile: Profile, value: number, step: number, limit: number): number {
  const wanted = Math.sqrt(limit);
  const excess = (t: number): number => Math.sqrt(Math.max(profile.ratio(value + t * step), 0)) - wanted;
  let [inside, outside] = [0, wanted];
  let [low, high] = [-wanted, excess(outside)];
  for (let doubled = 0; high < 0 && doubled < MOST_STEPS; doubled++) {
    [inside, low, outside] = [outside, high, 2 * outside];
    high = excess(outside);
  }
  for (let i = 0; i < MOST_STEPS && outside - inside > SETTLED * outside; i++) {
    const secant = inside + ((outside - inside) * -low) / (high - low);
    const t = i % 4 === 3 ? 0.5 * (inside + outside) : secant;
    const at = excess(t);
    if (Math.abs(at) < SETTLED) return value + t * step;
    if (at < 0) [inside, low] = [t, at];
    else [outside, high] = [t, at];
  }
  return value + 0.5 * (inside + outside) * step;
}

/** −2 log of the profile likelihood ratio of v, by Newton's method from where the last v ended. */
class Profile {
  readonly #terms: Terms;
  readonly #base: number;
  #beta: number;
  #gamma = 0;

  constructor(terms: Terms, { beta }: MostLikely) {
    this.#terms = terms;
    this.#beta = beta;
    this.#base = this.#sum(0, beta, 0).value;
  }

  ratio(v: number): number {
    let here = this.#sum(v, this.#beta, this.#gamma);
    for (let step = 0; step < MOST_STEPS; step++) {
      const { gradient, curvature } = here;
      // Weights that are all 1 leave β without a say: what remains is the likelihood of the rewards' mean.
      const flat = curvature[0] === 0;
      const det = flat ? curvature[2] : curvature[0] * curvature[2] - curvature[1] * curvature[1];
      if (!(det > 0)) break;
      const beta = flat ? 0 : (curvature[2] * gradient[0] - curvature[1] * gradient[1]) / det;
      const gamma = flat ? gradient[1] / det : (curvature[0] * gradient[1] - curvature[1] * gradient[0]) / det;
      const gain = beta * gradient[0] + gamma * gradient[1];
      let length = 1;
      let next = this.#sum(v, this.#beta + beta, this.#gamma + gamma);
      while (next.value < here.value && length > 1e-9) {
        length /= 2;
        next = this.#sum(v, this.#beta + length * beta, this.#gamma + length * gamma);
      }
      this.#beta += length * beta;
      this.#gamma += length * gamma;
      here = next;
      if (!(gain > SETTLED)) break;
    }
    return 2 * (here.value - this.#base);
  }

  /**
   * Σ log(1 + β(w − 1) + γ·w(r − v)) with gradient and negative curvature. Below 1/N the logarithm goes on as a parabola
   * (Owen's log*), which no solution touches but every step may cross.
   */
  #sum(v: number, beta: number, gamma: number): { value: number; gradient: number[]; curvature: number[] } {
    const { weight, reward } = this.#terms;
    const least = 1 / weight.length;
    const logLeast = Math.log(least) - 1.5;
    let [value, g0, g1, c00, c01, c11] = [0, 0, 0, 0, 0, 0];
    for (let i = 0; i < weight.length; i++) {
      const x = weight[i] - 1;
      const y = weight[i] * (reward[i] - v);
      const z = 1 + beta * x + gamma * y;
      let first;
      let second;
      if (z >= least) {
        value += Math.log(z);
        first = 1 / z;
        second = first * first;
      } else {
        const t = z / least;
        value += logLeast + 2 * t - 0.5 * t * t;
        first = (2 - t) / least;
        second = 1 / (least * least);
      }
      g0 += first * x;
      g1 += first * y;
      c00 += second * x * x;
      c01 += second * x * y;
      c11 += second * y * y;
    }
    return { value, gradient: [g0, g1], curvature: [c00, c01, c11] };
  }
}
