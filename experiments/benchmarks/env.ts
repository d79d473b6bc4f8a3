import { spawnSync } from 'node:child_process';
import { actionBuffer, envMaker, stepBatch, type MakeEnv } from '../../envs/index.js';
import { KeyedDraws } from '../../core/draws.js';
import { sample, width } from '../../core/space.js';
import { median, rate } from './env-clock.js';
import { learnedSpeeds, type LearnedSpeed } from './env-feed.js';
import { PEER_SCRIPT } from './env-peers.js';

/** How fast an env of so many worlds is stepped on this machine. */
interface EnvSpeed {
  readonly env: string;
  readonly batch: number;
  /** World steps per second of processor time of the whole process: the median of the repeats. */
  readonly stepsPerCpuSecond: number;
}

/** A gym of another language, measured in the same run on the same machine; or why it was not. */
type PeerSpeed = (EnvSpeed & { readonly version: string }) | { readonly env: string; readonly skipped: string };

export interface EnvBenchmark {
  readonly speeds: readonly EnvSpeed[];
  readonly learned: readonly LearnedSpeed[];
  readonly peers: readonly PeerSpeed[];
  /** What the numbers include and leave out. */
  readonly notes: readonly string[];
}

const BATCHES = [1, 64, 1024];
const REPEATS = 5;
/** Different actions that take turns. */
const ACTIONS = 64;

const measured: readonly (readonly [name: string, make: MakeEnv])[] = [
  ['reference/CartPole-v1', envMaker('reference/CartPole-v1')],
  ['recsim/InterestEvolution-v1', envMaker('recsim/InterestEvolution-v1')],
  ['recsim/InterestEvolution-v1, 100/3', envMaker('recsim/InterestEvolution-v1', { candidates: 100, slateSize: 3 })],
  ['recsys/FeedSession-v1', envMaker('recsys/FeedSession-v1')],
  ['recsys/FeedSession-v1, 10 of 20,000', envMaker('recsys/FeedSession-v1', { world: { items: 20_000 } })],
  [
    'recsys/FeedSession-v1, 100 of 20,000',
    envMaker('recsys/FeedSession-v1', { candidates: 100, world: { items: 20_000 } }),
  ],
];

/**
 * Steps the envs with random actions at batch 1, 64 and 1,024, and a learned feed beside the model that plays it.
 *
 * @param seconds processor time per env and batch, shared by the repeats
 */
export async function benchEnv({ seconds = 1 }: { readonly seconds?: number } = {}): Promise<EnvBenchmark> {
  const speeds = measured.flatMap(([env, make]) =>
    BATCHES.map((batch) => ({ env, batch, stepsPerCpuSecond: median(speed(make, batch, seconds)) })),
  );
  const learned = await learnedSpeeds(BATCHES, REPEATS, seconds / REPEATS, (make, batch) =>
    stepper(make, batch, seconds / REPEATS),
  );
  return {
    speeds,
    learned,
    peers: peers(seconds),
    notes: [
      `World steps per CPU-second of the whole process, median of ${REPEATS} repeats; one core, one process.`,
      'Included: physics or people, rewards, observations, endings and the start of the next session. ' +
        'Not included: choosing actions; random ones were drawn before.',
      'Feed sessions: 10 candidates of 1,000 videos unless named. With learned people: beside it the rows per CPU-second ' +
        'of their response model alone (an answer and an exit each), measured in turn, and the median of the ratios.',
      'Interest evolution: 10 candidates and slates of 2 unless named, new candidates in every step.',
    ],
  };
}

/** As many measurements as repeats. */
function speed(make: MakeEnv, batch: number, seconds: number): number[] {
  const measure = stepper(make, batch, seconds / REPEATS);
  return Array.from({ length: REPEATS }, () => measure());
}

/** Warms an env up; every call then measures its steps per CPU-second. */
function stepper(make: MakeEnv, batch: number, seconds: number): () => number {
  const env = make(batch);
  const out = stepBatch(env.spec);
  const draws = new KeyedDraws(1, 'bench/actions');
  const W = width(env.spec.action);
  const actions = Array.from({ length: ACTIONS }, (_, i) => {
    const action = actionBuffer(env.spec);
    for (let b = 0; b < batch; b++) sample(env.spec.action, draws.at(b, 0, i), action, b * W);
    return action;
  });
  env.reset(1, out);
  const step = (i: number): void => env.step(actions[i % ACTIONS], out);
  rate(step, batch, Math.min(0.3, 2 * seconds)); // until the engine has compiled it
  return () => rate(step, batch, seconds);
}

/** Python's numbers, if there is a Python with what they need. */
function peers(seconds: number): PeerSpeed[] {
  const python = spawnSync('python3', ['-c', PEER_SCRIPT, String(seconds), BATCHES.join()], {
    encoding: 'utf8',
    timeout: 300_000,
    env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' },
  });
  if (python.error !== undefined) return [{ env: 'Python gyms', skipped: python.error.message }];
  const found = python.stdout.split('\n').flatMap((line) => peer(line) ?? []);
  if (python.status === 0) return found;
  const reason = python.stderr.trim().split('\n').at(-1) ?? `exit code ${String(python.status)}`;
  return [...found, { env: 'Python gyms', skipped: reason }];
}

/** A line of the Python script: one JSON object. */
function peer(line: string): PeerSpeed | undefined {
  if (!line.startsWith('{')) return undefined;
  const said: unknown = JSON.parse(line);
  if (typeof said !== 'object' || said === null || !('env' in said)) return undefined;
  const env = String(said.env);
  if ('skipped' in said) return { env, skipped: String(said.skipped) };
  if (!('batch' in said && 'rate' in said && 'version' in said)) return undefined;
  return {
    env,
    batch: Number(said.batch),
    stepsPerCpuSecond: Number(said.rate),
    version: String(said.version),
  };
}
