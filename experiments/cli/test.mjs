// Runs the tests with AVA, on a chosen tensor backend if one is named; what follows goes to AVA as it is.
//   npm test -- --backend wasm        every test on the wasm backend
//   npm run test:only -- --match '*gradient*'
// The name travels as RECSYS_GYM_BACKEND, which startBackend() heeds wherever no backend is passed, worker threads included.
// Plain JavaScript on purpose, as setup.mjs beside it; needs dist/.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startBackend } from '../../dist/core/tensor/backend.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Takes `--backend NAME` or `--backend=NAME` out of the arguments. */
function chosen(args) {
  const at = args.findIndex((arg) => arg === '--backend' || arg.startsWith('--backend='));
  if (at < 0) return { rest: args };
  const apart = args[at] === '--backend';
  return {
    name: apart ? (args[at + 1] ?? '') : args[at].slice('--backend='.length),
    rest: args.toSpliced(at, apart ? 2 : 1),
  };
}

const { name, rest } = chosen(process.argv.slice(2));
try {
  process.stdout.write(`tests on backend: ${await startBackend(name)}\n`);
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(2);
}
const ava = join(root, 'node_modules', 'ava', 'entrypoints', 'cli.mjs');
const env = name === undefined ? process.env : { ...process.env, RECSYS_GYM_BACKEND: name };
const running = spawn(process.execPath, [ava, ...rest], { cwd: root, env, stdio: 'inherit' });
running.on('exit', (code) => process.exit(code ?? 1));
