import { complaint, expectNumber } from '../../core/check.js';
import { categorical, uniformInt } from '../../core/distributions.js';
import { KeyedDraws } from '../../core/draws.js';
import type { WeightGrid } from '../../logs/ad-utility/weight-grid.js';
import { makeLog } from '../../logs/columns.js';
import type { Log, LogSchema } from '../../logs/record.js';
import type { LogColumns, LogHead } from '../../logs/store/fields.js';
import { DAY_MS, START_MS } from './calendar.js';
import { WEIGHTED, type RequestContext, type Served } from './contract.js';
import type { RequestBuffers } from './columns.js';
import { highOf, lowOf } from './luck.js';
import type { AdMarket } from './market.js';
import { luckOf } from './settings.js';
import { Slice } from './slice.js';
import { SURFACES } from './surfaces.js';

/** Outcomes of a logged request: counts over its slots; `ecpm` is the auction's own expectation of the revenue. */
export const LOG_OUTCOMES = ['revenue', 'ecpm', 'click', 'longClick', 'hide', 'conversion'] as const;
/** Rows of a piece: as many as the store keeps together. */
const PIECE = 4096;
/** PRL-PUTS explores on 1.25 % of requests. */
export const EXPLORATION = 0.0125;

/** Who chooses the weights when it is not a uniform draw. */
export interface LoggingPolicy {
  readonly name: string;
  /** Writes the probability of every action, [n, A]. */
  propensities(context: RequestContext, out: Float64Array): void;
}

/** What is logged of a market. */
export interface AdLogRequest {
  readonly grid: WeightGrid;
  readonly rows: number;
  /** ε, the share of requests in the exploration slice; 0.0125 unless given. */
  readonly exploration?: number;
  /**
   * 'slice', unless given: only requests of the exploration slice. Actions are uniform there, or drawn by `policy`.
   * 'all': every request, in the slice uniform and outside as `policy` (production weights unless given) has it; the
   * propensity is that of the mixture, ε ÷ A + (1 − ε)·π(a).
   */
  readonly kind?: 'slice' | 'all';
  readonly policy?: LoggingPolicy;
  /** Only requests of this surface; a name of `SURFACES`. */
  readonly surface?: string;
  /** Requests before this one are left out; 0 unless given. */
  readonly firstRequest?: number;
  /** When the log is written: conversions that are known later are not in it. At the end of time unless given. */
  readonly asOfDay?: number;
}

/** Numbers of the requests that a log has, in pieces of up to 4,096: the log's rows in order. The array is reused. */
export function* loggedRequests(market: AdMarket, asked: AdLogRequest): Generator<Float64Array> {
  const walk = walker(market, asked);
  const numbers = new Float64Array(PIECE);
  for (let from = 0; from < asked.rows; from += PIECE) {
    const n = Math.min(PIECE, asked.rows - from);
    for (let i = 0; i < n; i++) numbers[i] = walk();
    yield numbers.subarray(0, n);
  }
}

/** The next request that the log has. */
function walker(market: AdMarket, asked: AdLogRequest): () => number {
  const { exploration = EXPLORATION, kind = 'slice', surface, firstRequest = 0 } = asked;
  const wanted = surface === undefined ? -1 : surfaceCode(surface);
  const slice = new Slice(luckOf(market.settings), exploration, firstRequest);
  let ahead = firstRequest;
  const step = kind === 'slice' ? () => slice.next() : () => ahead++;
  return () => {
    for (;;) {
      const request = step();
      if (wanted < 0 || market.surfaceOf(request) === wanted) return request;
    }
  };
}

function surfaceCode(surface: string): number {
  const code = SURFACES.findIndex((known) => known === surface);
  if (code < 0) refuse('surface', `one of ${SURFACES.join(', ')}`, `'${surface}'`);
  return code;
}

