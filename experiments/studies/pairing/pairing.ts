import { expectNumber } from '../../../core/check.js';
import { hash32, stream } from '../../../core/random.js';
import { bootstrapSums, percentileInterval } from '../../../core/stats/bootstrap.js';
import { moments, pairedMoments } from '../../../core/stats/moments.js';
import { makeEnv } from '../../../envs/index.js';
import { playSessions } from '../../ab/simulate/env-sessions.js';
import { agents } from '../../tables.js';
import type { Study, StudyResult } from '../study.js';

const ENV = 'recsim/InterestEvolution-v1';
/** The score fixed before running: how many times smaller the paired variance is, for the headline pair. */
const WANTED = 5;
/** Users played together. */
const BATCH = 256;
const LEVEL = 0.95;
const BOOTSTRAPS = 2000;

/** Weight of a topic's mean quality (−3 to 3) in the ranking, beside the user's interest (−1 to 1). */
const PAIRS = [
  { name: 'the same policy twice (null control)', quality: 0 },
  { name: 'a small change: quality × 0.01', quality: 0.01 },
  { name: 'a change worth testing: quality × 0.02', quality: 0.02 },
  { name: 'a large change: quality × 0.1', quality: 0.1 },
  { name: 'another policy: quality × 1', quality: 1 },
] as const;
const HEADLINE = 2;

/** One pair of policies: the effect, and what pairing does to its variance. */
interface Pair {
  readonly name: string;
  readonly sessions: number;
  readonly effect: number;
  readonly pairedError: number;
  readonly unpairedError: number;
  /** (Var A + Var B) ÷ Var(B − A), with a bootstrap interval; null where the two never differ. */
  readonly ratio: number | null;
  readonly interval: readonly [number, number] | null;
  /** The same ratio from the spread of many small tests, half of them with luck of their own; null where not played. */
  readonly replayed: number | null;
}

export const pairing: Study = {
  summary: 'How much smaller the variance of an effect is when both arms meet the same users and luck',
  settings: {
    sessions: { value: 4096, meaning: 'Sessions per policy' },
    replications: { value: 100, meaning: 'Small tests that check the ratio by brute force' },
  },
  run({ seed, settings, onProgress }) {
    const { sessions, replications } = settings;
    expectNumber('--sessions', sessions, BATCH, 10_000_000);
    expectNumber('--replications', replications, 2, 100_000);
    const control = returnsOf(0, seed, sessions);
    const pairs = PAIRS.map(({ name, quality }, i) => {
      onProgress?.(i, PAIRS.length, name);
      const replayed = i === HEADLINE ? replay(quality, seed, replications) : null;
      return { ...compare(name, control, returnsOf(quality, seed, sessions), seed), replayed };
    });
    return Promise.resolve(resultOf(pairs));
  },
};

/** [sessions] minutes watched under a policy; the same seed means the same users and the same luck. */
function returnsOf(quality: number, seed: number, sessions: number): Float64Array {
  const env = makeEnv(ENV, {}, BATCH);
  const topicWeights = topicQualities().map((mean) => quality * mean);
  const agent = agents['slate-scorer'].with({ topicWeights })(env.spec, stream(seed).fork('agent'), 1);
  const each = Math.ceil(sessions / BATCH);
  const rows = playSessions({
    env,
    agents: [{ agent, explore: true }],
    armOf: () => 0,
    seed,
    sessions: each,
    firstUser: 0,
    features: [],
  });
  const returns = new Float64Array(BATCH * each);
  rows.user.forEach((user, n) => (returns[user * each + rows.day[n]] = rows.columns['return'][n]));
  return returns;
}

/** RecSim's mean quality per topic: −3 to 0 over the first 14 topics, 0 to 3 over the other 6. */
function topicQualities(): number[] {
  return Array.from({ length: 20 }, (_, topic) => (topic < 14 ? -3 + (3 * topic) / 13 : (3 * (topic - 14)) / 5));
}

