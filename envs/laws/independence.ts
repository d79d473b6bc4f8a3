import { fields } from '../../core/space.js';
import { actionBuffer, copyStepBatch, stepBatch } from '../buffers.js';
import type { ActionBatch, Env, EnvSpec, StepBatch } from '../contract.js';
import { difference, drawActions, goOn, play, recorded, sameWorld, type Game } from './play.js';

/** Laws about what a history may depend on: seed, world and actions, and nothing else. */

export function sameSeedSameHistory(game: Game): string | undefined {
  const reference = game.reference();
  const found = difference(reference.spec, reference.frames, play(game, game.make(game.worlds)).frames);
  return found === undefined ? undefined : `seed ${game.seed} played again by a new env: ${found}`;
}

export function resetStartsAfresh(game: Game): string | undefined {
  const env = game.make(game.worlds);
  play(game, env, { seed: game.seed + 7 });
  const reference = game.reference();
  const found = difference(reference.spec, reference.frames, play(game, env).frames);
  return found === undefined ? undefined : `reset(${game.seed}) of an env that has been played: ${found}`;
}

/** All worlds take the same actions, so that whatever tells them apart is luck. */
function luckOnly(game: Game, seed: number): ReturnType<typeof play> {
  return play(game, game.make(game.worlds), { seed, alike: true });
}

export function seedsDiffer(game: Game): string | undefined {
  const one = luckOnly(game, game.seed);
  const next = luckOnly(game, game.seed + 1);
  if (difference(one.spec, one.frames, next.frames) !== undefined) return undefined;
  return `seeds ${game.seed} and ${game.seed + 1} give the same history for ${game.steps} steps`;
}

export function worldsDiffer(game: Game): string | undefined {
  const one = luckOnly(game, game.seed);
  for (let i = 0; i < game.worlds; i++) {
    for (let j = 0; j < i; j++) {
      if (sameWorld(one, i, one, j))
        return `worlds ${j} and ${i} of seed ${game.seed} meet the same luck at every step`;
    }
  }
  return undefined;
}

export function seedsShareNoWorlds(game: Game): string | undefined {
  const one = luckOnly(game, game.seed);
  const next = luckOnly(game, game.seed + 1);
  for (let i = 0; i < game.worlds; i++) {
    for (let j = 0; j < game.worlds; j++) {
      if (i === j || !sameWorld(one, i, next, j)) continue;
      return `world ${i} of seed ${game.seed} is world ${j} of seed ${game.seed + 1}, so runs with these seeds are not independent`;
    }
  }
  return undefined;
}

export function batchDoesNotMatter(game: Game): string | undefined {
  const reference = game.reference();
  for (const batch of [1, Math.max(1, game.worlds - 1)]) {
    const found = difference(reference.spec, reference.frames, play(game, game.make(batch)).frames);
    if (found !== undefined) return `played as ${batch} world(s) instead of ${game.worlds}: ${found}`;
  }
  return undefined;
}

export function envsDoNotInterfere(game: Game): string | undefined {
  const other = game.make(2);
  const report = stepBatch(other.spec);
  const action = actionBuffer(other.spec);
  const choose = drawActions(other.spec, game.seed + 1);
  const before = (step: number): void => {
    if (step % 50 === 0) other.reset(game.seed + 3, report);
    choose(step, action);
    other.step(action, report);
  };
  const reference = game.reference();
  const found = difference(reference.spec, reference.frames, play(game, game.make(game.worlds), { before }).frames);
  return found === undefined ? undefined : `played in turns with a second env of the same process: ${found}`;
}

/** Fills a report with numbers that no env would write. */
function spoil(out: StepBatch): void {
  for (const column of [out.observation, out.reward, out.objectives, out.final]) column.fill(NaN);
  for (const column of [out.terminated, out.truncated, out.endReason]) column.fill(77);
}

const spoilt = (out: StepBatch): boolean =>
  [out.observation, out.reward, out.objectives, out.final].every((column) => column.every(Number.isNaN)) &&
  [out.terminated, out.truncated, out.endReason].every((column) => column.every((value) => value === 77));

