import { choose, expectNumber } from '../../core/check.js';
import { KeyedDraws } from '../../core/draws.js';
import { width } from '../../core/space.js';
import type { PreferencePeople } from '../../simulators/preference/contract.js';
import { SlatePreferences, slatePreferenceDefaults } from '../../simulators/preference/slates.js';
import { PreferenceBandit, preferenceBanditDefaults } from '../../simulators/preference/tabular.js';
import { batchCheck, clearOutcome, expectSeed, expectState, isSlate, notStarted, refusedAction } from '../buffers.js';
import type { ActionBatch, Env, EnvSpec, EnvState, StepBatch } from '../contract.js';

export const PREFERENCE = 'recsys/Preference-v1';

/** Who is asked, and what the designer wants. */
export interface PreferenceEnvSettings {
  /** 'table': one of the responses of a context; 'slates': a slate of a request's candidates. */
  readonly responses: string;
  /** Weight of the hidden preference in the reward. */
  readonly preference: number;
  /** Weights of the designer's objectives by name; those left out count nothing. None at all: table 1·designer. */
  readonly weights: Readonly<Record<string, number>>;
  readonly table: typeof preferenceBanditDefaults;
  readonly slates: typeof slatePreferenceDefaults;
}

export const preferenceEnvDefaults: PreferenceEnvSettings = {
  responses: 'table',
  preference: 1,
  weights: {},
  table: preferenceBanditDefaults,
  slates: slatePreferenceDefaults,
};

/** What the designer wants where nothing is said. *Invented*. */
const WISHES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  table: { designer: 1 },
  slates: { fresh: 1, diversity: 1, flagged: -1 },
};

/** The people that the settings name. */
export function preferencePeople({ responses, table, slates }: PreferenceEnvSettings): PreferencePeople {
  const kinds = { table: () => new PreferenceBandit(table), slates: () => new SlatePreferences(slates) };
  return choose<() => PreferencePeople>(`${PREFERENCE} responses`, kinds, responses)();
}

const endReasons = [
  { name: 'none', ending: 'none' },
  { name: 'answered', ending: 'terminated' },
] as const;

/**
 * One decision: a context is seen, a response is given, the session ends. The reward is
 *
 *     preference weight · r_p(x, y) + Σ_i w_i R_i(x, y)
 *
 * with r_p the hidden preference and R_i the designer's objectives, all of them reported as objectives; both are
 * certain. Contexts are drawn uniformly. Who learns from comparisons never sees r_p; who acts here is paid by it.
 *
 * Versions: v1.
 */
export class PreferenceEnv implements Env {
  readonly spec: EnvSpec;
  readonly #people: PreferencePeople;
  readonly #weights: Float64Array;
  readonly #settings: Float64Array;
  readonly #check: (verb: 'reset' | 'step', out: StepBatch) => void;
  readonly #context: Int32Array;
  readonly #visit: Int32Array;
  readonly #width: number;
  #seed = 0;
  #draws: KeyedDraws | undefined;

  constructor(people: PreferencePeople, settings: PreferenceEnvSettings, batch: number) {
    const { outcomes, observation, action } = people;
    const given = Object.keys(settings.weights).length === 0 ? WISHES[settings.responses] : settings.weights;
    for (const name of Object.keys(given)) {
      choose(`${PREFERENCE} objective`, Object.fromEntries(outcomes.slice(1).map((own) => [own, own])), name);
      expectNumber(`${PREFERENCE}: weights.${name}`, given[name]);
    }
    expectNumber(`${PREFERENCE}: preference`, settings.preference);
    this.#people = people;
    this.#weights = Float64Array.from(outcomes, (name, i) =>
      i === 0 ? settings.preference : Object.hasOwn(given, name) ? given[name] : 0,
    );
    this.#settings = Float64Array.of(...this.#weights, ...people.fingerprint);
    this.#width = width(action);
    this.spec = {
      id: PREFERENCE,
      batch,
      observation,
      action,
      objectives: outcomes,
      rewardUnit: outcomes.map((name, i) => `${this.#weights[i]}*${name}`).join(' + '),
      endReasons,
      maxSteps: 1,
    };
    this.#check = batchCheck(this.spec);
    this.#context = new Int32Array(batch);
    this.#visit = new Int32Array(batch);
  }

  reset(seed: number, out: StepBatch): void {
    expectSeed(`${PREFERENCE} reset`, seed);
    this.#check('reset', out);
    const draws = this.#reseed(seed);
    this.#visit.fill(0);
    for (let b = 0; b < this.spec.batch; b++) this.#begin(draws, b, out.observation);
    clearOutcome(out);
  }

  step(action: ActionBatch, out: StepBatch): void {
    const draws = this.#draws;
    if (draws === undefined) throw notStarted(this.spec);
    this.#check('step', out);
    const B = this.spec.batch;
    const O = out.observation.length / B;
    const R = this.#weights.length;
    for (let b = 0; b < B; b++) if (!this.#isAction(action, b)) throw refusedAction(this.spec, action, b);
    for (let b = 0; b < B; b++) {
      this.#people.answer(this.#context[b], action, b * this.#width, out.objectives, b * R);
      let reward = 0;
      for (let i = 0; i < R; i++) reward += this.#weights[i] * out.objectives[b * R + i];
      out.reward[b] = reward;
      out.terminated[b] = 1;
      out.truncated[b] = 0;
      out.endReason[b] = 1;
      this.#people.observe(this.#context[b], out.final, b * O);
      this.#visit[b]++;
      this.#begin(draws, b, out.observation);
    }
  }

  snapshot(): EnvState {
    const columns = { settings: this.#settings.slice(), context: this.#context.slice(), visit: this.#visit.slice() };
    return { id: this.spec.id, batch: this.spec.batch, seed: this.#seed, columns };
  }

  restore(state: EnvState): void {
    const B = this.spec.batch;
    expectState(this.spec, state, this.#settings, { context: B, visit: B });
    this.#context.set(state.columns['context']);
    this.#visit.set(state.columns['visit']);
    this.#reseed(state.seed);
  }

  #reseed(seed: number): KeyedDraws {
    this.#seed = seed;
    this.#draws = new KeyedDraws(seed, 'contexts');
    return this.#draws;
  }

  #begin(draws: KeyedDraws, b: number, observation: Float32Array): void {
    this.#context[b] = Math.floor(draws.at(b, this.#visit[b]).next() * this.#people.contexts);
    this.#people.observe(this.#context[b], observation, (b * observation.length) / this.spec.batch);
  }

  #isAction(action: ActionBatch, b: number): boolean {
    const space = this.spec.action;
    if (space.kind === 'slate') return isSlate(action, b, space.size, space.candidates);
    return space.kind === 'discrete' && isSlate(action, b, 1, space.n);
  }
}
