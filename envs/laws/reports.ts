import { fields, whyNot, width } from '../../core/space.js';
import type { ActionBatch, StepBatch } from '../contract.js';
import { drawActions, ended, row, type Game, type History } from './play.js';
import { actionBuffer, stepBatch } from '../buffers.js';

/** Laws about single reports. Each returns a sentence that names the fault, or nothing. */

/** Fewer endings of one reason than this tell nothing about whose observation `final` is. */
const FEW_ENDINGS = 3;
/** Longest play, in steps, that waits for a session to end. */
const LONGEST_WAIT = 20_000;

export function specIsPlain(game: Game): string | undefined {
  const { spec } = game.make(game.worlds);
  if (!/^[\w-]+\/[\w-]+-v\d+$/.test(spec.id)) return `the id '${spec.id}' is not of the form namespace/Name-vN`;
  if (spec.batch !== game.worlds) return `made for ${game.worlds} worlds, the spec says ${spec.batch}`;
  if (spec.objectives.length === 0) return 'the spec names no objective';
  if (spec.endReasons.at(0)?.ending !== 'none') return 'end reason 0 is not "none"';
  if (spec.endReasons.slice(1).some((reason) => reason.ending === 'none')) {
    return 'an end reason after the first is of the ending "none"';
  }
  if (!(spec.maxSteps >= 1)) return `maxSteps is ${spec.maxSteps}`;
  try {
    structuredClone(spec);
  } catch (error) {
    return `the spec is not plain data: ${error instanceof Error ? error.message : String(error)}`;
  }
  return undefined;
}

export function stepIsSynchronous(game: Game): string | undefined {
  const env = game.make(1);
  // The contract promises nothing back; an env written without it may return anything.
  const loose: { reset(seed: number, out: StepBatch): unknown; step(action: ActionBatch, out: StepBatch): unknown } =
    env;
  const out = stepBatch(env.spec);
  const action = actionBuffer(env.spec);
  const reset = loose.reset(game.seed, out);
  drawActions(env.spec, game.seed)(1, action);
  const step = loose.step(action, out);
  if (reset !== undefined) return 'reset returns something; what it has to say goes into the report';
  if (step !== undefined) return 'step returns something (a Promise?); what it has to say goes into the report';
  return undefined;
}

/** The first complaint about a world's row, with its place. */
function eachRow(
  history: History,
  complain: (frame: StepBatch, world: number, t: number) => string | undefined,
): string | undefined {
  for (const [t, frame] of history.frames.entries()) {
    for (let b = 0; b < history.spec.batch; b++) {
      const found = complain(frame, b, t);
      if (found !== undefined) return `world ${b}, step ${t}: ${found}`;
    }
  }
  return undefined;
}

export function rewardsAreFinite(game: Game): string | undefined {
  const history = game.reference();
  return eachRow(history, (frame, b) => {
    if (!Number.isFinite(frame.reward[b])) return `the reward is ${frame.reward[b]}`;
    const objectives = row(frame.objectives, game.worlds, b);
    const bad = objectives.findIndex((value) => !Number.isFinite(value));
    return bad < 0 ? undefined : `objective '${history.spec.objectives[bad]}' is ${objectives[bad]}`;
  });
}

export function oneEnding(game: Game): string | undefined {
  return eachRow(game.reference(), (frame, b, t) => {
    const [terminated, truncated] = [frame.terminated[b], frame.truncated[b]];
    if (terminated > 1 || truncated > 1) return `terminated is ${terminated} and truncated ${truncated}, not 0 or 1`;
    if (terminated === 1 && truncated === 1) return 'the session is both terminated and truncated';
    if (t === 0 && ended(frame, b)) return 'reset reports an ending';
    return undefined;
  });
}

export function reasonFitsEnding(game: Game): string | undefined {
  const history = game.reference();
  return eachRow(history, (frame, b) => {
    const code = frame.endReason[b];
    if (code >= history.spec.endReasons.length) return `end reason ${code} is not in the spec`;
    const { name, ending } = history.spec.endReasons[code];
    const shown = frame.terminated[b] !== 0 ? 'terminated' : frame.truncated[b] !== 0 ? 'truncated' : 'none';
    if (shown === ending) return undefined;
    return `end reason '${name}' stands for ${ending}, the report says ${shown === 'none' ? 'the session goes on' : shown}`;
  });
}

