import { spearman } from '../feed-session/realism/slices.js';
import type { WeightTable } from './contract.js';
import type { Played } from './play.js';

/**
 * Mean weights that a policy chose, by bucket of the users' click rate: users are put in order by what users click per
 * ad shown under the control, in expectation, over all their requests; buckets hold as many treated requests each, up to
 * one user's.
 *
 * @param groups   names of the weights
 * @param treated  the first policy is the control, `policy` one of the others
 * @param others   their requests on other surfaces, under the control
 */
export function weightsByClickRate({
  seed,
  policy,
  groups,
  production,
  buckets,
  treated,
  others,
}: {
  readonly seed: number;
  readonly policy: string;
  readonly groups: readonly string[];
  readonly production: readonly number[];
  readonly buckets: number;
  readonly treated: Played;
  readonly others: Played;
}): WeightTable {
  const rate = clickRates(treated, others);
  const weights = treated.plays.find(({ name }) => name === policy)?.weights ?? new Float32Array(0);
  const order = Float64Array.from(treated.user.keys()).sort(
    (a, b) => rateOf(rate, treated.user[a]) - rateOf(rate, treated.user[b]) || treated.user[a] - treated.user[b],
  );
  const G = groups.length;
  const parts = Array.from({ length: buckets }, () => ({ requests: 0, level: 0, weights: new Float64Array(G) }));
  let bucket = 0;
  order.forEach((n, place) => {
    // A user's requests stay together.
    const wanted = Math.floor((place * buckets) / order.length);
    if (wanted > bucket && (place === 0 || treated.user[n] !== treated.user[order[place - 1]])) bucket = wanted;
    const part = parts[bucket];
    part.requests++;
    part.level += rateOf(rate, treated.user[n]);
    for (let g = 0; g < G; g++) part.weights[g] += weights[n * G + g];
  });
  const filled = parts.filter(({ requests }) => requests > 0);
  const means = filled.map(({ requests, level, weights: sums }, i) => ({
    name: `${i + 1} of ${filled.length}`,
    requests,
    level: level / requests,
    weights: [...sums].map((sum) => sum / requests),
  }));
  return {
    ...{ policy, groups, production, seeds: [seed], buckets: means },
    by: 'clicks per ad shown under the control',
    rankCorrelation: [
      rankCorrelations(
        means.map((one) => one.weights),
        G,
      ),
    ],
  };
}

function rankCorrelations(weights: readonly (readonly number[])[], G: number): (number | null)[] {
  const order = weights.map((_, i) => i);
  return Array.from({ length: G }, (_, g) =>
    spearman(
      order,
      weights.map((own) => own[g]),
    ),
  );
}

/** Expected clicks and ads shown of every user under the control. */
function clickRates(treated: Played, others: Played): Map<number, { click: number; shown: number }> {
  const rates = new Map<number, { click: number; shown: number }>();
  for (const { user, plays } of [treated, others]) {
    const { click, shown } = plays[0].expected;
    user.forEach((own, n) => {
      const sums = rates.get(own) ?? { click: 0, shown: 0 };
      sums.click += click[n];
      sums.shown += shown[n];
      rates.set(own, sums);
    });
  }
  return rates;
}

function rateOf(rates: ReadonlyMap<number, { click: number; shown: number }>, user: number): number {
  const { click, shown } = rates.get(user) ?? { click: 0, shown: 0 };
  return shown === 0 ? 0 : click / shown;
}

/** The same table of several seeds: means over them, and the rank correlations of each. */
export function mergeWeights(tables: readonly WeightTable[]): WeightTable {
  const [first] = tables;
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const least = Math.min(...tables.map(({ buckets }) => buckets.length));
  return {
    ...first,
    seeds: tables.flatMap(({ seeds }) => seeds),
    buckets: first.buckets.slice(0, least).map((bucket, b) => {
      const own = tables.map(({ buckets }) => buckets[b]);
      return {
        name: bucket.name,
        requests: own.reduce((sum, { requests }) => sum + requests, 0),
        level: mean(own.map(({ level }) => level)),
        weights: first.groups.map((_, g) => mean(own.map(({ weights }) => weights[g]))),
      };
    }),
    rankCorrelation: tables.flatMap(({ rankCorrelation }) => rankCorrelation),
  };
}
