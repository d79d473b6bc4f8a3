/** Ids stay below this. */
const MOST_IDS = 1 << 24;
/** Pairs that occur less often are not worth a token. */
const LEAST_COUNT = 2;

/** Two ids as one number, ordered as the pairs are. */
export function pairKey(left: number, right: number): number {
  return left * MOST_IDS + right;
}

interface Word {
  ids: number[];
  readonly count: number;
}

/** How often a pair stood in the corpus when this was written down. */
interface Entry {
  readonly count: number;
  readonly key: number;
}

/**
 * Words of a corpus while pairs of their tokens are merged, with the count of every pair of neighbours. A merge looks at
 * the words that hold the pair; the most frequent pair comes from a heap whose outdated entries are skipped.
 */
export class MergeTable {
  readonly #words: Word[] = [];
  readonly #counts = new Map<number, number>();
  /** Words that hold, or have held, a pair. */
  readonly #holders = new Map<number, Set<number>>();
  readonly #heap: Entry[] = [];

  /** Another word and how often it occurs. */
  add(ids: readonly number[], count: number): void {
    const word = this.#words.push({ ids: [...ids], count }) - 1;
    const changed = new Set<number>();
    this.#count(word, 1, changed);
    for (const key of changed) this.#push(key);
  }

  /** The pair of the highest count, at least 2; of several the one of the smallest ids. */
  mostFrequent(): readonly [number, number] | undefined {
    while (this.#heap.length > 0) {
      const [{ count, key }] = this.#heap;
      if (this.#counts.get(key) === count) {
        if (count < LEAST_COUNT) return undefined;
        return [Math.floor(key / MOST_IDS), key % MOST_IDS];
      }
      this.#pop();
    }
    return undefined;
  }

  /** Makes one token of every such pair, from the left. */
  merge([left, right]: readonly [number, number], id: number): void {
    const changed = new Set<number>();
    for (const word of this.#holders.get(pairKey(left, right)) ?? []) {
      const { ids } = this.#words[word];
      const merged: number[] = [];
      for (let i = 0; i < ids.length; i++) {
        if (ids[i] === left && i + 1 < ids.length && ids[i + 1] === right) {
          merged.push(id);
          i++;
        } else merged.push(ids[i]);
      }
      if (merged.length === ids.length) continue;
      this.#count(word, -1, changed);
      this.#words[word].ids = merged;
      this.#count(word, 1, changed);
    }
    this.#holders.delete(pairKey(left, right));
    for (const key of changed) this.#push(key);
  }

  /** Counts a word's pairs in (1) or out (−1). */
  #count(word: number, sign: number, changed: Set<number>): void {
    const { ids, count } = this.#words[word];
    for (let i = 0; i + 1 < ids.length; i++) {
      const key = pairKey(ids[i], ids[i + 1]);
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + sign * count);
      changed.add(key);
      if (sign < 0) continue;
      const holders = this.#holders.get(key);
      if (holders === undefined) this.#holders.set(key, new Set([word]));
      else holders.add(word);
    }
  }

  #push(key: number): void {
    const entry = { key, count: this.#counts.get(key) ?? 0 };
    if (entry.count === 0) {
      this.#counts.delete(key);
      return;
    }
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!before(entry, heap[above])) break;
      heap[at] = heap[above];
      at = above;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    while (true) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && before(heap[below + 1], heap[below])) below++;
      if (!before(heap[below], last)) break;
      heap[at] = heap[below];
      at = below;
    }
    heap[at] = last;
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.count > b.count || (a.count === b.count && a.key < b.key);
}
