// Runs tfjs's own published tests against a backend of ours: the *_test.js files that @tensorflow/tfjs-core ships in
// dist/, about 4,100 specs of what every op must answer, forward and gradient.
//   node run-tfjs-suite.mjs                 on `native`, the kernels of this project
//   node run-tfjs-suite.mjs --backend cpu   on tfjs's stock JavaScript kernels: the harness holds, whatever we write
//   node run-tfjs-suite.mjs --grep matmul   only the specs whose name contains a text
//
// esbuild bundles the test files, the core and the backend into one module, so that there is exactly one core: the tests
// import it by relative paths, backends by its name, and two copies would be two engines that know nothing of each other.
// Left out are the tests of browsers, of io and of platforms: they test no kernel. jasmine then runs the bundle in this
// process. What may fail is listed in exceptions.mjs, and every entry is held against stock cpu in the same run.
// Plain JavaScript on purpose: it bundles JavaScript and is no part of the package.
import { build } from 'esbuild';
import Jasmine from 'jasmine';
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { exceptions } from './exceptions.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
// Its true place: esbuild follows links, and a core by another path would be a second one.
const core = realpathSync(join(root, 'node_modules', '@tensorflow', 'tfjs-core'));
const native = join(root, 'dist', 'core', 'tensor', 'native');
const bundleFolder = join(root, 'node_modules', '.cache', 'tfjs-suite');
const LEFT_OUT = /^(io|platforms)\/|^browser_util_test/;
/** A whole run that sees fewer specs than this has lost some on the way and proves nothing. */
const FEWEST_SPECS = 4000;
const BACKENDS = ['native', 'cpu'];

/** Statements that register each backend on the core of the bundle. Stock cpu is always there, to hold exceptions against. */
const REGISTER = {
  cpu: `import '@tensorflow/tfjs-backend-cpu';`,
  native: `import { registerNative } from ${JSON.stringify(join(native, 'register.js'))}; registerNative();`,
};

function stop(message) {
  process.stderr.write(`tfjs suite: ${message}\n`);
  process.exit(2);
}

function testFiles() {
  const dist = join(core, 'dist');
  const all = readdirSync(dist, { recursive: true })
    .map((path) => path.split(sep).join('/'))
    .filter((path) => path.endsWith('_test.js'))
    .sort();
  const files = all.filter((path) => !LEFT_OUT.test(path));
  return { files: files.map((path) => join(dist, path)), leftOut: all.length - files.length };
}

/** One core for everything, '@tensorflow/tfjs' as a name for it, and the addon's loader left where its paths are right. */
function oneCore(modules) {
  const entry = join(core, 'dist', 'index.js');
  const loader = join(native, 'addon.js');
  return {
    name: 'one-core',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^suite:/ }, ({ path }) => ({ path, namespace: 'suite' }));
      onLoad({ filter: /.*/, namespace: 'suite' }, ({ path }) => ({ contents: modules[path], resolveDir: root }));
      onResolve({ filter: /^@tensorflow\/tfjs-core$/ }, () => ({ path: entry }));
      onResolve({ filter: /^@tensorflow\/tfjs$/ }, () => ({ path: 'suite:tfjs', namespace: 'suite' }));
      onResolve({ filter: /addon\.js$/ }, ({ path, resolveDir }) =>
        join(resolveDir, path) === loader ? { path: pathToFileURL(loader).href, external: true } : undefined,
      );
    },
  };
}