function compare(name: string, a: Float64Array, b: Float64Array, seed: number): Omit<Pair, 'replayed'> {
  const n = a.length;
  const { x, y } = pairedMoments(a, b);
  const difference = moments(b.map((value, i) => value - a[i]));
  const ratio = (x.variance + y.variance) / difference.variance;
  const same = difference.variance === 0;
  return {
    name,
    sessions: n,
    effect: difference.mean,
    pairedError: Math.sqrt(difference.variance / n),
    unpairedError: Math.sqrt((x.variance + y.variance) / n),
    ratio: same ? null : ratio,
    interval: same ? null : ratioInterval(a, b, { centre: x.mean, seed }),
  };
}

/** Bootstrap over sessions of the ratio of variances, from sums of the centred values. */
function ratioInterval(
  a: Float64Array,
  b: Float64Array,
  { centre, seed }: { readonly centre: number; readonly seed: number },
): [number, number] {
  const n = a.length;
  const u = a.map((value) => value - centre);
  const v = b.map((value) => value - centre);
  const columns = [
    u,
    v,
    u.map((value) => value * value),
    v.map((value) => value * value),
    u.map((value, i) => value * v[i]),
  ];
  const ratios = new Float64Array(BOOTSTRAPS);
  bootstrapSums(columns, { replicates: BOOTSTRAPS, seed: hash32(`pairing/${seed}`) }, (sums, r) => {
    const [mu, mv, uu, vv, uv] = Array.from(sums, (sum) => sum / n);
    const own = uu - mu * mu + (vv - mv * mv);
    ratios[r] = own / (own - 2 * (uv - mu * mv));
  });
  const { low, high } = percentileInterval(ratios, LEVEL);
  return [low, high];
}

/** Var of the difference of two independent small tests' means ÷ Var of the paired one, over replications. */
function replay(quality: number, seed: number, replications: number): number {
  const paired = new Float64Array(replications);
  const unpaired = new Float64Array(replications);
  const mean = (luck: string, weight: number): number => moments(returnsOf(weight, hash32(luck), BATCH)).mean;
  for (let r = 0; r < replications; r++) {
    const control = mean(`pairing/${seed}/${r}/a`, 0);
    paired[r] = mean(`pairing/${seed}/${r}/a`, quality) - control;
    unpaired[r] = mean(`pairing/${seed}/${r}/b`, quality) - control;
  }
  return moments(unpaired).variance / moments(paired).variance;
}

function resultOf(pairs: readonly Pair[]): StudyResult {
  const headline = pairs[HEADLINE];
  const [same] = pairs;
  return {
    tables: [
      {
        caption: `Minutes watched per session in ${ENV}: each policy against ranking by interest alone`,
        columns: [
          'pair',
          'sessions',
          'effect',
          'paired error',
          'unpaired error',
          'variance ratio',
          'low',
          'high',
          'brute force',
        ],
        rows: pairs.map(({ name, sessions, effect, pairedError, unpairedError, ratio, interval, replayed }) => [
          name,
          sessions,
          effect,
          pairedError,
          unpairedError,
          ratio,
          interval?.[0] ?? null,
          interval?.[1] ?? null,
          replayed,
        ]),
      },
    ],
    notes: [
      'variance ratio: how many times more sessions an unpaired simulation needs for the same error; 95 % bootstrap interval.',
      'brute force: the same ratio from the spread of many tests of 256 sessions, half of them with luck of their own.',
      'The more the two policies differ, the sooner a session goes another way and the less its luck has in common.',
    ],
    failures: [
      ...(headline.interval !== null && headline.interval[0] >= WANTED
        ? []
        : [`${headline.name}: expected at least ${WANTED} times less variance, received ${headline.ratio ?? NaN}.`]),
      ...(same.effect === 0 && same.pairedError === 0
        ? []
        : [`${same.name}: expected no difference at all, received ${same.effect} ± ${same.pairedError}.`]),
    ],
    numbers: { pairs },
  };
}
