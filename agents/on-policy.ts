import { z } from 'zod';
import { complaint } from '../core/check.js';
import type { Rng } from '../core/random.js';
import type { Activation } from '../core/tensor/layers.js';
import { Trainer } from '../core/tensor/train.js';
import type { EnvSpec, StepBatch } from '../envs/contract.js';
import type { Agent, AgentState, Decision, Metrics } from './contract.js';
import { ActorCritic, type EncodedRows } from './policy/actor-critic.js';
import { encodeActions } from './policy/head.js';
import type { Trace } from './returns.js';
import { count, savedNumbers, savedStream } from './saved.js';
import { Trajectory } from './trajectory.js';

/** What the agents of this family share; each adds its own settings and its own way to learn from a `Lesson`. */
export interface OnPolicySettings {
  /** Steps of every world between two updates. */
  readonly steps: number;
  /** Widths of the hidden layers, the same for policy and value. */
  readonly hidden: readonly number[];
  readonly activation: string;
  readonly learningRate: number;
  /** Longest gradient, over all parameters; longer ones are scaled down. */
  readonly clipNorm: number;
}

/** What was lived through since the last update, with the value network's opinion of it. */
export interface Lesson {
  /** Number of decisions, T · B. */
  readonly rows: number;
  readonly trajectory: Trajectory;
  readonly encoded: EncodedRows;
  /** [T, B, head.encoded] the actions as the policy's head encodes them. */
  readonly actions: Float32Array;
  /** [T, B] V of the states before each step. */
  readonly value: Float32Array;
  readonly trace: Trace;
  /** Share of the run's steps that lies behind, in [0, 1]. */
  readonly progress: number;
}

export interface OnPolicyParts {
  readonly networks: ActorCritic;
  readonly trainer: Trainer;
  readonly random: Rng;
}

/** Learns once from each lesson and returns what is worth plotting. */
export type Update = (lesson: Lesson) => Metrics;

/**
 * Acts with a policy network, gathers T steps of every world, learns from them once with what `prepare` gives, forgets
 * them, and goes on: the loop of on-policy learning. Everything that decides its future is in its snapshot.
 */
export class OnPolicyAgent implements Agent {
  readonly #kind: string;
  readonly #parts: OnPolicyParts;
  readonly #update: Update;
  readonly #trajectory: Trajectory;
  readonly #totalSteps: number;
  /** Draws actions; another stream (in `parts`) serves the update. */
  readonly #chance: Rng;
  /** Steps over all worlds so far. */
  #steps = 0;

  constructor(
    kind: string,
    spec: EnvSpec,
    settings: OnPolicySettings,
    random: Rng,
    totalSteps: number,
    prepare: (parts: OnPolicyParts) => Update,
  ) {
    const { hidden, activation, learningRate, clipNorm, steps } = settings;
    const networks = new ActorCritic(spec, hidden, activationOf(kind, activation), random.fork('networks'));
    const trainer = new Trainer(networks.parameters, { learningRate, clipNorm, epsilon: 1e-5 });
    this.#kind = kind;
    this.#parts = { networks, trainer, random: random.fork('update') };
    this.#update = prepare(this.#parts);
    this.#trajectory = new Trajectory(spec, steps);
    this.#totalSteps = totalSteps;
    this.#chance = random.fork('actions');
  }

  act(observation: Float32Array, out: Decision, explore = true): void {
    this.#parts.networks.act(observation, this.#chance, out, explore);
  }

  learn(before: Float32Array, decision: Decision, after: StepBatch): Metrics | undefined {
    const trajectory = this.#trajectory;
    trajectory.add(before, decision, after);
    this.#steps += trajectory.worlds;
    if (!trajectory.full) return undefined;
    const metrics = this.#update(this.#lesson(after.observation));
    trajectory.clear();
    return metrics;
  }

