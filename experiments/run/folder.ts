import { mkdir, open, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { GymError, complaint, messageOf } from '../../core/check.js';
import { writeAtomic } from '../../core/files.js';

/** What config.json holds; it says whose folder this is. */
export interface RunIdentity {
  readonly id: string;
  readonly configHash: string;
  readonly codeVersion: string;
  /** The resolved config, paths included. */
  readonly config: unknown;
}

export interface OpenRunOptions {
  /** The folder; without one, the next free number under `root`. */
  readonly out?: string;
  /** Go on where an interrupted run of the same config stopped. */
  readonly resume: boolean;
  /** Take a folder that holds a run of another config. */
  readonly overwrite: boolean;
  /** Where numbered runs live. */
  readonly root: string;
}

/** The folder of one run: config.json, checkpoints/, metrics.jsonl, report.json, report.html. Nothing else writes there. */
export class RunFolder {
  readonly dir: string;
  /** The finished report, when the folder was opened to resume and nothing is left to do. */
  readonly finished: string | undefined;

  private constructor(dir: string, finished: string | undefined) {
    this.dir = dir;
    this.finished = finished;
  }

  /**
   * Claims the folder for this process and writes config.json. A fresh start clears old checkpoints, but an old report
   * stays until the new one replaces it.
   *
   * @throws when another process runs there, when it belongs to another config, when there is nothing to resume, or
   *   when it cannot be written
   */
  static async open(identity: RunIdentity, options: OpenRunOptions): Promise<RunFolder> {
    const dir = options.out ?? (await chooseFolder(identity, options));
    const before = await readIdentity(dir);
    if (
      before !== undefined &&
      !options.overwrite &&
      (before.id !== identity.id || before.configHash !== identity.configHash)
    ) {
      throw complaint('usage', {
        where: `run folder ${dir}`,
        expected: `a run of '${identity.id}' with config ${identity.configHash}`,
        received: `one of '${before.id}' with config ${before.configHash}`,
        try: 'Name another folder with --out, or pass --overwrite.',
      });
    }
    if (options.resume && before === undefined) {
      throw complaint('usage', {
        where: `run folder ${dir}`,
        expected: 'an interrupted run to resume',
        received: 'none',
        try: 'Leave --resume out to start.',
      });
    }
    await makeFolder(dir);
    await claim(dir);
    const finished = options.resume ? await readIfThere(join(dir, 'report.json')) : undefined;
    if (!options.resume) {
      await rm(join(dir, 'checkpoints'), { recursive: true, force: true });
      await writeAtomic(join(dir, 'config.json'), `${JSON.stringify(identity, null, 2)}\n`);
    }
    return new RunFolder(dir, finished);
  }

  path(name: string): string {
    return join(this.dir, name);
  }

  async write(name: string, content: string | Uint8Array): Promise<void> {
    await writeAtomic(this.path(name), content);
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    try {
      return new Uint8Array(await readFile(this.path(name)));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** The bytes that a stage of this run produced before it was interrupted, or those that `compute` produces now. */
  async remember(stage: string, compute: () => Uint8Array | Promise<Uint8Array>): Promise<Uint8Array> {
    const name = join('checkpoints', `${stage}.safetensors`);
    const known = await this.read(name);
    if (known !== undefined) return known;
    const bytes = await compute();
    await this.write(name, bytes);
    return bytes;
  }

  /** Gives the folder up, so that another process may resume it. */
  async release(): Promise<void> {
    await rm(this.path('run.lock'), { force: true });
  }
}

async function chooseFolder(identity: RunIdentity, { root, resume }: OpenRunOptions): Promise<string> {
  const home = join(root, identity.id);
  const numbers = (await readdir(home).catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number);
  const last = Math.max(0, ...numbers);
  const folderOf = (n: number): string => join(home, String(n).padStart(3, '0'));
  if (!resume) return folderOf(last + 1);
  for (const n of numbers.sort((a, b) => b - a)) {
    const before = await readIdentity(folderOf(n));
    if (before?.configHash === identity.configHash) return folderOf(n);
  }
  throw complaint('usage', {
    where: home,
    expected: `a run with config ${identity.configHash} to resume`,
    received: 'none',
    try: 'Leave --resume out to start.',
  });
}

async function makeFolder(dir: string): Promise<void> {
  try {
    await mkdir(dir, { recursive: true });
  } catch (error) {
    throw complaint(
      'io',
      {
        where: `run folder ${dir}`,
        expected: 'a folder that can be made',
        received: messageOf(error),
        try: 'Name another with --out.',
      },
      error,
    );
  }
}

/** Writes run.lock with this process's number; a lock left by a dead process is taken over. */
async function claim(dir: string): Promise<void> {
  const path = join(dir, 'run.lock');
  for (;;) {
    try {
      const file = await open(path, 'wx');
      await file.writeFile(String(process.pid));
      await file.close();
      return;
    } catch (error) {
      if (!isExisting(error)) {
        throw complaint(
          'io',
          {
            where: `run folder ${dir}`,
            expected: 'a folder that can be written',
            received: messageOf(error),
            try: 'Name another with --out.',
          },
          error,
        );
      }
    }
    const owner = Number((await readIfThere(path)) ?? 'NaN');
    if (isAlive(owner)) {
      throw complaint('usage', {
        where: `run folder ${dir}`,
        expected: 'no other run in it',
        received: `one by process ${owner}`,
        try: 'Wait for it, or name another folder with --out.',
      });
    }
    await rm(path, { force: true });
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function readIdentity(dir: string): Promise<{ id: string; configHash: string } | undefined> {
  const text = await readIfThere(join(dir, 'config.json'));
  if (text === undefined) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new GymError(
      'data',
      `${join(dir, 'config.json')}: expected JSON, received: ${messageOf(error)}. Name another folder with --out.`,
      { cause: error },
    );
  }
  if (typeof parsed === 'object' && parsed !== null && 'id' in parsed && 'configHash' in parsed) {
    return { id: String(parsed.id), configHash: String(parsed.configHash) };
  }
  throw complaint('data', {
    where: join(dir, 'config.json'),
    expected: 'the config of a run',
    received: 'something else',
    try: 'Name another folder with --out.',
  });
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw complaint('io', { where: path, expected: 'a readable file', received: messageOf(error) }, error);
  }
}

const hasCode = (error: unknown, ...codes: string[]): boolean =>
  error instanceof Error && 'code' in error && codes.includes(String(error.code));
const isMissing = (error: unknown): boolean => hasCode(error, 'ENOENT');
const isExisting = (error: unknown): boolean => hasCode(error, 'EEXIST');