/** Everything about a log but its rows: what the store's writer is given at the end. */
export function adLogHead(market: AdMarket, asked: AdLogRequest): LogHead {
  check(asked);
  const { kind = 'slice', policy, exploration = EXPLORATION, surface } = asked;
  const chosen = policy?.name ?? (kind === 'all' ? 'production' : undefined);
  const about = kind === 'all' ? 'all requests' : 'the exploration slice';
  return {
    schema: {
      outcomes: LOG_OUTCOMES,
      numericNames: market.numericNames,
      categoricalNames: market.categoricalNames,
      perAction: [],
      endReasons: ['none'],
      hasPropensity: true,
      source: `${market.about}, ${about} (${exploration})${surface === undefined ? '' : ` of surface ${surface}`}`,
    } satisfies LogSchema,
    actions: asked.grid.actionTable(),
    policies: { values: [...(chosen === undefined ? [] : [chosen]), ...(slicePolicy(asked) ? [] : ['exploration'])] },
    users: { values: Array.from({ length: market.users }, (_, u) => `user-${u}`) },
    sessions: { values: [] },
    requests: { values: [] },
    categoricalValues: market.categoricalValues.map((values) => ({ values })),
  };
}

/** Whether a policy chooses in the slice too. */
function slicePolicy({ kind = 'slice', policy }: AdLogRequest): boolean {
  return kind === 'slice' && policy !== undefined;
}

/**
 * The rows of a log in pieces of up to 4,096, for the store's writer: memory does not grow with them. The arrays are
 * reused from piece to piece. Actions are drawn by luck of the request, so that a log is the same in any pieces.
 *
 * @throws a config error for a grid of other weights than click, long click and hide, for an unknown surface, and for rows
 *   that reach beyond `asOfDay`
 */
export function* adLogPieces(market: AdMarket, asked: AdLogRequest): Generator<LogColumns> {
  check(asked);
  const piece = new Piece(market, asked);
  for (const numbers of loggedRequests(market, asked)) yield piece.write(numbers);
}

/** The log in memory. @throws as `adLogPieces` */
export function writeAdLog(market: AdMarket, asked: AdLogRequest, name = 'ad-market'): Log {
  const { rows } = asked;
  const head = adLogHead(market, asked);
  const numbers = market.numericNames.length;
  const codes = market.categoricalNames.length;
  const columns = {
    timeMs: new Float64Array(rows),
    user: new Int32Array(rows),
    action: new Int32Array(rows),
    propensity: new Float64Array(rows),
    policy: new Int32Array(rows),
    outcomes: LOG_OUTCOMES.map(() => new Float32Array(rows)),
    numeric: new Float32Array(rows * numbers),
    categorical: new Int32Array(rows * codes),
  };
  let at = 0;
  for (const piece of adLogPieces(market, asked)) {
    columns.timeMs.set(piece.timeMs, at);
    columns.user.set(piece.user, at);
    columns.action.set(piece.action, at);
    columns.propensity.set(piece.propensity, at);
    columns.policy.set(piece.policy, at);
    columns.outcomes.forEach((column, i) => {
      column.set(piece.outcomes[i], at);
    });
    columns.numeric.set(piece.numeric, at * numbers);
    columns.categorical.set(piece.categorical, at * codes);
    at += piece.rows;
  }
  return makeLog({
    name,
    rows,
    schema: head.schema,
    actions: head.actions,
    policies: head.policies.values,
    users: head.users.values,
    categoricalValues: head.categoricalValues.map(({ values }) => values),
    ...columns,
  });
}

/** Room for a piece of a log and everything needed to write it. */
class Piece {
  readonly #market: AdMarket;
  readonly #asked: AdLogRequest;
  readonly #requests: RequestBuffers;
  readonly #served: Served;
  readonly #weights = new Float32Array(PIECE * 3);
  readonly #chances: Float64Array;
  readonly #luck: KeyedDraws;
  readonly #slice: Slice;
  readonly #timeMs = new Float64Array(PIECE);
  readonly #action = new Int32Array(PIECE);
  readonly #propensity = new Float64Array(PIECE);
  readonly #policy = new Int32Array(PIECE);
  readonly #outcomes = LOG_OUTCOMES.map(() => new Float32Array(PIECE));
  readonly #missing = new Int32Array(PIECE).fill(-1);
  readonly #none = new Uint8Array(PIECE);

  constructor(market: AdMarket, asked: AdLogRequest) {
    const { exploration = EXPLORATION, firstRequest = 0, grid, policy } = asked;
    this.#market = market;
    this.#asked = asked;
    this.#requests = market.requests(PIECE);
    this.#served = market.served(PIECE);
    this.#chances = new Float64Array(policy === undefined ? 0 : PIECE * grid.size);
    this.#luck = new KeyedDraws(luckOf(market.settings), 'ad-market actions');
    this.#slice = new Slice(luckOf(market.settings), exploration, firstRequest);
  }

