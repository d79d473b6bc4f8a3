/** What went wrong, for machines; the message is for people. */
export type ErrorCode =
  | 'usage' // the caller asked for something that does not exist or cannot be: exit code 2
  | 'config' // an experiment file is wrong: exit code 2
  | 'data' // input rows, files or databases are wrong: exit code 1
  | 'shape' // an array has the wrong length or type
  | 'numeric' // a number became NaN or infinite
  | 'io'; // a file or folder cannot be read or written

/**
 * Every error this project throws on purpose. The message follows one grammar, so that it can be acted on:
 *
 *     where: expected what, received what. What to try.
 */
export class GymError extends Error {
  override readonly name = 'GymError';
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The parts of a message, in the order they are printed. */
export interface Complaint {
  readonly where: string;
  readonly expected: string;
  readonly received: string;
  readonly try?: string;
}

/** Builds (does not throw) an error in the house's grammar. */
export function complaint(code: ErrorCode, parts: Complaint, cause?: unknown): GymError {
  const hint = parts.try === undefined ? '' : ` ${parts.try}`;
  const text = `${parts.where}: expected ${parts.expected}, received ${parts.received}.${hint}`;
  return new GymError(code, text, cause === undefined ? undefined : { cause });
}

/** Throws unless `array` holds exactly the product of `dims` numbers; the message names each dimension. */
export function expectLength(
  where: string,
  array: ArrayLike<unknown>,
  dims: Readonly<Record<string, number>>,
  hint?: string,
): void {
  const wanted = Object.values(dims).reduce((product, size) => product * size, 1);
  if (array.length === wanted) return;
  const shape = Object.entries(dims)
    .map(([name, size]) => `${name}=${size}`)
    .join(' × ');
  throw complaint('shape', {
    where,
    expected: `${wanted} numbers (${shape})`,
    received: String(array.length),
    ...(hint === undefined ? {} : { try: hint }),
  });
}

/** Throws unless `value` is a finite number inside [low, high]. */
export function expectNumber(where: string, value: number, low = -Infinity, high = Infinity): void {
  if (Number.isFinite(value) && value >= low && value <= high) return;
  const range = low === -Infinity && high === Infinity ? 'a finite number' : `a finite number from ${low} to ${high}`;
  throw complaint('numeric', { where, expected: range, received: String(value) });
}

/** Edit distance (insert, delete, replace, swap of neighbours), for "did you mean". */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, beforeLast[j - 2] + 1);
      }
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length];
}

/** The known name closest to a mistyped one, or nothing when none is near. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[-_.\s]/g, '');
  const ranked = known
    .map((candidate) => ({ candidate, far: distance(plain(name), plain(candidate)) }))
    .sort((a, b) => a.far - b.far);
  const best = ranked.at(0);
  return best !== undefined && best.far <= Math.max(2, Math.floor(name.length / 3)) ? best.candidate : undefined;
}

/** " Did you mean 'x'? Known: x, y." */
export function suggestion(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return `${near === undefined ? '' : `Did you mean '${near}'? `}Known: ${known.length === 0 ? 'none' : known.join(', ')}.`;
}

/** Looks a name up in a table that is an object literal; an unknown name is answered with the nearest one. */
export function choose<T>(kind: string, table: Readonly<Record<string, T>>, name: string): T {
  if (Object.hasOwn(table, name)) return table[name];
  throw new GymError('usage', `No ${kind} called '${name}'. ${suggestion(name, Object.keys(table))}`);
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
