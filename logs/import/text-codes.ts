/** Longest run of probes is short while the table is at most half full. */
const FIRST_SLOTS = 1 << 10;

/**
 * Numbers the distinct texts of a column in order of appearance, straight from their bytes: a text is only made once,
 * when all are asked for. An open-addressing table over FNV-1a hashes.
 */
export class TextCodes {
  #slots = new Int32Array(FIRST_SLOTS).fill(-1);
  #hashes = new Int32Array(FIRST_SLOTS);
  #starts = new Int32Array(FIRST_SLOTS + 1);
  #bytes = Buffer.allocUnsafe(1 << 14);
  #count = 0;

  /** The code of the text in `bytes` from `start` to `end`. */
  codeOf(bytes: Buffer, start: number, end: number): number {
    let hash = 0x811c9dc5 | 0;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at], 0x01000193);
    hash ^= hash >>> 15;
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const code = this.#slots[slot];
      if (code < 0) return this.#add(slot, hash, bytes, start, end);
      if (this.#hashes[code] === hash && this.#same(code, bytes, start, end)) return code;
    }
  }

  /** The texts, by their codes. */
  texts(): string[] {
    return Array.from({ length: this.#count }, (_, code) =>
      this.#bytes.toString('utf8', this.#starts[code], this.#starts[code + 1]),
    );
  }

  #same(code: number, bytes: Buffer, start: number, end: number): boolean {
    const from = this.#starts[code];
    if (this.#starts[code + 1] - from !== end - start) return false;
    for (let i = 0; i < end - start; i++) if (this.#bytes[from + i] !== bytes[start + i]) return false;
    return true;
  }

  #add(slot: number, hash: number, bytes: Buffer, start: number, end: number): number {
    const code = this.#count++;
    const from = this.#starts[code];
    const to = from + end - start;
    if (to > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, to));
      this.#bytes.copy(grown, 0, 0, from);
      this.#bytes = grown;
    }
    bytes.copy(this.#bytes, from, start, end);
    this.#starts[code + 1] = to;
    this.#hashes[code] = hash;
    this.#slots[slot] = code;
    if (2 * this.#count >= this.#slots.length) this.#grow();
    return code;
  }

  #grow(): void {
    const size = 2 * this.#slots.length;
    const slots = new Int32Array(size).fill(-1);
    for (let code = 0; code < this.#count; code++) {
      let slot = this.#hashes[code] & (size - 1);
      while (slots[slot] >= 0) slot = (slot + 1) & (size - 1);
      slots[slot] = code;
    }
    const hashes = new Int32Array(size);
    hashes.set(this.#hashes);
    const starts = new Int32Array(size + 1);
    starts.set(this.#starts);
    this.#slots = slots;
    this.#hashes = hashes;
    this.#starts = starts;
  }
}
