import { complaint, expectNumber } from '../../../core/check.js';
import { stream } from '../../../core/random.js';
import { startBackend } from '../../../core/tensor/backend.js';
import { adUtilityDefaults, gridOf } from '../../../envs/ad-utility/settings.js';
import { allRows } from '../../../logs/split.js';
import { writeAdLog } from '../../../simulators/ad-market/log.js';
import { AdMarket } from '../../../simulators/ad-market/market.js';
import { rewardOf, rewardsOf } from '../../ad-utility/prepare.js';
import { drillBytes, FAULTS, type Fault } from '../../serving/drill.js';
import { learnedPolicyBytes, loadPolicy } from '../../serving/learned-policy.js';
import { rankerWork } from '../../serving/ranker.js';
import { RequestPath, tellBy, WAYS, type Latency } from '../../serving/request-path.js';
import { WeightService, type DecidedBy } from '../../serving/weight-service.js';
import { logLearners } from '../../tables.js';
import type { Study, StudyResult } from '../study.js';
import { REWARD } from './base.js';

const LEARNER = 'importance-weighted';
/** Requests in the policy's hands at once. */
const SLOTS = 64;
/** What may come of each fault: never the policy. A loaded machine may be late for any other reason too. */
const EXPECTED: Readonly<Record<Fault, readonly DecidedBy[]>> = {
  none: ['policy'],
  slow: ['time-out', 'overload'],
  throws: ['failure', 'time-out', 'overload'],
  nonsense: ['failure', 'time-out', 'overload'],
  outside: ['failure', 'time-out', 'overload'],
  hangs: ['time-out', 'overload'],
  dies: ['failure', 'time-out', 'overload'],
};
/** Of a sound policy's requests, those that it must decide itself within the budget. */
const DECIDED = 0.95;

/** E9: what a policy costs a request, and what becomes of requests when it fails. */
export const serving: Study = {
  summary: 'DRL-PUT served beside the ranker: latency, and production weights wherever the policy fails (E9)',
  settings: {
    rows: { value: 100_000, meaning: 'Logged requests that the policy is learned from' },
    requests: { value: 20_000, meaning: 'Requests served each way' },
    candidates: { value: 500, meaning: 'Candidates that the ranker scores per request' },
    budget: { value: 2, meaning: 'Milliseconds after which production weights are served' },
    drills: { value: 200, meaning: 'Requests per fault' },
  },
  async run({ seed, settings, clock, onProgress }) {
    const { rows, requests, candidates, budget, drills } = settings;
    expectNumber('--requests', requests, 100, 10_000_000);
    expectNumber('--drills', drills, 10, 100_000);
    if (clock === undefined) {
      throw complaint('usage', { where: 'study drl-put-serving', expected: 'a clock', received: 'none' });
    }
    await startBackend(process.env['RECSYS_GYM_BACKEND']);
    const grid = gridOf(adUtilityDefaults);
    onProgress?.(0, 4, 'learning a policy');
    const log = writeAdLog(new AdMarket({ seed }), { grid, rows });
    const learned = logLearners[LEARNER].with({}).fit({
      ...{
        log,
        rows: allRows(log),
        reward: rewardsOf(log, await rewardOf({ reward: REWARD })),
        random: stream(seed).fork('serving'),
      },
    });
    const bytes = learnedPolicyBytes(LEARNER, learned.save());
    const market = new AdMarket({ seed, candidates });
    const shape = { slots: SLOTS, numericWidth: market.shape.numeric, categoricalWidth: market.shape.categorical };
    const base = { ...shape, production: grid.production, actions: grid.size, budgetMs: budget };
    const path = new RequestPath(market, grid, rankerWork(candidates, stream(seed).fork('ranker')), clock);

    onProgress?.(1, 4, 'requests, three ways');
    const module = new URL('../../serving/learned-policy.js', import.meta.url);
    const service = await WeightService.start({ ...base, module, bytes }, clock);
    const policy = loadPolicy(bytes);
    const ways = path.interleaved(requests, { service, policy });
    await service.close();

    const drilled: Drilled[] = [];
    for (const [i, fault] of FAULTS.entries()) {
      onProgress?.(2 + i / FAULTS.length, 4, `drill: ${fault}`);
      const drill = new URL('../../serving/drill.js', import.meta.url);
      // A policy that answers outside of the grid believes in one action more than there is.
      const actions = fault === 'outside' ? grid.size + 1 : grid.size;
      const faulty = await WeightService.start({ ...base, module: drill, bytes: drillBytes(fault, actions) }, clock);
      drilled.push({ name: fault, expected: EXPECTED[fault], ...path.drill(drills, faulty) });
      await faulty.close();
    }
    const blind = await WeightService.start({ ...base, module, bytes }, clock);
    const without = path.drill(drills, blind, true);
    await blind.close();
    drilled.push({ name: 'features missing', expected: ['missing features'], ...without });
    return resultOf({ ways, drilled, requests, drills, budget });
  },
};

interface Drilled {
  readonly name: string;
  readonly expected: readonly DecidedBy[];
  readonly by: Readonly<Record<DecidedBy, number>>;
  readonly worst: number;
}

interface Found {
  readonly ways: readonly Latency[];
  readonly drilled: readonly Drilled[];
  readonly requests: number;
  readonly drills: number;
  readonly budget: number;
}

function resultOf({ ways, drilled, requests, drills, budget }: Found): StudyResult {
  const [production, beside] = ways;
  const decided = beside.by.policy / requests;
  const share = (by: Drilled['by'], expected: readonly DecidedBy[]): number =>
    expected.reduce((sum, name) => sum + by[name], 0) / drills;
  return {
    tables: [
      {
        caption: `${requests} requests each way, in turn; a budget of ${budget} ms`,
        columns: ['weights', 'p50, µs', 'p99, µs', 'p50 added, µs', 'p99 added, µs', 'decided by'],
        rows: ways.map(({ p50, p99, by }, way) => [
          ...[WAYS[way], 1000 * p50, 1000 * p99],
          ...[1000 * (p50 - production.p50), 1000 * (p99 - production.p99)],
          way === 0 ? 'production' : tellBy(by),
        ]),
      },
      {
        caption: `${drills} requests beside a policy with a fault: every one is served`,
        columns: ['fault', 'decided by', 'as expected, %', 'slowest request, ms'],
        rows: drilled.map(({ name, expected, by, worst }) => [name, tellBy(by), 100 * share(by, expected), worst]),
      },
    ],
    notes: [
      'The ranker scores its candidates by an untrained network of 64-128-64-4 besides the market’s own predictions.',
      'Latencies are this machine’s and move with its load; who decides under a fault does not.',
    ],
    failures: [
      ...(decided >= DECIDED
        ? []
        : [`expected the policy to decide ${100 * DECIDED} % of requests in its budget, received ${100 * decided} %.`]),
      ...drilled.flatMap(({ name, expected, by }) =>
        name === 'none' || share(by, expected) === 1
          ? []
          : [`fault '${name}': expected ${expected.join(' or ')} for every request, received ${tellBy(by)}.`],
      ),
    ],
    numbers: { ways, drilled },
  };
}
