import { join } from 'node:path';
import type { Argv } from 'yargs';
import type { Estimate, ReportDocument } from '../contract.js';
import { runExperiment } from '../run/run.js';
import type { Watcher } from '../run/watch.js';
import { brief, pc, print, printJson, progress, remark, table, VERDICT_COLOUR } from './terminal.js';

const watcher: Watcher = {
  stage: (name) => {
    const line = progress(name);
    return { progress: (done, total, note) => line.update(done, total, note), done: (note) => line.finish(note) };
  },
};

/** `run`: one experiment from its config to its report. */
export function registerRun(cli: Argv): Argv {
  return cli.command(
    'run <config>',
    'Run an experiment file: data, models, learning, evaluation, report',
    (command) =>
      command
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
          describe: 'Seeds trained side by side; by default one per core',
          requiresArg: true,
        })
        .option('json', { type: 'boolean', default: false, describe: 'Print the report as JSON instead of a table' })
        .example('$0 run experiments/configs/quickstart.yaml', 'The whole river on a generated log')
        .example('$0 run experiments/configs/open-bandit.yaml --set log.path=DIR/obd/random/men', 'A real log')
        .example('$0 run mine.yaml --out runs/a --resume', 'Go on after Ctrl-C or a crash'),
    async ({ config, set, out, resume, overwrite, backend, workers, json }) => {
      const options = { config, overrides: set, out, resume, overwrite, backend, workers };
      const again = repeatCommand(options);
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
          ...options,
          watcher,
          clock: () => Date.now(),
          onFolder: (folder) => {
            dir = folder;
          },
        });
        if (json) printJson(result.document);
        else show(result.document, result.dir);
        if (result.alreadyFinished) remark('This run had already finished; nothing was computed.');
      } catch (error) {
        remark(pc.dim(`Repeat with: ${again}${dir === undefined ? '' : `   (or go on with --resume --out ${dir})`}`));
        throw error;
      } finally {
        process.off('SIGINT', interrupt);
      }
    },
  );
}

interface RunFlags {
  readonly config: string;
  readonly overrides: readonly string[];
  readonly out: string | undefined;
  readonly backend: string | undefined;
}

function repeatCommand({ config, overrides, out, backend }: RunFlags): string {
  const quoted = overrides
    .map((override) => ` --set ${/^[\w.=/-]+$/.test(override) ? override : `'${override}'`}`)
    .join('');
  return `recsys-gym run ${config}${quoted}${out === undefined ? '' : ` --out ${out}`}${backend === undefined ? '' : ` --backend ${backend}`}`;
}

/** "0.0052 [0.0031, 0.0073]" */
function withInterval(estimate: Estimate | undefined): string {
  if (estimate === undefined || estimate.value === null) return 'refused';
  const { value, interval } = estimate;
  return interval === null ? brief(value) : `${brief(value)} [${brief(interval[0])}, ${brief(interval[1])}]`;
}

function show(document: ReportDocument, dir: string): void {
  const { answer, policies, rollouts, comparisons } = document;
  print();
  print(pc.bold(document.question));
  if (policies.length > 0) {
    const hasTruth = policies.some(({ truth }) => truth !== undefined);
    print();
    print(
      table(
        ['policy', 'ips', 'snips', 'dr', ...(hasTruth ? ['truth'] : []), 'effective rounds', 'verdict'],
        policies.map((policy) => [
          policy.id,
          withInterval(policy.estimates['ips']),
          withInterval(policy.estimates['snips']),
          withInterval(policy.estimates['dr']),
          ...(hasTruth ? [brief(policy.truth)] : []),
          `${Math.round(policy.diagnostics.effectiveSampleSize)} of ${policy.diagnostics.rounds}`,
          VERDICT_COLOUR[policy.verdict](policy.verdict),
        ]),
      ),
    );
  }
  if (comparisons.length > 0) {
    print();
    print(
      table(
        [
          'comparison',
          'difference',
          'relative',
          ...(comparisons.some(({ truth }) => truth !== undefined) ? ['truth'] : []),
        ],
        comparisons.map(({ policy, against, difference, relative, truth }) => [
          `${policy} − ${against}`,
          withInterval(difference),
          relative === null ? '—' : `${brief(100 * relative, 3)} %`,
          ...(truth === undefined ? [] : [brief(truth)]),
        ]),
      ),
    );
  }
  if (rollouts.length > 0) {
    print();
    print(
      table(
        ['policy', 'seed', 'sessions', 'mean return', 'mean length'],
        rollouts.flatMap(({ policy, perSeed }) =>
          perSeed.map((row) => [
            policy,
            String(row.seed),
            String(row.episodes),
            `${brief(row.meanReturn)} ± ${brief(row.standardError, 2)}`,
            brief(row.meanLength),
          ]),
        ),
      ),
    );
  }
  print();
  print(`${VERDICT_COLOUR[answer.verdict](answer.verdict.toUpperCase())}  ${answer.sentence}`);
  for (const reason of answer.reasons) print(`  – ${reason}`);
  print();
  print(`Report: ${join(dir, 'report.html')}`);
}
