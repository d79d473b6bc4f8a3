import { complaint } from '../../core/check.js';
import type { RequestContext, Requests, Served } from './contract.js';

/** Room for the context of up to `capacity` requests; `count` of them are in use. */
export interface ContextBuffers extends RequestContext {
  count: number;
  readonly capacity: number;
}

/** Room for up to `capacity` requests with candidates; `count` of them are in use. */
export interface RequestBuffers extends Requests {
  count: number;
  readonly capacity: number;
}

/** Sizes of a market: M numeric and C categorical features, N candidates, K slots. */
export interface MarketShape {
  readonly numeric: number;
  readonly categorical: number;
  readonly candidates: number;
  readonly slots: number;
}

export function contextBuffers(shape: MarketShape, capacity: number): ContextBuffers {
  return {
    count: 0,
    capacity,
    request: new Float64Array(capacity),
    user: new Int32Array(capacity),
    day: new Int32Array(capacity),
    numeric: new Float32Array(capacity * shape.numeric),
    categorical: new Int32Array(capacity * shape.categorical),
  };
}

export function requestBuffers(shape: MarketShape, capacity: number): RequestBuffers {
  const wide = capacity * shape.candidates;
  return {
    ...contextBuffers(shape, capacity),
    ad: new Int32Array(wide),
    bid: new Float32Array(wide),
    predicted: new Float32Array(wide * 4),
    truth: new Float32Array(wide * 4),
  };
}

export function servedBuffers(shape: MarketShape, capacity: number): Served {
  return {
    realised: new Float32Array(capacity * 4),
    expected: new Float32Array(capacity * 4),
    ecpm: new Float32Array(capacity),
    shown: new Int32Array(capacity * shape.slots),
    conversionDays: new Float32Array(capacity),
  };
}

/**
 * Checks requests that were not generated here: bids finite and not negative, predictions and truths in [0, 1], and in
 * every request something to rank by.
 *
 * @throws a data error that names the request and candidate
 */
export function checkRequests(requests: Requests, candidates: number): void {
  const { count, bid, predicted, truth } = requests;
  for (let n = 0; n < count; n++) {
    let something = false;
    for (let at = n * candidates; at < (n + 1) * candidates; at++) {
      const where = `request ${requests.request[n]}, candidate ${at - n * candidates}`;
      if (!(bid[at] >= 0 && bid[at] < Infinity)) refuse(`${where}: bid`, 'a finite number from 0', bid[at]);
      for (let i = at * 4; i < at * 4 + 4; i++) {
        if (!(predicted[i] >= 0 && predicted[i] <= 1)) refuse(`${where}: prediction`, 'a probability', predicted[i]);
        if (!(truth[i] >= 0 && truth[i] <= 1)) refuse(`${where}: truth`, 'a probability', truth[i]);
        something ||= predicted[i] > 0;
      }
    }
    if (!something) {
      refuse(`request ${requests.request[n]}`, 'a prediction above 0 for some candidate', 'only zeros');
    }
  }
}

function refuse(where: string, expected: string, received: number | string): never {
  throw complaint('data', { where, expected, received: String(received) });
}
