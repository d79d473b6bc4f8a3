import { complaint, expectLength, expectNumber } from '../../core/check.js';
import { normal, uniformInt } from '../../core/distributions.js';
import { hash32, stream, type Rng } from '../../core/random.js';
import type { DiscreteSpace } from '../../core/space.js';
import { checkPairs } from '../../logs/preference/pairs.js';
import type { PreferencePairs, RawPair } from '../../logs/preference/contract.js';
import type { PreferencePeople } from './contract.js';

export interface PreferenceBanditSettings {
  /** Names the world. */
  readonly seed: number;
  readonly contexts: number;
  readonly responses: number;
  /** Correlation ρ of the hidden preference and what the designer's reward is cut from, −1 to 1. */
  readonly correlation: number;
  /** Strength of the pull to the reference in the true objective, β. */
  readonly beta: number;
  /** Deviation of the hidden preference, in log-odds. */
  readonly spread: number;
}

/** 24 × 40 and β = 0.5 are the prototype's of the notes; a spread of 1 is *invented*. */
export const preferenceBanditDefaults: PreferenceBanditSettings = {
  seed: 1,
  contexts: 24,
  responses: 40,
  correlation: 0,
  beta: 0.5,
  spread: 1,
};

/** What a policy is really worth: means over contexts, nats for the divergence. */
export interface TrueWorth {
  /** E[r_p]. */
  readonly preference: number;
  /** E[R], the share of responses that the designer wants. */
  readonly reward: number;
  /** KL(π ‖ π_ref). */
  readonly divergence: number;
  /** J = E[r_p] + E[R] − β KL. */
  readonly objective: number;
  /** Chance that people prefer the policy's response to the reference's. */
  readonly winRate: number;
}

/**
 * Contexts × responses with everything known. For context x and response y, u and z standard normal with correlation ρ:
 *
 *     r_p(x, y) = spread · u     R(x, y) = 1{z > 0}     P(y beats y') = σ(r_p(x, y) − r_p(x, y'))
 *
 * π_ref is uniform. Pairs are two different responses drawn from π_ref. The optimum of J = E[r_p + R] − β KL(π ‖ π_ref) is
 *
 *     π*(y|x) ∝ π_ref(y|x) exp((r_p + R)/β),    J* = β · mean_x ln Σ_y π_ref exp((r_p + R)/β)
 */
export class PreferenceBandit implements PreferencePeople {
  readonly about: string;
  readonly contexts: number;
  readonly responses: number;
  readonly observation: DiscreteSpace;
  readonly action: DiscreteSpace;
  readonly outcomes = ['preference', 'designer'];
  readonly fingerprint: readonly number[];
  readonly settings: PreferenceBanditSettings;
  /** [C, K] r_p, hidden from learners. */
  readonly preference: Float64Array;
  /** [C, K] R. */
  readonly reward: Float32Array;

  constructor(given: Partial<PreferenceBanditSettings> = {}) {
    const settings = { ...preferenceBanditDefaults, ...given };
    checkBandit(settings);
    const { contexts: C, responses: K, correlation, spread } = settings;
    this.settings = settings;
    this.about = `preference bandit ${JSON.stringify(settings)}`;
    this.fingerprint = [hash32(this.about)];
    this.contexts = C;
    this.responses = K;
    this.observation = { kind: 'discrete', n: C };
    this.action = { kind: 'discrete', n: K };
    this.preference = new Float64Array(C * K);
    this.reward = new Float32Array(C * K);
    const random = stream(settings.seed).fork('preference bandit');
    const rest = Math.sqrt(1 - correlation ** 2);
    for (let i = 0; i < C * K; i++) {
      const u = normal(random);
      this.preference[i] = spread * u;
      this.reward[i] = Number(correlation * u + rest * normal(random) > 0);
    }
  }

  observe(context: number, out: Float32Array, at: number): void {
    out[at] = context;
  }

  answer(context: number, action: ArrayLike<number>, place: number, out: Float32Array, to: number): void {
    const cell = context * this.responses + action[place];
    out[to] = this.preference[cell];
    out[to + 1] = this.reward[cell];
  }

