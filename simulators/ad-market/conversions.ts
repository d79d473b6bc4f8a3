/**
 * Conversions on their way: events that become known later, delivered in the order of time as the clock moves. A binary
 * heap over columns; equal times in the order of arrival.
 */
export class ConversionQueue {
  /** When it becomes known; any unit. */
  #time: Float64Array;
  /** What it is about, e.g. the number of a request. */
  #what: Float64Array;
  /** Order of arrival. */
  #order: Float64Array;
  #size = 0;
  #arrived = 0;

  constructor(capacity = 1024) {
    this.#time = new Float64Array(capacity);
    this.#what = new Float64Array(capacity);
    this.#order = new Float64Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** When the next one becomes known; Infinity when none waits. */
  get nextTime(): number {
    return this.#size === 0 ? Infinity : this.#time[0];
  }

  push(time: number, what: number): void {
    if (this.#size === this.#time.length) this.#grow();
    let at = this.#size++;
    this.#set(at, time, what, this.#arrived++);
    for (; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!this.#before(at, parent)) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  /** Hands over everything known by `time`, earliest first. @returns how many */
  deliver(time: number, to: (what: number, time: number) => void): number {
    let count = 0;
    for (; this.#size > 0 && this.#time[0] <= time; count++) {
      const [what, known] = [this.#what[0], this.#time[0]];
      this.#pop();
      to(what, known);
    }
    return count;
  }

  #pop(): void {
    const last = --this.#size;
    this.#set(0, this.#time[last], this.#what[last], this.#order[last]);
    for (let at = 0; ;) {
      let least = at;
      for (let child = 2 * at + 1; child <= 2 * at + 2 && child < last; child++) {
        if (this.#before(child, least)) least = child;
      }
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #before(a: number, b: number): boolean {
    const [x, y] = [this.#time[a], this.#time[b]];
    return x < y || (x === y && this.#order[a] < this.#order[b]);
  }

  #set(at: number, time: number, what: number, order: number): void {
    this.#time[at] = time;
    this.#what[at] = what;
    this.#order[at] = order;
  }

  #swap(a: number, b: number): void {
    const [time, what, order] = [this.#time[a], this.#what[a], this.#order[a]];
    this.#set(a, this.#time[b], this.#what[b], this.#order[b]);
    this.#set(b, time, what, order);
  }

  #grow(): void {
    const wider = (old: Float64Array): Float64Array => {
      const out = new Float64Array(Math.max(16, 2 * old.length));
      out.set(old);
      return out;
    };
    this.#time = wider(this.#time);
    this.#what = wider(this.#what);
    this.#order = wider(this.#order);
  }
}
