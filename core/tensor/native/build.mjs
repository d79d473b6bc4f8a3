// Compiles the native kernels (binding.gyp) into build/Release/recsys_gym_native.node. Plain JavaScript on purpose: npm
// runs it as the install step, before anything of the project is compiled. Where it cannot be done, one line says so and
// the exit code is 0 all the same: the next tensor backend serves.
//   node build.mjs            when the addon is missing or older than its sources
//   node build.mjs --force    always
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const addon = join(here, 'build', 'Release', 'recsys_gym_native.node');
/** Says why the last build failed; while it is newer than the sources nobody tries again. */
const failure = join(here, 'build.failed');

function stale() {
  const last = [addon, failure].filter((file) => existsSync(file));
  if (last.length === 0) return true;
  const built = Math.max(...last.map((file) => statSync(file).mtimeMs));
  const sources = readdirSync(join(here, 'src')).map((name) => join(here, 'src', name));
  return [join(here, 'binding.gyp'), ...sources].some((file) => statSync(file).mtimeMs > built);
}

function nodeGyp() {
  try {
    return createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
  } catch {
    return process.env.npm_config_node_gyp;
  }
}

/** The headers of this very Node where they are installed beside it; node-gyp would download them otherwise. */
function headers() {
  const prefix = join(dirname(process.execPath), '..');
  return existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? [`--nodedir=${prefix}`] : [];
}

/** Runs `work` while no other build runs in this folder; a lock older than ten minutes was left behind. */
function alone(work) {
  const lock = join(here, 'build.lock');
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (existsSync(lock) && Date.now() - statSync(lock).mtimeMs > 600_000) rmdirSync(lock);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    }
  }
  try {
    work();
  } finally {
    rmdirSync(lock);
  }
}

/** Builds where needed; says in one line when it could not, and why. */
export function buildNative({ force = false } = {}) {
  if (!force && !stale()) return;
  alone(() => build(force));
}

function build(force) {
  const gyp = nodeGyp();
  const jobs = String(availableParallelism());
  const result =
    gyp === undefined
      ? { status: 1, stdout: '', stderr: 'node-gyp is not installed' }
      : spawnSync(
          process.execPath,
          [gyp, ...(force ? ['rebuild'] : ['configure', 'build']), '--release', `--jobs=${jobs}`, ...headers()],
          {
            cwd: here,
            encoding: 'utf8',
          },
        );
  rmSync(failure, { force: true });
  if (result.status === 0) return;
  const lines = `${result.error?.message ?? ''}\n${result.stderr}\n${result.stdout}`.split('\n');
  const reason = lines.find((line) => /error|not found|not installed/i.test(line))?.trim() ?? 'the compiler failed';
  writeFileSync(failure, `${reason}\n`);
  process.stderr.write(
    `native kernels: not built (${reason}). The next tensor backend serves; to try again: npm run build:native\n`,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildNative({ force: process.argv.includes('--force') });
