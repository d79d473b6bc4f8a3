/**
 * What was seen while a world was played, one row per session or request: everything a trial is made of. N rows.
 * Days of the test count from 0; those before it are negative.
 */
export interface Rows {
  /** [N] */
  readonly user: Int32Array;
  readonly day: Int32Array;
  readonly hour: Int32Array;
  readonly arm: Int32Array;
  /** [N] per outcome; `sessions` and `requests` count what the row stands for. */
  readonly columns: Readonly<Record<string, Float64Array>>;
  /** [N] per feature of the world, known before the row's arm was. */
  readonly features: Readonly<Record<string, Float64Array>>;
}

/** Rows one after the other; all have the columns of the first. */
export function joinRows(parts: readonly Rows[]): Rows {
  const [first] = parts;
  return {
    user: joinWhole(parts.map(({ user }) => user)),
    day: joinWhole(parts.map(({ day }) => day)),
    hour: joinWhole(parts.map(({ hour }) => hour)),
    arm: joinWhole(parts.map(({ arm }) => arm)),
    columns: joinTables(
      parts.map(({ columns }) => columns),
      Object.keys(first.columns),
    ),
    features: joinTables(
      parts.map(({ features }) => features),
      Object.keys(first.features),
    ),
  };
}

/** The rows of that order. */
export function pickRows(rows: Rows, order: Int32Array): Rows {
  const whole = (values: Int32Array): Int32Array => order.map((n) => values[n]);
  const real = (table: Rows['columns']): Record<string, Float64Array> =>
    Object.fromEntries(
      Object.entries(table).map(([name, values]) => [name, Float64Array.from(order, (n) => values[n])]),
    );
  return {
    user: whole(rows.user),
    day: whole(rows.day),
    hour: whole(rows.hour),
    arm: whole(rows.arm),
    columns: real(rows.columns),
    features: real(rows.features),
  };
}

function joinTables(
  tables: readonly Readonly<Record<string, Float64Array>>[],
  names: readonly string[],
): Record<string, Float64Array> {
  return Object.fromEntries(
    names.map((name) => {
      const joined = new Float64Array(tables.reduce((sum, table) => sum + table[name].length, 0));
      let at = 0;
      for (const table of tables) {
        joined.set(table[name], at);
        at += table[name].length;
      }
      return [name, joined];
    }),
  );
}

function joinWhole(parts: readonly Int32Array[]): Int32Array {
  const joined = new Int32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
