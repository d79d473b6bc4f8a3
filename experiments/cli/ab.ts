import type { Argv } from 'yargs';
import { registerAnalyze } from './ab/analyze.js';
import { registerBounds } from './ab/bounds.js';
import { registerInterleave } from './ab/interleave.js';
import { registerPower } from './ab/power.js';
import { registerSimulate } from './ab/simulate.js';
import { registerSwitchback } from './ab/switchback.js';

/** The ways to an A/B test, in the order in which --help lists them. */
const SUBCOMMANDS: readonly ((cli: Argv) => Argv)[] = [
  registerSimulate,
  registerAnalyze,
  registerBounds,
  registerPower,
  registerSwitchback,
  registerInterleave,
];

/** `ab`: A/B tests, of recorded data or played in a world. */
export function registerAb(cli: Argv): Argv {
  return cli.command('ab', 'A/B tests: of recorded data, or played in a world', (command) => {
    for (const register of SUBCOMMANDS) register(command);
    return command.demandCommand(1, 'Name what to do with A/B tests: see --help.');
  });
}
