import type { Agent, Decision } from '../../../agents/contract.js';
import { complaint } from '../../../core/check.js';
import { fields, width } from '../../../core/space.js';
import { actionBuffer, stepBatch } from '../../../envs/buffers.js';
import type { Env, EnvSpec, StepBatch } from '../../../envs/contract.js';
import type { Rows } from './rows.js';

/** A number read off the observation at the start of a session: the mean of some places of a field. */
export interface Feature {
  readonly name: string;
  readonly field: string;
  readonly from: number;
  readonly to?: number | undefined;
}

export interface SessionsRequest {
  readonly env: Env;
  /** One per arm. */
  readonly agents: readonly { readonly agent: Agent; readonly explore: boolean }[];
  /** Arm of a decision; the same for all of a session unless `perRequest`. @param user 0 to B − 1 */
  readonly armOf: (user: number, session: number, request: number) => number;
  readonly seed: number;
  /** Sessions of every user. */
  readonly sessions: number;
  /** Number of the first user. */
  readonly firstUser: number;
  readonly features: readonly Feature[];
  /** Whether every decision becomes a row; else every session does. */
  readonly perRequest?: boolean;
}

/** Columns of every env, before its objectives. */
export const SESSION_COLUMNS = ['sessions', 'requests', 'return'] as const;

/** Steps of one world after which a session that does not end is an error. */
const PATIENCE = 1_000_000;

/**
 * Plays B users for some sessions each, session d of a user on day d. Columns: `sessions`, `requests` (decisions),
 * `return` (the env's reward) and one per objective. World b meets the same luck whichever agent acts, because luck is
 * found by address; agents are left as they were found.
 */
export function playSessions(request: SessionsRequest): Rows {
  const { env, agents, seed, sessions } = request;
  const { spec } = env;
  const B = spec.batch;
  const book = new Book(spec, request);
  const acting = new Acting(spec, agents);
  const session = new Int32Array(B);
  const step = new Int32Array(B);
  const arm = new Int32Array(B);
  let left = B * sessions;
  let [before, after] = [stepBatch(spec), stepBatch(spec)];
  const found = agents.map(({ agent }) => agent.snapshot());
  env.reset(seed, before);
  for (let b = 0; b < B; b++) book.begin(b, before.observation);
  try {
    for (let t = 0; left > 0; t++) {
      if (t >= PATIENCE * sessions) throw endless(spec, t);
      for (let b = 0; b < B; b++) arm[b] = request.armOf(b, session[b], step[b]);
      env.step(acting.decide(before.observation, arm), after);
      for (let b = 0; b < B; b++) {
        if (session[b] >= sessions) continue;
        book.add(b, { session: session[b], step: step[b]++, arm: arm[b] }, after);
        if (after.terminated[b] === 0 && after.truncated[b] === 0) continue;
        step[b] = 0;
        session[b]++;
        left--;
        if (session[b] < sessions) book.begin(b, after.observation);
      }
      [before, after] = [after, before];
    }
  } finally {
    agents.forEach(({ agent }, i) => {
      agent.restore(found[i]);
    });
  }
  return book.done();
}

/** Several agents who answer for their own rows. */
class Acting {
  readonly #agents: SessionsRequest['agents'];
  readonly #decisions: readonly Decision[];
  readonly #width: number;

  constructor(spec: EnvSpec, agents: SessionsRequest['agents']) {
    this.#agents = agents;
    this.#width = width(spec.action);
    this.#decisions = agents.map(() => ({ action: actionBuffer(spec), propensity: new Float32Array(spec.batch) }));
  }

  /** Every agent decides every row, so that its own luck does not depend on who else plays; rows keep their arm's. */
  decide(observation: Float32Array, arm: Int32Array): Decision['action'] {
    this.#agents.forEach(({ agent, explore }, a) => {
      agent.act(observation, this.#decisions[a], explore);
    });
    const [{ action }] = this.#decisions;
    if (this.#agents.length === 1) return action;
    const W = this.#width;
    for (let b = 0; b < arm.length; b++) {
      if (arm[b] === 0) continue;
      const chosen = this.#decisions[arm[b]].action;
      for (let i = b * W; i < (b + 1) * W; i++) action[i] = chosen[i];
    }
    return action;
  }
}

