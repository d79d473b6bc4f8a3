import { KeyedDraws } from '../../core/draws.js';
import { hash32 } from '../../core/random.js';
import type { Space } from '../../core/space.js';
import type { WeightGrid } from '../../logs/ad-utility/weight-grid.js';
import type { RequestBuffers } from '../../simulators/ad-market/columns.js';
import { OUTCOMES, type Served } from '../../simulators/ad-market/contract.js';
import type { AdMarket } from '../../simulators/ad-market/market.js';
import { batchCheck, clearOutcome, expectSeed, expectState, notStarted, refusedAction } from '../buffers.js';
import type { ActionBatch, Env, EnvSpec, EnvState, StepBatch } from '../contract.js';
import { rewardLine, type EnvReward } from '../reward.js';
import { BudgetDays } from './budget-days.js';
import { checkAdUtility, gridOf, surfaceOf, type AdUtilitySettings } from './settings.js';

export const AD_UTILITY = 'recsys/AdUtility-v1';

const [SERVED, DAY_OVER] = [1, 2];
const endReasons = [
  { name: 'none', ending: 'none' },
  { name: 'request served', ending: 'terminated' },
  { name: 'day over', ending: 'terminated' },
] as const;
/** Outcomes of a request. */
const R = OUTCOMES.length;
/** Weights of the utility. */
const G = 3;

/**
 * Ad-request utility tuning as an env, after DRL-PUT: one step is one ad request, the action is the vector of weights by
 * which its candidates are ranked, and what the slots bring is the reward. The market answers
 * (`simulators/ad-market/market.ts`).
 *
 * Horizon 'request': every request is a session of its own, terminated ("request served"): a contextual bandit, γ = 0.
 * Horizon 'day': a session is a day of `requests`, in which advertisers' budgets run down; what is earned early is
 * missing late, so γ matters. It is terminated after the last ("day over").
 *
 * Observation: the features that a log of the market has, numeric ones as they are and categorical ones as codes; with
 * the horizon 'day' also the share of the day that has passed and the share of all budgets that is spent.
 * Action: 'joint', an index of the weight grid, or 'groups', a level per weight.
 * Objectives: revenue, clicks, long clicks, hides of the request. Reward: Σ weight · objective, or a formula.
 *
 * Requests are found by (seed, world, visit): two policies meet the same requests with the same luck.
 *
 * Versions: v1.
 */
export class AdUtilityEnv implements Env {
  readonly spec: EnvSpec;
  readonly grid: WeightGrid;
  readonly market: AdMarket;
  readonly #settings: AdUtilitySettings;
  readonly #numbers: Float64Array;
  readonly #check: (verb: 'reset' | 'step', out: StepBatch) => void;
  readonly #line: ReturnType<typeof rewardLine>;
  readonly #reward: EnvReward | undefined;
  readonly #values = new Float64Array(R);
  readonly #surface: number;
  readonly #days: BudgetDays | undefined;
  /** [B] number of each world's request. */
  readonly #request: Float64Array;
  readonly #rows: RequestBuffers;
  readonly #served: Served;
  /** [B, G] */
  readonly #weights: Float32Array;
  /** [B] sessions begun before, and requests served in this one. */
  readonly #visit: Int32Array;
  readonly #age: Int32Array;
  readonly #levels: readonly number[];
  readonly #draws = new Float64Array(1);
  #seed = 0;
  #luck: KeyedDraws | undefined;

