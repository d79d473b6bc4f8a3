import type { Agent, AgentState } from '../../agents/contract.js';
import { choose, complaint } from '../../core/check.js';
import { hash32, stream } from '../../core/random.js';
import type { EnvSpec } from '../../envs/contract.js';
import type { FeedExperiment } from '../config/feed-schema.js';
import { train, type Checkpoint } from '../online/train.js';
import { readCheckpoint, writeCheckpoint, type SeedCurve } from '../run/seed-checkpoint.js';
import { agents } from '../tables.js';
import { sumsOf } from './outcomes.js';
import { playFeed } from './play.js';
import type { Prepared, SeedRequest } from './prepare.js';
import { feedEnv, otherSettings, type Scene } from './scene.js';
import { PLAYED_TOGETHER } from './serving.js';

export type Learner = FeedExperiment['agent'];

/** The name an agent goes by. */
export const nameOf = ({ id, name }: { readonly id: string; readonly name?: string | undefined }): string => name ?? id;

/** A policy that has learned. */
export interface LearnedPolicy {
  readonly name: string;
  /** Numbers of the training, update by update. */
  readonly curve: SeedCurve;
  /** What it earned where it is tried, after some updates: of the best known items, and of drawn ones. */
  readonly along: readonly { readonly update: number; readonly greedy: number; readonly drawn: number }[];
  /** The scene it is tried in: production's candidates, or those it learned with. */
  readonly tried: (scene: Scene) => Scene;
  /** The policy, for a spec of such a scene. */
  readonly agent: (spec: EnvSpec) => Agent;
}

/** Trains one policy in the simulator; a training goes on from its last checkpoint where there is one. */
export function learnPolicy(
  request: SeedRequest,
  { simulated, judged, production }: Prepared,
  learner: Learner,
): LearnedPolicy {
  const { experiment, seed, checkpoints, onProgress } = request;
  const { train: run, evaluation } = experiment;
  const name = nameOf(learner);
  const env = feedEnv(otherSettings(simulated, learner.env), run.worlds);
  const built = { ranker: production.response };
  const born = (settings: Learner['settings'], spec: EnvSpec): Agent =>
    choose('agent', agents, learner.id).with(settings)(spec, stream(seed).fork('agent'), run.steps, built);
  const agent = born(learner.settings, env.spec);
  // A curve through time wants every moment of it: such trainings begin anew.
  const file =
    checkpoints === undefined || evaluation.along.length > 0 ? undefined : `${checkpoints}/${trainingFile(name)}`;
  const known = file === undefined ? undefined : readCheckpoint(file);
  const curve: SeedCurve = known?.curve ?? [];
  const remember = (state: Checkpoint): void => {
    if (file !== undefined) writeCheckpoint(file, state, curve);
  };
  const moments: { readonly update: number; readonly state: AgentState }[] = [];
  const keepMoment = (update: number): void => {
    if (evaluation.along.includes(update)) moments.push({ update, state: agent.snapshot() });
  };
  keepMoment(0);
  const end = train({
    ...{ env, agent, seed: hash32(`feed/train/${seed}`), totalSteps: run.steps },
    ...(known === undefined ? {} : { resume: known.state }),
    checkpointEvery: run.checkpointEvery,
    onCheckpoint: remember,
    onMetrics: (step, metrics) => {
      curve.push({ step, metrics: { ...metrics } });
      keepMoment(curve.length);
      const note = 'meanReturn' in metrics ? `return ${metrics['meanReturn'].toPrecision(4)}` : '';
      onProgress?.(`training ${name}`, step, run.steps, note);
    },
  });
  remember(end);
  const own = learner.tried === 'own';
  const tried = (scene: Scene): Scene => (own ? otherSettings(scene, learner.env) : scene);
  const served = servedSettings(learner);
  const playerOf = (spec: EnvSpec, state: AgentState): Agent => {
    // The batch is that of the training run, whose unfinished lesson is part of the agent.
    const player = born(served, { ...spec, batch: run.worlds });
    player.restore(state);
    return player;
  };
  return {
    ...{ name, curve, tried },
    along: moments.map(({ update, state }) => ({
      update,
      ...earned(tried(judged), (spec) => playerOf(spec, state), { seed, sessions: evaluation.alongSessions }),
    })),
    agent: (spec) => playerOf(spec, end.agent),
  };
}

/** Settings with which a policy acts once it has learned: in production nothing is injected. */
export function servedSettings({ id, tried, settings }: Learner): Learner['settings'] {
  return tried === 'own' || id !== 'recomind' ? settings : { ...settings, ...IN_PRODUCTION };
}

/** How recomind acts once it serves: among what was retrieved. */
const IN_PRODUCTION = { exploration: 'top-k', injected: 0 } as const;

/** Main outcome per session, of the best known items and of drawn ones. */
function earned(
  scene: Scene,
  agentOf: (spec: EnvSpec) => Agent,
  { seed, sessions }: { readonly seed: number; readonly sessions: number },
): { readonly greedy: number; readonly drawn: number } {
  const env = feedEnv(scene, Math.min(PLAYED_TOGETHER, sessions));
  const agent = agentOf(env.spec);
  const [greedy, drawn] = [false, true].map((explore) => {
    const played = playFeed({ env, agent, explore, seed: hash32(`feed/along/${seed}`), sessions });
    const main = sumsOf(played, scene.people)[scene.people.layout.outcomes[0]];
    return main.reduce((sum, value) => sum + value, 0) / sessions;
  });
  return { greedy, drawn };
}

/** The file in which a policy's training is kept. Names of other letters than these get a hash: no two share a file. */
export function trainingFile(name: string): string {
  const plain = name.replaceAll(/[^a-z0-9-]/g, '_');
  return `${plain === name ? name : `${plain}-${hash32(name).toString(16)}`}.training.safetensors`;
}

/** Throws unless every policy of an experiment has a name of its own. */
export function checkNames({ agent, rivals, baselines }: FeedExperiment): void {
  const names = [agent, ...rivals, ...baselines].map(nameOf);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return;
  throw complaint('config', {
    where: 'agent, rivals and baselines',
    expected: 'names of their own',
    received: `'${twice}' twice`,
    try: "Add 'name' to one of them.",
  });
}
