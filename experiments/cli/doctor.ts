import { cpus, totalmem } from 'node:os';
import type { Argv } from 'yargs';
import { messageOf } from '../../core/check.js';
import { surveyBackends } from '../../core/tensor/backend.js';
import { codeVersion } from '../run/provenance.js';
import { pc, print, printJson, table } from './terminal.js';

async function sqliteVersion(): Promise<{ version?: string; problem?: string }> {
  try {
    const { default: sqlite3 } = await import('sqlite3');
    return { version: sqlite3.VERSION };
  } catch (error) {
    return { problem: messageOf(error).split('\n')[0] };
  }
}

/** `doctor`: what this machine offers, which tensor backends load, and why the others do not. */
export function registerDoctor(cli: Argv): Argv {
  return cli.command(
    'doctor',
    'Say which tensor backends load, why the others do not, and whether the store works',
    (command) => command.option('json', { type: 'boolean', default: false, describe: 'Print one JSON object' }),
    async ({ json }) => {
      const version = await codeVersion();
      const machine = {
        node: process.version,
        platform: `${process.platform} ${process.arch}`,
        cores: cpus().length,
        memoryGiB: Math.round(totalmem() / 2 ** 30),
      };
      const backends = await surveyBackends();
      const sqlite = await sqliteVersion();
      if (json) {
        printJson({ version, machine, sqlite, backends });
        return;
      }
      print(
        `recsys-gym ${version}, Node ${machine.node}, ${machine.platform}, ${machine.cores} cores, ${machine.memoryGiB} GiB`,
      );
      print(
        sqlite.version === undefined
          ? pc.red(`sqlite3: does not load: ${sqlite.problem ?? ''}. Run: npm rebuild sqlite3`)
          : `sqlite3: SQLite ${sqlite.version}`,
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
      if (backends.some(({ name, problem }) => name.startsWith('tensorflow') && problem !== undefined)) {
        print();
        print(
          'To add libtensorflow where its download can be reached: npm install @tensorflow/tfjs-node (or -gpu for CUDA).',
        );
      }
    },
  );
}
