import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Argv } from 'yargs';
import { choose, GymError } from '../../core/check.js';
import { brokenEnvs } from '../../envs/broken/index.js';
import { checkLaws, envs, FEED_SESSION, type LawFinding, type LawOptions, type MakeEnv } from '../../envs/index.js';
import { playersOf, withPeople, type PeopleFlags, type PlayedBy } from './envs-people.js';
import { parseSettings } from './envs-settings.js';
import { pc, print, printJson, table } from './terminal.js';

/** An env by id with whoever plays it, a broken one by its id, or the export `makeEnv` of a JavaScript module. */
async function findPlayers(id: string, settings: object, people: PeopleFlags): Promise<PlayedBy[]> {
  if (/\.m?js$/.test(id)) return [{ make: await fromModule(id) }];
  if (id.startsWith('broken/')) return [{ make: choose('broken env', brokenEnvs, id).make }];
  return playersOf(id, settings, people, 'both');
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

interface CheckOptions extends LawOptions {
  readonly settings: object;
  readonly people: PeopleFlags;
  readonly json: boolean;
}

async function check(id: string, { settings, people, json, ...options }: CheckOptions): Promise<void> {
  const checked = (await findPlayers(id, settings, people)).map(({ make, who }) => {
    const laws = checkLaws(make, options);
    if (!json) showFindings(who === undefined ? id : `${id}, ${who.words}`, laws);
    return { who, laws, broken: laws.filter(({ status }) => status === 'broken') };
  });
  const broken = checked.flatMap((one) => one.broken);
  const [{ who, laws }] = checked;
  if (json) {
    const found =
      who === undefined
        ? { laws }
        : { playedBy: checked.map((one) => ({ ...one.who, broken: one.broken.length, laws: one.laws })) };
    printJson({ env: id, ...options, broken: broken.length, ...found });
  }
  if (broken.length > 0) {
    const names = checked
      .filter((one) => one.broken.length > 0)
      .map((one) => {
        const ids = one.broken.map((law) => law.id).join(', ');
        return one.who === undefined ? ids : `${ids} (${one.who.words})`;
      });
    const all = checked.reduce((sum, one) => sum + one.laws.length, 0);
    throw new GymError('data', `${id} breaks ${broken.length} of ${all} laws: ${names.join('; ')}.`);
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
      withPeople(command, true)
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
        .example(`$0 envs check ${FEED_SESSION}`, 'Played by the generated world, then by people learned from its log')
        .example(`$0 envs check ${FEED_SESSION} --run logs/runs/recomind/001`, 'The same of a finished run')
        .example('$0 envs check', 'The same for every env')
        .example('$0 envs check ./my-env.js', 'Your own env')
        .example('$0 envs check --broken', 'What the checker says of envs with one fault each'),
    async ({ id, broken, worlds, steps, seed, json, ...flags }) => {
      if (!Number.isInteger(worlds) || worlds < 2 || !Number.isInteger(steps) || steps < 10) {
        throw new GymError(
          'usage',
          `envs check: expected worlds from 2 and steps from 10, received ${worlds}, ${steps}.`,
        );
      }
      const options = { worlds, steps, seed };
      if (broken) {
        checkBroken(options, json);
        return;
      }
      const settings = parseSettings(flags.settings);
      const asked = { people: flags.people, run: flags.run, runSeed: flags.runSeed };
      const nobody = { people: undefined, run: undefined, runSeed: undefined };
      for (const env of id === undefined ? Object.keys(envs) : [id]) {
        const people = id === undefined && env !== FEED_SESSION ? nobody : asked;
        await check(env, { settings, people, json, ...options });
      }
    },
  );
}
