import type { Argv } from 'yargs';
import { registerContinuous } from './evaluate/continuous.js';
import { registerDecisions } from './evaluate/decisions.js';
import { registerDistribution } from './evaluate/distribution.js';
import { registerSessions } from './evaluate/sessions.js';
import { registerSlates } from './evaluate/slates.js';

/** What can be judged off-policy, in the order in which --help lists it; the first is meant where none is named. */
const SUBCOMMANDS: readonly ((cli: Argv) => Argv)[] = [
  registerDecisions,
  registerContinuous,
  registerSlates,
  registerSessions,
  registerDistribution,
];

/** `evaluate`: what another policy would have earned, from logs of the one that served. */
export function registerEvaluate(cli: Argv): Argv {
  return cli.command('evaluate', 'Off-policy estimates of a policy from a log of another', (command) => {
    for (const register of SUBCOMMANDS) register(command);
    return command;
  });
}
