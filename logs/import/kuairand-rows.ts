import { basename } from 'node:path';
import { complaint } from '../../core/check.js';
import { Codes } from '../dictionary.js';
import { BadRows, type BadRow, type BadRowCount } from './bad-rows.js';
import { readColumnNames, readColumns, type ReadColumns } from './fast-csv.js';
import { kindOfTable } from './open-rows.js';

/**
 * Outcomes by their names here, in the log's order, and the columns they are read from. `label` of the published slice
 * is 1 where the video was liked and 0 where it was hated and not liked.
 */
const FLAGS = [
  { name: 'like', column: 'is_like', label: 1 },
  { name: 'share', column: 'is_forward' },
  { name: 'follow', column: 'is_follow' },
  { name: 'comment', column: 'is_comment' },
  { name: 'hide', column: 'is_hate', label: 0 },
  { name: 'longView', column: 'long_view' },
] as const;

const NEEDED = ['user_id', 'video_id', 'time_ms', 'play_time_ms', 'duration_ms'];
const LABEL = 'label';

/** Interactions in the order of time. N rows. */
export interface KuairandRows {
  readonly rows: number;
  /** Whether the rows were selected by `label`: only liked or hated ones. */
  readonly selected: boolean;
  /** [N] codes, in order of first appearance in the files. */
  readonly user: Int32Array;
  readonly video: Int32Array;
  readonly users: readonly string[];
  readonly videos: readonly string[];
  readonly timeMs: Float64Array;
  readonly playMs: Float64Array;
  /** [N] 0 where the file does not know. */
  readonly durationMs: Float64Array;
  /** Names of the flags the files have, and their columns [N] of 0 and 1. */
  readonly flagNames: readonly string[];
  readonly flags: readonly Uint8Array[];
  /** [N] 1: a video put in at random. */
  readonly random: Uint8Array;
  /** [N] scenario in the app; empty where the files do not say. */
  readonly tab: Int32Array;
  readonly badRows: BadRowCount;
  /** Rows that repeat an earlier one in every column read. They are kept. */
  readonly duplicates: number;
}

/** The good rows of one file, as they stand in it. */
interface Piece {
  readonly flagNames: readonly string[];
  readonly selected: boolean;
  readonly hasTab: boolean;
  /** [n, 5 + flags] time, play, duration, random, tab, flags. */
  readonly numbers: Float64Array;
  readonly width: number;
  readonly user: Int32Array;
  readonly video: Int32Array;
  readonly rows: number;
  readonly badRows: BadRowCount;
}

/** Numbers of a row before its flags. */
const FIXED = 5;

/** Reads logs of interactions and puts their rows in the order of time; rows of the same time stay as they stood. */
export async function readKuairandRows(
  logs: readonly string[],
  maxBadShare: number,
  onRead?: (file: number, rows: number) => void,
): Promise<KuairandRows> {
  const users = new Codes();
  const videos = new Codes();
  const pieces: Piece[] = [];
  let total = 0;
  for (const [file, path] of logs.entries()) {
    const piece = await readPiece(path, { users, videos, maxBadShare });
    const first = pieces.at(0) ?? piece;
    if (piece.flagNames.join() !== first.flagNames.join() || piece.hasTab !== first.hasTab) {
      const expected = `the columns of ${basename(logs[0])} (${first.flagNames.join(', ')})`;
      throw complaint('data', { where: path, expected, received: piece.flagNames.join(', ') });
    }
    pieces.push(piece);
    total += piece.rows;
    onRead?.(file + 1, total);
  }
  const bad = pieces.flatMap(({ badRows }, file) =>
    badRows.first.map(({ line, reason }): BadRow => ({
      line,
      reason: logs.length === 1 ? reason : `${reason} (${basename(logs[file])})`,
    })),
  );
  const count = pieces.reduce((sum, { badRows }) => sum + badRows.count, 0);
  return inOrder(pieces, total, users, videos, { count, first: bad.slice(0, 20) });
}

async function readPiece(
  path: string,
  { users, videos, maxBadShare }: { users: Codes; videos: Codes; maxBadShare: number },
): Promise<Piece> {
  const names = await readColumnNames(path);
  const labelled = !names.includes('is_like') && names.includes(LABEL);
  const missing = NEEDED.filter((name) => !names.includes(name));
  if (!labelled && !names.includes('is_like')) missing.push('is_like');
  if (missing.length > 0) {
    throw complaint('data', {
      where: path,
      expected: 'a log of KuaiRand, as log_standard_*.csv',
      received: `a ${kindOfTable(path)} file without ${missing.join(', ')}`,
      try: 'Any other table is read with --format table and --map.',
    });
  }
  const flags = FLAGS.filter((flag) => names.includes(flag.column) || (labelled && 'label' in flag));
  const columns = flags.map((flag) => (labelled && 'label' in flag ? LABEL : flag.column));
  const optional = ['is_rand', 'tab'].filter((name) => names.includes(name));
  const read = await readColumns(path, {
    numbers: [['time_ms', 'play_time_ms', 'duration_ms'], columns, optional],
    texts: ['user_id', 'video_id'],
  });
  const width = FIXED + flags.length;
  const numbers = new Float64Array(read.rows * width);
  const codes = [new Int32Array(read.rows), new Int32Array(read.rows)];
  const known = read.texts.map(({ values }, i) => ({ values, into: i === 0 ? users : videos }));
  const bad = new BadRows(basename(path), maxBadShare);
  const wrongWidth = new Map(read.problems.first.map(({ row, reason }) => [row, reason]));
  const inverse = flags.map((flag) => labelled && 'label' in flag && flag.label === 0);
  const [rand, tab] = [optional.indexOf('is_rand'), optional.indexOf('tab')];
  const random = basename(path).startsWith('log_random') ? 1 : 0;
  let rows = 0;
  for (let n = 0; n < read.rows; n++) {
    const reason = wrongWidth.get(n) ?? whyNot(read, n, columns, optional);
    if (reason !== undefined) {
      bad.add(read.lines[n], reason, rows);
      continue;
    }
    const at = rows * width;
    const [fixed, flagged, extra] = read.numbers;
    for (let i = 0; i < 3; i++) numbers[at + i] = fixed[3 * n + i];
    numbers[at + 3] = rand < 0 ? random : extra[optional.length * n + rand];
    numbers[at + 4] = tab < 0 ? -1 : extra[optional.length * n + tab];
    for (let i = 0; i < flags.length; i++) {
      const value = flagged[flags.length * n + i];
      numbers[at + FIXED + i] = inverse[i] ? 1 - value : value;
    }
    known.forEach(({ values, into }, i) => (codes[i][rows] = into.code(values[read.texts[i].codes[n]])));
    rows++;
  }
  const badRows = bad.finish(rows);
  return {
    flagNames: flags.map(({ name }) => name),
    selected: labelled,
    hasTab: tab >= 0,
    numbers,
    width,
    user: codes[0],
    video: codes[1],
    rows,
    badRows,
  };
}

