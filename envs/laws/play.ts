import { KeyedDraws } from '../../core/draws.js';
import { fields, sample, width } from '../../core/space.js';
import { actionBuffer, copyStepBatch, stepBatch } from '../buffers.js';
import type { ActionBatch, Env, EnvSpec, MakeEnv, StepBatch } from '../contract.js';

/** What the laws are checked on. */
export interface Game {
  readonly make: MakeEnv;
  readonly worlds: number;
  readonly steps: number;
  readonly seed: number;
  /** What `worlds` worlds of the seed reported; played once, by an env of its own. */
  reference(): History;
}

/** Everything an env reported: frame 0 after reset, frame t after step t. */
export interface History {
  readonly spec: EnvSpec;
  readonly frames: readonly StepBatch[];
}

/** Opens a game whose reference is played when it is first asked for. */
export function openGame(make: MakeEnv, worlds: number, steps: number, seed: number): Game {
  let known: History | undefined;
  const game: Game = {
    make,
    worlds,
    steps,
    seed,
    reference: () => (known ??= play(game, make(worlds))),
  };
  return game;
}

/**
 * Random legal actions, found by (world, step): world i is given the same ones however many worlds there are. They
 * come from a seed of their own, so that an env whose luck follows its actions' luck is not flattered.
 *
 * @param alike gives every world the actions of world 0
 */
export function drawActions(spec: EnvSpec, seed: number, alike = false): (step: number, out: ActionBatch) => void {
  const draws = new KeyedDraws(seed, 'laws/actions');
  const W = width(spec.action);
  return (step, out) => {
    for (let b = 0; b < out.length / W; b++) sample(spec.action, draws.at(alike ? 0 : b, 0, step), out, b * W);
  };
}

/** How one play differs from the plainest one. */
interface PlayOptions {
  readonly seed?: number;
  readonly steps?: number;
  readonly alike?: boolean;
  /** Before step t: may touch the buffers, which are `out` (the last report) and `action`. */
  before?(step: number, out: StepBatch, action: ActionBatch): void;
}

/** Resets an env and plays it, copying every report. */
export function play(game: Game, env: Env, options: PlayOptions = {}): History {
  const out = stepBatch(env.spec);
  options.before?.(0, out, actionBuffer(env.spec));
  env.reset(options.seed ?? game.seed, out);
  return { spec: env.spec, frames: [recorded(env.spec, out), ...goOn(game, env, 1, out, options)] };
}

/** Plays on from step `from` (the first step after reset is 1) up to the last one. */
export function goOn(game: Game, env: Env, from: number, out: StepBatch, options: PlayOptions = {}): StepBatch[] {
  const action = actionBuffer(env.spec);
  const choose = drawActions(env.spec, game.seed, options.alike);
  const frames: StepBatch[] = [];
  for (let step = from; step <= (options.steps ?? game.steps); step++) {
    choose(step, action);
    options.before?.(step, out, action);
    env.step(action, out);
    frames.push(recorded(env.spec, out));
  }
  return frames;
}

/** A copy of a report, with zeros where rows of `final` are stale. */
export function recorded(spec: EnvSpec, out: StepBatch): StepBatch {
  const copy = stepBatch(spec);
  copyStepBatch(out, copy);
  const O = width(spec.observation);
  for (let b = 0; b < spec.batch; b++) {
    if (!ended(out, b)) copy.final.fill(0, b * O, (b + 1) * O);
  }
  return copy;
}

/** Whether the session of a world ended at this report. */
export function ended(frame: StepBatch, world: number): boolean {
  return frame.terminated[world] !== 0 || frame.truncated[world] !== 0;
}

/** One world's row of an array with `worlds` rows. */
export function row(array: Float32Array | Uint8Array, worlds: number, world: number): Float32Array | Uint8Array {
  const size = array.length / worlds;
  return array.subarray(world * size, (world + 1) * size);
}

const parts = ['observation', 'reward', 'objectives', 'terminated', 'truncated', 'endReason', 'final'] as const;

/** Where world `i` of one report differs from world `j` of another, in words; nothing when it does not. */
function rowDifference(spec: EnvSpec, a: StepBatch, i: number, b: StepBatch, j: number): string | undefined {
  const worldsOfA = a.reward.length;
  const worldsOfB = b.reward.length;
  for (const part of parts) {
    const left = row(a[part], worldsOfA, i);
    const right = row(b[part], worldsOfB, j);
    const place = left.findIndex((value, k) => !Object.is(value, right[k]));
    if (place < 0) continue;
    return `${nameOf(spec, part, place)} is ${right[place]} instead of ${left[place]}`;
  }
  return undefined;
}

function nameOf(spec: EnvSpec, part: (typeof parts)[number], place: number): string {
  if (part === 'objectives') return `objective '${spec.objectives[place]}'`;
  if (part !== 'observation' && part !== 'final') return part;
  const field = fields(spec.observation).find(({ at, length }) => place >= at && place < at + length);
  if (field === undefined || field.name === '') return `${part}[${place}]`;
  return field.length === 1 ? `${part} ${field.name}` : `${part} ${field.name}[${place - field.at}]`;
}

/** The first world and step at which a play left the expected one, in words; nothing when it never did. */
export function difference(
  spec: EnvSpec,
  expected: readonly StepBatch[],
  received: readonly StepBatch[],
  firstStep = 0,
): string | undefined {
  const worlds = Math.min(expected[0].reward.length, received[0].reward.length);
  for (let t = 0; t < Math.min(expected.length, received.length); t++) {
    for (let b = 0; b < worlds; b++) {
      const found = rowDifference(spec, expected[t], b, received[t], b);
      if (found !== undefined) return `world ${b}, step ${firstStep + t}: ${found}`;
    }
  }
  return undefined;
}

/** Whether world i of one play went exactly as world j of another. */
export function sameWorld(a: History, i: number, b: History, j: number): boolean {
  return a.frames.every((frame, t) => rowDifference(a.spec, frame, i, b.frames[t], j) === undefined);
}
