import type { Argv } from 'yargs';
import { GymError } from '../../core/check.js';
import { fields, width, type Space } from '../../core/space.js';
import { moments } from '../../core/stats/moments.js';
import { envs, FEED_SESSION, makeEnv, playRandomly, type EnvSpec } from '../../envs/index.js';
import { registerCheck } from './envs-check.js';
import { playersOf, withPeople, type PeopleFlags } from './envs-people.js';
import { parseSettings } from './envs-settings.js';
import { pc, print, printJson, progress, table } from './terminal.js';

/** A space in a few words. */
function inWords(space: Space): string {
  switch (space.kind) {
    case 'box':
      return `${space.shape.length === 0 ? 'a number' : `${space.shape.join(' × ')} numbers`} in ${bounds(space)}`;
    case 'discrete':
      return `one of ${space.n}`;
    case 'multi-discrete':
      return `one of each of ${space.n.join(', ')}`;
    case 'slate':
      return `${space.size} distinct of ${space.candidates} candidates`;
    case 'record':
      return `${width(space)} numbers: ${Object.keys(space.fields).join(', ')}`;
  }
}

const side = (bound: number): string =>
  Number.isFinite(bound) ? String(Number(bound.toPrecision(4))) : `${bound < 0 ? '−' : ''}∞`;
const bounds = (space: { readonly low: number; readonly high: number }): string =>
  `[${side(space.low)}, ${side(space.high)}]`;

function list(json: boolean): void {
  const specs = Object.entries(envs).map(([id, entry]) => ({ summary: entry.summary, spec: makeEnv(id).spec }));
  if (json) {
    printJson(specs.map(({ summary, spec }) => ({ id: spec.id, summary, spec })));
    return;
  }
  const rows = specs.map(({ summary, spec }) => [
    spec.id,
    String(width(spec.observation)),
    inWords(spec.action),
    spec.rewardUnit,
    Number.isFinite(spec.maxSteps) ? String(spec.maxSteps) : '∞',
    summary,
  ]);
  print(table(['env', 'observed', 'action', 'reward in', 'max steps', 'what it is'], rows));
}

interface ShowOptions {
  readonly settings: object;
  readonly people: PeopleFlags;
  readonly json: boolean;
}

async function show(id: string, { settings, people, json }: ShowOptions): Promise<void> {
  const [{ make, who }] = await playersOf(id, settings, people, 'world');
  const { spec } = make(1);
  const [, entry] = Object.entries(envs).find(([known]) => known === id) ?? [];
  if (json) {
    printJson({ spec, ...(who === undefined ? {} : { playedBy: who }), defaults: entry?.defaults });
    return;
  }
  print(pc.bold(who === undefined ? spec.id : `${spec.id}, ${who.words}`));
  print(entry?.summary);
  print();
  print(describe(spec));
  print();
  print(`settings and their defaults: ${JSON.stringify(entry?.defaults)}`);
}

function describe(spec: EnvSpec): string {
  const rows = fields(spec.observation).map(({ name, at, length, space }) => [
    length === 1 ? String(at) : `${at}–${at + length - 1}`,
    name === '' ? 'observation' : name,
    space.kind === 'box' ? space.shape.join(' × ') : space.kind,
    space.kind === 'box' ? bounds(space) : inWords(space),
    space.kind === 'box' ? (space.unit ?? '') : '',
  ]);
  const endings = spec.endReasons.filter(({ ending }) => ending !== 'none');
  return [
    table(['place', 'observation', 'shape', 'range', 'unit'], rows),
    '',
    `action       ${inWords(spec.action)}`,
    `reward       ${spec.rewardUnit}, made of ${spec.objectives.join(', ')}`,
    `endings      ${endings.map(({ name, ending }) => `${name} (${ending})`).join(', ')}`,
    `max steps    ${Number.isFinite(spec.maxSteps) ? spec.maxSteps : '∞'}`,
  ].join('\n');
}

interface PlayOptions {
  readonly sessions: number;
  readonly seed: number;
  readonly worlds: number;
  readonly settings: object;
  readonly people: PeopleFlags;
  readonly json: boolean;
}

