import { hash32 } from '../../../core/random.js';
import type { AbExperiment } from '../../config/ab-schema.js';
import type { Assignment } from './assignment.js';
import type { EnvStage, EnvWorld } from './env-stage.js';
import { playSessions, type SessionsRequest } from './env-sessions.js';
import { joinRows, pickRows, type Rows } from './rows.js';

type Arm = AbExperiment['arms'][number];

/** Users are played in parts of `world.worlds`, each with luck of its own, so that parts can be played side by side. */
export function partsOf(users: number, { worlds }: EnvWorld): number {
  return Math.ceil(users / worlds);
}

export interface EnvPart {
  readonly experiment: AbExperiment;
  readonly stage: EnvStage;
  readonly part: number;
}

/** All sessions of a part of the users under one arm. Day 0 is the first day of the test. */
export function playPart({ experiment, stage, part }: EnvPart, arm: number): Rows {
  const { arms } = experiment;
  return played({ experiment, stage, part }, [arms[arm]], { armOf: () => 0, label: arm });
}

/** The same users with an arm per request: a row per request. */
export function playMixed(at: EnvPart, assignment: Assignment, same: boolean): Rows {
  const { arms, before } = at.experiment;
  const first = at.part * at.stage.world.worlds;
  return played(at, same ? arms.map(() => arms[0]) : arms, {
    armOf: (user, session, request) => assignment.armOf(first + user, session - before, request, 0),
    perRequest: true,
  });
}

function played(
  { experiment, stage, part }: EnvPart,
  arms: readonly Arm[],
  how: Pick<SessionsRequest, 'armOf' | 'perRequest'> & { readonly label?: number },
): Rows {
  const { users, days, before, seed } = experiment;
  const { world } = stage;
  const firstUser = part * world.worlds;
  const env = stage.make(Math.min(world.worlds, users - firstUser));
  const rows = playSessions({
    env,
    agents: arms.map((arm) => ({ agent: stage.agentOf(arm, env.spec), explore: arm.explore })),
    seed: hash32(`ab/${seed}/${part}`),
    sessions: before + days,
    firstUser,
    features: world.features,
    ...how,
  });
  const { label } = how;
  return {
    ...rows,
    day: rows.day.map((day) => day - before),
    ...(label === undefined ? {} : { arm: rows.arm.fill(label) }),
  };
}

/** Every session under every arm, found by user and day: with nothing shared, any split of sessions is a choice of rows. */
export class SessionTables {
  readonly #tables: readonly Rows[];
  /** The tables one after the other: a row of an arm is found without joining them for every assignment. */
  readonly #all: Rows;

  /** @param parts [arms][parts] */
  constructor(parts: readonly (readonly Rows[])[], users: number) {
    this.#tables = parts.map((own) => inOrder(joinRows(own), users));
    this.#all = joinRows(this.#tables);
  }

  /** Everybody in that arm, in the order of time. */
  everybody(arm: number): Rows {
    return this.#tables[arm];
  }

  /** The rows of an assignment that gives arms to sessions; `same` plays the control in every arm (A/A). */
  pick(assignment: Assignment, same: boolean): Rows {
    const [control] = this.#tables;
    const total = control.user.length;
    const arm = control.user.map((user, n) => assignment.armOf(user, control.day[n], 0, 0));
    if (same) return { ...control, arm };
    return {
      ...pickRows(
        this.#all,
        arm.map((a, n) => a * total + n),
      ),
      arm,
    };
  }
}

/** Rows of sessions by day, then user. */
export function inOrder(rows: Rows, users: number): Rows {
  const first = rows.day.reduce((least, day) => Math.min(least, day), 0);
  const key = Float64Array.from(rows.user, (user, n) => (rows.day[n] - first) * users + user);
  return pickRows(rows, order(key));
}

/** Places of the keys in ascending order, equal ones as they came. */
function order(keys: Float64Array): Int32Array {
  const places = Int32Array.from({ length: keys.length }, (_, n) => n);
  return places.sort((a, b) => keys[a] - keys[b] || a - b);
}