/** Bundles the suite and returns the path of the bundle, under node_modules/.cache. */
async function bundle(files, backend, environments) {
  const lines = (paths) => paths.map((path) => `import ${JSON.stringify(path)};`).join('\n');
  const modules = {
    'suite:tfjs': `export * from '@tensorflow/tfjs-core'; import * as tf from '@tensorflow/tfjs-core'; export default tf;`,
    'suite:setup': `
      import '@tensorflow/tfjs-core';
      ${lines(['public/chained_ops/register_all_chained_ops.js', 'register_all_gradients.js'].map((path) => join(core, 'dist', path)))}
      ${REGISTER.cpu}
      ${backend === 'cpu' ? '' : REGISTER[backend]}
      import { setTestEnvs } from ${JSON.stringify(join(core, 'dist', 'jasmine_util.js'))};
      setTestEnvs(${JSON.stringify(environments.map((name) => ({ name, backendName: name, isDataSync: true })))});`,
    'suite:all': `import 'suite:setup';\n${lines(files)}`,
  };
  const outfile = join(bundleFolder, `${backend}.mjs`);
  await build({
    entryPoints: ['suite:all'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    mainFields: ['module', 'main'],
    // The core says that its files have no side effects; its tests are nothing else.
    ignoreAnnotations: true,
    external: ['jasmine-core', 'node-fetch'],
    // The core asks for node's own modules with require(), which a module does not have by itself.
    banner: {
      js: `import { createRequire as suiteRequire } from 'node:module'; const require = suiteRequire(import.meta.url);`,
    },
    plugins: [oneCore(modules)],
    logLevel: 'error',
    logOverride: { 'direct-eval': 'silent' },
  });
  return outfile;
}

/**
 * Splits jasmine's name "abs native {} basic" into the spec's own name and the backend it ran on, where it has one. Suites
 * inside suites name a backend twice; with two backends in play some name both and are nobody's.
 */
function parted(fullName) {
  const named = new Set(fullName.match(/(?<= )(native|cpu)(?= \{\} )/g) ?? []);
  const spec = fullName.replaceAll(/ (native|cpu) \{\}(?= )/g, '');
  return named.size === 0 ? { spec } : { spec, backend: named.size === 1 ? [...named][0] : 'both' };
}

/** Runs the bundle under jasmine; resolves to what became of every spec. */
async function runSuite(path, wanted) {
  const outcomes = [];
  const failures = [];
  const runner = new Jasmine({ projectBaseDir: root });
  runner.exitOnCompletion = false;
  runner.clearReporters();
  runner.addReporter({
    specDone: ({ fullName, status, failedExpectations }) => {
      if (status === 'excluded') return;
      outcomes.push({ ...parted(fullName), status, messages: failedExpectations.map(({ message }) => message) });
    },
    // Errors outside of specs, such as a backend that does not start.
    suiteDone: ({ fullName, failedExpectations }) =>
      failures.push(...failedExpectations.map(({ message }) => `${fullName}: ${message}`)),
    jasmineDone: ({ failedExpectations }) => failures.push(...failedExpectations.map(({ message }) => message)),
  });
  runner.env.configure({ random: false, specFilter: (spec) => wanted(parted(spec.getFullName())) });
  const start = performance.now();
  await runner.execute([path]);
  return { outcomes, failures, seconds: (performance.now() - start) / 1000 };
}

/** What is wrong with the list of exceptions after a run; empty when every entry is still needed and allowed. */
function wrongExceptions(excepted, outcomes, backend) {
  const problems = [];
  for (const [spec, { unusedDtype }] of excepted) {
    const here = outcomes.filter((outcome) => outcome.spec === spec && (outcome.backend ?? backend) === backend);
    const onCpu = outcomes.filter((outcome) => outcome.spec === spec && outcome.backend === 'cpu');
    if (here.length === 0) problems.push(`'${spec}': no spec has this name. Remove or correct the entry`);
    else if (here.every(({ status }) => status === 'passed')) {
      problems.push(`'${spec}': passes on ${backend}. Remove the entry`);
    } else if (unusedDtype !== true && !onCpu.some(({ status }) => status === 'failed')) {
      problems.push(`'${spec}': fails on ${backend} and passes on stock cpu. Mend the kernel`);
    }
  }
  return problems;
}

const { backend, grep } = parseArgs({
  options: { backend: { type: 'string', default: 'native' }, grep: { type: 'string', default: '' } },
}).values;
if (!BACKENDS.includes(backend)) stop(`--backend: expected native or cpu, received '${backend}'.`);
if (backend === 'native' && !existsSync(join(native, 'register.js'))) {
  stop('expected dist/core/tensor/native/register.js, found none. Run npm run build first.');
}

const excepted = new Map(backend === 'native' ? exceptions.map((entry) => [entry.spec, entry]) : []);
const { files, leftOut } = testFiles();
const { version } = JSON.parse(readFileSync(join(core, 'package.json'), 'utf8'));
process.stdout.write(
  `tfjs-core ${version}: ${files.length} test files, ${leftOut} left out (browser, io, platforms); backend ${backend}\n`,
);
const path = await bundle(files, backend, excepted.size > 0 ? [backend, 'cpu'] : [backend]);
const { outcomes, failures, seconds } = await runSuite(
  path,
  (spec) => spec.spec.includes(grep) && ((spec.backend ?? backend) === backend || excepted.has(spec.spec)),
);

const run = outcomes.filter((outcome) => (outcome.backend ?? backend) === backend);
const passed = run.filter(({ status }) => status === 'passed');
const failedSpecs = run.filter(({ spec, status }) => status === 'failed' && !excepted.has(spec));
const exceptedSpecs = run.filter(({ spec, status }) => status === 'failed' && excepted.has(spec));
const problems = [
  ...failures,
  ...wrongExceptions(excepted, outcomes, backend)
    .filter((text) => text.includes(grep))
    .map((text) => `exceptions.mjs: ${text}.`),
];
if (grep === '' && run.length < FEWEST_SPECS) {
  problems.push(`expected at least ${FEWEST_SPECS} specs, ran ${run.length}. Look at what was left out of the bundle.`);
}

for (const { spec, messages } of failedSpecs) process.stdout.write(`FAILED ${spec}\n  ${messages.join('\n  ')}\n`);
for (const text of problems) process.stdout.write(`FAILED ${text}\n`);
for (const { spec } of exceptedSpecs) process.stdout.write(`excepted: ${spec}: ${excepted.get(spec).reason}\n`);
const pending = run.filter(({ status }) => status === 'pending').length;
process.stdout.write(
  `${run.length} specs in ${seconds.toFixed(1)} s${pending > 0 ? `, ${pending} of them switched off by tfjs` : ''}\n` +
    `tfjs suite on ${backend}: ${passed.length} passed, ${failedSpecs.length + problems.length} failed, ` +
    `${exceptedSpecs.length} excepted\n`,
);
process.exit(failedSpecs.length + problems.length === 0 ? 0 : 1);
