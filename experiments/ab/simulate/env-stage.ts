import type { Agent, BuiltOn } from '../../../agents/contract.js';
import { choose } from '../../../core/check.js';
import { stream } from '../../../core/random.js';
import type { EnvSpec } from '../../../envs/contract.js';
import type { AbExperiment } from '../../config/ab-schema.js';
import { rankerOfRun } from '../../feed-session/run-feed.js';
import { setStage, type Stage } from '../../run/stage.js';
import { agents } from '../../tables.js';
import { learnedBy } from './learned.js';

export type EnvWorld = Extract<AbExperiment['world'], { from: 'env' }>;
type Arm = AbExperiment['arms'][number];

/** The env of a test, and who acts in it. */
export interface EnvStage extends Stage {
  readonly world: EnvWorld;
  /** The agent of an arm: as its run left it, or as it is born. Arms with the same agent share its luck. */
  readonly agentOf: (arm: Arm, spec: EnvSpec) => Agent;
}

/** Sets the stage of a test in an env; nothing for a test in a market. */
export async function setEnvStage({ world, arms, seed }: AbExperiment): Promise<EnvStage | undefined> {
  if (world.from !== 'env') return undefined;
  const stage = await setStage(world);
  const makers = new Map(await Promise.all(arms.map(async (arm) => [arm.name, await makerOf(arm)] as const)));
  async function makerOf(arm: Arm): Promise<(spec: EnvSpec) => Agent> {
    if (arm.trainedBy !== undefined && world.from === 'env') return trained(arm.name, arm.trainedBy, world.id);
    const make = choose('agent', agents, arm.agent ?? '').with(arm.settings);
    return (spec) => make(spec, stream(seed).fork('arms'), 1, stage.built);
  }
  return {
    ...stage,
    world,
    agentOf: (arm, spec) => {
      const make = makers.get(arm.name);
      if (make === undefined) throw new Error(`no arm '${arm.name}'`);
      return make(spec);
    },
  };
}

/** An agent as its run left it, built on the ranker that it learned with. */
async function trained(
  name: string,
  trainedBy: NonNullable<Arm['trainedBy']>,
  env: string,
): Promise<(spec: EnvSpec) => Agent> {
  const { state, born } = learnedBy(name, trainedBy, env);
  const built: BuiltOn = born.feed === undefined ? {} : { ranker: await rankerOfRun(born.feed) };
  const make = choose('agent', agents, born.id).with(born.settings);
  return (spec) => {
    const own = { ...spec, batch: state.env.batch };
    const agent = make(own, stream(trainedBy.seed).fork('agent'), born.steps, built);
    agent.restore(state.agent);
    return agent;
  };
}