  write(numbers: Float64Array): LogColumns {
    const n = numbers.length;
    this.#market.fill(numbers, this.#requests);
    this.#choose(n);
    this.#market.serve(this.#requests, this.#weights, this.#served);
    this.#tell(n);
    const { numeric, categorical: codes } = this.#market.shape;
    const missing = this.#missing.subarray(0, n);
    return {
      rows: n,
      timeMs: this.#timeMs.subarray(0, n),
      request: missing,
      session: missing,
      user: this.#requests.user.subarray(0, n),
      position: missing,
      action: this.#action.subarray(0, n),
      propensity: this.#propensity.subarray(0, n),
      policy: this.#policy.subarray(0, n),
      outcomes: this.#outcomes.map((column) => column.subarray(0, n)),
      endReason: this.#none.subarray(0, n),
      numeric: this.#requests.numeric.subarray(0, n * numeric),
      categorical: this.#requests.categorical.subarray(0, n * codes),
      candidates: 'all',
    };
  }

  #choose(n: number): void {
    const { grid, kind = 'slice', policy, exploration = EXPLORATION } = this.#asked;
    const A = grid.size;
    const chances = this.#chances;
    const always = slicePolicy(this.#asked);
    const share = kind === 'slice' ? (always ? 0 : 1) : exploration;
    policy?.propensities(this.#requests, chances);
    for (let i = 0; i < n; i++) {
      const request = this.#requests.request[i];
      const explores = !always && (kind === 'slice' || this.#inSlice(request));
      const luck = this.#luck.at(highOf(request), lowOf(request));
      let action = grid.production;
      if (explores) action = uniformInt(luck, A);
      else if (policy !== undefined) action = categorical(luck, chances, i * A, A);
      const own = policy === undefined ? (action === grid.production ? 1 : 0) : chances[i * A + action];
      this.#action[i] = action;
      this.#propensity[i] = share / A + (1 - share) * own;
      this.#policy[i] = kind === 'all' && explores ? 1 : 0;
      grid.writeWeights(action, this.#weights, i * 3);
    }
  }

  #inSlice(request: number): boolean {
    while (this.#slice.ahead < request) this.#slice.next();
    return this.#slice.ahead === request;
  }

  #tell(n: number): void {
    const { realised, ecpm, conversionDays } = this.#served;
    const { asOfDay = Infinity } = this.#asked;
    const [revenue, expected, click, long, hide, conversion] = this.#outcomes;
    for (let i = 0; i < n; i++) {
      const time = this.#market.timeOf(this.#requests.request[i]);
      if (time >= asOfDay) refuse('asOfDay', `a day after the last row's, ${time.toFixed(2)}`, String(asOfDay));
      this.#timeMs[i] = START_MS + Math.round(time * DAY_MS);
      revenue[i] = realised[i * 4];
      expected[i] = ecpm[i];
      click[i] = realised[i * 4 + 1];
      long[i] = realised[i * 4 + 2];
      hide[i] = realised[i * 4 + 3];
      conversion[i] = time + conversionDays[i] <= asOfDay ? 1 : 0;
    }
  }
}

function check({ grid, rows, exploration = EXPLORATION, firstRequest = 0, surface }: AdLogRequest): void {
  const names = grid.groups.map(({ name }) => name).join(', ');
  if (names !== WEIGHTED.join(', ')) refuse('weight grid', `the groups ${WEIGHTED.join(', ')}`, names);
  expectNumber('ad log: rows', rows, 0, 1e9);
  expectNumber('ad log: firstRequest', firstRequest, 0, Number.MAX_SAFE_INTEGER);
  if (!Number.isInteger(rows)) refuse('rows', 'a whole number', String(rows));
  if (!Number.isInteger(firstRequest)) refuse('firstRequest', 'a whole number', String(firstRequest));
  expectNumber('ad log: exploration', exploration, 1e-9, 1);
  if (surface !== undefined) surfaceCode(surface);
}

function refuse(what: string, expected: string, received: string): never {
  throw complaint('config', { where: `ad log: ${what}`, expected, received });
}
