import { complaint } from '../../core/check.js';
import { KeyedDraws } from '../../core/draws.js';
import { batchCheck, clearOutcome, expectSeed, expectState, notStarted, refusedAction } from '../buffers.js';
import type { ActionBatch, Env, EnvSpec, EnvState, StepBatch } from '../contract.js';

/** What may differ from Gymnasium's registration of CartPole-v1. */
export interface CartPoleSettings {
  /** Sessions are cut off after this many steps. */
  readonly stepLimit: number;
}

export const cartPoleDefaults: CartPoleSettings = { stepLimit: 500 };

const GRAVITY = 9.8; // m/s²
const CART_MASS = 1; // kg
const POLE_MASS = 0.1; // kg
const HALF_LENGTH = 0.5; // m, pivot to the pole's centre of mass
const FORCE = 10; // N
const TAU = 0.02; // s between decisions
const POSITION_LIMIT = 2.4; // m
const ANGLE_LIMIT = (12 * 2 * Math.PI) / 360; // 12° in rad
const START_RANGE = 0.05; // every start value is uniform in ±0.05

const TOTAL_MASS = CART_MASS + POLE_MASS;
const POLE_MOMENT = POLE_MASS * HALF_LENGTH;

const endReasons = [
  { name: 'none', ending: 'none' },
  { name: 'cart left the track', ending: 'terminated' },
  { name: 'pole fell', ending: 'terminated' },
  { name: 'step limit', ending: 'truncated' },
] as const;
const LEFT_TRACK = 1;
const FELL = 2;
const STEP_LIMIT = 3;

/**
 * Keep a pole upright on a cart: Gymnasium's CartPole-v1, here to prove that what runs in this gym is what runs in
 * others, and to test learners against known results.
 *
 * | place | observation      | unit  | bounds          |
 * |-------|------------------|-------|-----------------|
 * | 0     | position         | m     | ±4.8            |
 * | 1     | velocity         | m/s   | none            |
 * | 2     | angle            | rad   | ±0.4189 (24°)   |
 * | 3     | angular velocity | rad/s | none            |
 *
 * Action: 0 pushes the cart left, 1 right, with 10 N for 0.02 s. Reward: 1 per step, the last one included; a session
 * earns at most `stepLimit`. Start: each of the four values uniform in ±0.05. End: terminated when the cart is beyond
 * ±2.4 m ("cart left the track", which wins when both happen) or the pole beyond ±12° ("pole fell"); truncated after
 * 500 steps ("step limit"). When a session falls and meets the limit in the same step it is terminated, not truncated:
 * nothing beyond it is worth anything. Gymnasium sets both.
 *
 * Dynamics: Barto, Sutton and Anderson (1983), "Neuronlike adaptive elements that can solve difficult learning control
 * problems", without friction; constants and explicit Euler steps ("kinematics_integrator = euler") from Gymnasium 1.x,
 * classic_control/cartpole.py. Physics in float64, observations in float32: from the same state a step gives Gymnasium's
 * float32 observation. The last bit of the float64 state may differ, where two maths libraries round a sine or cosine
 * differently; that grows to visible size only over hundreds of steps. Starts differ from Gymnasium's for the same seed:
 * here every world of a seed has luck of its own, there world 1 of seed s is world 0 of seed s + 1.
 *
 * Versions: v1, stepLimit 500.
 */
export class CartPole implements Env {
  readonly spec: EnvSpec;
  readonly #stepLimit: number;
  readonly #settings: Float64Array;
  readonly #check: (verb: 'reset' | 'step', out: StepBatch) => void;
  readonly #position: Float64Array;
  readonly #velocity: Float64Array;
  readonly #angle: Float64Array;
  readonly #turning: Float64Array;
  /** Steps taken in the present session. */
  readonly #age: Int32Array;
  /** Number of the present session of each world, from 0. */
  readonly #visit: Int32Array;
  #seed = 0;
  #starts: KeyedDraws | undefined;

  constructor(settings: CartPoleSettings, batch: number) {
    const { stepLimit } = settings;
    if (!Number.isSafeInteger(stepLimit) || stepLimit < 1) {
      const received = String(stepLimit);
      throw complaint('usage', {
        where: 'reference/CartPole-v1: stepLimit',
        expected: 'a whole number from 1',
        received,
      });
    }
    this.#stepLimit = stepLimit;
    this.#settings = Float64Array.of(stepLimit);
    this.spec = {
      id: 'reference/CartPole-v1',
      batch,
      observation: {
        kind: 'record',
        fields: {
          position: { kind: 'box', shape: [1], low: -2 * POSITION_LIMIT, high: 2 * POSITION_LIMIT, unit: 'm' },
          velocity: { kind: 'box', shape: [1], low: -Infinity, high: Infinity, unit: 'm/s' },
          angle: { kind: 'box', shape: [1], low: -2 * ANGLE_LIMIT, high: 2 * ANGLE_LIMIT, unit: 'rad' },
          angularVelocity: { kind: 'box', shape: [1], low: -Infinity, high: Infinity, unit: 'rad/s' },
        },
      },
      action: { kind: 'discrete', n: 2 },
      objectives: ['upright'],
      rewardUnit: 'steps',
      endReasons,
      maxSteps: stepLimit,
    };
    this.#check = batchCheck(this.spec);
    this.#position = new Float64Array(batch);
    this.#velocity = new Float64Array(batch);
    this.#angle = new Float64Array(batch);
    this.#turning = new Float64Array(batch);
    this.#age = new Int32Array(batch);
    this.#visit = new Int32Array(batch);
  }

