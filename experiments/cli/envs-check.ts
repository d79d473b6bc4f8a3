import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Argv } from 'yargs';
import { choose, GymError } from '../../core/check.js';
import { brokenEnvs } from '../../envs/broken/index.js';
import { checkLaws, envMaker, envs, type LawFinding, type LawOptions, type MakeEnv } from '../../envs/index.js';
import { parseSettings } from './envs-settings.js';
import { pc, print, printJson, table } from './terminal.js';

/** An env by id, a broken one by its id, or the export `makeEnv` of a JavaScript module. */
async function findMaker(id: string, settings: object): Promise<MakeEnv> {
  if (/\.m?js$/.test(id)) return fromModule(id);
  if (id.startsWith('broken/')) return choose('broken env', brokenEnvs, id).make;
  return envMaker(id, settings);
}

async function fromModule(file: string): Promise<MakeEnv> {
  const loaded: unknown = await import(pathToFileURL(resolve(file)).href);
  if (exportsMaker(loaded)) return loaded.makeEnv;
  throw new GymError(
    'usage',
    `${file}: expected an export makeEnv(batch) that returns an env, received none. ` +
      `What an env is: envs/contract.ts.`,
  );
}

const exportsMaker = (loaded: unknown): loaded is { readonly makeEnv: MakeEnv } =>
  typeof loaded === 'object' && loaded !== null && 'makeEnv' in loaded && typeof loaded.makeEnv === 'function';

const marks = { kept: pc.green('kept'), broken: pc.red('broken'), unchecked: pc.yellow('unchecked') };

async function check(id: string, settings: object, options: LawOptions, json: boolean): Promise<void> {
  const findings = checkLaws(await findMaker(id, settings), options);
  const broken = findings.filter(({ status }) => status === 'broken');
  if (json) printJson({ env: id, ...options, broken: broken.length, laws: findings });
  else showFindings(id, findings);
  if (broken.length > 0) {
    const names = broken.map((law) => law.id).join(', ');
    throw new GymError('data', `${id} breaks ${broken.length} of ${findings.length} laws: ${names}.`);
  }
}

function showFindings(env: string, findings: readonly LawFinding[]): void {
  print(pc.bold(env));
  for (const { id, law, status, sentence } of findings) {
    print(`${marks[status].padEnd(status === 'kept' ? 6 : 0)} ${pc.bold(id)}: ${law}`);
    if (sentence !== '') print(`       ${sentence}`);
  }
}

/** Checks every broken env and shows which law names its fault. */
function checkBroken(options: LawOptions, json: boolean): void {
  const results = Object.entries(brokenEnvs).map(([id, { fault, breaks, make }]) => {
    const broken = checkLaws(make, options).filter(({ status }) => status === 'broken');
    return { env: id, fault, breaks, named: broken.some((law) => law.id === breaks), broken };
  });
  if (json) printJson(results);
  else {
    const rows = results.map(({ env, fault, broken }) => [
      env,
      fault,
      broken.map((law) => law.id).join(', ') || pc.red('nothing found'),
      broken.at(0)?.sentence ?? '',
    ]);
    print(table(['env', 'its fault', 'broken law', 'what the checker says'], rows));
  }
  const missed = results.filter(({ named }) => !named).map(({ env }) => env);
  if (missed.length > 0) throw new GymError('data', `The checker did not name the fault of ${missed.join(', ')}.`);
}

/** `envs check`: plays an env and says of every law whether it is kept. */
export function registerCheck(group: Argv): Argv {
  return group.command(
    'check [id]',
    'Play an env and say of every law whether it is kept; exit code 1 when one is broken',
    (command) =>
      command
        .positional('id', {
          type: 'string',
          describe: `All without one. One of: ${Object.keys(envs).join(', ')}; or a JavaScript module that exports makeEnv(batch)`,
        })
        .option('broken', { type: 'boolean', default: false, describe: 'Check the envs that are broken on purpose' })
        .option('worlds', { type: 'number', default: 5, describe: 'Worlds stepped together, from 2' })
        .option('steps', { type: 'number', default: 300, describe: 'Steps per play' })
        .option('seed', { type: 'number', default: 1 })
        .option('settings', { type: 'string', describe: 'JSON object of settings that differ from the defaults' })
        .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
        .example('$0 envs check reference/CartPole-v1', 'Every law, kept or broken')
        .example('$0 envs check', 'The same for every env')
        .example('$0 envs check ./my-env.js', 'Your own env')
        .example('$0 envs check --broken', 'What the checker says of envs with one fault each'),
    async ({ id, broken, worlds, steps, seed, settings, json }) => {
      if (!Number.isInteger(worlds) || worlds < 2 || !Number.isInteger(steps) || steps < 10) {
        throw new GymError(
          'usage',
          `envs check: expected worlds from 2 and steps from 10, received ${worlds}, ${steps}.`,
        );
      }
      const options = { worlds, steps, seed };
      if (broken) checkBroken(options, json);
      else {
        for (const env of id === undefined ? Object.keys(envs) : [id])
          await check(env, parseSettings(settings), options, json);
      }
    },
  );
}
