import { categorical } from '../../../core/distributions.js';
import type { Source } from '../../../core/random.js';

/** Which of two rankers: 0 is A, 1 is B. */
export type Team = 0 | 1;

/** Two rankings of the same query, documents by number, best first, each document once per ranking. */
export interface RankedPair {
  readonly a: readonly number[];
  readonly b: readonly number[];
}

/** A list as it was shown: documents from the top, and the ranker each was taken for. */
export interface Shown {
  readonly documents: readonly number[];
  readonly teams: readonly Team[];
}

/** What may stand in the next place. The probabilities of all steps of a place sum to 1. */
export interface Step {
  readonly document: number;
  readonly team: Team;
  readonly probability: number;
}

/** How lists are put together, place by place: a lottery over lists. Nothing more to show: no steps. */
export interface Lottery {
  next(shown: Shown): readonly Step[];
}

const EMPTY: Shown = { documents: [], teams: [] };

/** A list drawn from the lottery. One draw per place. */
export function drawList(lottery: Lottery, source: Source): Shown {
  let shown = EMPTY;
  for (;;) {
    const steps = lottery.next(shown);
    if (steps.length === 0) return shown;
    const weights = steps.map(({ probability }) => probability);
    shown = extended(shown, steps[categorical(source, weights)]);
  }
}

/** Every list the lottery can draw, with its probability: for exact checks of short lists. */
export function allLists(
  lottery: Lottery,
  shown: Shown = EMPTY,
  probability = 1,
): { shown: Shown; probability: number }[] {
  const steps = lottery.next(shown).filter((step) => step.probability > 0);
  if (steps.length === 0) return [{ shown, probability }];
  return steps.flatMap((step) => allLists(lottery, extended(shown, step), probability * step.probability));
}

function extended({ documents, teams }: Shown, { document, team }: Step): Shown {
  return { documents: [...documents, document], teams: [...teams, team] };
}

/** The first document of a ranking that is not shown yet. */
export function nextOf(ranking: readonly number[], documents: readonly number[]): number | undefined {
  return ranking.find((document) => !documents.includes(document));
}

/** Rank of a document, from 1; one past the end where the ranking does not hold it. */
export function rankIn(ranking: readonly number[], document: number): number {
  const at = ranking.indexOf(document);
  return at < 0 ? ranking.length + 1 : at + 1;
}
