import { KeyedDraws } from '../../core/draws.js';
import type { Source } from '../../core/random.js';
import { batchCheck, clearOutcome, expectSeed, expectState, notStarted, refusedAction } from '../buffers.js';
import type { ActionBatch, Env, EnvSpec, EnvState, StepBatch } from '../contract.js';

/**
 * The smallest env that keeps every law: a mood that moves with luck and with one of three greetings, lost at 0, and a
 * session of at most 20 steps. Broken envs change one thing about it. It has no fast path; it is made to be overridden.
 *
 * Observation: mood (−1 to 3), step of the session (0 to 20). Reward: the mood after the step.
 */
export class Toy implements Env {
  readonly spec: EnvSpec;
  protected mood: Float64Array;
  protected readonly age: Int32Array;
  protected readonly visit: Int32Array;
  protected seed = 0;
  #luck: KeyedDraws | undefined;
  readonly #check: (verb: 'reset' | 'step', out: StepBatch) => void;

  constructor(batch: number) {
    this.spec = {
      id: 'broken/Toy-v0',
      batch,
      observation: {
        kind: 'record',
        fields: {
          mood: { kind: 'box', shape: [1], low: -1, high: 3 },
          step: { kind: 'box', shape: [1], low: 0, high: 20 },
        },
      },
      action: { kind: 'discrete', n: 3 },
      objectives: ['mood'],
      rewardUnit: 'mood',
      endReasons: [
        { name: 'none', ending: 'none' },
        { name: 'lost', ending: 'terminated' },
        { name: 'step limit', ending: 'truncated' },
      ],
      maxSteps: 20,
    };
    this.mood = new Float64Array(batch);
    this.age = new Int32Array(batch);
    this.visit = new Int32Array(batch);
    this.#check = batchCheck(this.spec);
  }

  reset(seed: number, out: StepBatch): void {
    expectSeed(`${this.spec.id} reset`, seed);
    this.#check('reset', out);
    this.reseed(seed);
    this.visit.fill(0);
    for (let b = 0; b < this.spec.batch; b++) {
      this.start(b);
      this.observe(b, out.observation);
    }
    clearOutcome(out);
  }

  step(action: ActionBatch, out: StepBatch): void {
    this.draws();
    this.#check('step', out);
    this.refuse(action);
    clearOutcome(out);
    for (let b = 0; b < this.spec.batch; b++) this.stepWorld(b, action[b], out);
  }

  snapshot(): EnvState {
    const columns = {
      settings: new Float64Array(0),
      mood: this.mood.slice(),
      age: this.age.slice(),
      visit: this.visit.slice(),
    };
    return { id: this.spec.id, batch: this.spec.batch, seed: this.seed, columns };
  }

  restore(state: EnvState): void {
    const B = this.spec.batch;
    expectState(this.spec, state, [], { mood: B, age: B, visit: B });
    this.mood.set(state.columns['mood']);
    this.age.set(state.columns['age']);
    this.visit.set(state.columns['visit']);
    this.reseed(state.seed);
  }

  protected reseed(seed: number): void {
    this.seed = seed;
    this.#luck = new KeyedDraws(seed, 'mood');
  }

  protected draws(): KeyedDraws {
    if (this.#luck === undefined) throw notStarted(this.spec);
    return this.#luck;
  }

  /** The luck of a world's present step. */
  protected source(b: number): Source {
    return this.draws().at(b, this.visit[b], this.age[b]);
  }

  protected refuse(action: ActionBatch): void {
    for (let b = 0; b < this.spec.batch; b++) {
      if (action[b] !== 0 && action[b] !== 1 && action[b] !== 2) throw refusedAction(this.spec, action, b);
    }
  }

  protected start(b: number): void {
    this.age[b] = 0;
    this.mood[b] = 0.5 + this.source(b).next();
  }

  protected stepWorld(b: number, action: number, out: StepBatch): void {
    this.age[b]++;
    const moved = this.mood[b] + 0.6 * (this.source(b).next() - 0.55) + 0.05 * (action - 1);
    this.mood[b] = Math.min(3, moved);
    out.reward[b] = this.mood[b];
    out.objectives[b] = this.mood[b];
    this.observe(b, out.observation);
    const reason = this.mood[b] <= 0 ? 1 : this.age[b] >= 20 ? 2 : 0;
    if (reason !== 0) this.finish(b, reason, out);
  }

  protected finish(b: number, reason: number, out: StepBatch): void {
    out.endReason[b] = reason;
    out.terminated[b] = reason === 1 ? 1 : 0;
    out.truncated[b] = reason === 2 ? 1 : 0;
    this.observe(b, out.final);
    this.visit[b]++;
    this.start(b);
    this.observe(b, out.observation);
  }

  protected observe(b: number, rows: Float32Array): void {
    rows[2 * b] = this.mood[b];
    rows[2 * b + 1] = this.age[b];
  }
}
