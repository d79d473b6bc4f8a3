/** Items shown in S sessions, in columns of R rows: session by session, each in order. H outcomes. */
export interface ItemColumns {
  /** [S + 1] where each session's items begin. */
  readonly starts: Int32Array;
  /** [R] */
  readonly item: Int32Array;
  /** [R] probability with which the slate was chosen that the item was part of. */
  readonly propensity: Float64Array;
  /** [R] number of the decision within its session. */
  readonly decision: Int32Array;
  /** [R, H] */
  readonly outcomes: Uint8Array;
  /** [R] */
  readonly dwellSeconds: Float32Array;
}

/** Items as they are shown, in columns that grow by doubling. */
export class ItemRows {
  readonly #outcomeCount: number;
  #rows = 0;
  #room = 1 << 14;
  #session: Int32Array<ArrayBuffer>;
  #item: Int32Array<ArrayBuffer>;
  #decision: Int32Array<ArrayBuffer>;
  #propensity: Float64Array<ArrayBuffer>;
  #dwell: Float32Array<ArrayBuffer>;
  #outcomes: Uint8Array<ArrayBuffer>;

  constructor(outcomes: number) {
    this.#outcomeCount = outcomes;
    this.#session = new Int32Array(this.#room);
    this.#item = new Int32Array(this.#room);
    this.#decision = new Int32Array(this.#room);
    this.#propensity = new Float64Array(this.#room);
    this.#dwell = new Float32Array(this.#room);
    this.#outcomes = new Uint8Array(this.#room * outcomes);
  }

  /** A new row. */
  add(shown: {
    readonly session: number;
    readonly item: number;
    readonly propensity: number;
    readonly decision: number;
  }): void {
    if (this.#rows === this.#room) this.#grow();
    const r = this.#rows++;
    this.#session[r] = shown.session;
    this.#item[r] = shown.item;
    this.#decision[r] = shown.decision;
    this.#propensity[r] = shown.propensity;
  }

  /** What followed the newest row: its outcomes at `answers[at…]`. */
  followed(answers: Float32Array, at: number, dwellSeconds: number): void {
    const H = this.#outcomeCount;
    const to = (this.#rows - 1) * H;
    for (let h = 0; h < H; h++) this.#outcomes[to + h] = answers[at + h];
    this.#dwell[this.#rows - 1] = dwellSeconds;
  }

  #grow(): void {
    this.#room *= 2;
    this.#session = moved(this.#session, new Int32Array(this.#room));
    this.#item = moved(this.#item, new Int32Array(this.#room));
    this.#decision = moved(this.#decision, new Int32Array(this.#room));
    this.#propensity = moved(this.#propensity, new Float64Array(this.#room));
    this.#dwell = moved(this.#dwell, new Float32Array(this.#room));
    this.#outcomes = moved(this.#outcomes, new Uint8Array(this.#room * this.#outcomeCount));
  }

  /** The rows session by session, each session's in the order in which they came (a counting sort). */
  bySession(sessions: number): ItemColumns {
    const R = this.#rows;
    const H = this.#outcomeCount;
    const starts = new Int32Array(sessions + 1);
    for (let r = 0; r < R; r++) starts[this.#session[r] + 1]++;
    for (let s = 0; s < sessions; s++) starts[s + 1] += starts[s];
    const next = starts.slice();
    const from = new Int32Array(R);
    for (let r = 0; r < R; r++) from[next[this.#session[r]]++] = r;
    const outcomes = new Uint8Array(R * H);
    for (let r = 0; r < R; r++) {
      for (let h = 0; h < H; h++) outcomes[r * H + h] = this.#outcomes[from[r] * H + h];
    }
    return {
      starts,
      item: from.map((r) => this.#item[r]),
      decision: from.map((r) => this.#decision[r]),
      propensity: Float64Array.from(from, (r) => this.#propensity[r]),
      dwellSeconds: Float32Array.from(from, (r) => this.#dwell[r]),
      outcomes,
    };
  }
}

function moved<A extends Int32Array | Float32Array | Float64Array | Uint8Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
