import test from 'ava';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linkLibraries, tensorflowFolder } from './tensorflow-from-wheel.js';

const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];

/** A folder that looks like an unpacked wheel. */
function unpackedWheel(): { wheel: string; tensorflow: string } {
  const wheel = mkdtempSync(join(tmpdir(), 'recsys-gym-wheel-'));
  const tensorflow = join(wheel, 'tensorflow');
  mkdirSync(join(tensorflow, 'include', 'tensorflow', 'c'), { recursive: true });
  writeFileSync(join(tensorflow, 'include', 'tensorflow', 'c', 'c_api.h'), 'header');
  for (const name of LIBRARIES) writeFileSync(join(tensorflow, name), name);
  return { wheel, tensorflow };
}

test('a wheel is found by its folder and by the tensorflow folder in it', (t) => {
  const { wheel, tensorflow } = unpackedWheel();
  t.is(tensorflowFolder(wheel), tensorflow);
  t.is(tensorflowFolder(tensorflow), tensorflow);
});

test('what is no unpacked wheel is named with what it lacks', (t) => {
  const empty = mkdtempSync(join(tmpdir(), 'recsys-gym-wheel-'));
  t.throws(() => tensorflowFolder(empty), { message: /without libtensorflow_cc\.so\.2, libtensorflow_framework/ });
  t.throws(() => tensorflowFolder(join(empty, 'nowhere')), { message: /which does not exist/ });
  t.throws(() => tensorflowFolder('tf.whl'), { message: /python3 -m zipfile -e tf\.whl FOLDER/ });
});

const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('libraries and headers are linked under the names that the linker and the loader ask for', async (t) => {
  const { tensorflow } = unpackedWheel();
  const tfjsNode = mkdtempSync(join(tmpdir(), 'recsys-gym-tfjs-node-'));
  await linkLibraries(tensorflow, tfjsNode);
  await linkLibraries(tensorflow, tfjsNode);
  const text = (...path: string[]): string => readFileSync(join(tfjsNode, 'deps', ...path), 'utf8');
  for (const name of LIBRARIES) t.is(text('lib', name), name);
  t.is(text('lib', 'libtensorflow.so'), LIBRARIES[0]);
  t.is(text('lib', 'libtensorflow_framework.so'), LIBRARIES[1]);
  t.is(text('include', 'tensorflow', 'c', 'c_api.h'), 'header');
  t.is(readFileSync(join(tensorflow, LIBRARIES[0]), 'utf8'), LIBRARIES[0], 'linking twice leaves the wheel as it was');
});

test('doctor --tensorflow-from a folder that is not there is wrong use', (t) => {
  const main = new URL('main.js', import.meta.url).href;
  const script = `import('${main}').then(({ main }) => main(['doctor', '--tensorflow-from', 'nowhere'])).then((code) => { process.exitCode = code; })`;
  const { status, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  t.is(status, 2);
  t.regex(stderr, /--tensorflow-from: expected a folder with .* received 'nowhere', which does not exist\./);
});
