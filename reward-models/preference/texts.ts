/** Words of a text, letters and apostrophes, lower case. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+(?:['’][\p{L}]+)*/gu) ?? [];
}

/**
 * Syllables of an English word by rule: groups of vowels, without a silent e at the end; at least 1. Wrong for about one
 * word in ten, which averages out over texts.
 */
export function syllablesOf(word: string): number {
  const plain = word.toLowerCase().replaceAll(/[^a-z]/g, '');
  if (plain.length <= 3) return 1;
  const trimmed = plain.replace(/(?:[^laeiouy]es|[^laeiouytd]ed|[^laeiouy]e)$/, (end) => end[0]);
  return Math.max(1, trimmed.match(/[aeiouy]+/g)?.length ?? 0);
}

/** Sentences: stretches with a word in them, ended by . ! ? or the text. */
export function sentencesOf(text: string): number {
  return text.split(/[.!?…]+/).filter((part) => wordsOf(part).length > 0).length;
}

/**
 * Flesch–Kincaid grade level (Kincaid et al. 1975), the years of school that a text asks for:
 *
 *     0.39 · words / sentences + 11.8 · syllables / words − 15.59
 *
 * Below 0 for the simplest texts; NaN for a text without words.
 */
export function readingGrade(text: string): number {
  const words = wordsOf(text);
  if (words.length === 0) return NaN;
  const syllables = words.reduce((sum, word) => sum + syllablesOf(word), 0);
  return 0.39 * (words.length / sentencesOf(text)) + 11.8 * (syllables / words.length) - 15.59;
}

/** Words and turns of phrase that headlines bait with. *Invented*, after lists of the clickbait literature. */
const CLICKBAIT = new Set(
  (
    'you your this these here why how what when who everything something thing things never ever believe ' +
    'amazing awesome shocking unbelievable incredible heartbreaking hilarious mind blow blown blowing wait secret ' +
    'reason reasons guess happens happened next watch see reaction omg wow epic insane crazy literally totally ' +
    'actually awkward adorable perfect brilliant genius jaw dropping goosebumps tears cry'
  ).split(' '),
);

/** Share of the words that bait, 0 to 1; 0 for a text without words. */
export function clickbaitShare(text: string): number {
  const words = wordsOf(text);
  if (words.length === 0) return 0;
  return words.filter((word) => CLICKBAIT.has(word)).length / words.length;
}
