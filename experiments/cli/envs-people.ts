import type { Argv } from 'yargs';
import { GymError } from '../../core/check.js';
import { startBackend } from '../../core/tensor/backend.js';
import { envMaker, FEED_SESSION, type MakeEnv } from '../../envs/index.js';
import { feedMaker, learnFeedOfWorld, type Feed } from '../feed-session/people.js';
import { finishedSeed, openFeedRun } from '../feed-session/run-feed.js';

/** Who plays a feed, as typed on the command line. */
export interface PeopleFlags {
  readonly people: 'world' | 'learned' | 'both' | undefined;
  readonly run: string | undefined;
  readonly runSeed: number | undefined;
}

/** An env, and in words who plays it. */
export interface PlayedBy {
  readonly make: MakeEnv;
  /** Absent where an env has people of one kind only. */
  readonly who?: { readonly people: 'world' | 'learned'; readonly words: string };
}

const PEOPLE = `Who plays ${FEED_SESSION}: the generated world, or people learned from its log`;

/** The flags `--people`, `--run` and `--run-seed`. */
export function withPeople<A>(command: Argv<A>, both: boolean) {
  const choices = both ? (['world', 'learned', 'both'] as const) : (['world', 'learned'] as const);
  return command
    .option('people', { choices, describe: `${PEOPLE}; ${both ? 'both' : 'world'} unless given` })
    .option('run', {
      type: 'string',
      requiresArg: true,
      describe: 'Take the feed of this finished run of kind feed-session: its world, or the people it learned',
    })
    .option('run-seed', { type: 'number', describe: 'Which seed of that run; its first unless given' });
}

/** Whoever is asked for, one after the other. Other envs than the feed take no such flags. */
export async function playersOf(
  id: string,
  settings: object,
  { people, run, runSeed }: PeopleFlags,
  usual: 'world' | 'both',
): Promise<PlayedBy[]> {
  if (id !== FEED_SESSION) {
    if (people === undefined && run === undefined && runSeed === undefined) return [{ make: envMaker(id, settings) }];
    throw new GymError('usage', `--people, --run: expected the env ${FEED_SESSION}, received ${id}.`);
  }
  if (runSeed !== undefined && run === undefined) {
    throw new GymError('usage', `--run-seed: expected --run DIR beside it, received none.`);
  }
  const asked = people ?? usual;
  const kinds = asked === 'both' ? (['world', 'learned'] as const) : [asked];
  if (run !== undefined) return playersOfRun(run, runSeed, settings, people ?? usual);
  const players: PlayedBy[] = [];
  for (const kind of kinds) {
    if (kind === 'world') {
      players.push({ make: envMaker(id, settings), who: { people: kind, words: 'played by the generated world' } });
      continue;
    }
    const make = feedMaker(await learned(settings));
    players.push({ make, who: { people: kind, words: 'played by people learned from its log' } });
  }
  return players;
}

async function learned(settings: object): Promise<Feed> {
  await startBackend();
  return learnFeedOfWorld(settings);
}

/** Of a run whose log no world wrote, both are the learned people. */
async function playersOfRun(
  path: string,
  runSeed: number | undefined,
  settings: object,
  asked: 'world' | 'learned' | 'both',
): Promise<PlayedBy[]> {
  await startBackend();
  const { experiment, seed } = await finishedSeed({ path, seed: runSeed });
  const worldless = experiment.source.from !== 'world';
  const kinds = asked !== 'both' ? [asked] : worldless ? (['learned'] as const) : (['world', 'learned'] as const);
  const players: PlayedBy[] = [];
  for (const people of kinds) {
    const make = feedMaker(await openFeedRun({ path, seed, people }), settings);
    const who = people === 'world' ? 'the generated world' : 'the learned people';
    players.push({ make, who: { people, words: `played by ${who} of run '${experiment.id}', seed ${seed}` } });
  }
  return players;
}
