/** Watches that the steps of every session come in order, without gaps and without repeats. */
export class StepOrder {
  readonly #first: number[] = [];
  readonly #firstRow: number[] = [];
  readonly #last: number[] = [];

  /** The next step of a session; returns why it cannot follow, if so. Sessions are numbered in order of appearance. */
  add(session: number, step: number, row: number): string | undefined {
    if (session === this.#last.length) {
      this.#first.push(step);
      this.#firstRow.push(row);
      this.#last.push(step);
      return undefined;
    }
    const last = this.#last[session];
    if (step <= last)
      return step === last
        ? `step ${step} of its session is there twice`
        : `step ${step} comes after step ${last} of its session: out of order, or there twice`;
    this.#last[session] = step;
    if (step === last + 1) return undefined;
    const gap =
      step === last + 2 ? `step ${last + 1} of its session is` : `steps ${last + 1} to ${step - 1} of its session are`;
    return `${gap} missing before step ${step}`;
  }

  /** Sessions that begin too late, once all are read: all begin at 0, or all at 1. */
  late(): { readonly row: number; readonly reason: string }[] {
    const base = this.#first.includes(0) ? 0 : 1;
    return this.#first.flatMap((step, s) =>
      step === base
        ? []
        : [
            {
              row: this.#firstRow[s],
              reason: `its session begins at step ${step} instead of ${base}: what came before is missing`,
            },
          ],
    );
  }
}
