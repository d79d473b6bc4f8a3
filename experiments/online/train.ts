import type { Agent, AgentState, Decision, Metrics } from '../../agents/contract.js';
import { complaint } from '../../core/check.js';
import { actionBuffer, stepBatch } from '../../envs/buffers.js';
import type { Env, EnvState } from '../../envs/contract.js';

/** A run that can go on bit for bit: everything that decides what happens next. */
export interface Checkpoint {
  /** Steps over all worlds so far. */
  readonly step: number;
  readonly seed: number;
  readonly env: EnvState;
  readonly agent: AgentState;
  /** [B, O] where the worlds are now. */
  readonly observation: Float32Array;
  readonly tally: SessionTally;
}

/** How the sessions of the training run go; for the learning curve, never for judging the agent. */
export interface SessionTally {
  /** [B] return and length so far of the session each world is in. */
  readonly running: { readonly earned: Float64Array; readonly length: Float64Array };
  /** Sessions that ended since the curve's last point: their number, and sums over them. */
  readonly ended: { readonly sessions: number; readonly earned: number; readonly length: number };
}

export interface TrainRequest {
  readonly env: Env;
  readonly agent: Agent;
  readonly seed: number;
  /** Steps over all worlds; the run ends with the first whole step at or beyond it. */
  readonly totalSteps: number;
  /**
   * A point of the learning curve: what the agent measured when it learned, and `meanReturn`, `meanLength` of the
   * `sessions` that ended since the last point (the first two are absent when none did).
   */
  readonly onMetrics?: (step: number, metrics: Metrics) => void;
  /** Steps over all worlds between checkpoints. */
  readonly checkpointEvery?: number;
  readonly onCheckpoint?: (checkpoint: Checkpoint) => void;
  /** Goes on from there instead of starting; env, agent and request must be made as they were. */
  readonly resume?: Checkpoint;
}

/**
 * The loop that lets an agent learn in an env: act, step, learn, from `seed` to `totalSteps`. Resuming from any of its
 * checkpoints ends in the same bytes as never having stopped.
 *
 * @returns where the run ended
 */
export function train(request: TrainRequest): Checkpoint {
  const { env, agent, seed, totalSteps, onMetrics, resume } = request;
  const B = env.spec.batch;
  const every = request.checkpointEvery ?? Infinity;
  let before = stepBatch(env.spec);
  let after = stepBatch(env.spec);
  const decision: Decision = { action: actionBuffer(env.spec), propensity: new Float32Array(B) };
  const earned = new Float64Array(B);
  const length = new Float64Array(B);
  let ended = { sessions: 0, earned: 0, length: 0 };
  let step = 0;
  if (resume === undefined) env.reset(seed, before);
  else {
    if (resume.seed !== seed) {
      throw complaint('usage', {
        where: 'resume',
        expected: `a checkpoint of seed ${seed}`,
        received: `one of ${resume.seed}`,
      });
    }
    env.restore(resume.env);
    agent.restore(resume.agent);
    before.observation.set(resume.observation);
    earned.set(resume.tally.running.earned);
    length.set(resume.tally.running.length);
    ended = { ...resume.tally.ended };
    step = resume.step;
  }
  const checkpoint = (): Checkpoint => ({
    step,
    seed,
    env: env.snapshot(),
    agent: agent.snapshot(),
    observation: before.observation.slice(),
    tally: { running: { earned: earned.slice(), length: length.slice() }, ended: { ...ended } },
  });

  while (step < totalSteps) {
    agent.act(before.observation, decision);
    env.step(decision.action, after);
    const metrics = agent.learn(before.observation, decision, after);
    step += B;
    for (let b = 0; b < B; b++) {
      earned[b] += after.reward[b];
      length[b]++;
      if (after.terminated[b] === 0 && after.truncated[b] === 0) continue;
      ended.sessions++;
      ended.earned += earned[b];
      ended.length += length[b];
      earned[b] = 0;
      length[b] = 0;
    }
    if (metrics !== undefined) {
      onMetrics?.(step, { ...metrics, ...meansOf(ended) });
      ended = { sessions: 0, earned: 0, length: 0 };
    }
    [before, after] = [after, before];
    if (Math.floor(step / every) > Math.floor((step - B) / every)) request.onCheckpoint?.(checkpoint());
  }
  return checkpoint();
}

function meansOf({ sessions, earned, length }: SessionTally['ended']): Metrics {
  return sessions === 0 ? { sessions } : { sessions, meanReturn: earned / sessions, meanLength: length / sessions };
}
