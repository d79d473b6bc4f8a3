import type { Argv } from 'yargs';
import { agents, logLearners, rewardModels, worlds, type Entry } from '../tables.js';
import { pc, print, printJson } from './terminal.js';

const KINDS: Readonly<Record<string, Readonly<Record<string, Entry<unknown>>>>> = {
  'agents (act in envs; agent.id)': agents,
  'log learners (policy.learner)': logLearners,
  'reward models (rewardModel.kind)': rewardModels,
  'generated worlds (log.world)': worlds,
};

/** `agents list`: everything a config can name, with its settings and their defaults. */
export function registerAgents(cli: Argv): Argv {
  return cli.command(
    'agents <verb>',
    'List agents, log learners, reward models and worlds with their settings',
    (command) =>
      command
        .positional('verb', { choices: ['list'] as const, demandOption: true })
        .option('json', { type: 'boolean', default: false, describe: 'Print one JSON object' })
        .example('$0 agents list', 'What a config can name, and every setting with its default'),
    ({ json }) => {
      if (json) {
        printJson(
          Object.fromEntries(
            Object.entries(KINDS).map(([kind, table]) => [
              kind,
              Object.fromEntries(
                Object.entries(table).map(([name, { summary, defaults }]) => [name, { summary, defaults }]),
              ),
            ]),
          ),
        );
        return;
      }
      for (const [kind, table] of Object.entries(KINDS)) {
        print(pc.bold(kind));
        for (const [name, { summary, defaults }] of Object.entries(table)) {
          print(`  ${pc.cyan(name)}: ${summary}`);
          const settings = Object.entries(defaults).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
          if (settings.length > 0) print(pc.dim(`    ${settings.join(', ')}`));
        }
        print();
      }
    },
  );
}
