/** Texts and their codes, given in order of first appearance. Holds up to 16 million texts. */
export class Codes {
  readonly values: string[];
  readonly #codes: Map<string, number>;

  /** @param known texts whose codes are already given */
  constructor(known: readonly string[] = []) {
    this.values = [...known];
    this.#codes = new Map(known.map((text, code) => [text, code]));
  }

  /** The code of a text, −1 when it has none. */
  find(text: string): number {
    return this.#codes.get(text) ?? -1;
  }

  /** The code of a text; a new text gets the next one. */
  code(text: string): number {
    const known = this.#codes.get(text);
    if (known !== undefined) return known;
    const code = this.values.length;
    this.#codes.set(text, code);
    this.values.push(text);
    return code;
  }
}
