import type { Argv } from 'yargs';
import { runAndShow, withRunOptions } from '../run-command.js';

/** `ab simulate`: an A/B test played in a world. */
export function registerSimulate(cli: Argv): Argv {
  return cli.command(
    'simulate <config>',
    'Play an A/B test in a world whose truth is known: which design, how long, and is it biased?',
    (command) =>
      withRunOptions(command)
        .example('$0 ab simulate experiments/configs/ab-slates.yaml', 'Two slate policies, the same users and luck')
        .example('$0 ab simulate experiments/configs/ab-market.yaml', 'Budgets shared by all users, four designs')
        .example('$0 ab simulate mine.yaml --set aa=true --set days=28', 'With an A/A test, and longer'),
    (argv) => runAndShow('ab simulate', argv, 'ab'),
  );
}