  /** Values of every state of the trajectory, of where the worlds are now and of truncated ends, in one pass. */
  #lesson(now: Float32Array): Lesson {
    const trajectory = this.#trajectory;
    const { steps, worlds, observationWidth: O, truncated } = trajectory;
    const { networks } = this.#parts;
    const rows = steps * worlds;
    const cut = [...truncated.keys()].filter((row) => truncated[row] !== 0);
    const encoded = networks.encode(trajectory.observation, rows);
    const beyond = new Float32Array((worlds + cut.length) * O);
    beyond.set(now);
    cut.forEach((row, i) => {
      beyond.set(trajectory.final.subarray(row * O, (row + 1) * O), (worlds + i) * O);
    });
    const beyondStates = networks.inputs.states(beyond, worlds + cut.length);
    const all = new Float32Array(encoded.states.length + beyondStates.length);
    all.set(encoded.states);
    all.set(beyondStates, encoded.states.length);
    const values = networks.values(all, rows + worlds + cut.length);
    const finalValue = new Float32Array(rows);
    cut.forEach((row, i) => (finalValue[row] = values[rows + worlds + i]));
    const { reward, terminated } = trajectory;
    const trace = {
      steps,
      worlds,
      reward,
      terminated,
      truncated,
      finalValue,
      lastValue: values.slice(rows, rows + worlds),
    };
    const progress = this.#totalSteps > 0 ? Math.min(1, this.#steps / this.#totalSteps) : 1;
    const actions = encodeActions(networks.head, trajectory.action, rows);
    return { rows, trajectory, encoded, actions, value: values.slice(0, rows), trace, progress };
  }

  snapshot(): AgentState {
    const { networks, trainer, random } = this.#parts;
    return {
      json: JSON.stringify({
        kind: this.#kind,
        steps: this.#steps,
        totalSteps: this.#totalSteps,
        filled: this.#trajectory.filled,
        optimiserSteps: trainer.optimiser.steps,
        chance: this.#chance.save(),
        update: random.save(),
      }),
      arrays: {
        parameters: networks.parameters.values.slice(),
        ...savedOptimiser(trainer),
        ...this.#trajectory.save(),
      },
    };
  }

  restore(state: AgentState): void {
    const where = `${this.#kind} restore`;
    const saved = savedSchema.safeParse(JSON.parse(state.json)).data;
    if (saved?.kind !== this.#kind || saved.totalSteps !== this.#totalSteps) {
      throw complaint('usage', {
        where,
        expected: `a state of '${this.#kind}' in a run of ${this.#totalSteps} steps`,
        received: saved === undefined ? 'something else' : `one of '${saved.kind}' in a run of ${saved.totalSteps}`,
        try: 'Schedules depend on the length of the run: make the agent with the same one.',
      });
    }
    const { networks, trainer, random } = this.#parts;
    networks.parameters.load(savedNumbers(state, 'parameters', where), where);
    const { optimiser } = trainer;
    const parts: Record<string, Float32Array> = {};
    for (const name of Object.keys(optimiser.state)) parts[name] = savedNumbers(state, `optimiser.${name}`, where);
    optimiser.restore(parts, saved.optimiserSteps);
    this.#chance.restore(saved.chance);
    random.restore(saved.update);
    this.#trajectory.restore(state.arrays, saved.filled);
    this.#steps = saved.steps;
  }
}

function savedOptimiser({ optimiser }: Trainer): Record<string, Float32Array> {
  return Object.fromEntries(Object.entries(optimiser.state).map(([name, part]) => [`optimiser.${name}`, part.slice()]));
}

const savedSchema = z.object({
  kind: z.string(),
  steps: count,
  totalSteps: count,
  filled: count,
  optimiserSteps: count,
  chance: savedStream,
  update: savedStream,
});

function activationOf(kind: string, name: string): Activation {
  if (name === 'tanh' || name === 'relu' || name === 'linear') return name;
  throw complaint('config', {
    where: `${kind}: activation`,
    expected: 'tanh, relu or linear',
    received: `'${name}'`,
  });
}
