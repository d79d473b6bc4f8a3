import { expectNumber } from '../../core/check.js';
import { hash32 } from '../../core/random.js';

export interface GramSettings {
  /** Size of the hash space. */
  readonly buckets: number;
  /** Most n-grams of a text; later ones are dropped. */
  readonly bag: number;
}

/**
 * Writes the ids of a text's words and pairs of neighbouring words at out[at…], each once, −1 after the last: words are
 * lower case, with marks for the beginning and the end; ids are hashes into `buckets`.
 */
export function hashedGrams(text: string, { buckets, bag }: GramSettings, out: Int32Array, at: number): void {
  expectNumber('n-grams: buckets', buckets, 1, 2 ** 31);
  out.fill(-1, at, at + bag);
  const words = ['^', ...wordsOf(text), '$'];
  const grams = new Set<number>();
  for (let i = 0; i + 1 < words.length; i++) {
    if (i > 0) grams.add(hash32(words[i]) % buckets);
    grams.add(hash32(`${words[i]} ${words[i + 1]}`) % buckets);
  }
  let place = at;
  for (const gram of grams) {
    if (place === at + bag) break;
    out[place++] = gram;
  }
}

/**
 * Writes the ids of a text's words in their order at out[at…], repeated ones too, −1 behind the last: the words of
 * `hashedGrams` without the marks of beginning and end. Texts of more than `bag` words lose their end.
 */
export function hashedWords(text: string, { buckets, bag }: GramSettings, out: Int32Array, at: number): void {
  expectNumber('words: buckets', buckets, 1, 2 ** 31);
  out.fill(-1, at, at + bag);
  const ids = wordsOf(text).slice(0, bag);
  ids.forEach((word, t) => (out[at + t] = hash32(word) % buckets));
}

/** Words in lower case, and marks that change what a text says. */
function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+(?:['’][\p{L}]+)*|[?!…"“]|\.\.\./gu) ?? [];
}
