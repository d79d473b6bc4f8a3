import { actionBuffer, stepBatch } from '../buffers.js';
import type { Env, EnvState } from '../contract.js';
import { difference, drawActions, goOn, play, type Game } from './play.js';

/** Laws about saving an env and going on from there. */

/** Steps after which a snapshot is taken: right after reset, at both parities, and deep inside the play. */
const snapshotSteps = (game: Game): number[] =>
  [0, 1, 2, Math.floor(game.steps / 3), Math.floor(game.steps / 2) + 1].filter((step) => step < game.steps);

/** An env that has taken `steps` steps of the game. */
function played(game: Game, steps: number): Env {
  const env = game.make(game.worlds);
  play(game, env, { steps });
  return env;
}

/** snapshot/restore equals never having stopped: in the same env, in a new one, and through a structured clone. */
export function resumesExactly(game: Game): string | undefined {
  const reference = game.reference();
  for (const step of snapshotSteps(game)) {
    const env = played(game, step);
    const state = env.snapshot();
    const expected = reference.frames.slice(step + 1);
    const compare = (where: string, resumed: Env): string | undefined => {
      const found = difference(reference.spec, expected, goOn(game, resumed, step + 1, stepBatch(env.spec)), step + 1);
      return found === undefined ? undefined : `snapshot after step ${step}, ${where}: ${found}`;
    };
    const fresh = game.make(game.worlds);
    fresh.restore(structuredClone(state));
    const other = game.make(game.worlds);
    play(game, other, { seed: game.seed + 5, steps: 13 });
    other.restore(structuredClone(state));
    const found =
      compare('going on after the snapshot', env) ??
      compare('restored into a new env', fresh) ??
      compare('restored into an env that was elsewhere', other);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The first column in which two states differ. */
function stateDifference(a: EnvState, b: EnvState): string | undefined {
  for (const [name, column] of Object.entries(a.columns)) {
    const place = column.findIndex((value: number, i: number) => !Object.is(value, b.columns[name][i]));
    if (place >= 0) return `column '${name}' changed at ${place} from ${column[place]} to ${b.columns[name][place]}`;
  }
  return undefined;
}

/** Neither the state that was handed out nor the one that was taken in is the env's own memory. */
export function snapshotsAreCopies(game: Game): string | undefined {
  const step = Math.floor(game.steps / 2);
  const env = played(game, step);
  const state = env.snapshot();
  const kept = structuredClone(state);
  goOn(game, env, step + 1, stepBatch(env.spec));
  const changed = stateDifference(kept, state);
  if (changed !== undefined) return `the env went on after snapshot() and the snapshot's ${changed}`;
  const given = structuredClone(kept);
  env.restore(given);
  goOn(game, env, step + 1, stepBatch(env.spec));
  const taken = stateDifference(kept, given);
  return taken === undefined ? undefined : `the env went on after restore(state) and the state's ${taken}`;
}

/** A state of another env or batch is refused, and the refusal leaves every world where it was. */
export function refusesForeignStates(game: Game): string | undefined {
  const step = Math.floor(game.steps / 2);
  const env = played(game, step);
  const state = env.snapshot();
  if (state.id !== env.spec.id) return `the snapshot's id is '${state.id}', the env's '${env.spec.id}'`;
  const another = played({ ...game, worlds: game.worlds + 1 }, 1).snapshot();
  const foreign: readonly (readonly [string, EnvState])[] = [
    [`of the env 'another/Env-v1'`, { ...state, id: 'another/Env-v1' }],
    [`with ${game.worlds + 1} worlds`, another],
  ];
  for (const [words, candidate] of foreign) {
    if (!refuses(env, candidate)) return `a state ${words} was restored instead of refused`;
  }
  const rest = goOn(game, env, step + 1, stepBatch(env.spec));
  const found = difference(env.spec, game.reference().frames.slice(step + 1), rest, step + 1);
  return found === undefined ? undefined : `after a refused state: ${found}`;
}

function refuses(env: Env, state: EnvState): boolean {
  try {
    env.restore(state);
  } catch {
    return true; // the refusal that was asked for
  }
  return false;
}

/** Few worlds, so that one object per step is not lost among them; enough for their loops to be compiled. */
const WORLDS = 4;
/** Bytes per step above which an env allocates: below the smallest object, above what a rare restart may take. */
const ALLOWED_BYTES = 24;
const STEPS_PER_CHUNK = 512;
const CHUNKS = 21;
const ROUNDS = 12;

const heapBytes = (): number => {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

/**
 * Steps allocate nothing. A few worlds take many steps between two looks at the heap; of many such chunks the median
 * counts, so that a garbage collection in the middle of one does not matter. The first rounds run before the engine
 * has compiled the env, and are forgiven if a later one is clean.
 */
export function allocatesNothing(game: Game): string | undefined {
  const env = game.make(WORLDS);
  const out = stepBatch(env.spec);
  const choose = drawActions(env.spec, game.seed);
  const actions = Array.from({ length: 64 }, (_, i) => {
    const action = actionBuffer(env.spec);
    choose(i, action);
    return action;
  });
  env.reset(game.seed, out);
  const growth = new Float64Array(CHUNKS);
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    for (let chunk = 0; chunk < CHUNKS; chunk++) {
      const idle = heapBytes();
      const before = heapBytes();
      for (let i = 0; i < STEPS_PER_CHUNK; i++) env.step(actions[i & 63], out);
      growth[chunk] = heapBytes() - before - (before - idle);
    }
    least = Math.min(least, growth.toSorted()[CHUNKS >> 1] / STEPS_PER_CHUNK);
    if (least <= ALLOWED_BYTES) return undefined;
  }
  return `a step of ${WORLDS} worlds takes ${Math.round(least)} bytes of new memory; at most ${ALLOWED_BYTES} are forgiven`;
}
