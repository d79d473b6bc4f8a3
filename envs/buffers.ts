import { complaint, expectLength } from '../core/check.js';
import { buffer, whyNot, width } from '../core/space.js';
import type { ActionBatch, EnvSpec, EnvState, StepBatch } from './contract.js';

/** Arrays for what an env reports, zeroed; make them once per loop and hand them to every step. */
export function stepBatch(spec: EnvSpec): StepBatch {
  const { batch } = spec;
  const observed = batch * width(spec.observation);
  return {
    observation: new Float32Array(observed),
    reward: new Float32Array(batch),
    objectives: new Float32Array(batch * spec.objectives.length),
    terminated: new Uint8Array(batch),
    truncated: new Uint8Array(batch),
    endReason: new Uint8Array(batch),
    final: new Float32Array(observed),
  };
}

/** One zeroed action per world, [B, W]: Int32 for choices, Float32 for amounts. */
export function actionBuffer(spec: EnvSpec): ActionBatch {
  return buffer(spec.action, spec.batch);
}

/** Copies every array of one report into another of the same spec. */
export function copyStepBatch(from: StepBatch, to: StepBatch): void {
  to.observation.set(from.observation);
  to.reward.set(from.reward);
  to.objectives.set(from.objectives);
  to.terminated.set(from.terminated);
  to.truncated.set(from.truncated);
  to.endReason.set(from.endReason);
  to.final.set(from.final);
}

/** Writes reward, objectives and endings as zeros: what a report says before anything was done. */
export function clearOutcome(out: StepBatch): void {
  out.reward.fill(0);
  out.objectives.fill(0);
  out.terminated.fill(0);
  out.truncated.fill(0);
  out.endReason.fill(0);
}

/** Returns a check that throws unless the caller's arrays have the lengths of the spec. */
export function batchCheck(spec: EnvSpec): (verb: 'reset' | 'step', out: StepBatch) => void {
  const B = spec.batch;
  const O = width(spec.observation);
  const R = spec.objectives.length;
  return (verb, out) => {
    // The common case costs seven comparisons; the messages are only built when something is wrong.
    if (
      out.observation.length === B * O &&
      out.final.length === B * O &&
      out.reward.length === B &&
      out.objectives.length === B * R &&
      out.terminated.length === B &&
      out.truncated.length === B &&
      out.endReason.length === B
    ) {
      return;
    }
    const where = `${spec.id} ${verb}`;
    const hint = 'Make the arrays with stepBatch(env.spec).';
    expectLength(`${where}: observation`, out.observation, { B, O }, hint);
    expectLength(`${where}: final`, out.final, { B, O }, hint);
    expectLength(`${where}: reward`, out.reward, { B }, hint);
    expectLength(`${where}: objectives`, out.objectives, { B, R }, hint);
    expectLength(`${where}: terminated`, out.terminated, { B }, hint);
    expectLength(`${where}: truncated`, out.truncated, { B }, hint);
    expectLength(`${where}: endReason`, out.endReason, { B }, hint);
  };
}

/** Whether a world's `size` places are distinct candidates in [0, candidates): `whyNot` of a slate, without its words. */
export function isSlate(action: ActionBatch, world: number, size: number, candidates: number): boolean {
  const at = world * size;
  for (let i = at; i < at + size; i++) {
    const candidate = action[i];
    if (!(candidate >= 0 && candidate < candidates) || candidate !== Math.floor(candidate)) return false;
    for (let j = at; j < i; j++) if (action[j] === candidate) return false;
  }
  return true;
}

/** Builds the error for a world whose action is not in the action space. */
export function refusedAction(spec: EnvSpec, action: ActionBatch, world: number): Error {
  const problem = whyNot(spec.action, action, world * width(spec.action)) ?? 'was refused';
  return complaint('usage', {
    where: `${spec.id} step, world ${world}`,
    expected: `an action of its ${spec.action.kind} space`,
    received: `one whose ${problem}`,
    try: 'No world was stepped.',
  });
}

/**
 * Throws unless a saved state is of this env, batch and settings, and has columns of these lengths.
 *
 * @param settings the numbers the env was made with; they are saved as the column "settings"
 */
export function expectState(
  spec: EnvSpec,
  state: EnvState,
  settings: ArrayLike<number>,
  columns: Readonly<Record<string, number>>,
): void {
  const where = `${spec.id} restore`;
  if (state.id !== spec.id || state.batch !== spec.batch) {
    throw complaint('usage', {
      where,
      expected: `a state of ${spec.id} with ${spec.batch} worlds`,
      received: `one of ${state.id} with ${state.batch} worlds`,
      try: 'Make the env with the id, settings and batch of the snapshot.',
    });
  }
  for (const [name, length] of Object.entries({ settings: settings.length, ...columns })) {
    if (!Object.hasOwn(state.columns, name)) {
      const received = Object.keys(state.columns).join(', ');
      throw complaint('shape', { where, expected: `a column '${name}'`, received });
    }
    expectLength(
      `${where}: ${name}`,
      state.columns[name],
      { length },
      'Make the env with the settings of the snapshot.',
    );
  }
  const saved = state.columns['settings'];
  if (Array.from(settings).some((value, i) => value !== saved[i])) {
    throw complaint('usage', {
      where,
      expected: `a state of an env with the settings ${Array.from(settings).join(', ')}`,
      received: `one with ${Array.from(saved).join(', ')}`,
      try: 'Make the env with the settings of the snapshot.',
    });
  }
}

/** Throws unless the seed is a whole number that can be told from its neighbours. */
export function expectSeed(where: string, seed: number): void {
  if (Number.isSafeInteger(seed)) return;
  throw complaint('usage', { where, expected: 'a whole number as seed', received: String(seed) });
}

/** The error of stepping an env that was never started. */
export function notStarted(spec: EnvSpec): Error {
  return complaint('usage', {
    where: `${spec.id} step`,
    expected: 'worlds that were started',
    received: 'a new env',
    try: 'Call reset(seed, out) or restore(state) first.',
  });
}
