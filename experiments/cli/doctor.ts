import { cpus, totalmem } from 'node:os';
import type { Argv } from 'yargs';
import { complaint, messageOf } from '../../core/check.js';
import { surveyBackends, type BackendSurvey } from '../../core/tensor/backend.js';
import { nativeDetails } from '../../core/tensor/native/details.js';
import { codeVersion } from '../run/provenance.js';
import { addTensorflowFrom } from './tensorflow-from-wheel.js';
import { pc, print, printJson, remark, table } from './terminal.js';

async function sqliteVersion(): Promise<{ version?: string; problem?: string }> {
  try {
    const { default: sqlite3 } = await import('sqlite3');
    return { version: sqlite3.VERSION };
  } catch (error) {
    return { problem: messageOf(error).split('\n')[0] };
  }
}

interface Survey {
  readonly version: string;
  readonly machine: {
    readonly node: string;
    readonly platform: string;
    readonly cores: number;
    readonly memoryGiB: number;
  };
  readonly sqlite: { readonly version?: string; readonly problem?: string };
  readonly native: ReturnType<typeof nativeDetails>;
  readonly backends: readonly BackendSurvey[];
}

async function survey(): Promise<Survey> {
  return {
    version: await codeVersion(),
    machine: {
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
    },
    native: nativeDetails(),
    backends: await surveyBackends(),
    sqlite: await sqliteVersion(),
  };
}

function printSurvey({ version, machine, sqlite, native, backends }: Survey): void {
  print(
    `recsys-gym ${version}, Node ${machine.node}, ${machine.platform}, ${machine.cores} cores, ${machine.memoryGiB} GiB`,
  );
  print(
    sqlite.version === undefined
      ? pc.red(`sqlite3: does not load: ${sqlite.problem ?? ''}. Run: npm rebuild sqlite3`)
      : `sqlite3: SQLite ${sqlite.version}`,
  );
  print(
    'problem' in native
      ? pc.yellow(`native kernels: ${native.problem}`)
      : `native kernels: ${native.instructionSet} (of ${native.instructionSets.join(', ')}), ${native.threads} threads for large work`,
  );
  print();
  print(
    table(
      ['backend', '', 'what it is', 'why not'],
      backends.map(({ name, summary, problem, chosen }) => [
        name,
        chosen ? pc.green('in use') : problem === undefined ? 'loads' : pc.yellow('no'),
        summary,
        problem ?? '',
      ]),
    ),
  );
  if (tensorflowProblem(backends) === undefined) return;
  print();
  print('To add libtensorflow where its download can be reached:');
  print('  npm install --no-save @tensorflow/tfjs-node (or -gpu for CUDA)');
  print('and on Linux from an unpacked TensorFlow wheel for Python, such as tensorflow-cpu:');
  print('  recsys-gym doctor --tensorflow-from DIR');
}

const tensorflowProblem = (backends: readonly BackendSurvey[]): string | undefined =>
  backends.find(({ name }) => name === 'tensorflow')?.problem;

/** `doctor`: what this machine offers, which tensor backends load, and why the others do not. */
export function registerDoctor(cli: Argv): Argv {
  return cli.command(
    'doctor',
    'Say which tensor backends load, why the others do not, and whether the store works',
    (command) =>
      command
        .option('json', { type: 'boolean', default: false, describe: 'Print one JSON object' })
        .option('tensorflow-from', {
          type: 'string',
          requiresArg: true,
          describe: 'First make the backend tensorflow from this unpacked TensorFlow wheel (Linux)',
        })
        .example('$0 doctor', 'What loads here and what does not')
        .example('$0 doctor --tensorflow-from ./wheel', 'libtensorflow where its download cannot be reached'),
    async ({ json, tensorflowFrom }) => {
      if (tensorflowFrom !== undefined) await addTensorflowFrom(tensorflowFrom, remark);
      const found = await survey();
      if (json) printJson(found);
      else printSurvey(found);
      const problem = tensorflowProblem(found.backends);
      if (tensorflowFrom === undefined || problem === undefined) return;
      throw complaint('io', {
        where: '--tensorflow-from',
        expected: 'tfjs-node to load with these libraries',
        received: problem,
        try: 'Take a wheel of TensorFlow 2.21, for this processor and system.',
      });
    },
  );
}