  reset(seed: number, out: StepBatch): void {
    expectSeed(`${this.spec.id} reset`, seed);
    this.#check('reset', out);
    const starts = this.#reseed(seed);
    for (let b = 0; b < this.spec.batch; b++) {
      this.#visit[b] = 0;
      this.#start(starts, b);
      this.#observe(b, out.observation);
    }
    clearOutcome(out);
  }

  step(action: ActionBatch, out: StepBatch): void {
    const starts = this.#starts;
    if (starts === undefined) throw notStarted(this.spec);
    this.#check('step', out);
    const B = this.spec.batch;
    for (let b = 0; b < B; b++) {
      if (action[b] !== 0 && action[b] !== 1) throw refusedAction(this.spec, action, b);
    }
    const position = this.#position;
    const velocity = this.#velocity;
    const angle = this.#angle;
    const turning = this.#turning;
    for (let b = 0; b < B; b++) {
      const x = position[b];
      const v = velocity[b];
      const theta = angle[b];
      const omega = turning[b];
      const cos = Math.cos(theta);
      const sin = Math.sin(theta);
      const pull = ((action[b] === 1 ? FORCE : -FORCE) + POLE_MOMENT * (omega * omega) * sin) / TOTAL_MASS;
      const alpha = (GRAVITY * sin - cos * pull) / (HALF_LENGTH * (4 / 3 - (POLE_MASS * (cos * cos)) / TOTAL_MASS));
      const a = pull - (POLE_MOMENT * alpha * cos) / TOTAL_MASS;
      // Explicit Euler: places move with the old velocities.
      position[b] = x + TAU * v;
      velocity[b] = v + TAU * a;
      angle[b] = theta + TAU * omega;
      turning[b] = omega + TAU * alpha;
      this.#observe(b, out.observation);
      const reason = this.#ending(b, ++this.#age[b]);
      out.reward[b] = 1;
      out.objectives[b] = 1;
      out.endReason[b] = reason;
      out.terminated[b] = 0;
      out.truncated[b] = 0;
      if (reason !== 0) this.#finish(starts, b, reason, out);
    }
  }

  snapshot(): EnvState {
    const columns = {
      settings: this.#settings.slice(),
      position: this.#position.slice(),
      velocity: this.#velocity.slice(),
      angle: this.#angle.slice(),
      angularVelocity: this.#turning.slice(),
      age: this.#age.slice(),
      visit: this.#visit.slice(),
    };
    return { id: this.spec.id, batch: this.spec.batch, seed: this.#seed, columns };
  }

  restore(state: EnvState): void {
    const B = this.spec.batch;
    expectState(this.spec, state, this.#settings, {
      position: B,
      velocity: B,
      angle: B,
      angularVelocity: B,
      age: B,
      visit: B,
    });
    const { position, velocity, angle, angularVelocity, age, visit } = state.columns;
    this.#position.set(position);
    this.#velocity.set(velocity);
    this.#angle.set(angle);
    this.#turning.set(angularVelocity);
    this.#age.set(age);
    this.#visit.set(visit);
    this.#reseed(state.seed);
  }

  #reseed(seed: number): KeyedDraws {
    this.#seed = seed;
    this.#starts = new KeyedDraws(seed, 'start');
    return this.#starts;
  }

  #start(starts: KeyedDraws, b: number): void {
    const draws = starts.at(b, this.#visit[b]);
    this.#position[b] = START_RANGE * (2 * draws.next() - 1);
    this.#velocity[b] = START_RANGE * (2 * draws.next() - 1);
    this.#angle[b] = START_RANGE * (2 * draws.next() - 1);
    this.#turning[b] = START_RANGE * (2 * draws.next() - 1);
    this.#age[b] = 0;
  }

  #observe(b: number, rows: Float32Array): void {
    const at = b * 4;
    rows[at] = this.#position[b];
    rows[at + 1] = this.#velocity[b];
    rows[at + 2] = this.#angle[b];
    rows[at + 3] = this.#turning[b];
  }

  #ending(b: number, age: number): number {
    if (this.#position[b] < -POSITION_LIMIT || this.#position[b] > POSITION_LIMIT) return LEFT_TRACK;
    if (this.#angle[b] < -ANGLE_LIMIT || this.#angle[b] > ANGLE_LIMIT) return FELL;
    return age >= this.#stepLimit ? STEP_LIMIT : 0;
  }

  #finish(starts: KeyedDraws, b: number, reason: number, out: StepBatch): void {
    if (reason === STEP_LIMIT) out.truncated[b] = 1;
    else out.terminated[b] = 1;
    this.#observe(b, out.final);
    this.#visit[b]++;
    this.#start(starts, b);
    this.#observe(b, out.observation);
  }
}
