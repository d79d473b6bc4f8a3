import { choose } from '../../core/check.js';
import { hash32, stream } from '../../core/random.js';
import { moments } from '../../core/stats/moments.js';
import type { Log } from '../../logs/record.js';
import type { ResponseCard } from '../../reward-models/feed-session/contract.js';
import type { FeedExperiment } from '../config/feed-schema.js';
import type { DataSection } from '../contract.js';
import type { SeedCurve } from '../run/seed-checkpoint.js';
import { agents } from '../tables.js';
import { learnPolicy, nameOf, type LearnedPolicy } from './learning.js';
import { prepareSeed, type Prepared, type SeedRequest } from './prepare.js';
import type { RealismReport } from './realism/contract.js';
import { feedEnv, type Scene } from './scene.js';
import { PLAYED_TOGETHER } from './serving.js';
import { tryPolicies, type Contestant, type Tried } from './trying.js';

/** What one seed came to, as plain data. */
export interface FeedSeedResult {
  readonly seed: number;
  readonly logHash: string;
  readonly data: Omit<DataSection, 'splits'>;
  readonly splits: readonly { readonly name: string; readonly sessions: number; readonly rows: number }[];
  readonly cards: Readonly<Record<string, ResponseCard>>;
  /** The simulator, held against sessions that nobody was fitted on. */
  readonly realism: RealismReport;
  readonly learned: readonly {
    readonly name: string;
    readonly curve: SeedCurve;
    readonly along: LearnedPolicy['along'];
  }[];
  /** In the world (or the judge), and in the simulator that the policies learned in. */
  readonly tried: Tried;
  readonly expected: Tried;
}

/** One seed from its world (or log) to its tried policies. */
export async function runFeedSeed(request: SeedRequest): Promise<FeedSeedResult> {
  const { experiment, seed } = request;
  const prepared = await prepareSeed(request);
  const { log, parts, artefacts, realism, judged, simulated, world } = prepared;
  const learned = [experiment.agent, ...experiment.rivals].map((learner) => learnPolicy(request, prepared, learner));
  const { sessions } = experiment.evaluation;
  const place = world === undefined ? 'the second simulator' : 'the generated world';
  return {
    ...{ seed, logHash: log.hash, data: dataOf(log, experiment), realism },
    splits: Object.entries(parts).map(([name, { starts, row }]) => ({
      name,
      sessions: starts.length - 1,
      rows: row.length,
    })),
    cards: Object.fromEntries(Object.entries(artefacts).map(([name, { response }]) => [name, response.card])),
    learned: learned.map(({ name, curve, along }) => ({ name, curve, along })),
    tried: tryIn(request, prepared, learned, { scene: judged, place, sessions }),
    expected: tryIn(request, prepared, learned, {
      scene: simulated,
      place: 'the simulator it learned in',
      sessions: Math.ceil(sessions / 2),
    }),
  };
}

/** The log in numbers. */
function dataOf(log: Log, { reward }: FeedExperiment): FeedSeedResult['data'] {
  const { propensity, outcomes, schema } = log;
  return {
    source: schema.source,
    rows: log.rows,
    actions: log.actions.values.length,
    rewardFormula: reward,
    rewardRate: {
      ...{ value: moments(outcomes[0]).mean, standardError: null, interval: null },
      method: `mean of ${schema.outcomes[0]} over rows, which depend on each other inside a session`,
    },
    ...(schema.hasPropensity
      ? {
          propensity: {
            min: propensity.reduce((a, b) => Math.min(a, b)),
            mean: moments(propensity).mean,
            max: propensity.reduce((a, b) => Math.max(a, b)),
          },
        }
      : {}),
    ...(schema.warnings === undefined ? {} : { warnings: schema.warnings }),
  };
}

interface Place {
  readonly scene: Scene;
  readonly place: string;
  readonly sessions: number;
}

/** All policies in one place: the control, those that learned, the other baselines. */
function tryIn(
  { experiment, seed, onProgress }: SeedRequest,
  { production }: Prepared,
  learned: readonly LearnedPolicy[],
  { scene, place, sessions }: Place,
): Tried {
  const batch = Math.min(PLAYED_TOGETHER, sessions);
  const env = feedEnv(scene, batch);
  const [control, ...others] = experiment.baselines.map((baseline, i): Contestant => {
    const make = choose('agent', agents, baseline.id).with(baseline.settings);
    const agent = make(env.spec, stream(seed).fork(`baseline ${i}`), 1, { ranker: production.response });
    return { name: nameOf(baseline), env, agent, explore: baseline.id === 'random' };
  });
  const own = learned.map(({ name, tried, agent }): Contestant => {
    const stage = tried(scene) === scene ? env : feedEnv(tried(scene), batch);
    return { name, env: stage, agent: agent(stage.spec), explore: false };
  });
  const contestants = [control, ...own, ...others];
  return tryPolicies({
    ...{ people: scene.people, contestants, sessions, place },
    seed: hash32(`feed/try/${seed}`),
    level: experiment.evaluation.level,
    onProgress: (done, note) => onProgress?.(`trying in ${place}`, done, contestants.length, note),
  });
}
