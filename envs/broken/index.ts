import type { MakeEnv } from '../contract.js';
import type { LawId } from '../laws.js';
import * as independence from './independence.js';
import * as reports from './reports.js';
import * as resuming from './resuming.js';
import { Toy } from './toy.js';

/** An env with one fault, and the law that must name it. */
export interface BrokenEnv {
  readonly fault: string;
  readonly breaks: LawId;
  readonly make: MakeEnv;
}

/** What the broken envs are made of, whole: it keeps every law. */
export const soundToy: MakeEnv = (batch) => new Toy(batch);

const row = (breaks: LawId, make: MakeEnv, fault: string): BrokenEnv => ({ fault, breaks, make });

/** At least one env per law, for the checker's own tests and for `envs check --broken`. */
export const brokenEnvs: Readonly<Record<string, BrokenEnv>> = {
  'broken/UnplainSpec-v0': row('spec', reports.unplainSpec, 'The spec carries a function.'),
  'broken/AsyncStep-v0': row('synchronous', reports.asyncStep, 'step returns a Promise.'),
  'broken/UnseededLuck-v0': row('same-seed', independence.unseededLuck, 'Luck comes from outside the seed.'),
  'broken/InfiniteReward-v0': row('finite-rewards', reports.infiniteReward, 'A lost session is rewarded with −∞.'),
  'broken/BothEndings-v0': row('one-ending', reports.bothEndings, 'A truncated session is called terminated too.'),
  'broken/MuteEnding-v0': row('end-reason', reports.muteEnding, 'A session ends and the reason says it goes on.'),
  'broken/WrongScale-v0': row('inside-space', reports.wrongScale, 'Moods are shown on another scale than declared.'),
  'broken/NextUser-v0': row('final-belongs', reports.nextUser, "`final` shows the next session's user."),
  'broken/UnwrittenFinal-v0': row('final-belongs', reports.unwrittenFinal, '`final` is never written.'),
  'broken/LateFinal-v0': row('final-belongs', reports.lateFinal, '`final` of a cut session misses its last step.'),
  'broken/OverLimit-v0': row('limit', reports.overLimit, 'Sessions go on beyond maxSteps.'),
  'broken/EarlyCut-v0': row('limit', reports.earlyCut, 'Lost sessions are reported as cut off.'),
  'broken/IgnoredSeed-v0': row('seeds-differ', independence.ignoredSeed, 'The seed is taken and never used.'),
  'broken/EqualWorlds-v0': row('worlds-differ', independence.equalWorlds, 'All worlds of a seed share their luck.'),
  'broken/SeedPlusWorld-v0': row('neighbour-seeds', independence.seedPlusWorld, 'World i of seed s uses seed s + i.'),
  'broken/SharedStream-v0': row('batch-size', independence.sharedStream, 'All worlds draw from one stream in turn.'),
  'broken/GlobalSeed-v0': row('two-envs', independence.globalSeed, 'The seed is a variable of the whole process.'),
  'broken/StickyReset-v0': row('reset-again', independence.stickyReset, 'reset forgets to begin visits at 0.'),
  'broken/KeptArrays-v0': row('keeps-no-arrays', independence.keptArrays, "The caller's array is the env's memory."),
  'broken/LeftOverRows-v0': row('writes-all-rows', independence.leftOverRows, 'reset leaves old rewards standing.'),
  'broken/AnyAction-v0': row('refuses-actions', independence.anyAction, 'Actions are not looked at.'),
  'broken/ForgottenVisit-v0': row('resume', resuming.forgottenVisit, 'The snapshot lacks the number of the visit.'),
  'broken/LiveSnapshot-v0': row('snapshot-copy', resuming.liveSnapshot, "The snapshot is the env's own memory."),
  'broken/LiveRestore-v0': row('snapshot-copy', resuming.liveRestore, "restore makes the caller's state its memory."),
  'broken/AnyState-v0': row('refuses-states', resuming.anyState, "Another env's state is restored."),
  'broken/Wasteful-v0': row('allocation', resuming.wasteful, 'A step makes an object.'),
};
