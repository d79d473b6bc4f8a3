import { compileReward, type Reward } from '../formula.js';
import { clickbaitShare, readingGrade, wordsOf } from './texts.js';

/**
 * What a designer may want of a response, as numbers that need no gradient. They are outcomes of the config's formula,
 * e.g. "-readingGrade - 5*clickbait".
 */
export const TEXT_OUTCOMES = ['readingGrade', 'clickbait', 'length', 'diversity', 'flags'] as const;

/** Words that break the house's policy; each is one flag. */
export interface TextPolicy {
  readonly flagged: readonly string[];
}

/**
 * Writes the numbers of a text at out[at…], in the order of `TEXT_OUTCOMES`: reading grade, share of clickbait words,
 * words, share of distinct words, and how many words are flagged. A text without words has grade 0.
 */
export function measureText(text: string, policy: TextPolicy, out: Float64Array, at = 0): void {
  const words = wordsOf(text);
  const flagged = new Set(policy.flagged.map((word) => word.toLowerCase()));
  out[at] = words.length === 0 ? 0 : readingGrade(text);
  out[at + 1] = clickbaitShare(text);
  out[at + 2] = words.length;
  out[at + 3] = words.length === 0 ? 0 : new Set(words).size / words.length;
  out[at + 4] = words.filter((word) => flagged.has(word)).length;
}

/** What a slate's items say of it: shares of the places. */
export const SLATE_OUTCOMES = ['fresh', 'diversity', 'flagged'] as const;

/**
 * Writes freshness, diversity and flags of a slate: the share of items no older than `freshDays`, of distinct topics,
 * and of items that are flagged.
 *
 * @param items [L] age in days, topic and flag of each item shown
 */
export function measureSlate(
  items: readonly { readonly ageDays: number; readonly topic: number; readonly flagged: boolean }[],
  freshDays: number,
  out: Float64Array,
  at = 0,
): void {
  const share = (count: number): number => (items.length === 0 ? 0 : count / items.length);
  out[at] = share(items.filter(({ ageDays }) => ageDays <= freshDays).length);
  out[at + 1] = share(new Set(items.map(({ topic }) => topic)).size);
  out[at + 2] = share(items.filter(({ flagged }) => flagged).length);
}

/** The designer's reward of texts, from a formula over `TEXT_OUTCOMES`. */
export interface TextReward {
  readonly formula: Reward;
  score(text: string): number;
}

/** @throws a config error that says what a formula may hold */
export async function textReward(formula: string, policy: TextPolicy = { flagged: [] }): Promise<TextReward> {
  const compiled = await compileReward(formula, TEXT_OUTCOMES);
  const values = new Float64Array(TEXT_OUTCOMES.length);
  return {
    formula: compiled,
    score(text) {
      measureText(text, policy, values);
      return compiled.evaluateRow(values);
    },
  };
}
