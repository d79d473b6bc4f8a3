import type { Agent, Decision } from '../../agents/contract.js';
import { complaint } from '../../core/check.js';
import { actionBuffer, stepBatch } from '../../envs/buffers.js';
import type { Env, StepBatch } from '../../envs/contract.js';

export interface RolloutRequest {
  readonly env: Env;
  readonly agent: Agent;
  readonly seed: number;
  /** Sessions wanted at least. Every world plays the same number of them, so there may be some more. */
  readonly sessions: number;
  /** Whether actions are drawn, or the best known ones taken. */
  readonly explore: boolean;
  /** Steps of every world after which a session that does not end is an error; 1,000,000 unless given. */
  readonly patience?: number;
}

/** What the sessions of one rollout came to. */
export interface Rollout {
  readonly seed: number;
  readonly sessions: number;
  readonly meanReturn: number;
  /** Of the mean, over sessions: standard deviation ÷ √sessions; NaN for a single session. */
  readonly standardError: number;
  readonly meanLength: number;
  /** Mean per session of each part of the reward. */
  readonly objectives: Readonly<Record<string, number>>;
  /** Share of sessions that ended for each reason. */
  readonly endReasons: Readonly<Record<string, number>>;
  /** [sessions] ordered by world, then by session. */
  readonly returns: Float64Array;
  readonly lengths: Float64Array;
}

/** One decision of a rollout, while it is played; `before` and `after` are overwritten by the next step. */
export interface Moment {
  readonly world: number;
  /** Number of the session within its world, from 0. */
  readonly session: number;
  /** Number of the decision within its session, from 0. */
  readonly step: number;
  readonly before: StepBatch;
  readonly decision: Decision;
  readonly after: StepBatch;
}

/**
 * Plays an agent that does not learn meanwhile, and leaves it as it was found. Counted are the first
 * k = ⌈sessions / B⌉ sessions of each world, however long they take: counting the first ones to finish would prefer
 * short sessions.
 */
export function rollout(request: RolloutRequest, onMoment?: (moment: Moment) => void): Rollout {
  const { env, agent, seed, sessions, explore, patience = 1_000_000 } = request;
  const { batch: B, objectives, endReasons } = env.spec;
  const R = objectives.length;
  const perWorld = Math.max(1, Math.ceil(sessions / B));
  const total = perWorld * B;
  const returns = new Float64Array(total);
  const lengths = new Float64Array(total);
  const parts = new Float64Array(R);
  const reasons = new Float64Array(endReasons.length);
  const session = new Int32Array(B);
  let left = total;
  let before = stepBatch(env.spec);
  let after = stepBatch(env.spec);
  const decision: Decision = { action: actionBuffer(env.spec), propensity: new Float32Array(B) };
  const found = agent.snapshot();
  try {
    env.reset(seed, before);
    for (let step = 0; left > 0; step++) {
      if (step >= patience * perWorld) throw endless(env, step);
      agent.act(before.observation, decision, explore);
      env.step(decision.action, after);
      for (let b = 0; b < B; b++) {
        if (session[b] >= perWorld) continue;
        const row = b * perWorld + session[b];
        onMoment?.({ world: b, session: session[b], step: lengths[row], before, decision, after });
        returns[row] += after.reward[b];
        lengths[row]++;
        for (let r = 0; r < R; r++) parts[r] += after.objectives[b * R + r];
        if (after.terminated[b] === 0 && after.truncated[b] === 0) continue;
        reasons[after.endReason[b]]++;
        session[b]++;
        left--;
      }
      [before, after] = [after, before];
    }
  } finally {
    agent.restore(found);
  }
  const meanReturn = mean(returns);
  const squares = returns.reduce((sum, value) => sum + (value - meanReturn) ** 2, 0);
  return {
    seed,
    sessions: total,
    meanReturn,
    standardError: total > 1 ? Math.sqrt(squares / (total - 1) / total) : NaN,
    meanLength: mean(lengths),
    objectives: Object.fromEntries(objectives.map((name, r) => [name, parts[r] / total])),
    endReasons: Object.fromEntries(
      endReasons.flatMap(({ name }, i) => (reasons[i] > 0 ? [[name, reasons[i] / total] as const] : [])),
    ),
    returns,
    lengths,
  };
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function endless(env: Env, step: number): Error {
  return complaint('usage', {
    where: `rollout in ${env.spec.id}`,
    expected: 'sessions that end',
    received: `${step} steps and still some that run`,
    try: 'Give the env a step limit, or the rollout more patience.',
  });
}
