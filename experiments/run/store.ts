import { z } from 'zod';
import { openDatabase, type Database } from '../../logs/store/database.js';
import type { ReportDocument } from '../contract.js';

/** One run as the store remembers it. */
const runSchema = z.object({
  dir: z.string(),
  experiment: z.string(),
  configHash: z.string(),
  status: z.enum(['running', 'finished', 'failed']),
  startedMs: z.number(),
  finishedMs: z.number().nullable(),
  verdict: z.string().nullable(),
  answer: z.string().nullable(),
});
export type RunRecord = z.infer<typeof runSchema>;

const TABLES = [
  `CREATE TABLE run (
    dir TEXT PRIMARY KEY, experiment TEXT NOT NULL, configHash TEXT NOT NULL, status TEXT NOT NULL,
    startedMs REAL NOT NULL, finishedMs REAL, verdict TEXT, answer TEXT
  ) STRICT`,
];

/** Remembers which runs were started and how they ended; the results themselves are in the run folders. */
export class RunStore {
  readonly #database: Database;

  private constructor(database: Database) {
    this.#database = database;
  }

  /** Opens the store in the file that also holds the logs. */
  static async open(file: string): Promise<RunStore> {
    const database = await openDatabase(file);
    try {
      await database.part('runs', TABLES);
    } catch (error) {
      await database.close();
      throw error;
    }
    return new RunStore(database);
  }

  async started(run: Pick<RunRecord, 'dir' | 'experiment' | 'configHash' | 'startedMs'>): Promise<void> {
    await this.#database.run(
      `INSERT INTO run (dir, experiment, configHash, status, startedMs) VALUES (?, ?, ?, 'running', ?)
       ON CONFLICT (dir) DO UPDATE SET experiment = excluded.experiment, configHash = excluded.configHash,
         status = 'running', startedMs = excluded.startedMs, finishedMs = NULL, verdict = NULL, answer = NULL`,
      run.dir,
      run.experiment,
      run.configHash,
      run.startedMs,
    );
  }

  async finished(dir: string, finishedMs: number, { answer }: ReportDocument): Promise<void> {
    await this.#database.run(
      `UPDATE run SET status = 'finished', finishedMs = ?, verdict = ?, answer = ? WHERE dir = ?`,
      finishedMs,
      answer.verdict,
      answer.sentence,
      dir,
    );
  }

  async failed(dir: string, finishedMs: number, message: string): Promise<void> {
    await this.#database.run(
      `UPDATE run SET status = 'failed', finishedMs = ?, answer = ? WHERE dir = ?`,
      finishedMs,
      message,
      dir,
    );
  }

  /** Newest first. */
  async list(): Promise<RunRecord[]> {
    return (await this.#database.all('SELECT * FROM run ORDER BY startedMs DESC, dir')).map((row) =>
      runSchema.parse(row),
    );
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}
