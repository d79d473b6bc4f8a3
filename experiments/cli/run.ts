import type { Argv } from 'yargs';
import { runAndShow, withRunOptions } from './run-command.js';

/** `run`: one experiment from its config to its report. */
export function registerRun(cli: Argv): Argv {
  return cli.command(
    'run <config>',
    'Run an experiment file: data, models, learning, evaluation, report',
    (command) =>
      withRunOptions(command)
        .example(
          '$0 run experiments/configs/quickstart.yaml',
          'A policy of whole sessions, from a generated feed to its test',
        )
        .example('$0 run experiments/configs/open-bandit.yaml --set log.path=DIR/obd/random/men', 'A real log')
        .example('$0 run mine.yaml --out runs/a --resume', 'Go on after Ctrl-C or a crash'),
    (argv) => runAndShow('run', argv),
  );
}
