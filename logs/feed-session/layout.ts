import { complaint } from '../../core/check.js';

/**
 * What is known before each choice of a feed session, as one row of numbers: the form in which envs observe, logs are
 * replayed and models read. Letters: U user features, X context features, F item features, H outcomes, L recent items,
 * S numbers of a state.
 */
export interface FeedLayout {
  /** [U] what is known of a user, e.g. their taste as a profile service estimates it. */
  readonly userNames: readonly string[];
  /** [X] what is known of this session, e.g. the hour. */
  readonly contextNames: readonly string[];
  /** [F] what is known of an item. */
  readonly itemNames: readonly string[];
  /** The first `shared` user and item features live in one space (taste and content): their products are a match. */
  readonly shared: number;
  /** [H] what may follow, each 0 or 1; the first is the main one, on which the others may depend ("watch10s"). */
  readonly outcomes: readonly string[];
  /** L: how many of the items shown last are told one by one. */
  readonly recent: number;
}

/** Where the parts of a state row begin, and how long they are, in order. */
export interface StatePlaces {
  readonly user: number;
  readonly context: number;
  /** Steps so far: min(1, steps / 60) and ln(1 + steps) / ln 61. */
  readonly progress: number;
  /** [H + 1] moving averages of the answers of this session. */
  readonly answers: number;
  /** [F] moving average of the features shown in this session. */
  readonly exposure: number;
  /** [L, 2 + F + H] the items shown last, newest first: 1 where there is one, its features, its answers. */
  readonly recent: number;
  /** Numbers of a whole state, S. */
  readonly width: number;
  /** Numbers per recent item: 1 + F + H + 1. */
  readonly recentWidth: number;
  /** Numbers per answer: the H outcomes and the dwell, `dwellNumber`. */
  readonly answerWidth: number;
}

/** Steps at which `progress` is 1. */
export const LONG_SESSION = 60;
/** Weight of what was before in the moving averages of a session, per item shown. *Invented*: a memory of some 7 items. */
export const PREFIX_DECAY = 0.85;
/** Numbers about the steps so far. */
export const PROGRESS_WIDTH = 2;

/** Dwell as models read it: ln(1 + seconds) / ln 301, so that five minutes are 1. */
export function dwellNumber(seconds: number): number {
  return Math.log1p(seconds) / Math.log(301);
}

export function placesOf({ userNames, contextNames, itemNames, outcomes, recent }: FeedLayout): StatePlaces {
  const answerWidth = outcomes.length + 1;
  const recentWidth = 1 + itemNames.length + answerWidth;
  const context = userNames.length;
  const progress = context + contextNames.length;
  const answers = progress + PROGRESS_WIDTH;
  const exposure = answers + answerWidth;
  const first = exposure + itemNames.length;
  return {
    user: 0,
    context,
    progress,
    answers,
    exposure,
    recent: first,
    width: first + recent * recentWidth,
    recentWidth,
    answerWidth,
  };
}

/** Throws unless a layout is of use; `where` names its owner. */
export function checkLayout(where: string, layout: FeedLayout): void {
  const { userNames, itemNames, outcomes, shared, recent } = layout;
  const refuse = (expected: string, received: string): Error => complaint('data', { where, expected, received });
  if (itemNames.length === 0) throw refuse('items with features', 'none');
  if (outcomes.length === 0) throw refuse('at least one outcome', 'none');
  if (!(shared >= 0 && shared <= Math.min(userNames.length, itemNames.length))) {
    throw refuse(`at most ${Math.min(userNames.length, itemNames.length)} shared features`, String(shared));
  }
  if (!(Number.isInteger(recent) && recent >= 0 && recent <= 64)) throw refuse('0 to 64 recent items', String(recent));
}

/** Throws unless two layouts are the same, name by name. */
export function expectSameLayout(where: string, wanted: FeedLayout, given: FeedLayout): void {
  for (const key of ['userNames', 'contextNames', 'itemNames', 'outcomes', 'shared', 'recent'] as const) {
    const [expected, received] = [JSON.stringify(wanted[key]), JSON.stringify(given[key])];
    if (expected === received) continue;
    throw complaint('data', {
      where: `${where}: ${key}`,
      expected,
      received,
      try: 'The model was fitted on another schema: fit it on a log of this catalogue and these users.',
    });
  }
}
