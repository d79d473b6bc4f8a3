import { z } from 'zod';
import { complaint, expectLength } from '../core/check.js';
import type { Rng } from '../core/random.js';
import type { Activation } from '../core/tensor/layers.js';
import { Trainer } from '../core/tensor/train.js';
import type { EnvSpec, StepBatch } from '../envs/contract.js';
import type { Agent, AgentState, Decision, Metrics } from './contract.js';
import { ActorCritic } from './policy/actor-critic.js';
import type { EncodedRows, PolicyNetworks } from './policy/networks.js';
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
  /** [B, O] where the worlds are now. */
  readonly now: Float32Array;
  /** [T, B] V of the states before each step. */
  readonly value: Float32Array;
  readonly trace: Trace;
  /** Share of the run's steps that lies behind, in [0, 1]. */
  readonly progress: number;
  /** Lessons before this one. */
  readonly index: number;
}

export interface OnPolicyParts {
  readonly networks: PolicyNetworks;
  readonly trainer: Trainer;
  readonly random: Rng;
}

/** Learns once from each lesson and returns what is worth plotting. */
export type Update = (lesson: Lesson) => Metrics;

/** How an agent of this family learns. */
export interface Learner {
  readonly update: Update;
  /** Further numbers that decide its future, e.g. a target network's: saved with the agent and restored in place. */
  readonly kept?: Readonly<Record<string, Float32Array>>;
}

/** What sets one agent of the family apart. */
export interface OnPolicyKind {
  readonly id: string;
  /** A plain policy and value network over the whole observation unless given. */
  readonly networks?: (random: Rng) => PolicyNetworks;
  readonly prepare: (parts: OnPolicyParts) => Learner;
}

/**
 * Acts with a policy network, gathers T steps of every world, learns from them once with what `prepare` gives, forgets
 * them, and goes on: the loop of on-policy learning. Everything that decides its future is in its snapshot.
 */
export class OnPolicyAgent implements Agent {
  readonly #kind: string;
  readonly #parts: OnPolicyParts;
  readonly #learner: Learner;
  readonly #trajectory: Trajectory;
  readonly #totalSteps: number;
  /** Draws actions; another stream (in `parts`) serves the update. */
  readonly #chance: Rng;
  /** [B, N] of the decisions made last, and the same until they are learned from. */
  #notes = new Float32Array(0);
  #pending = this.#notes;
  /** Steps over all worlds so far. */
  #steps = 0;

  constructor(kind: OnPolicyKind, spec: EnvSpec, settings: OnPolicySettings, random: Rng, totalSteps: number) {
    const { learningRate, clipNorm, steps } = settings;
    const make = kind.networks ?? ((source) => plainNetworks(kind.id, spec, settings, source));
    const networks = make(random.fork('networks'));
    const trainer = new Trainer(networks.parameters, { learningRate, clipNorm, epsilon: 1e-5 });
    this.#kind = kind.id;
    this.#parts = { networks, trainer, random: random.fork('update') };
    this.#learner = kind.prepare(this.#parts);
    this.#trajectory = new Trajectory(spec, steps, networks.noteWidth);
    this.#totalSteps = totalSteps;
    this.#chance = random.fork('actions');
  }

  act(observation: Float32Array, out: Decision, explore = true): void {
    const { networks } = this.#parts;
    const numbers = out.propensity.length * networks.noteWidth;
    if (this.#notes.length !== numbers) this.#notes = new Float32Array(numbers);
    networks.act(observation, this.#chance, out, explore, this.#notes);
    this.#pending = this.#notes;
  }

  /** Of the decisions that `act` made last: what it noted of them is learned from as well. */
  learn(before: Float32Array, decision: Decision, after: StepBatch): Metrics | undefined {
    const trajectory = this.#trajectory;
    trajectory.add(before, decision, after, this.#pending);
    this.#pending = NOTHING;
    this.#steps += trajectory.worlds;
    if (!trajectory.full) return undefined;
    const metrics = this.#learner.update(this.#lesson(after.observation));
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
    const encoded = networks.encode(trajectory);
    const states = encoded.states.values;
    const beyond = new Float32Array((worlds + cut.length) * O);
    beyond.set(now);
    cut.forEach((row, i) => {
      beyond.set(trajectory.final.subarray(row * O, (row + 1) * O), (worlds + i) * O);
    });
    const beyondStates = networks.states(beyond, worlds + cut.length);
    const all = new Float32Array(states.length + beyondStates.length);
    all.set(states);
    all.set(beyondStates, states.length);
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
    const index = this.#steps / rows - 1;
    return { rows, trajectory, encoded, now, value: values.slice(0, rows), trace, progress, index };
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
        ...savedParts('optimiser', trainer.optimiser.state),
        ...savedParts('learner', this.#learner.kept ?? {}),
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
    for (const [name, part] of Object.entries(this.#learner.kept ?? {})) {
      const numbers = savedNumbers(state, `learner.${name}`, where);
      expectLength(`${where}: ${name}`, numbers, { numbers: part.length });
      part.set(numbers);
    }
    this.#chance.restore(saved.chance);
    random.restore(saved.update);
    this.#trajectory.restore(state.arrays, saved.filled);
    this.#steps = saved.steps;
  }
}

/** No notes. */
const NOTHING = new Float32Array(0);

/** Copies of named numbers, under a common first name. */
function savedParts(first: string, parts: Readonly<Record<string, Float32Array>>): Record<string, Float32Array> {
  return Object.fromEntries(Object.entries(parts).map(([name, part]) => [`${first}.${name}`, part.slice()]));
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

function plainNetworks(id: string, spec: EnvSpec, settings: OnPolicySettings, random: Rng): PolicyNetworks {
  return new ActorCritic(spec, settings.hidden, activationOf(id, settings.activation), random);
}

/** @throws a config error for another name than those of hidden layers */
export function activationOf(kind: string, name: string): Activation {
  if (name === 'tanh' || name === 'relu' || name === 'linear') return name;
  throw complaint('config', {
    where: `${kind}: activation`,
    expected: 'tanh, relu or linear',
    received: `'${name}'`,
  });
}
