import { complaint } from '../../core/check.js';
import type { AdMarket } from '../../simulators/ad-market/market.js';
import { SURFACES } from '../../simulators/ad-market/surfaces.js';

/** Requests of some days, by number: those of the treated surface, and those that came in between. */
export interface Traffic {
  readonly treated: Float64Array;
  readonly others: Float64Array;
}

/** Code of a surface. @throws a config error for one that the market does not have */
export function surfaceCode(surface: string): number {
  const code = SURFACES.findIndex((known) => known === surface);
  if (code >= 0) return code;
  throw complaint('config', { where: 'surface', expected: `one of ${SURFACES.join(', ')}`, received: `'${surface}'` });
}

/** Requests looked at to learn how often a surface is asked for. */
const PROBED = 4096;

/**
 * As many treated requests as asked for, spread evenly over the hours of the days from `day` on, and all requests of
 * other surfaces that the same walk met.
 */
export function trafficOf(
  market: AdMarket,
  {
    surface,
    requests,
    day,
    days,
  }: { readonly surface: string; readonly requests: number; readonly day: number; readonly days: number },
): Traffic {
  const code = surfaceCode(surface);
  const { requestsPerDay } = market.settings;
  const first = day * requestsPerDay;
  let seen = 0;
  for (let i = 0; i < PROBED; i++) if (market.surfaceOf(first + i) === code) seen++;
  const step = Math.max(1, Math.floor((days * requestsPerDay * seen) / PROBED / requests));
  const treated = new Float64Array(requests);
  const others: number[] = [];
  for (let at = first, found = 0; found < requests; at += step) {
    if (market.surfaceOf(at) === code) treated[found++] = at;
    else others.push(at);
  }
  return { treated, others: Float64Array.from(others) };
}
