import type { Budgets } from '../../simulators/ad-market/budgets.js';
import type { RequestBuffers } from '../../simulators/ad-market/columns.js';
import type { Served } from '../../simulators/ad-market/contract.js';
import type { AdMarket, Serving } from '../../simulators/ad-market/market.js';
import type { EnvState } from '../contract.js';

/** What a world's day is made of: a request at a time, and the budgets it takes from. */
interface Day {
  readonly budgets: Budgets;
  readonly serving: Serving;
  readonly request: Float64Array;
  readonly rows: RequestBuffers;
  readonly weights: Float32Array;
  readonly served: Served;
}

function withBudgets(market: AdMarket, share: number): Pick<Day, 'budgets' | 'serving'> {
  const budgets = market.budgets([share]);
  return { budgets, serving: { budgets } };
}

/**
 * Days of B worlds, each with advertisers' budgets of its own: a day has `requests` requests, and the budgets are the
 * market's daily ones in that proportion. Worlds are served one by one, so that none depends on how many there are.
 */
export class BudgetDays {
  readonly #market: AdMarket;
  readonly #days: readonly Day[];
  /** Daily budgets of all advertisers together. */
  readonly #total: number;

  constructor(market: AdMarket, requests: number, batch: number) {
    this.#market = market;
    this.#days = Array.from({ length: batch }, () => ({
      ...withBudgets(market, requests / market.settings.requestsPerDay),
      request: new Float64Array(1),
      rows: market.requests(1),
      weights: new Float32Array(3),
      served: market.served(1),
    }));
    this.#total = this.#left(0);
  }

  /** A new day of world b: full budgets, whatever the day before did. */
  begin(b: number): void {
    this.#days[b].budgets.restart();
  }

  /** @param request [B] @param weights [B, 3] */
  serve(request: Float64Array, weights: Float32Array, out: Served): void {
    for (let b = 0; b < this.#days.length; b++) {
      const day = this.#days[b];
      day.request[0] = request[b];
      for (let g = 0; g < 3; g++) day.weights[g] = weights[b * 3 + g];
      this.#market.fill(day.request, day.rows);
      this.#market.serve(day.rows, day.weights, day.served, day.serving);
      for (let r = 0; r < 4; r++) {
        out.realised[b * 4 + r] = day.served.realised[r];
        out.expected[b * 4 + r] = day.served.expected[r];
      }
    }
  }

  /** Share of all budgets that world b has spent today; 0 where there is no limit. */
  spent(b: number): number {
    return Number.isFinite(this.#total) && this.#total > 0
      ? Math.min(1, Math.max(0, 1 - this.#left(b) / this.#total))
      : 0;
  }

  #left(b: number): number {
    let sum = 0;
    for (let a = 0; a < this.#market.ads.advertisers; a++) sum += this.#days[b].budgets.left(0, a);
    return sum;
  }

  snapshot(): EnvState['columns'] {
    const A = this.#market.ads.advertisers;
    const left = new Float64Array(this.#days.length * A);
    const pace = new Float64Array(this.#days.length * A);
    const clock = new Int32Array(this.#days.length * 2);
    this.#days.forEach(({ budgets }, b) => {
      const state = budgets.snapshot();
      left.set(state.left, b * A);
      pace.set(state.pace, b * A);
      clock.set([state.day, state.look], b * 2);
    });
    return { left, pace, clock };
  }

  /** Lengths of the columns of a snapshot. */
  lengths(): Readonly<Record<string, number>> {
    const B = this.#days.length;
    const A = this.#market.ads.advertisers;
    return { left: B * A, pace: B * A, clock: B * 2 };
  }

  restore(columns: EnvState['columns']): void {
    const A = this.#market.ads.advertisers;
    this.#days.forEach(({ budgets }, b) => {
      budgets.restore({
        day: columns['clock'][b * 2],
        look: columns['clock'][b * 2 + 1],
        left: Float64Array.from(columns['left'].subarray(b * A, (b + 1) * A)),
        pace: Float64Array.from(columns['pace'].subarray(b * A, (b + 1) * A)),
      });
    });
  }
}