/** Two sets of arrays take turns; the one that is not in use is spoilt, and must be found spoilt. */
export function keepsNoArrays(game: Game): string | undefined {
  const env = game.make(game.worlds);
  const { spec } = env;
  const reports = [stepBatch(spec), stepBatch(spec)];
  const actions = [actionBuffer(spec), actionBuffer(spec)];
  const choose = drawActions(spec, game.seed);
  const frames: StepBatch[] = [];
  env.reset(game.seed, reports[0]);
  frames.push(recorded(spec, reports[0]));
  for (let step = 1; step <= game.steps; step++) {
    const [out, old] = [reports[step % 2], reports[(step + 1) % 2]];
    const [action, spare] = [actions[step % 2], actions[(step + 1) % 2]];
    copyStepBatch(old, out);
    spoil(old);
    spare.fill(-1);
    choose(step, action);
    const asked = action.slice();
    env.step(action, out);
    if (!spoilt(old)) return `step ${step}: the env wrote into the arrays of an earlier step`;
    if (action.some((value, i) => value !== asked[i])) return `step ${step}: the env changed the caller's actions`;
    frames.push(recorded(spec, out));
  }
  const reference = game.reference();
  const found = difference(spec, reference.frames, frames);
  return found === undefined ? undefined : `the caller overwrote the arrays of earlier steps: ${found}`;
}

export function everyRowIsWritten(game: Game): string | undefined {
  const env = game.make(game.worlds);
  const before = (_step: number, out: StepBatch): void => {
    const { final } = out;
    const kept = final.slice();
    spoil(out);
    final.set(kept); // stale rows of `final` are allowed; another law looks at those that are not
  };
  const reference = game.reference();
  const received = play(game, env, { before }).frames;
  const found = difference(reference.spec, reference.frames, received);
  return found === undefined ? undefined : `the arrays were full of NaN and 77 before the step: ${found}`;
}

/** Actions that are outside the space of world 0 in its first part, made from a legal one, with their words. */
function illegal(spec: EnvSpec, legal: ActionBatch): { readonly action: ActionBatch; readonly words: string }[] {
  const made: { action: ActionBatch; words: string }[] = [];
  const add = (words: string, change: (action: ActionBatch) => void): void => {
    const action = legal.slice();
    change(action);
    made.push({ action, words });
  };
  const [{ space }] = fields(spec.action);
  if (legal instanceof Float32Array) add('NaN', (action) => (action[0] = NaN));
  if (space.kind === 'box') {
    if (Number.isFinite(space.high)) add(`${space.high + 1}`, (action) => (action[0] = space.high + 1));
    return made;
  }
  add('−1', (action) => (action[0] = -1));
  if (space.kind === 'multi-discrete') add(String(space.n[0]), (action) => (action[0] = space.n[0]));
  if (space.kind === 'discrete') add(String(space.n), (action) => (action[0] = space.n));
  if (space.kind === 'slate') {
    add(`candidate ${space.candidates}`, (action) => (action[0] = space.candidates));
    if (space.size > 1) add('a repeated candidate', (action) => (action[1] = action[0]));
  }
  return made;
}

/** What is not in the action space is refused, and the refusal leaves every world where it was. */
export function refusesIllegalActions(game: Game): string | undefined {
  const env = game.make(game.worlds);
  const choose = drawActions(env.spec, game.seed);
  const half = Math.floor(game.steps / 2);
  play(game, env, { steps: half });
  const legal = actionBuffer(env.spec);
  choose(half + 1, legal);
  for (const { action, words } of illegal(env.spec, legal)) {
    if (!refuses(env, action)) return `step ${half + 1}: world 0 was given ${words} as action and did not refuse it`;
  }
  const rest = goOn(game, env, half + 1, stepBatch(env.spec));
  const found = difference(env.spec, game.reference().frames.slice(half + 1), rest, half + 1);
  return found === undefined ? undefined : `after a refused action: ${found}`;
}

/** Whether an env throws when given this action. */
function refuses(env: Env, action: ActionBatch): boolean {
  try {
    env.step(action, stepBatch(env.spec));
  } catch {
    return true; // the refusal that was asked for; its words are the env's own
  }
  return false;
}
