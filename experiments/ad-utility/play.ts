import type { Reward } from '../../reward-models/formula.js';
import type { RequestContext, Served } from '../../simulators/ad-market/contract.js';
import { LOG_OUTCOMES } from '../../simulators/ad-market/log.js';
import type { AdMarket } from '../../simulators/ad-market/market.js';
import type { Tuner } from './policies.js';

/** Requests made together. */
const BLOCK = 2048;

/** What is added up of every request. */
export const SUMS = ['reward', 'revenue', 'click', 'longClick', 'hide', 'shown'] as const;
export type Sums = Readonly<Record<(typeof SUMS)[number], Float64Array>>;

/** A policy over R requests. */
export interface PolicyPlay {
  readonly name: string;
  /** What was to be expected of the users, given what was shown; of the reward see `rewardOf`. */
  readonly expected: Sums;
  /** What users did; only where it was asked for. */
  readonly realised?: Sums;
  /** [R] the reward in expectation as a log holds it: with the auction's own expectation of the payment. */
  readonly logged: Float64Array;
  /** [R, G] */
  readonly weights: Float32Array;
}

export interface Played {
  /** [R] */
  readonly user: Int32Array;
  readonly plays: readonly PolicyPlay[];
}

/** Whether a reward can be judged by expected outcomes; of others only what was realised counts. */
export function judgedByExpectation({ exactInExpectation, names }: Reward): boolean {
  return exactInExpectation && !names.includes('conversion');
}

interface PlayRequest {
  readonly market: AdMarket;
  /** [R] numbers of requests. */
  readonly numbers: Float64Array;
  readonly tuners: readonly Tuner[];
  readonly reward: Reward;
  /** Names of those whose realised outcomes are kept. */
  readonly realised?: readonly string[];
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Every policy serves the same requests with the same luck. */
export function playRequests({ market, numbers, tuners, reward, realised = [], onProgress }: PlayRequest): Played {
  const R = numbers.length;
  const user = new Int32Array(R);
  const plays = tuners.map(({ name }) => roomFor(name, R, realised.includes(name)));
  const requests = market.requests(BLOCK);
  const served = market.served(BLOCK);
  const books = new Books(reward, market.shape.slots);
  for (let from = 0; from < R; from += BLOCK) {
    const n = Math.min(BLOCK, R - from);
    market.fill(numbers.subarray(from, from + n), requests);
    user.set(requests.user.subarray(0, n), from);
    tuners.forEach((tuner, p) => {
      const weights = plays[p].weights.subarray(from * 3, (from + n) * 3);
      tuner.weigh(contextOf(requests, n), weights);
      market.serve(requests, weights, served);
      books.write(plays[p], served, from, n);
    });
    onProgress?.(from + n, R);
  }
  return { user, plays };
}

/** The context of the first n rows, without room to spare. */
export function contextOf({ request, user, day, numeric, categorical }: RequestContext, n: number): RequestContext {
  const wide = numeric.length / request.length;
  const coded = categorical.length / request.length;
  return {
    count: n,
    request: request.subarray(0, n),
    user: user.subarray(0, n),
    day: day.subarray(0, n),
    numeric: numeric.subarray(0, n * wide),
    categorical: categorical.subarray(0, n * coded),
  };
}

function roomFor(name: string, R: number, realised: boolean): PolicyPlay {
  return {
    name,
    expected: emptySums(R),
    ...(realised ? { realised: emptySums(R) } : {}),
    logged: new Float64Array(R),
    weights: new Float32Array(R * 3),
  };
}

function emptySums(R: number): Sums {
  const column = (): Float64Array => new Float64Array(R);
  return { reward: column(), revenue: column(), click: column(), longClick: column(), hide: column(), shown: column() };
}

/** Writes what was served into columns. */
class Books {
  readonly #reward: Reward;
  readonly #slots: number;
  readonly #expected: boolean;
  /** [6] a block of every outcome of the log. */
  readonly #columns = LOG_OUTCOMES.map(() => new Float64Array(BLOCK));
  readonly #out = new Float64Array(BLOCK);

  constructor(reward: Reward, slots: number) {
    this.#reward = reward;
    this.#slots = slots;
    this.#expected = judgedByExpectation(reward);
  }

  write(play: PolicyPlay, served: Served, from: number, n: number): void {
    const { expected, realised, ecpm } = served;
    this.#tell(play.expected, expected, served, from, n);
    // The truth pays what users are expected to bring, not what the auction believes.
    this.#rewards(this.#expected ? expected : realised, undefined, served, n);
    play.expected.reward.set(this.#out.subarray(0, n), from);
    this.#rewards(this.#expected ? expected : realised, ecpm, served, n);
    play.logged.set(this.#out.subarray(0, n), from);
    if (play.realised === undefined) return;
    this.#tell(play.realised, realised, served, from, n);
    this.#rewards(realised, ecpm, served, n);
    play.realised.reward.set(this.#out.subarray(0, n), from);
  }

  #tell(sums: Sums, four: Float32Array, { shown }: Served, from: number, n: number): void {
    const K = this.#slots;
    for (let i = 0; i < n; i++) {
      sums.revenue[from + i] = four[i * 4];
      sums.click[from + i] = four[i * 4 + 1];
      sums.longClick[from + i] = four[i * 4 + 2];
      sums.hide[from + i] = four[i * 4 + 3];
      let ads = 0;
      for (let k = i * K; k < (i + 1) * K; k++) if (shown[k] >= 0) ads++;
      sums.shown[from + i] = ads;
    }
  }

  /** @param ecpm the auction's expectation; the revenue of `four` unless given */
  #rewards(four: Float32Array, ecpm: Float32Array | undefined, { conversionDays }: Served, n: number): void {
    const [revenue, auction, click, long, hide, conversion] = this.#columns;
    for (let i = 0; i < n; i++) {
      revenue[i] = four[i * 4];
      auction[i] = ecpm === undefined ? four[i * 4] : ecpm[i];
      click[i] = four[i * 4 + 1];
      long[i] = four[i * 4 + 2];
      hide[i] = four[i * 4 + 3];
      conversion[i] = conversionDays[i] >= 0 ? 1 : 0;
    }
    this.#reward.evaluate(
      this.#columns.map((column) => column.subarray(0, n)),
      this.#out.subarray(0, n),
    );
  }
}
