import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { hash32 } from '../../../core/random.js';
import type { AbExperiment } from '../../config/ab-schema.js';
import type { RunFolder } from '../../run/folder.js';
import type { Watcher } from '../../run/watch.js';
import { WorkerPool } from '../../run/worker-pool.js';
import { drawAssignment, type Assignment } from './assignment.js';
import type { EnvWorld } from './env-stage.js';
import { SessionTables, inOrder, partsOf } from './env-world.js';
import { jobName, type Job } from './jobs.js';
import { Novelty, exciteRows } from './novelty.js';
import { assignmentRequest, replicate, replicationSchema, type Replication } from './replication.js';
import { joinRows, type Rows } from './rows.js';
import { rowsFromBytes } from './rows-file.js';

/** What was played: everything a report is made of. Rows are in the order of time. */
export interface Simulated {
  readonly assignment: Assignment;
  /** By arm: what everybody does when everybody has it, with the luck of the test. */
  readonly everybody: readonly Rows[];
  readonly test: Rows;
  /** The same test with the control in every arm. */
  readonly aa?: Rows;
  readonly replications: readonly Replication[];
}

export interface Means {
  readonly folder: RunFolder;
  readonly backend: string;
  readonly watcher: Watcher;
  /** Threads; by default one per core. Results do not depend on it. */
  readonly workers?: number;
}

/** Plays the world as often as the experiment asks; what was played before an interruption is not played again. */
export async function simulate(experiment: AbExperiment, means: Means): Promise<Simulated> {
  await mkdir(means.folder.path('checkpoints'), { recursive: true });
  const script = new URL('./worker.js', import.meta.url);
  const { world } = experiment;
  const pool = new WorkerPool(script, { experiment, backend: means.backend }, means.workers ?? availableParallelism());
  const player = new Player(means, pool);
  try {
    return world.from === 'env'
      ? await simulateEnv(experiment, world, player)
      : await simulateMarket(experiment, player);
  } finally {
    await pool.close();
  }
}

/** The seed of the test's own assignment. */
const testSeed = ({ seed }: AbExperiment): number => hash32(`test/${seed}`);

async function simulateEnv(experiment: AbExperiment, world: EnvWorld, player: Player): Promise<Simulated> {
  const { arms, users, design, aa } = experiment;
  const parts = Array.from({ length: partsOf(users, world) }, (_, part) => part);
  const all = arms.flatMap((_, arm) => parts.map((part): Job => ({ kind: 'sessions', part, arm })));
  const played = await player.rows(`playing ${users} users under ${arms.length} arms`, all);
  const tables = new SessionTables(
    arms.map((_, arm) => played.slice(arm * parts.length, (arm + 1) * parts.length)),
    users,
  );
  const dealing = assignmentRequest(experiment, design.split, testSeed(experiment));
  const assignment = drawAssignment(dealing);
  const test = async (same: boolean): Promise<Rows> => {
    const jobs = parts.map((part): Job => ({ kind: 'mixed', part, dealing, same }));
    const rows =
      design.split === 'request'
        ? inOrder(joinRows(await player.rows('playing an arm per request', jobs)), users)
        : tables.pick(assignment, same);
    return same ? rows : excited(experiment, rows);
  };
  const everybody = arms.map((_, arm) => tables.everybody(arm));
  return {
    assignment,
    everybody,
    test: await test(false),
    ...(aa ? { aa: await test(true) } : {}),
    replications: numbers(experiment).map((number) =>
      replicate({
        experiment,
        number,
        everybody,
        rowsOf: (dealt) => excited(experiment, tables.pick(dealt, false)),
      }),
    ),
  };
}

async function simulateMarket(experiment: AbExperiment, player: Player): Promise<Simulated> {
  const { arms, design, seed, aa } = experiment;
  const dealing = assignmentRequest(experiment, design.split, testSeed(experiment));
  const tests = aa ? [false, true] : [false];
  const rows = await player.rows('playing the market', [
    ...arms.map((_, arm): Job => ({
      kind: 'market',
      dealing: { everybody: arm },
      luck: seed,
      same: false,
      novel: false,
    })),
    ...tests.map((same): Job => ({ kind: 'market', dealing, luck: seed, same, novel: !same })),
  ]);
  const replications = await player.replications(
    numbers(experiment).map((number) => ({ kind: 'replication', number })),
  );
  return {
    assignment: drawAssignment(dealing),
    everybody: rows.slice(0, arms.length),
    test: rows[arms.length],
    ...(aa ? { aa: rows[arms.length + 1] } : {}),
    replications,
  };
}

/** 0, 1, … as often as designs or power ask. */
function numbers({ designs, power }: AbExperiment): number[] {
  const compared = designs.names.length > 0 ? designs.replications : 0;
  return Array.from({ length: Math.max(compared, power.replications) }, (_, number) => number);
}

/** Rows as they are when the change is met as a change; in place. */
function excited({ novelty, users }: AbExperiment, rows: Rows): Rows {
  if (novelty.size !== 0) exciteRows(rows, new Novelty(novelty, users));
  return rows;
}

/** Does jobs that were not done before, in threads, and remembers what they came to. */
class Player {
  readonly #means: Means;
  readonly #pool: WorkerPool;

  constructor(means: Means, pool: WorkerPool) {
    this.#means = means;
    this.#pool = pool;
  }

  async rows(what: string, jobs: readonly Job[]): Promise<Rows[]> {
    const bytes = await this.#play(what, jobs, 'safetensors');
    return bytes.map((one, i) => rowsFromBytes(one, jobName(jobs[i])));
  }

  async replications(jobs: readonly Job[]): Promise<Replication[]> {
    const bytes = await this.#play('simulated tests', jobs, 'json');
    return bytes.map((one) => replicationSchema.parse(JSON.parse(new TextDecoder().decode(one))));
  }

  async #play(what: string, jobs: readonly Job[], ending: string): Promise<Uint8Array[]> {
    if (jobs.length === 0) return [];
    const { folder, watcher } = this.#means;
    const stage = watcher.stage(what);
    const file = (job: Job): string => join('checkpoints', `${jobName(job)}.${ending}`);
    const results = await Promise.all(jobs.map((job) => folder.read(file(job))));
    const open = [...jobs.keys()].filter((i) => results[i] === undefined);
    let done = jobs.length - open.length;
    const fresh = await this.#pool.map(
      open.map((i) => jobs[i]),
      async (index, bytes) => {
        await folder.write(file(jobs[open[index]]), bytes);
        stage.progress(++done, jobs.length, jobName(jobs[open[index]]));
      },
    );
    open.forEach((i, index) => (results[i] = fresh[index]));
    stage.done(`${jobs.length} plays`);
    return results.flatMap((bytes) => (bytes === undefined ? [] : [bytes]));
  }
}