  /** n comparisons; with `contradicting`, only of responses on which the designer differs, and against the designer. */
  pairs(n: number, random: Rng, { contradicting = false } = {}): PreferencePairs {
    const { contexts: C, responses: K, preference, reward } = this;
    const raw: RawPair[] = [];
    let missed = 0;
    while (raw.length < n) {
      const context = uniformInt(random, C);
      const first = uniformInt(random, K);
      const second = (first + 1 + uniformInt(random, K - 1)) % K;
      const [a, b] = [context * K + first, context * K + second];
      const luck = random.next();
      if (contradicting && reward[a] === reward[b]) {
        if (++missed > 1000 * (n + 1))
          throw complaint('config', {
            where: 'preference bandit',
            expected: 'responses on which the designer differs',
            received: 'hardly any',
          });
        continue;
      }
      const wins = contradicting ? reward[a] < reward[b] : luck < sigmoid(preference[a] - preference[b]);
      const propensity = 1 / (C * K * (K - 1));
      raw.push({ line: raw.length + 1, context, first: [first], second: [second], winner: wins ? 1 : 2, propensity });
    }
    return checkPairs(raw, { contexts: C, sizes: new Int32Array(C).fill(K) }).pairs;
  }

  /** [C, K] the policy that maximises J, with R or another reward [C, K] of the designer. */
  optimum(reward: ArrayLike<number> = this.reward): Float64Array {
    const { responses: K, preference } = this;
    const { beta } = this.settings;
    const out = Float64Array.from(preference, (own, i) => (own + reward[i]) / beta);
    for (let at = 0; at < out.length; at += K) softmax(out.subarray(at, at + K));
    return out;
  }

  /** @param policy [C, K] each row sums to 1 */
  judge(policy: Float64Array): TrueWorth {
    const { preference, reward, divergence, objective, winRate } = this.judgeEach(policy);
    const mean = (values: Float64Array): number => values.reduce((a, b) => a + b, 0) / values.length;
    return {
      ...{ preference: mean(preference), reward: mean(reward), divergence: mean(divergence) },
      ...{ objective: mean(objective), winRate: mean(winRate) },
    };
  }

  /** The same context by context, [C] each, with R or another reward [C, K] of the designer. */
  judgeEach(
    policy: Float64Array,
    reward: ArrayLike<number> = this.reward,
  ): Readonly<Record<keyof TrueWorth, Float64Array>> {
    const { contexts: C, responses: K, preference } = this;
    expectLength('preference bandit: policy', policy, { contexts: C, responses: K });
    expectLength('preference bandit: reward', reward, { contexts: C, responses: K });
    const column = (): Float64Array => new Float64Array(C);
    const [ofPeople, ofDesigner, divergence, wins] = [column(), column(), column(), column()];
    for (let i = 0; i < C * K; i++) {
      const p = policy[i];
      if (p <= 0) continue;
      const c = Math.floor(i / K);
      ofPeople[c] += p * preference[i];
      ofDesigner[c] += p * reward[i];
      divergence[c] += p * Math.log(p * K);
      for (let j = c * K; j < (c + 1) * K; j++)
        wins[c] += (p * (i === j ? 0.5 : sigmoid(preference[i] - preference[j]))) / K;
    }
    const { beta } = this.settings;
    const objective = ofPeople.map((own, c) => own + ofDesigner[c] - beta * divergence[c]);
    return { preference: ofPeople, reward: ofDesigner, divergence, objective, winRate: wins };
  }
}

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** In place. */
function softmax(row: Float64Array): void {
  const highest = row.reduce((most, value) => Math.max(most, value), -Infinity);
  let total = 0;
  for (let k = 0; k < row.length; k++) total += row[k] = Math.exp(row[k] - highest);
  for (let k = 0; k < row.length; k++) row[k] /= total;
}

function checkBandit(settings: PreferenceBanditSettings): void {
  const where = 'preference bandit';
  for (const [name, least] of [
    ['contexts', 1],
    ['responses', 2],
  ] as const) {
    expectNumber(`${where}: ${name}`, settings[name], least, 1e6);
    if (!Number.isInteger(settings[name]))
      throw complaint('config', {
        where: `${where}: ${name}`,
        expected: 'a whole number',
        received: String(settings[name]),
      });
  }
  expectNumber(`${where}: correlation`, settings.correlation, -1, 1);
  expectNumber(`${where}: beta`, settings.beta, 1e-6, 1e6);
  expectNumber(`${where}: spread`, settings.spread, 0, 100);
}