export function observationsInside(game: Game): string | undefined {
  const history = game.reference();
  const space = history.spec.observation;
  const O = width(space);
  const names = fields(space);
  const check = (what: string, rows: Float32Array, b: number): string | undefined => {
    const problem = whyNot(space, rows, b * O);
    if (problem !== undefined) return `the ${what} is outside its space: ${problem}`;
    for (const { name, at, length } of names) {
      for (let i = at; i < at + length; i++) {
        if (!Number.isFinite(rows[b * O + i])) return `the ${what} has ${rows[b * O + i]} in '${name}'`;
      }
    }
    return undefined;
  };
  return eachRow(
    history,
    (frame, b) =>
      check('observation', frame.observation, b) ??
      (ended(frame, b) ? check('final observation', frame.final, b) : undefined),
  );
}

/** What was seen of the endings of one reason: enough to tell whose observation `final` is. */
interface EndingsSeen {
  count: number;
  asNextSession: number;
  asBefore: number;
  place: string;
  readonly nextStarts: Set<string>;
}

/**
 * `final` belongs to the user who left. Three ways to get it wrong are told apart: it was not written at all (it still
 * shows what the caller had left in the row); it is always the first observation of the next session (told only when
 * first observations differ between sessions); a truncated session's is always the observation before its last action
 * (told only when observations otherwise change with every step).
 */
export function finalBelongs(game: Game): string | undefined {
  const history = game.reference();
  const env = game.make(game.worlds);
  const out = stepBatch(env.spec);
  const action = actionBuffer(env.spec);
  const choose = drawActions(env.spec, game.seed);
  env.reset(game.seed, out);
  for (let step = 1; step <= game.steps; step++) {
    choose(step, action);
    out.final.fill(NaN);
    env.step(action, out);
    for (let b = 0; b < game.worlds; b++) {
      if (ended(out, b) && row(out.final, game.worlds, b).some(Number.isNaN)) {
        return `world ${b}, step ${step}: the session ended and its final observation was not written`;
      }
    }
  }
  return finalOfAnother(history);
}

function finalOfAnother(history: History): string | undefined {
  const { spec, frames } = history;
  const seen = new Map<number, EndingsSeen>();
  let alwaysMoves = true;
  for (let t = 1; t < frames.length; t++) {
    for (let b = 0; b < spec.batch; b++) {
      const text = (frame: StepBatch, part: 'observation' | 'final'): string => row(frame[part], spec.batch, b).join();
      const now = text(frames[t], 'observation');
      const before = text(frames[t - 1], 'observation');
      if (!ended(frames[t], b)) {
        if (now === before) alwaysMoves = false;
        continue;
      }
      const final = text(frames[t], 'final');
      const reason = frames[t].endReason[b];
      const place = `world ${b}, step ${t}`;
      const entry = seen.get(reason) ?? { count: 0, asNextSession: 0, asBefore: 0, place, nextStarts: new Set() };
      entry.count++;
      if (final === now) entry.asNextSession++;
      if (final === before && frames[t].truncated[b] === 1) entry.asBefore++;
      entry.nextStarts.add(now);
      seen.set(reason, entry);
    }
  }
  for (const { count, asNextSession, asBefore, nextStarts, place } of seen.values()) {
    if (count < FEW_ENDINGS) continue;
    const often = `all ${count} endings`;
    if (asNextSession === count && nextStarts.size > 1) {
      return `${place}: final is the next session's first observation (${often} of this reason), not the last of the user who left`;
    }
    if (asBefore === count && alwaysMoves) {
      return `${place}: final is the observation before the last action (${often} of this reason), not after it`;
    }
  }
  return undefined;
}

/** Sessions last at most `maxSteps`, and are cut off at that length only. */
export function limitHolds(game: Game): string | undefined {
  const env = game.make(game.worlds);
  const { maxSteps } = env.spec;
  const wait = Number.isFinite(maxSteps) ? Math.min(LONGEST_WAIT, Math.max(game.steps, maxSteps + 1)) : game.steps;
  const out = stepBatch(env.spec);
  const action = actionBuffer(env.spec);
  const choose = drawActions(env.spec, game.seed);
  const age = new Int32Array(game.worlds);
  env.reset(game.seed, out);
  for (let step = 1; step <= wait; step++) {
    choose(step, action);
    env.step(action, out);
    for (let b = 0; b < game.worlds; b++) {
      age[b]++;
      const place = `world ${b}, step ${step}`;
      if (age[b] > maxSteps) return `${place}: the session is in its step ${age[b]}; maxSteps is ${maxSteps}`;
      if (out.truncated[b] !== 0 && age[b] !== maxSteps) {
        return `${place}: the session was truncated after ${age[b]} steps; the declared limit is ${maxSteps}`;
      }
      if (ended(out, b)) age[b] = 0;
    }
  }
  return undefined;
}