interface At {
  readonly session: number;
  readonly step: number;
  readonly arm: number;
}

/** Rows that grow. */
class Book {
  readonly #request: SessionsRequest;
  readonly #objectives: readonly string[];
  readonly #places: readonly { readonly from: number; readonly to: number }[];
  readonly #width: number;
  /** [B, F] features of the session each user is in. */
  readonly #known: Float64Array;
  readonly #row: Int32Array;
  readonly #whole: number[][] = [[], [], []];
  readonly #columns: number[][];
  readonly #features: number[][];

  constructor(spec: EnvSpec, request: SessionsRequest) {
    this.#request = request;
    this.#objectives = spec.objectives;
    this.#width = width(spec.observation);
    this.#places = request.features.map((feature) => placesOf(spec, feature));
    this.#known = new Float64Array(spec.batch * request.features.length);
    this.#row = new Int32Array(spec.batch);
    this.#columns = Array.from({ length: 3 + spec.objectives.length }, () => []);
    this.#features = request.features.map(() => []);
  }

  begin(b: number, observation: Float32Array): void {
    this.#places.forEach(({ from, to }, f) => {
      let sum = 0;
      for (let i = from; i < to; i++) sum += observation[b * this.#width + i];
      this.#known[b * this.#places.length + f] = sum / (to - from);
    });
  }

  add(b: number, { session, step, arm }: At, after: StepBatch): void {
    const { perRequest = false, firstUser } = this.#request;
    const [users, days, arms] = this.#whole;
    if (step === 0 || perRequest) {
      this.#row[b] = users.length;
      users.push(firstUser + b);
      days.push(session);
      arms.push(arm);
      for (const column of this.#columns) column.push(0);
      this.#columns[0][users.length - 1] = step === 0 ? 1 : 0;
      this.#features.forEach((feature, f) => feature.push(this.#known[b * this.#features.length + f]));
    }
    const row = this.#row[b];
    this.#columns[1][row]++;
    this.#columns[2][row] += after.reward[b];
    const R = this.#objectives.length;
    for (let r = 0; r < R; r++) this.#columns[3 + r][row] += after.objectives[b * R + r];
  }

  done(): Rows {
    const [user, day, arm] = this.#whole.map((values) => Int32Array.from(values));
    const names = [...SESSION_COLUMNS, ...this.#objectives];
    const table = (keys: readonly string[], values: readonly number[][]): Record<string, Float64Array> =>
      Object.fromEntries(keys.map((key, i) => [key, Float64Array.from(values[i])]));
    return {
      user,
      day,
      hour: new Int32Array(user.length),
      arm,
      columns: table(names, this.#columns),
      features: table(
        this.#request.features.map(({ name }) => name),
        this.#features,
      ),
    };
  }
}

function placesOf(spec: EnvSpec, { name, field, from, to }: Feature): { from: number; to: number } {
  const known = fields(spec.observation);
  const found = known.find((one) => one.name === field);
  const end = to ?? found?.length ?? 0;
  if (found === undefined || end > found.length || from >= end) {
    throw complaint('config', {
      where: `world.features: ${name}`,
      expected: 'places of a field of the observation',
      received: `${field}[${from} to ${end}]`,
      try: `Fields of ${spec.id}: ${known.map((one) => `${one.name === '' ? '(unnamed)' : one.name} [${one.length}]`).join(', ')}.`,
    });
  }
  return { from: found.at + from, to: found.at + end };
}

function endless(spec: EnvSpec, steps: number): Error {
  return complaint('usage', {
    where: `A/B simulation in ${spec.id}`,
    expected: 'sessions that end',
    received: `${steps} steps and still some that run`,
    try: 'Give the env a step limit.',
  });
}