async function play(id: string, { sessions, seed, worlds, settings, people, json }: PlayOptions): Promise<void> {
  for (const [name, value] of Object.entries({ sessions, worlds })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new GymError('usage', `--${name}: expected a whole number from 1, received ${value}.`);
    }
  }
  const [{ make, who }] = await playersOf(id, settings, people, 'world');
  const env = make(Math.min(worlds, sessions));
  const bar = progress(`play ${id}`);
  const played = playRandomly(env, seed, sessions, (done) => bar.update(done, sessions));
  bar.finish(`${played.returns.length} sessions`);
  const meanOf = (values: Float64Array): { mean: number; standardError: number } => {
    const { n, mean, variance } = moments(values);
    return { mean, standardError: Math.sqrt(variance / n) };
  };
  const result = {
    env: id,
    ...(who === undefined ? {} : { playedBy: who }),
    policy: 'random',
    seed,
    sessions: played.returns.length,
    return: meanOf(played.returns),
    length: meanOf(played.lengths),
  };
  if (json) {
    printJson(result);
    return;
  }
  const shown = ({ mean, standardError }: { mean: number; standardError: number }): string =>
    `${mean.toFixed(2)} ± ${standardError.toFixed(2)}`;
  print(
    table(
      ['env', 'policy', 'seed', 'sessions', `return (${env.spec.rewardUnit})`, 'length (steps)'],
      [[id, 'random', String(seed), String(result.sessions), shown(result.return), shown(result.length)]],
    ),
  );
  if (who !== undefined) print(`${who.words[0].toUpperCase()}${who.words.slice(1)}.`);
  print('± one standard error over sessions.');
}

/** `envs`: what can be played, what it looks like, whether it keeps the laws, and what random play earns in it. */
export function registerEnvs(cli: Argv): Argv {
  const ids = Object.keys(envs).join(', ');
  return cli.command('envs', 'List, show, check and play the environments', (group) => {
    group
      .command(
        'list',
        'List the envs',
        (command) => command.option('json', { type: 'boolean', default: false, describe: 'Print JSON' }),
        ({ json }) => list(json),
      )
      .command(
        'show <id>',
        'Show what an env observes, takes, rewards and how its sessions end',
        (command) =>
          withPeople(command, false)
            .positional('id', { type: 'string', demandOption: true, describe: `One of: ${ids}` })
            .option('settings', { type: 'string', describe: 'JSON object of settings that differ from the defaults' })
            .option('json', { type: 'boolean', default: false, describe: 'Print the spec as JSON' })
            .example('$0 envs show recsim/InterestEvolution-v1', 'The table of its observation'),
        ({ id, settings, json, people, run, runSeed }) =>
          show(id, { settings: parseSettings(settings), people: { people, run, runSeed }, json }),
      )
      .command(
        'play <id>',
        'Play sessions with a policy and print what they earn',
        (command) =>
          withPeople(command, false)
            .positional('id', { type: 'string', demandOption: true, describe: `One of: ${ids}` })
            .option('policy', { choices: ['random'] as const, default: 'random', describe: 'Uniform legal actions' })
            .option('sessions', { type: 'number', default: 10_000, describe: 'Sessions to finish' })
            .option('seed', { type: 'number', default: 1 })
            .option('worlds', { type: 'number', default: 1000, describe: 'Worlds stepped together' })
            .option('settings', { type: 'string', describe: 'JSON object of settings that differ from the defaults' })
            .option('json', { type: 'boolean', default: false, describe: 'Print one JSON object' })
            .example(`$0 envs play ${FEED_SESSION} --people learned`, 'A feed played by people learned from its log')
            .example('$0 envs play recsim/InterestEvolution-v1', 'Random slates; RecSim itself: 153.70 ± 0.34'),
        ({ id, settings, people, run, runSeed, ...options }) =>
          play(id, { ...options, settings: parseSettings(settings), people: { people, run, runSeed } }),
      );
    return registerCheck(group).demandCommand(1, 'Name one of: list, show, check, play.');
  });
}
