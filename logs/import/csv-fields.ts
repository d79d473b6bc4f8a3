const QUOTE = 34;
const LINE_FEED = 10;
const RETURN = 13;

/** What `fieldsOf` answers instead of a place: the row goes on beyond the bytes, or is not plain CSV. */
export const MORE = -1;
export const ODD = -2;

/** How a file separates its fields and ends its lines. */
export interface Layout {
  readonly delimiter: number;
  /** Lines end in \r\n; else in \n. */
  readonly returns: boolean;
}

/** The fields of one row, where they stand in the bytes. `count` goes on beyond the fields that are kept. */
export interface Fields {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** 1 where a field was quoted and holds doubled quotes. */
  readonly doubled: Uint8Array;
  count: number;
}

export function emptyFields(width: number): Fields {
  return { starts: new Int32Array(width), ends: new Int32Array(width), doubled: new Uint8Array(width), count: 0 };
}

/**
 * Finds the fields of the row that starts at `from`.
 *
 * @returns where the next row starts; MORE when the row does not end before `filled`; ODD for what a strict reader has to
 *   judge: quotes in the middle of a field or after its end, line ends inside quotes, line ends of another kind
 */
export function fieldsOf(bytes: Buffer, from: number, filled: number, layout: Layout, fields: Fields): number {
  const { delimiter, returns } = layout;
  const { starts, ends, doubled } = fields;
  const kept = starts.length;
  let count = 0;
  let at = from;
  while (true) {
    let start = at;
    let end: number;
    let twice = 0;
    if (at < filled && bytes[at] === QUOTE) {
      start = ++at;
      while (true) {
        while (at < filled && bytes[at] !== QUOTE && bytes[at] !== LINE_FEED && bytes[at] !== RETURN) at++;
        if (at + 1 >= filled) return MORE;
        if (bytes[at] !== QUOTE) return ODD;
        if (bytes[at + 1] !== QUOTE) break;
        twice = 1;
        at += 2;
      }
      end = at++;
    } else {
      while (at < filled) {
        const byte = bytes[at];
        // Digits, letters and the point are above every byte that could mean something else.
        if (byte > 44 || (byte !== delimiter && byte !== LINE_FEED && byte !== RETURN && byte !== QUOTE)) at++;
        else break;
      }
      if (at === filled) return MORE;
      end = at;
    }
    if (count < kept) {
      starts[count] = start;
      ends[count] = end;
      doubled[count] = twice;
    }
    count++;
    const next = bytes[at++];
    if (next === delimiter) continue;
    fields.count = count;
    if (next === LINE_FEED) return returns ? ODD : at;
    if (next !== RETURN || !returns) return ODD;
    if (at === filled) return MORE;
    return bytes[at] === LINE_FEED ? at + 1 : ODD;
  }
}
