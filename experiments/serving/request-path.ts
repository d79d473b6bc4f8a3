import type { ContextPolicy } from '../../agents/contract.js';
import { quantileOfSorted } from '../../core/stats/moments.js';
import type { WeightGrid } from '../../logs/ad-utility/weight-grid.js';
import type { RequestBuffers } from '../../simulators/ad-market/columns.js';
import type { Served } from '../../simulators/ad-market/contract.js';
import type { AdMarket } from '../../simulators/ad-market/market.js';
import { largest } from '../ad-utility/policies.js';
import { DECIDED_BY, type DecidedBy, type WeightService } from './weight-service.js';

/** How requests are served: with production weights, by a policy beside the ranker, or by one before it. */
export const WAYS = ['production', 'beside the ranker', 'before the ranker'] as const;

/** Milliseconds of one way, and who decided. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly by: Readonly<Record<DecidedBy, number>>;
}

const nobody = (): Record<DecidedBy, number> => ({
  policy: 0,
  'time-out': 0,
  'missing features': 0,
  overload: 0,
  failure: 0,
});

/**
 * One request from its features to the ads that are shown: the ranker scores the market's candidates, the utility adds
 * their scores up by the weights, the auction fills the slots. The weights come from production, from a policy that runs
 * meanwhile, or from one that runs first.
 */
export class RequestPath {
  readonly #market: AdMarket;
  readonly #grid: WeightGrid;
  readonly #work: () => void;
  readonly #clock: () => number;
  readonly #request = new Float64Array(1);
  readonly #rows: RequestBuffers;
  readonly #context: RequestBuffers;
  readonly #served: Served;
  readonly #weights = new Float32Array(3);
  readonly #chances: Float64Array;

  /** @param work what the ranker computes besides the market's scores; see `rankerWork` */
  constructor(market: AdMarket, grid: WeightGrid, work: () => void, clock: () => number) {
    this.#market = market;
    this.#work = work;
    this.#grid = grid;
    this.#clock = clock;
    this.#rows = market.requests(1);
    this.#context = market.requests(1);
    this.#served = market.served(1);
    this.#chances = new Float64Array(grid.size);
  }

  /** The same requests each way, in turn, so that whatever else the machine does meets all three alike. */
  interleaved(
    requests: number,
    { service, policy }: { readonly service: WeightService; readonly policy: ContextPolicy },
  ): readonly Latency[] {
    const taken = WAYS.map(() => new Float64Array(requests));
    const by = WAYS.map(nobody);
    // The first tenth is served twice: the engine compiles what it runs.
    const warm = Math.ceil(requests / 10);
    for (let n = -warm; n < requests; n++) {
      this.#meet(n + warm);
      WAYS.forEach((_, way) => {
        const began = this.#clock();
        const decided = this.#serve(way, service, policy);
        const took = this.#clock() - began;
        if (n < 0) return;
        taken[way][n] = took;
        by[way][decided]++;
      });
    }
    return WAYS.map((_, way) => {
      const sorted = taken[way].sort();
      return { p50: quantileOfSorted(sorted, 0.5), p99: quantileOfSorted(sorted, 0.99), by: by[way] };
    });
  }

  /** Requests beside a policy that has a fault, or without their features: who decided, and the slowest of them. */
  drill(requests: number, service: WeightService, blind = false): Pick<Latency, 'by'> & { readonly worst: number } {
    const by = nobody();
    let worst = 0;
    for (let n = 0; n < requests; n++) {
      this.#meet(n);
      if (blind) this.#context.numeric[n % this.#market.shape.numeric] = NaN;
      const began = this.#clock();
      by[this.#beside(service)]++;
      worst = Math.max(worst, this.#clock() - began);
    }
    return { by, worst };
  }

  /** What is known of a request before its candidates are. */
  #meet(number: number): void {
    this.#request[0] = number;
    this.#market.fillContext(this.#request, this.#context);
  }

  #serve(way: number, service: WeightService, policy: ContextPolicy): DecidedBy {
    if (way === 1) return this.#beside(service);
    if (way === 2) {
      policy.decide(this.#context, this.#chances);
      this.#rank();
      this.#show(largest(this.#chances, 0, this.#chances.length));
      return 'policy';
    }
    this.#rank();
    this.#show(this.#grid.production);
    return 'policy';
  }

  #beside(service: WeightService): DecidedBy {
    const ticket = service.ask(this.#context.numeric, this.#context.categorical);
    this.#rank();
    const { joint, by } = service.answer(ticket);
    this.#show(joint);
    return by;
  }

  /** The ranker's work: a score per candidate and head. */
  #rank(): void {
    this.#work();
    this.#market.fill(this.#request, this.#rows);
  }

  #show(joint: number): void {
    this.#grid.writeWeights(joint, this.#weights);
    this.#market.serve(this.#rows, this.#weights, this.#served, EXPECTED);
  }
}

const EXPECTED = { expectedOnly: true } as const;

/** "policy 198, time-out 2" */
export function tellBy(by: Readonly<Record<DecidedBy, number>>): string {
  return DECIDED_BY.filter((name) => by[name] > 0)
    .map((name) => `${name} ${by[name]}`)
    .join(', ');
}
