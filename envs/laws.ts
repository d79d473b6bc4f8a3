import { messageOf } from '../core/check.js';
import type { MakeEnv } from './contract.js';
import * as independence from './laws/independence.js';
import { openGame, type Game } from './laws/play.js';
import * as reports from './laws/reports.js';
import * as resuming from './laws/resuming.js';

/** What every env keeps to. A check plays the env and returns a sentence that names the fault, or nothing. */
interface LawEntry {
  readonly law: string;
  /** Compares two plays, which tells nothing of an env that never plays the same way twice. */
  readonly comparesPlays?: true;
  /** Not looked at when this other law is broken, because it would only say the same again. */
  readonly after?: string;
  readonly check: (game: Game) => string | undefined;
}

/** The laws by id, in the order they are checked. */
export const laws = {
  spec: { law: 'The spec is plain data and describes the env that was asked for.', check: reports.specIsPlain },
  synchronous: { law: 'reset and step are synchronous and return nothing.', check: reports.stepIsSynchronous },
  'same-seed': { law: 'The same seed and actions give the same history.', check: independence.sameSeedSameHistory },
  'finite-rewards': { law: 'Rewards and objectives are finite numbers.', check: reports.rewardsAreFinite },
  'one-ending': { law: 'A session is terminated or truncated, never both.', check: reports.oneEnding },
  'end-reason': {
    law: 'End reasons fit the endings they stand for.',
    after: 'one-ending',
    check: reports.reasonFitsEnding,
  },
  'inside-space': { law: 'Observations, last ones too, are inside their space.', check: reports.observationsInside },
  'final-belongs': { law: '`final` is the last observation of the user who left.', check: reports.finalBelongs },
  limit: { law: 'Sessions last at most maxSteps and are truncated there only.', check: reports.limitHolds },
  'seeds-differ': { law: 'Different seeds give different histories.', check: independence.seedsDiffer },
  'worlds-differ': {
    law: 'Each world has luck of its own.',
    after: 'seeds-differ',
    check: independence.worldsDiffer,
  },
  'neighbour-seeds': {
    law: 'Neighbouring seeds share no worlds.',
    after: 'worlds-differ',
    check: independence.seedsShareNoWorlds,
  },
  'batch-size': {
    law: 'A world does not depend on how many worlds there are.',
    comparesPlays: true,
    check: independence.batchDoesNotMatter,
  },
  'two-envs': {
    law: 'Two envs in one process do not disturb each other.',
    comparesPlays: true,
    check: independence.envsDoNotInterfere,
  },
  'reset-again': {
    law: 'reset of a played env equals a new env.',
    comparesPlays: true,
    check: independence.resetStartsAfresh,
  },
  'keeps-no-arrays': {
    law: "The env keeps no reference to the caller's arrays and changes no action.",
    comparesPlays: true,
    check: independence.keepsNoArrays,
  },
  'writes-all-rows': {
    law: 'step and reset overwrite every row.',
    comparesPlays: true,
    after: 'keeps-no-arrays',
    check: independence.everyRowIsWritten,
  },
  'refuses-actions': {
    law: 'Actions outside their space are refused and change nothing.',
    comparesPlays: true,
    check: independence.refusesIllegalActions,
  },
  resume: {
    law: 'snapshot and restore equal never having stopped.',
    comparesPlays: true,
    check: resuming.resumesExactly,
  },
  'snapshot-copy': { law: 'A snapshot is a copy, and restore makes one.', check: resuming.snapshotsAreCopies },
  'refuses-states': {
    law: 'States of another env or batch are refused and change nothing.',
    comparesPlays: true,
    after: 'resume',
    check: resuming.refusesForeignStates,
  },
  allocation: { law: 'A step allocates no memory.', check: resuming.allocatesNothing },
} as const satisfies Readonly<Record<string, LawEntry>>;

export type LawId = keyof typeof laws;

/** A broken law: which, what it says, and what was seen. */
export interface Law {
  readonly id: LawId;
  readonly law: string;
  /** Names the fault, and where one can be pointed at, its world and step (0 is the report of reset). */
  readonly sentence: string;
}

/** How a law was found. "unchecked": another broken law makes it impossible to tell. */
export interface LawFinding {
  readonly id: LawId;
  readonly law: string;
  readonly status: 'kept' | 'broken' | 'unchecked';
  readonly sentence: string;
}

export interface LawOptions {
  /** Worlds stepped together, at least 2. */
  readonly worlds?: number;
  /** Steps per play; some sessions should end within them. */
  readonly steps?: number;
  readonly seed?: number;
}

/**
 * Plays an env with random legal actions and says of every law whether it is kept. About 25 plays of `worlds` × `steps`
 * steps, and up to 130,000 steps of four worlds for the law about memory.
 *
 * A check cannot prove an env right: laws that need an ending say nothing of an env whose sessions outlast the play.
 */
export function checkLaws(make: MakeEnv, options: LawOptions = {}): LawFinding[] {
  const game = openGame(make, Math.max(2, options.worlds ?? 5), options.steps ?? 300, options.seed ?? 1);
  const broken = new Set<string>();
  const entries: readonly (readonly [string, LawEntry])[] = Object.entries(laws);
  return entries.map(([id, { law, comparesPlays, after, check }]) => {
    if (!isLawId(id)) throw new Error(`law '${id}' is not in the table.`);
    const cause = comparesPlays === true && broken.has('same-seed') ? 'same-seed' : after;
    if (cause !== undefined && broken.has(cause)) {
      broken.add(id);
      return { id, law, status: 'unchecked', sentence: `Cannot be told while '${cause}' is broken.` };
    }
    const sentence = attempt(check, game);
    if (sentence === undefined) return { id, law, status: 'kept', sentence: '' };
    broken.add(id);
    return { id, law, status: 'broken', sentence };
  });
}

const isLawId = (id: string): id is LawId => Object.hasOwn(laws, id);

/** An env that throws while it is played breaks the law that played it. */
function attempt(check: LawEntry['check'], game: Game): string | undefined {
  try {
    return check(game);
  } catch (error) {
    return `the env threw while it was played: ${messageOf(error)}`;
  }
}

/** The broken laws of an env, in words; empty when it keeps them all. */
export function brokenLaws(make: MakeEnv, options: LawOptions = {}): Law[] {
  return checkLaws(make, options)
    .filter((finding) => finding.status === 'broken')
    .map(({ id, law, sentence }) => ({ id, law, sentence }));
}
