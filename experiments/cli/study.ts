import type { Argv } from 'yargs';
import { GymError } from '../../core/check.js';
import { studies } from '../studies/index.js';
import type { Study, StudyResult } from '../studies/study.js';
import { writeReport } from './report-file.js';
import { brief, print, printJson, progress, table } from './terminal.js';

/** `study`: reproduces the figures of a paper or protocol; exit code 1 when the score fixed before is not reached. */
export function registerStudy(cli: Argv): Argv {
  return cli.command('study', "Reproduce a paper's or protocol's figures", (command) => {
    for (const [name, study] of Object.entries(studies)) registerOne(command, name, study);
    return command.demandCommand(1, `Name a study: ${Object.keys(studies).join(', ')}.`);
  });
}

function registerOne(cli: Argv, name: string, study: Study): void {
  cli.command(
    name,
    study.summary,
    (command) => {
      for (const [setting, { value, meaning }] of Object.entries(study.settings))
        command.option(setting, { type: 'number', default: value, requiresArg: true, describe: meaning });
      if (study.data !== undefined)
        command.option('data', { type: 'string', demandOption: true, requiresArg: true, describe: study.data });
      return command
        .option('seed', {
          type: 'number',
          default: 1,
          requiresArg: true,
          describe: 'Everything random follows from it',
        })
        .option('report', {
          type: 'string',
          requiresArg: true,
          describe: 'Also write an HTML report, and report.json beside it',
        })
        .option('json', { type: 'boolean', default: false, describe: 'Print one JSON object in full precision' })
        .example(`$0 study ${name}${study.data === undefined ? '' : ' --data DIR'}`, study.summary);
    },
    async (argv) => {
      const values = new Map(Object.entries(argv));
      const settings = Object.fromEntries(Object.keys(study.settings).map((key) => [key, Number(values.get(key))]));
      const data = values.get('data');
      const line = progress(`study ${name}`);
      const result = await study.run({
        data: typeof data === 'string' ? data : undefined,
        seed: argv.seed,
        settings,
        onProgress: (done, total, note) => line.update(done, total, note),
        clock: () => performance.now(),
      });
      line.finish();
      const { tables, notes, failures, numbers } = result;
      if (argv.json)
        printJson({ study: name, seed: argv.seed, settings, reached: failures.length === 0, failures, numbers });
      else {
        for (const { caption, columns, rows } of tables) {
          print(`\n${caption}\n`);
          print(
            table(
              columns,
              rows.map((row) => row.map((cell) => (typeof cell === 'string' ? cell : brief(cell, 6)))),
            ),
          );
        }
        print();
        for (const note of notes) print(note);
      }
      if (argv.report !== undefined) await report(argv.report, name, result.report, { ...settings, seed: argv.seed });
      if (failures.length > 0)
        throw new GymError('numeric', `study ${name}: the score was not reached.\n${failures.join('\n')}`);
      if (!argv.json) print('\nThe score fixed before running was reached.');
    },
  );
}

async function report(
  path: string,
  name: string,
  parts: StudyResult['report'],
  flags: Readonly<Record<string, number>>,
): Promise<void> {
  if (parts === undefined) throw new GymError('usage', `--report: study ${name} has no report; see its tables.`);
  const { seed, ...settings } = flags;
  await writeReport(path, {
    id: name,
    ...parts,
    command: `study ${name}`,
    flags: { ...settings, seed },
    seeds: [seed],
  });
}