/** Why row n cannot be used. */
function whyNot(
  { numbers: [fixed, flags, extra], texts }: ReadColumns,
  n: number,
  columns: readonly string[],
  optional: readonly string[],
): string | undefined {
  for (const [i, name] of ['user_id', 'video_id'].entries()) if (texts[i].codes[n] < 0) return `no ${name}`;
  const [time, play, duration] = [fixed[3 * n], fixed[3 * n + 1], fixed[3 * n + 2]];
  if (!(time > 0)) return 'time_ms is no time in milliseconds';
  if (!(play >= 0)) return 'play_time_ms is not a number from 0 up';
  if (!(duration >= 0)) return 'duration_ms is not a number from 0 up';
  for (let i = 0; i < columns.length; i++) {
    const value = flags[columns.length * n + i];
    if (value !== 0 && value !== 1) return `${columns[i]} is neither 0 nor 1`;
  }
  for (let i = 0; i < optional.length; i++) {
    const value = extra[optional.length * n + i];
    if (!(optional[i] === 'tab' ? Number.isInteger(value) && value >= 0 : value === 0 || value === 1)) {
      return optional[i] === 'tab' ? 'tab is not a whole number from 0 up' : 'is_rand is neither 0 nor 1';
    }
  }
  return undefined;
}

function inOrder(
  pieces: readonly Piece[],
  total: number,
  { values: users }: Codes,
  { values: videos }: Codes,
  badRows: BadRowCount,
): KuairandRows {
  const time = new Float64Array(total);
  const piece = new Uint8Array(total);
  const place = new Uint32Array(total);
  let row = 0;
  pieces.forEach(({ rows, numbers, width }, p) => {
    for (let n = 0; n < rows; n++, row++) {
      time[row] = numbers[n * width];
      piece[row] = p;
      place[row] = n;
    }
  });
  const order = Uint32Array.from({ length: total }, (_, n) => n);
  if (time.some((value, n) => n > 0 && value < time[n - 1])) order.sort((a, b) => time[a] - time[b] || a - b);
  const column = (i: number, into: Float64Array | Int32Array | Uint8Array): void => {
    for (let n = 0; n < total; n++) {
      const { numbers, width } = pieces[piece[order[n]]];
      into[n] = numbers[place[order[n]] * width + i];
    }
  };
  const { flagNames, selected, hasTab } = pieces[0];
  const rows = {
    rows: total,
    selected,
    user: new Int32Array(total),
    video: new Int32Array(total),
    users,
    videos,
    timeMs: new Float64Array(total),
    playMs: new Float64Array(total),
    durationMs: new Float64Array(total),
    flagNames,
    flags: flagNames.map(() => new Uint8Array(total)),
    random: new Uint8Array(total),
    tab: new Int32Array(hasTab ? total : 0),
    badRows,
  };
  [rows.timeMs, rows.playMs, rows.durationMs, rows.random].forEach((into, i) => column(i, into));
  if (hasTab) column(4, rows.tab);
  rows.flags.forEach((into, i) => column(FIXED + i, into));
  for (let n = 0; n < total; n++) {
    const own = pieces[piece[order[n]]];
    rows.user[n] = own.user[place[order[n]]];
    rows.video[n] = own.video[place[order[n]]];
  }
  return { ...rows, duplicates: duplicates(rows) };
}

/** Rows that repeat an earlier one: only rows of the same time can. */
function duplicates(rows: Omit<KuairandRows, 'duplicates'>): number {
  const { timeMs, user, video, playMs, durationMs, random, tab, flags } = rows;
  const columns = [user, video, playMs, durationMs, random, ...(tab.length === 0 ? [] : [tab]), ...flags];
  let count = 0;
  for (let n = 1; n < rows.rows; n++) {
    for (let before = n - 1; before >= 0 && timeMs[before] === timeMs[n]; before--) {
      if (!columns.every((column) => column[before] === column[n])) continue;
      count++;
      break;
    }
  }
  return count;
}
