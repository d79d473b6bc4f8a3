import { hash32 } from '../../core/random.js';
import type { WeightGrid } from '../../logs/ad-utility/weight-grid.js';
import type { Reward } from '../../reward-models/formula.js';
import type { AdMarket } from '../../simulators/ad-market/market.js';
import type { AdUtilityExperiment } from '../config/ad-utility-schema.js';
import type { TellStage } from '../run/seeds.js';
import { weightsByClickRate } from './buckets.js';
import type { WeightTable } from './contract.js';
import { playRequests, type Played } from './play.js';
import { randomTuner, staticTuner, weighing, type Tuner } from './policies.js';
import { searchGrid, type GridSearch } from './search.js';
import { trafficOf } from './traffic.js';
import { tryTuners, type Tried } from './trying.js';

/** What the market says of some policies. */
export interface Judged {
  readonly tried: Tried;
  /** Of every learned policy. */
  readonly weights: readonly WeightTable[];
  /** Everybody on the treated requests: the control, the learned ones, the other baselines. */
  readonly treated: Played;
  readonly tuners: readonly Tuner[];
  readonly search: GridSearch | undefined;
}

interface JudgeRequest {
  readonly experiment: AdUtilityExperiment;
  readonly market: AdMarket;
  readonly grid: WeightGrid;
  readonly reward: Reward;
  readonly seed: number;
  /** First day of the requests: the search comes first, then those that judge. */
  readonly day: number;
  /** The first is the one in question: matched-static has its mean weights, and the tests are of it. */
  readonly learned: readonly Tuner[];
  /** Policies that those which learned are compared with besides the control; the static baselines unless given. */
  readonly against?: readonly string[];
  readonly onProgress?: TellStage | undefined;
}

/** Lets every policy and baseline serve the same requests with the same luck. */
export function judgeTuners(request: JudgeRequest): Judged {
  const { experiment, market, reward, grid, seed, day, learned, onProgress } = request;
  const { evaluation, surface, baselines, guardrail } = experiment;
  const { requests, days, search: searched, level, buckets } = evaluation;
  const numbers = trafficOf(market, { surface, requests: searched, day, days }).treated;
  const search = baselines.includes('best-global')
    ? searchGrid(market, grid, {
        ...{ numbers, reward },
        onProgress: (done, total) => onProgress?.('search for best-global', done, total, `${done} requests`),
      })
    : undefined;
  const [control, ...others] = baselines.map((name) => baselineOf(name, request, { numbers, search }));
  const tuners = [control, ...learned, ...others];
  const traffic = trafficOf(market, { surface, requests, day: day + days, days });
  const shared = { market, reward, realised: [control.name, learned[0].name] };
  const treated = playRequests({
    ...{ ...shared, numbers: traffic.treated, tuners },
    onProgress: (done, total) => onProgress?.('treated requests', done, total, `${tuners.length} policies`),
  });
  const rest = playRequests({
    ...{ ...shared, numbers: traffic.others, tuners: [control] },
    onProgress: (done, total) => onProgress?.('other requests', done, total, control.name),
  });
  const tried = tryTuners({
    ...{ seed, surface, treated, others: rest, margin: guardrail.margin, level },
    learned: learned.map(({ name }) => name),
    against: request.against,
  });
  const weights = learned.map(({ name }) =>
    weightsByClickRate({
      ...{ seed, policy: name, buckets, treated, others: rest },
      groups: grid.groups.map((group) => group.name),
      production: grid.groups.map((group) => group.production),
    }),
  );
  return { tried, weights, treated, tuners, search };
}

function baselineOf(
  name: AdUtilityExperiment['baselines'][number],
  { market, grid, reward, seed, learned }: JudgeRequest,
  { numbers, search }: { readonly numbers: Float64Array; readonly search: GridSearch | undefined },
): Tuner {
  switch (name) {
    case 'manual':
      return staticTuner(name, 'the production weights for everybody', grid, grid.production);
    case 'best-global': {
      const best = search?.best ?? grid.production;
      return staticTuner(name, `the best action for everybody: ${grid.nameOf(best)}`, grid, best);
    }
    case 'matched-static': {
      const { plays } = playRequests({ market, numbers, tuners: learned.slice(0, 1), reward });
      const means = meanWeights(plays[0].weights, grid.groups.length);
      const told = grid.groups.map((group, g) => `${group.name}=${means[g].toFixed(3)}`).join(' ');
      return weighing(name, `the mean weights of '${learned[0].name}' for everybody: ${told}`, means);
    }
    case 'random':
      return randomTuner(grid, hash32(`ad-utility/random/${seed}`));
  }
}

/** [G] means over the requests. @param weights [R, G] */
export function meanWeights(weights: Float32Array, G: number): Float64Array {
  const sums = new Float64Array(G);
  for (let i = 0; i < weights.length; i++) sums[i % G] += weights[i];
  return sums.map((sum) => (sum * G) / weights.length);
}
