import type { Argv } from 'yargs';
import type { Experiment } from '../config/schema.js';
import { runExperiment } from '../run/run.js';
import type { Watcher } from '../run/watch.js';
import { showReport } from './show-report.js';
import { pc, printJson, progress, remark } from './terminal.js';

/** What `run` and `ab simulate` share: their options, interruption, and what they print. */

interface RunFlags {
  readonly config: string;
  readonly set: readonly string[];
  readonly out: string | undefined;
  readonly resume: boolean;
  readonly overwrite: boolean;
  readonly backend: string | undefined;
  readonly workers: number | undefined;
  readonly json: boolean;
}

const watcher: Watcher = {
  stage: (name) => {
    const line = progress(name);
    return { progress: (done, total, note) => line.update(done, total, note), done: (note) => line.finish(note) };
  },
};

export function withRunOptions(command: Argv): Argv<RunFlags> {
  return command
    .positional('config', { type: 'string', demandOption: true, describe: 'Experiment file (YAML)' })
    .option('set', {
      type: 'string',
      array: true,
      default: [],
      describe: 'Override a key: --set seed=2 --set log.path=DIR',
      requiresArg: true,
    })
    .option('out', {
      type: 'string',
      describe: 'Run folder; by default the next number under logs/runs/<id>',
      requiresArg: true,
    })
    .option('resume', {
      type: 'boolean',
      default: false,
      describe: 'Go on with an interrupted run of the same config',
    })
    .option('overwrite', {
      type: 'boolean',
      default: false,
      describe: 'Take a folder that holds a run of another config',
    })
    .option('backend', { type: 'string', describe: 'Force a tensor backend; see doctor', requiresArg: true })
    .option('workers', {
      type: 'number',
      describe: 'Threads that work side by side; by default one per core. Results do not depend on it',
      requiresArg: true,
    })
    .option('json', { type: 'boolean', default: false, describe: 'Print the report as JSON instead of a table' });
}

/** Runs an experiment file and prints its answer. @param kind the only kind that this command takes */
export async function runAndShow(command: string, flags: RunFlags, kind?: Experiment['kind']): Promise<void> {
  const { config, set: overrides, out, resume, overwrite, backend, workers, json } = flags;
  const again = repeatCommand(command, flags);
  let dir: string | undefined;
  const interrupt = (): void => {
    remark(
      `\nInterrupted. Go on with: ${again} --resume${out === undefined && dir !== undefined ? ` --out ${dir}` : ''}`,
    );
    process.exit(130);
  };
  process.once('SIGINT', interrupt);
  try {
    const result = await runExperiment({
      ...{ config, overrides, out, resume, overwrite, backend, workers, kind },
      watcher,
      clock: () => Date.now(),
      onFolder: (folder) => {
        dir = folder;
      },
    });
    if (json) printJson(result.document);
    else showReport(result.document, result.dir);
    if (result.alreadyFinished) remark('This run had already finished; nothing was computed.');
  } catch (error) {
    remark(pc.dim(`Repeat with: ${again}${dir === undefined ? '' : `   (or go on with --resume --out ${dir})`}`));
    throw error;
  } finally {
    process.off('SIGINT', interrupt);
  }
}

function repeatCommand(command: string, { config, set, out, backend }: RunFlags): string {
  const quoted = set.map((override) => ` --set ${/^[\w.=/-]+$/.test(override) ? override : `'${override}'`}`).join('');
  return `recsys-gym ${command} ${config}${quoted}${out === undefined ? '' : ` --out ${out}`}${backend === undefined ? '' : ` --backend ${backend}`}`;
}
