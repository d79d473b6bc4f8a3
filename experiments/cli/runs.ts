import { relative } from 'node:path';
import type { Argv } from 'yargs';
import { GymError, suggestion } from '../../core/check.js';
import { RunStore, type RunRecord } from '../run/store.js';
import { print, printJson, table } from './terminal.js';

/** `runs list` and `runs show DIR`: what was run here, how it ended and what it answered. */
export function registerRuns(cli: Argv): Argv {
  return cli.command(
    'runs <verb> [run]',
    'List the runs of this folder, or show one with its answer',
    (command) =>
      command
        .positional('verb', { choices: ['list', 'show'] as const, demandOption: true })
        .positional('run', { type: 'string', describe: 'Run folder, for show' })
        .option('store', {
          type: 'string',
          default: 'logs/runs/gym.sqlite',
          requiresArg: true,
          describe: 'File that holds logs and runs',
        })
        .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
        .example('$0 runs list', 'Newest first')
        .example('$0 runs show logs/runs/quickstart/001', 'One run and its answer'),
    async ({ verb, run, store: file, json }) => {
      const store = await RunStore.open(file);
      try {
        const runs = await store.list();
        if (verb === 'list') list(runs, json);
        else show(find(runs, run), json);
      } finally {
        await store.close();
      }
    },
  );
}

const here = (dir: string): string => relative('.', dir) || '.';
const date = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');

function list(runs: readonly RunRecord[], json: boolean): void {
  if (json) printJson(runs);
  else if (runs.length === 0) print('No runs yet. Start with: npm start');
  else
    print(
      table(
        ['run', 'status', 'verdict', 'started (UTC)'],
        runs.map((run) => [here(run.dir), run.status, run.verdict ?? '', date(run.startedMs)]),
      ),
    );
}

function find(runs: readonly RunRecord[], name: string | undefined): RunRecord {
  if (name === undefined)
    throw new GymError('usage', 'runs show: expected a run folder, received none. See: recsys-gym runs list.');
  const found = runs.find(({ dir }) => here(dir) === name.replace(/\/$/, '') || dir === name);
  if (found === undefined)
    throw new GymError(
      'usage',
      `No run '${name}'. ${suggestion(
        name,
        runs.map(({ dir }) => here(dir)),
      )}`,
    );
  return found;
}

function show(run: RunRecord, json: boolean): void {
  if (json) {
    printJson(run);
    return;
  }
  const took = run.finishedMs === null ? '' : `, took ${((run.finishedMs - run.startedMs) / 1000).toFixed(1)} s`;
  print(
    `${here(run.dir)}: ${run.experiment} (config ${run.configHash}), ${run.status}, started ${date(run.startedMs)} UTC${took}`,
  );
  if (run.answer !== null) print(`${run.verdict === null ? 'failed' : run.verdict}: ${run.answer}`);
  if (run.status === 'finished') print(`Report: ${here(run.dir)}/report.html`);
}
