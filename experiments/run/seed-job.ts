import { z } from 'zod';
import { choose } from '../../core/check.js';
import { hash32, stream } from '../../core/random.js';
import type { Agent, Metrics } from '../../agents/contract.js';
import type { EnvExperiment } from '../config/schema.js';
import { rollout } from '../online/rollout.js';
import { train } from '../online/train.js';
import { agents } from '../tables.js';
import type { Stage } from './stage.js';
import { curveSchema, readCheckpoint, writeCheckpoint, type SeedCurve } from './seed-checkpoint.js';

/** One seed of an env experiment: what a worker thread is told. */
export interface SeedJob {
  readonly experiment: EnvExperiment;
  readonly seed: number;
  readonly backend: string;
  /** Where its checkpoint is kept. */
  readonly checkpoint: string;
}

const rolloutSchema = z.object({
  policy: z.string(),
  sessions: z.number(),
  meanReturn: z.number(),
  standardError: z.number(),
  meanLength: z.number(),
});
export const seedResultSchema = z.object({
  seed: z.number(),
  env: z.string(),
  curve: curveSchema,
  rollouts: z.array(rolloutSchema),
});

/** What one seed came to; equal for any number of workers and any interruptions. */
export type SeedResult = z.infer<typeof seedResultSchema>;

/** Worlds of a rollout at most; more sessions are played one after the other in each. */
const ROLLOUT_WORLDS = 256;

/** Trains the agent on that stage from its last checkpoint, or from the start, and plays it and the baselines. */
export function runSeed(
  { experiment, seed, checkpoint }: SeedJob,
  stage: Stage,
  onProgress: (step: number, note: string) => void,
): SeedResult {
  const { agent, run, baselines, evaluation } = experiment;
  const training = stage.make(run.worlds);
  const born = (id: string, settings: EnvExperiment['agent']['settings'], name: string): Agent =>
    choose('agent', agents, id).with(settings)(training.spec, stream(seed).fork(name), run.steps, stage.built);
  const learner = born(agent.id, agent.settings, 'agent');
  const before = readCheckpoint(checkpoint);
  const curve: SeedCurve = before?.curve ?? [];
  const end = train({
    env: training,
    agent: learner,
    seed,
    totalSteps: run.steps,
    checkpointEvery: run.checkpointEvery,
    ...(before === undefined ? {} : { resume: before.state }),
    onMetrics: (step, metrics: Metrics) => {
      curve.push({ step, metrics: { ...metrics } });
      onProgress(step, 'meanReturn' in metrics ? `return ${metrics['meanReturn'].toPrecision(4)}` : '');
    },
    onCheckpoint: (state) => {
      writeCheckpoint(checkpoint, state, curve);
    },
  });
  // What was learned is kept, for those who act by it later.
  writeCheckpoint(checkpoint, end, curve);
  const sessions = evaluation.episodes;
  const judged = stage.make(Math.min(sessions, ROLLOUT_WORLDS));
  const players = [
    { id: agent.id, player: learner, explore: evaluation.explore },
    ...baselines.map(({ id, settings }) => ({ id, player: born(id, settings, `baseline ${id}`), explore: true })),
  ];
  const rollouts = players.map(({ id, player, explore }) => {
    const {
      sessions: played,
      meanReturn,
      standardError,
      meanLength,
    } = rollout({ env: judged, agent: player, seed: hash32(`judge/${seed}`), sessions, explore });
    return {
      policy: id,
      sessions: played,
      meanReturn,
      standardError: Number.isNaN(standardError) ? 0 : standardError,
      meanLength,
    };
  });
  return { seed, env: training.spec.id, curve, rollouts };
}
