import { z } from 'zod';
import { GymError, complaint, messageOf } from '../../../core/check.js';
import { MergeTable, pairKey } from './merges.js';

/** Ids of the marks around texts; bytes follow them, then the merges in the order in which they were learned. */
export const PADDING = 0;
export const BEGIN = 1;
export const END = 2;
/** Id of byte 0. */
export const BYTES = 3;
/** Ids that every vocabulary has: three marks and 256 bytes. */
export const LEAST_VOCABULARY = BYTES + 256;

/** Letters, digits or other signs with the space before them, or a run of white space (Radford et al. 2019, shortened). */
const WORDS = / ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+/gu;
/** A half of a surrogate pair by itself: UTF-8 has no bytes for it. */
const LONE_SURROGATE = /\p{Surrogate}/u;
/** Words whose ids are remembered. */
const MOST_REMEMBERED = 50_000;

const FORMAT = 'recsys-gym/byte-pairs';
const Saved = z.object({
  format: z.literal(FORMAT),
  version: z.literal(1),
  merges: z.array(z.tuple([z.int().min(BYTES), z.int().min(BYTES)])),
});

/**
 * Byte-level byte-pair encoding (Sennrich et al. 2016; on bytes as in GPT-2): text is cut into words, a word is its UTF-8
 * bytes, and the pairs that were most frequent in the corpus are one token. Any text can be encoded, and comes back exactly.
 */
export class BytePairs {
  /** [merges] the two tokens that token 259 + i is made of. */
  readonly merges: readonly (readonly [number, number])[];
  /** Token that a pair becomes, by `pairKey`. */
  readonly #joined = new Map<number, number>();
  /** Bytes of each token; none for marks. */
  readonly #bytes: Uint8Array[];
  readonly #remembered = new Map<string, readonly number[]>();
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  /** @throws a data error for a merge of tokens that are not there yet, or of the same two tokens twice */
  constructor(merges: readonly (readonly [number, number])[]) {
    this.merges = merges;
    this.#bytes = Array.from({ length: LEAST_VOCABULARY }, (_, id) =>
      id < BYTES ? new Uint8Array(0) : Uint8Array.of(id - BYTES),
    );
    merges.forEach(([left, right], i) => {
      const id = LEAST_VOCABULARY + i;
      const key = pairKey(left, right);
      if (!(left >= BYTES && left < id && right >= BYTES && right < id) || this.#joined.has(key))
        throw complaint('data', {
          where: `byte pairs: merge ${i}`,
          expected: `a new pair of tokens from ${BYTES} to ${id - 1}`,
          received: `${left} and ${right}`,
        });
      this.#joined.set(key, id);
      this.#bytes.push(Uint8Array.of(...this.#bytes[left], ...this.#bytes[right]));
    });
  }

  /**
   * Learns the merges of a corpus: again and again the most frequent pair of neighbours within words becomes a token; of
   * equally frequent ones the pair of the smallest ids. Counts are kept up to date in the words that hold the pair alone.
   *
   * @param vocabulary ids in all, from 259; fewer come out when no pair is left that occurs twice
   * @throws a config error for a smaller vocabulary, a data error for a text that is not well-formed
   */
  static train(texts: Iterable<string>, vocabulary: number): BytePairs {
    if (!Number.isInteger(vocabulary) || vocabulary < LEAST_VOCABULARY)
      throw complaint('config', {
        where: 'byte pairs: vocabulary',
        expected: `a whole number from ${LEAST_VOCABULARY} (three marks and 256 bytes)`,
        received: String(vocabulary),
      });
    const counts = new Map<string, number>();
    for (const text of texts) for (const word of wordsOf(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
    const encoder = new TextEncoder();
    const table = new MergeTable();
    for (const [word, count] of counts) {
      table.add(
        Array.from(encoder.encode(word), (byte) => byte + BYTES),
        count,
      );
    }
    const merges: (readonly [number, number])[] = [];
    while (LEAST_VOCABULARY + merges.length < vocabulary) {
      const pair = table.mostFrequent();
      if (pair === undefined) break;
      table.merge(pair, LEAST_VOCABULARY + merges.length);
      merges.push(pair);
    }
    return new BytePairs(merges);
  }

  /** Ids in all. */
  get vocabulary(): number {
    return LEAST_VOCABULARY + this.merges.length;
  }

  /**
   * Tokens of a text, without marks.
   *
   * @throws a data error for half of a surrogate pair, which has no UTF-8
   */
  encode(text: string): number[] {
    const out: number[] = [];
    for (const word of wordsOf(text)) {
      let ids = this.#remembered.get(word);
      if (ids === undefined) {
        ids = this.#encodeWord(word);
        if (this.#remembered.size >= MOST_REMEMBERED) this.#remembered.clear();
        this.#remembered.set(word, ids);
      }
      for (const id of ids) out.push(id);
    }
    return out;
  }

  /**
   * The text of tokens; marks stand for nothing, and bytes that are no UTF-8 become U+FFFD.
   *
   * @throws a data error for an id outside the vocabulary
   */
  decode(ids: Iterable<number>): string {
    const parts: Uint8Array[] = [];
    let length = 0;
    for (const id of ids) {
      if (!(Number.isInteger(id) && id >= 0 && id < this.vocabulary))
        throw complaint('data', {
          where: 'byte pairs: decode',
          expected: `ids below ${this.vocabulary}`,
          received: String(id),
        });
      parts.push(this.#bytes[id]);
      length += this.#bytes[id].length;
    }
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return this.#decoder.decode(bytes);
  }

  /** As JSON, for `fromJson`; equal tokenisers give equal text. */
  toJson(): string {
    return `${JSON.stringify({ format: FORMAT, version: 1, merges: this.merges })}\n`;
  }

  /** @throws a data error for anything that `toJson` did not write */
  static fromJson(text: string, where = 'byte pairs'): BytePairs {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch (error) {
      throw complaint('data', { where, expected: 'JSON', received: messageOf(error) }, error);
    }
    const read = Saved.safeParse(json);
    if (!read.success) throw new GymError('data', `${where}: ${z.prettifyError(read.error)}`);
    return new BytePairs(read.data.merges);
  }

  /** The merges that a word has, those learned first first. */
  #encodeWord(word: string): number[] {
    const ids = Array.from(this.#encoder.encode(word), (byte) => byte + BYTES);
    while (ids.length > 1) {
      let [best, at] = [Infinity, -1];
      for (let i = 0; i + 1 < ids.length; i++) {
        const joined = this.#joined.get(pairKey(ids[i], ids[i + 1])) ?? Infinity;
        if (joined < best) [best, at] = [joined, i];
      }
      if (at < 0) break;
      ids.splice(at, 2, best);
    }
    return ids;
  }
}

function wordsOf(text: string): readonly string[] {
  const at = LONE_SURROGATE.exec(text)?.index;
  if (at !== undefined)
    throw complaint('data', {
      where: 'byte pairs',
      expected: 'well-formed text',
      received: `half of a surrogate pair at place ${at}`,
    });
  return text.match(WORDS) ?? [];
}
