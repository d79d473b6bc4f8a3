// Installs what is missing and compiles what changed, so that `npm start` and `npm test` work on a fresh clone.
// Plain JavaScript on purpose: it runs before anything is installed or compiled.
//   node setup.mjs          what a run needs          --dev    and what the tests need
//   node setup.mjs --build  compile only (used by npm's prepare step)
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildNative } from '../../core/tensor/native/build.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const sources = ['core', 'logs', 'reward-models', 'simulators', 'envs', 'agents', 'experiments'];
const compiler = join(root, 'node_modules', 'typescript7', 'bin', 'tsc');

/** Names of packages in package.json that node_modules lacks; optional ones are never missing. */
function missing(withDev) {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const wanted = { ...manifest.dependencies, ...(withDev ? manifest.devDependencies : { typescript7: '' }) };
  return Object.keys(wanted).filter((name) => !existsSync(join(root, 'node_modules', name, 'package.json')));
}

function newest(folder) {
  let latest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'runs' || entry.name === 'node_modules') continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) latest = Math.max(latest, newest(path));
    else if (entry.name.endsWith('.ts')) latest = Math.max(latest, statSync(path).mtimeMs);
  }
  return latest;
}

function stale() {
  const mark = join(root, 'dist', '.built');
  if (!existsSync(mark)) return true;
  const built = statSync(mark).mtimeMs;
  return (
    statSync(join(root, 'tsconfig.json')).mtimeMs > built ||
    sources.some((name) => existsSync(join(root, name)) && newest(join(root, name)) > built)
  );
}

function must(command, args, what) {
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  if (result.status === 0) return;
  process.stderr.write(`setup: ${what} failed (${result.error?.message ?? `exit code ${result.status}`}).\n`);
  process.exit(1);
}

/** Installs and compiles where needed; quiet when there is nothing to do. */
export function setup({ dev = false, buildOnly = false } = {}) {
  // An installed package ships dist/ and no sources; its dependencies are npm's business.
  if (!existsSync(join(root, 'tsconfig.json'))) return;
  const absent = buildOnly ? [] : missing(dev);
  if (absent.length > 0) {
    process.stderr.write(
      `setup: installing ${absent.length} missing package(s). sqlite3 is compiled from source where no prebuilt ` +
        `binary can be fetched: allow two minutes.\n`,
    );
    const locked = existsSync(join(root, 'package-lock.json')) && !existsSync(join(root, 'node_modules'));
    must(
      'npm',
      [locked ? 'ci' : 'install', '--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts=false'],
      'npm install',
    );
  }
  if (!buildOnly) buildNative();
  if (!existsSync(compiler)) return;
  if (!stale()) return;
  process.stderr.write('setup: compiling TypeScript.\n');
  must(process.execPath, [compiler, '-p', join(root, 'tsconfig.json')], 'the TypeScript compiler');
  must(process.execPath, ['-e', "require('fs').writeFileSync('dist/.built', '')"], 'marking the build');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  setup({ dev: process.argv.includes('--dev'), buildOnly: process.argv.includes('--build') });
}
