import { complaint, expectLength, expectNumber } from '../../core/check.js';
import type { Rng } from '../../core/random.js';
import type { Log, Rows } from '../../logs/record.js';
import type { OnProgress } from '../../reward-models/contract.js';
import type { ContextPolicy, ContextRows, Metrics } from '../contract.js';
import { mixUniform } from '../log-policies/candidates.js';
import { learningHead, type LearnedContextPolicy } from './fit-log.js';
import { GradientLearning } from './gradient-learning.js';
import { GRADIENT_DEFAULTS, type GradientSettings } from './gradient-settings.js';
import { policyGradient, type PolicyGradientSettings } from './importance-weighted.js';
import { loadNetwork } from './network-policy.js';
import type { ScoredPolicy } from './scored-policy.js';

export interface RefreshedSettings
  extends Omit<GradientSettings, 'epochs' | 'patience' | 'heldOut' | 'shuffle' | 'fallback'>, PolicyGradientSettings {
  /** Logs that are asked for, after the first one. */
  readonly rounds: number;
  /** Share of decisions that are uniform while it serves, ε in (0, 1]: keeps every propensity above 0. */
  readonly exploration: number;
}

/** A fresh log, served by the policy of the day. */
export interface RefreshedRound {
  readonly log: Log;
  readonly rows: Rows;
  /** [N] of every row of the log. */
  readonly reward: Float64Array;
}

export interface RefreshedRequest {
  /** What there is before the policy serves: a uniform log. */
  readonly first: RefreshedRound;
  /** Serves the policy and returns what was logged, with its probabilities as propensities. Rounds count from 1. */
  readonly refresh: (policy: ContextPolicy, round: number) => RefreshedRound;
  readonly settings: RefreshedSettings;
  readonly random: Rng;
  readonly onProgress?: OnProgress;
}

const NAME = 'refreshed';
const DEFAULTS: RefreshedSettings = {
  head: GRADIENT_DEFAULTS.head,
  hidden: GRADIENT_DEFAULTS.hidden,
  dropout: GRADIENT_DEFAULTS.dropout,
  batch: GRADIENT_DEFAULTS.batch,
  learningRate: GRADIENT_DEFAULTS.learningRate,
  weightDecay: GRADIENT_DEFAULTS.weightDecay,
  serving: GRADIENT_DEFAULTS.serving,
  clip: 10,
  baseline: 'mean',
  entropy: 0.01,
  ratio: true,
  rounds: 10,
  exploration: 0.1,
};

/**
 * On-policy REINFORCE with refreshed logs, the third reading of DRL-PUT: in every round the present policy serves, mixed
 * with uniform exploration, and one pass is made over what it logged:
 *
 *   μ(a|x) = (1 − ε)·π_old(a|x) + ε/A        ∇J = mean_n min(π_θ/μ, c)·(r_n − b)·∇ ln π_θ + β·∇H(π_θ)
 *
 * with b the mean reward of the round. The ratio is near 1 and mends what exploration and the steps since π_old changed;
 * `ratio: false` is the plain form.
 */
export const refreshed = {
  summary: 'softmax policy by REINFORCE on logs that it serves itself, refreshed round by round',
  defaults: DEFAULTS,
  learn,
  load: (bytes: Uint8Array): ScoredPolicy => loadNetwork(bytes, `recsys-gym/${NAME}`),
};

/** @throws a data error for a round that cannot be learned from */
function learn({ first, refresh, settings, random, onProgress }: RefreshedRequest): LearnedContextPolicy {
  const { rounds, exploration } = settings;
  expectNumber(`${NAME}: exploration`, exploration, 1e-9, 1);
  if (!(Number.isInteger(rounds) && rounds >= 1)) {
    throw complaint('config', {
      where: `${NAME}: rounds`,
      expected: 'a whole number of at least 1',
      received: String(rounds),
    });
  }
  const whole = { ...settings, epochs: rounds + 1, patience: 1, heldOut: 0, shuffle: false, fallback: '' };
  const learning = new GradientLearning(policyGradient(NAME, settings), learningHead(first), whole, random);
  learning.survey(pieceOf(first));
  const curve: Metrics[] = [];
  for (let round = 0, served = first; ; served = refresh(exploring(learning.policy('draw'), exploration), ++round)) {
    const mean = meanOf(served);
    learning.learnFrom(served.log, pieceOf(served), settings.baseline === 'none' ? 0 : mean);
    curve.push({ epoch: round, reward: mean });
    onProgress?.(round, rounds, `reward ${mean.toPrecision(4)}`);
    if (round === rounds) break;
  }
  return { ...learning.finish(), curve };
}

function pieceOf({ log, rows, reward }: RefreshedRound): { columns: Log; pick: Int32Array; reward: Float64Array } {
  expectLength(`${NAME}: reward of log '${log.name}'`, reward, { rows: log.rows });
  return { columns: log, pick: rows.index, reward };
}

function meanOf({ rows, reward }: RefreshedRound): number {
  return rows.index.reduce((sum, row) => sum + reward[row], 0) / rows.index.length;
}

/** (1 − ε)·π + ε/A. */
export function exploring(policy: ContextPolicy, exploration: number): ContextPolicy {
  const A = policy.actions;
  return {
    id: policy.id,
    actions: A,
    decide(context: ContextRows, out: Float64Array) {
      policy.decide(context, out);
      for (let i = 0; i < out.length; i++) out[i] = (1 - exploration) * out[i] + exploration / A;
    },
    probabilities(log, rows, out) {
      policy.probabilities(log, rows, out);
      mixUniform(log, rows, out, exploration);
    },
  };
}
