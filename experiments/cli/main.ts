import yargs from 'yargs';
import { GymError, messageOf } from '../../core/check.js';
import { registerAb } from './ab.js';
import { registerAgents } from './agents.js';
import { registerBench } from './bench.js';
import { registerDoctor } from './doctor.js';
import { registerEnvs } from './envs.js';
import { registerEvaluate } from './evaluate.js';
import { registerLogs } from './logs.js';
import { registerReport } from './report.js';
import { registerRun } from './run.js';
import { registerRuns } from './runs.js';
import { registerStudy } from './study.js';
import { pc, remark } from './terminal.js';

/** The commands, in the order in which --help lists them. */
const COMMANDS = [
  registerRun,
  registerEvaluate,
  registerAb,
  registerLogs,
  registerReport,
  registerEnvs,
  registerAgents,
  registerRuns,
  registerStudy,
  registerBench,
  registerDoctor,
];

/** Runs the command line and returns its exit code: 0 done, 1 a run failed, 2 wrong use. */
export async function main(args: readonly string[]): Promise<number> {
  allowClosedPipe();
  const cli = yargs([...args])
    .scriptName('recsys-gym')
    .usage('$0 <command>\n\nIs this policy better than the one we serve, and how sure are we?')
    .demandCommand(1, 'Name a command.')
    .strict()
    .recommendCommands()
    .exitProcess(false)
    .fail((message, error) => {
      throw error instanceof Error ? error : new GymError('usage', message);
    });
  for (const register of COMMANDS) register(cli);
  try {
    await cli.parseAsync();
    return 0;
  } catch (error) {
    const wrongUse = error instanceof GymError && (error.code === 'usage' || error.code === 'config');
    remark(pc.red(`recsys-gym: ${messageOf(error)}`));
    if (!(error instanceof GymError) && error instanceof Error && error.stack !== undefined)
      remark(pc.dim(error.stack));
    if (wrongUse) remark(pc.dim(`See 'recsys-gym ${args[0] ?? ''} --help'.`));
    return wrongUse ? 2 : 1;
  }
}

let allowed = false;

/** A reader that has seen enough (`recsys-gym … | head`) closes the pipe; results are all that is written there. */
function allowClosedPipe(): void {
  if (allowed) return;
  allowed = true;
  process.stdout.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}
