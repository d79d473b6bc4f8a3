import tf from '@tensorflow/tfjs';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, symlink } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { complaint } from '../../core/check.js';

/** What a wheel holds of what tfjs-node builds against: the C API, exported by the C++ library, and its headers. */
const LIBRARY = 'libtensorflow_cc.so.2';
const FRAMEWORK = 'libtensorflow_framework.so.2';
const HEADER = join('include', 'tensorflow', 'c', 'c_api.h');

/**
 * The `tensorflow/` folder of an unpacked wheel, or of an installed TensorFlow for Python.
 *
 * @param folder that folder itself or the one around it
 */
export function tensorflowFolder(folder: string): string {
  const where = '--tensorflow-from';
  if (folder.endsWith('.whl')) {
    throw complaint('usage', {
      where,
      expected: 'the folder of an unpacked wheel',
      received: `the wheel itself, '${folder}'`,
      try: `A wheel is a zip file: python3 -m zipfile -e ${folder} FOLDER, then name that FOLDER.`,
    });
  }
  const needed = [LIBRARY, FRAMEWORK, HEADER];
  const lacking = (place: string): string[] => needed.filter((file) => !existsSync(join(place, file)));
  const inside = join(resolve(folder), 'tensorflow');
  const place = existsSync(inside) ? inside : resolve(folder);
  const absent = lacking(place);
  if (absent.length === 0) return place;
  throw complaint('usage', {
    where,
    expected: `a folder with ${needed.join(', ')}`,
    received: existsSync(place) ? `'${place}' without ${absent.join(', ')}` : `'${folder}', which does not exist`,
    try: `Unpack a wheel of tensorflow-cpu for Linux and name the folder, or the place of an installed TensorFlow.`,
  });
}

/** Links libraries and headers to where tfjs-node's build, and later the loader, look for them: its `deps/`. */
export async function linkLibraries(tensorflow: string, tfjsNode: string): Promise<void> {
  const deps = join(tfjsNode, 'deps');
  const lib = join(deps, 'lib');
  await rm(deps, { recursive: true, force: true });
  await mkdir(lib, { recursive: true });
  await symlink(join(tensorflow, 'include'), join(deps, 'include'));
  for (const [name, as] of [
    [LIBRARY, 'libtensorflow.so'],
    [FRAMEWORK, 'libtensorflow_framework.so'],
  ] as const) {
    await symlink(join(tensorflow, name), join(lib, name));
    // The linker asks for the name without a version; the addon then remembers the library's own name.
    await symlink(name, join(lib, as));
  }
}

/** Where npm installs for this copy of recsys-gym: the clone, or the project whose node_modules holds the package. */
function projectFolder(): string {
  const own = fileURLToPath(new URL('../../../', import.meta.url));
  const at = own.indexOf(`${sep}node_modules${sep}`);
  const project = at < 0 ? own : own.slice(0, at);
  if (existsSync(join(project, 'package.json'))) return project;
  throw complaint('usage', {
    where: '--tensorflow-from',
    expected: 'recsys-gym to be installed in a project, beside a package.json',
    received: `'${project}', which has none`,
    try: 'npm install recsys-gym in a folder of your own, and npx recsys-gym there.',
  });
}

/** Runs npm; a failure carries the last lines of what it wrote. */
function npm(args: readonly string[], cwd: string, where: string, hint: string): Promise<void> {
  return new Promise((done, failed) => {
    const child = spawn('npm', args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk: string): void => {
      output += chunk;
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    const fail = (received: string): void =>
      failed(complaint('io', { where, expected: `npm ${args.join(' ')} to succeed`, received, try: hint }));
    child.on('error', ({ message }) => fail(message));
    child.on('close', (code) => {
      if (code === 0) done();
      else fail(`exit code ${code ?? 'none'}, after\n${output.trimEnd().split('\n').slice(-30).join('\n')}\n`);
    });
  });
}

/**
 * Makes the backend `tensorflow` from a TensorFlow wheel where tfjs-node's own download of libtensorflow cannot be reached:
 * installs @tensorflow/tfjs-node without its install step, links the wheel's libraries into it and compiles its addon. The
 * libraries stay where they are; nothing is written to package.json, so that npm ci takes all of it away again.
 *
 * @param folder an unpacked wheel, or its `tensorflow/` folder
 * @param tell receives one line per step
 */
export async function addTensorflowFrom(folder: string, tell: (line: string) => void): Promise<void> {
  const tensorflow = tensorflowFolder(folder);
  if (process.platform !== 'linux') {
    throw complaint('usage', {
      where: '--tensorflow-from',
      expected: 'Linux, whose wheels have the libraries that tfjs-node links',
      received: process.platform,
      try: 'npm install --no-save @tensorflow/tfjs-node where its download can be reached.',
    });
  }
  const project = projectFolder();
  const tfjsNode = join(project, 'node_modules', '@tensorflow', 'tfjs-node');
  if (!existsSync(tfjsNode)) {
    const wanted = `@tensorflow/tfjs-node@${tf.version.tfjs}`;
    tell(`installing ${wanted} without its download`);
    await npm(
      ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', wanted],
      project,
      'installing tfjs-node',
      'Is the npm registry reachable?',
    );
  }
  tell(`linking the libraries of ${tensorflow}: leave that folder where it is`);
  await linkLibraries(tensorflow, tfjsNode);
  tell('compiling the addon of tfjs-node');
  await npm(
    ['run', 'build-addon-from-source'],
    tfjsNode,
    'compiling the addon of tfjs-node',
    'It needs python3, make, a C++17 compiler and the headers of Node.',
  );
}