  /** @param reward a formula over the objectives in place of the settings' weights */
  constructor(market: AdMarket, settings: AdUtilitySettings, batch: number, reward?: EnvReward) {
    checkAdUtility(AD_UTILITY, settings, market.settings.requestsPerDay);
    this.market = market;
    this.grid = gridOf(settings);
    this.#settings = settings;
    this.#surface = surfaceOf(AD_UTILITY, settings.surface);
    const coefficients = settings.reward;
    this.#reward = reward;
    this.#line = rewardLine(reward ?? { text: '', evaluateRow: () => NaN, linear: { constant: 0, coefficients } }, [
      ...OUTCOMES,
    ]);
    const { horizon, requests, action, outcomes, firstDay, days } = settings;
    const daily = horizon === 'day';
    this.#levels = this.grid.groups.map(({ levels }) => levels.length);
    this.#numbers = Float64Array.of(
      ...[Number(daily), requests, hash32(action), hash32(outcomes), this.#surface, firstDay, days],
      ...[hash32(JSON.stringify(this.grid.groups)), hash32(reward?.text ?? JSON.stringify(coefficients))],
      ...market.fingerprint,
    );
    this.spec = {
      id: AD_UTILITY,
      batch,
      observation: adObservation(market, daily),
      action:
        action === 'joint' ? { kind: 'discrete', n: this.grid.size } : { kind: 'multi-discrete', n: this.#levels },
      objectives: [...OUTCOMES],
      rewardUnit: reward?.text ?? formulaOf(coefficients),
      endReasons,
      maxSteps: daily ? requests : 1,
    };
    this.#check = batchCheck(this.spec);
    this.#request = new Float64Array(batch);
    this.#rows = market.requests(batch);
    this.#served = market.served(batch);
    this.#weights = new Float32Array(batch * G);
    this.#visit = new Int32Array(batch);
    this.#age = new Int32Array(batch);
    this.#days = daily ? new BudgetDays(market, requests, batch) : undefined;
  }

  reset(seed: number, out: StepBatch): void {
    expectSeed(`${this.spec.id} reset`, seed);
    this.#check('reset', out);
    this.#reseed(seed);
    this.#visit.fill(0);
    this.#age.fill(0);
    for (let b = 0; b < this.spec.batch; b++) this.#days?.begin(b);
    this.#draw();
    this.#observe(out.observation);
    clearOutcome(out);
  }

  step(action: ActionBatch, out: StepBatch): void {
    if (this.#luck === undefined) throw notStarted(this.spec);
    this.#check('step', out);
    this.#readWeights(action);
    if (this.#days === undefined) this.market.serve(this.#rows, this.#weights, this.#served);
    else this.#days.serve(this.#request, this.#weights, this.#served);
    this.#tell(out);
    const last = this.spec.maxSteps;
    for (let b = 0; b < this.spec.batch; b++) {
      const over = ++this.#age[b] === last;
      out.terminated[b] = over ? 1 : 0;
      out.truncated[b] = 0;
      out.endReason[b] = over ? (this.#days === undefined ? SERVED : DAY_OVER) : 0;
      if (!over) continue;
      // The last thing that was known of the session: its last request, with the budgets as they are now.
      this.#observeOne(b, out.final);
      this.#age[b] = 0;
      this.#visit[b]++;
      this.#days?.begin(b);
    }
    this.#draw();
    this.#observe(out.observation);
  }

  snapshot(): EnvState {
    const columns = {
      settings: this.#numbers.slice(),
      visit: this.#visit.slice(),
      age: this.#age.slice(),
      ...this.#days?.snapshot(),
    };
    return { id: this.spec.id, batch: this.spec.batch, seed: this.#seed, columns };
  }

  restore(state: EnvState): void {
    const B = this.spec.batch;
    expectState(this.spec, state, this.#numbers, { visit: B, age: B, ...this.#days?.lengths() });
    this.#visit.set(state.columns['visit']);
    this.#age.set(state.columns['age']);
    this.#days?.restore(state.columns);
    this.#reseed(state.seed);
    this.#draw();
  }

  #reseed(seed: number): void {
    this.#seed = seed;
    this.#luck = new KeyedDraws(seed, 'ad-utility requests');
  }

  /** Finds the request that every world meets now, and fills in what is known of it. */
  #draw(): void {
    for (let b = 0; b < this.spec.batch; b++) this.#find(b);
    if (this.#days === undefined) this.market.fill(this.#request, this.#rows);
    else this.market.fillContext(this.#request, this.#rows);
  }

  #find(b: number): void {
    const luck = this.#luck;
    if (luck === undefined) return;
    const { requestsPerDay } = this.market.settings;
    const { firstDay, days } = this.#settings;
    luck.at(b, this.#visit[b]).fill(this.#draws);
    const first = (firstDay + Math.floor(this.#draws[0] * days)) * requestsPerDay;
    // Within a day requests come in order: each in its own share of the day.
    luck.at(b, this.#visit[b], 1 + this.#age[b]).fill(this.#draws);
    const within = Math.floor(((this.#age[b] + this.#draws[0]) / this.spec.maxSteps) * requestsPerDay);
    this.#request[b] = first + Math.min(requestsPerDay - 1, within);
    if (this.#surface >= 0) this.market.seek(this.#request, b, this.#surface);
  }

  #readWeights(action: ActionBatch): void {
    const { batch } = this.spec;
    const joint = this.#settings.action === 'joint';
    const G1 = joint ? 1 : G;
    for (let b = 0; b < batch; b++) {
      let index = 0;
      for (let g = 0; g < G1; g++) {
        const n = joint ? this.grid.size : this.#levels[g];
        const chosen = action[b * G1 + g];
        if (!(chosen >= 0 && chosen < n && Number.isInteger(chosen))) throw refusedAction(this.spec, action, b);
        index = index * n + chosen;
      }
      this.grid.writeWeights(index, this.#weights, b * G);
    }
  }

  /** Rewards and objectives of what was served. */
  #tell(out: StepBatch): void {
    const told = this.#settings.outcomes === 'expected' ? this.#served.expected : this.#served.realised;
    out.objectives.set(told);
    const line = this.#line;
    if (line === undefined) {
      for (let b = 0; b < this.spec.batch; b++) out.reward[b] = this.#formula(told, b);
      return;
    }
    const { weights, constant } = line;
    for (let b = 0; b < this.spec.batch; b++) {
      let sum = weights[0] * told[b * R];
      for (let r = 1; r < R; r++) sum += weights[r] * told[b * R + r];
      out.reward[b] = constant + sum;
    }
  }

  #formula(told: Float32Array, b: number): number {
    for (let r = 0; r < R; r++) this.#values[r] = told[b * R + r];
    return this.#reward?.evaluateRow(this.#values) ?? NaN;
  }

  #observe(out: Float32Array): void {
    for (let b = 0; b < this.spec.batch; b++) this.#observeOne(b, out);
  }

  /** The age tells how much of the day has passed. */
  #observeOne(b: number, out: Float32Array): void {
    const { numeric: M, categorical: C } = this.market.shape;
    const width = M + C + (this.#days === undefined ? 0 : 2);
    const at = b * width;
    for (let m = 0; m < M; m++) out[at + m] = this.#rows.numeric[b * M + m];
    for (let c = 0; c < C; c++) out[at + M + c] = this.#rows.categorical[b * C + c];
    if (this.#days === undefined) return;
    out[at + M + C] = this.#age[b] / this.spec.maxSteps;
    out[at + M + C + 1] = this.#days.spent(b);
  }
}

/** "revenue + 0.25 click …" as a formula that a config could have. */
function formulaOf(coefficients: AdUtilitySettings['reward']): string {
  return Object.entries(coefficients)
    .map(([name, value]) => `${value}*${name}`)
    .join(' + ');
}

function adObservation(market: AdMarket, daily: boolean): Space {
  const number: Space = { kind: 'box', shape: [1], low: -Infinity, high: Infinity };
  const share: Space = { kind: 'box', shape: [1], low: 0, high: 1 };
  return {
    kind: 'record',
    fields: {
      ...Object.fromEntries(market.numericNames.map((name) => [name, number])),
      ...Object.fromEntries(
        market.categoricalNames.map((name, c): [string, Space] => [
          name,
          { kind: 'discrete', n: market.categoricalValues[c].length },
        ]),
      ),
      ...(daily ? { dayPassed: share, budgetSpent: share } : {}),
    },
  };
}
