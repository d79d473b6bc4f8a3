import type { Rng } from '../core/random.js';
import type { EnvSpec, StepBatch } from '../envs/contract.js';
import type { Log, Rows } from '../logs/record.js';
import type { OnProgress } from '../reward-models/contract.js';
import type { ResponseModel } from '../reward-models/feed-session/contract.js';

/**
 * The agent contract: whoever decides. Two ways in: acting in an env (`Agent`), and deciding the rows of a log
 * (`LogPolicy`). Neither prints, plots, reads a clock or touches files.
 */

/** A batch of decisions. A decision without its propensity can never be evaluated again, so it is not optional. */
export interface Decision {
  /** [B, W] */
  readonly action: Int32Array | Float32Array;
  /** [B] probability (density, for amounts) with which this agent chose this action here, in (0, 1] for choices. */
  readonly propensity: Float32Array;
}

/** Named numbers worth plotting. */
export type Metrics = Readonly<Record<string, number>>;

/** Saved agent: typed arrays and JSON, enough to go on bit for bit. */
export interface AgentState {
  readonly json: string;
  readonly arrays: Readonly<Record<string, Float32Array | Float64Array | Int32Array | Uint8Array>>;
}

/** Acts on what it may see, learns from what followed. */
export interface Agent {
  /** Writes one decision per world. `explore: false` asks for the best known action instead of a drawn one. */
  act(observation: Float32Array, out: Decision, explore?: boolean): void;
  /**
   * One call per step, after the env answered. The arrays belong to the caller and are overwritten afterwards: copy
   * what is kept. Where a session ended, the state reached is `after.final`, never `after.observation`.
   */
  learn(before: Float32Array, decision: Decision, after: StepBatch): Metrics | undefined;
  snapshot(): AgentState;
  restore(state: AgentState): void;
}

/** All an agent may know at birth: the shape of the world, its own settings, its own randomness. */
export interface AgentKind<Settings> {
  readonly summary: string;
  readonly defaults: Settings;
  /** @param totalSteps steps over all worlds that the run will take, for schedules */
  make(spec: EnvSpec, settings: Settings, random: Rng, totalSteps: number, built?: BuiltOn): Agent;
}

/** Models that an agent is built on: made elsewhere, named by the config. */
export interface BuiltOn {
  /** What the serving ranker believes of the answers. */
  readonly ranker?: ResponseModel;
}

/** Decides the rows of a log: the target of an off-policy evaluation. */
export interface LogPolicy {
  /** The name it goes by in the report. */
  readonly id: string;
  /**
   * Writes π(a | x_n) for every action of the log.
   *
   * @param rows [n] row numbers
   * @param out  [n, A] each row sums to 1
   */
  probabilities(log: Log, rows: Int32Array, out: Float64Array): void;
}

/** The context of n decisions as columns; what codes stand for is known to whoever made both sides. */
export interface ContextRows {
  readonly count: number;
  /** [n, M] */
  readonly numeric: Float32Array;
  /** [n, C] codes; −1 where missing. */
  readonly categorical: Int32Array;
  /** [n] place on the page, 0 = first; needed by policies that were learned from a log with several places. */
  readonly position?: Int32Array;
}

/** A policy that reads nothing but the context: it decides requests that are in no log, e.g. of a market or a server. */
export interface ContextPolicy extends LogPolicy {
  /** A */
  readonly actions: number;
  /** Writes π(a | x), [n, A]; the columns are those of the log it was learned from, with the same codes. */
  decide(context: ContextRows, out: Float64Array): void;
}

/** A context policy that also names its best action without writing all chances: what a server asks for. */
export interface ServedPolicy extends ContextPolicy {
  /** Writes the action of the highest π(a | x), [n]; ties go to the lower code. Learned policies allocate nothing here. */
  best(context: ContextRows, out: Int32Array): void;
}

/** A policy that was learned from a log, how the learning went, and everything needed to load it again. */
export interface LearnedPolicy {
  readonly policy: LogPolicy;
  /** One entry per pass over the rows. */
  readonly curve: readonly Metrics[];
  save(): Uint8Array;
}

/** Learns a policy from some rows of a log. */
export interface LogLearner<Settings> {
  readonly summary: string;
  readonly defaults: Settings;
  /** Needs a started backend (core/tensor); the policy itself does not. */
  fit(request: LogLearnRequest<Settings>): LearnedPolicy;
  load(bytes: Uint8Array): LogPolicy;
}

export interface LogLearnRequest<Settings> {
  readonly log: Log;
  readonly rows: Rows;
  /** [N] reward of every row of the log, from the config's formula; rows outside `rows` are not read. */
  readonly reward: Float64Array;
  /** [rows, A] guesses of the reward by models that did not see the row (cross-fitting), in the order of `rows`. */
  readonly guesses?: Float32Array;
  readonly settings: Settings;
  readonly random: Rng;
  readonly onProgress?: OnProgress;
}
