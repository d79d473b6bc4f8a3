import type { Memory } from './addon.js';
import type { Operand, RecordedCall, Tape } from './record.js';

/** Places in the arena begin at multiples of this many bytes: a cache line. */
const LINE = 64;

/** Where everything lies when a recorded step is played again. */
export interface Plan {
  /** Bytes of the arena. */
  readonly bytes: number;
  readonly calls: readonly RecordedCall[];
  /** Byte offset in the arena of each array made during the recording; −1 for those nobody uses. */
  readonly places: readonly number[];
  /** Arrays that were copied whole into kept memory are made there at once. */
  readonly direct: ReadonlyMap<number, Memory>;
}

/** First and last call that touches an array. */
interface Life {
  first: number;
  last: number;
}

/**
 * Lays the arrays of a recording into one arena so that arrays which live at the same time do not overlap: largest first,
 * each at the lowest place that is free during its life.
 *
 * @param copyFlat the code of the kernel that copies one array into another; such copies into kept memory fall away
 *   where the array can be made in that memory from the start
 */
export function plan(tape: Tape, copyFlat: number): Plan {
  const direct = directArrays(tape, copyFlat);
  const calls = tape.calls.filter(({ code, operands: [from] }) => {
    return !(code === copyFlat && 'made' in from && direct.has(from.made));
  });
  const lives = livesOf(calls, tape.sizes.length);
  const places = new Array<number>(tape.sizes.length).fill(-1);
  const placed: { readonly life: Life; readonly from: number; readonly to: number }[] = [];
  let bytes = 0;
  const order = [...lives.keys()].filter((id) => lives[id] !== undefined && !direct.has(id));
  order.sort((a, b) => tape.sizes[b] - tape.sizes[a] || a - b);
  for (const id of order) {
    const life = lives[id];
    if (life === undefined) continue;
    const size = Math.ceil(Math.max(1, tape.sizes[id]) / LINE) * LINE;
    const beside = placed.filter((other) => other.life.first <= life.last && life.first <= other.life.last);
    beside.sort((a, b) => a.from - b.from);
    let from = 0;
    for (const other of beside) {
      if (from + size <= other.from) break;
      from = Math.max(from, other.to);
    }
    places[id] = from;
    placed.push({ life, from, to: from + size });
    bytes = Math.max(bytes, from + size);
  }
  return { bytes, calls, places, direct };
}

function livesOf(calls: readonly RecordedCall[], count: number): (Life | undefined)[] {
  const lives = new Array<Life | undefined>(count).fill(undefined);
  calls.forEach(({ operands }, i) => {
    for (const operand of operands) {
      if (!('made' in operand)) continue;
      const life = lives[operand.made];
      if (life === undefined) lives[operand.made] = { first: i, last: i };
      else life.last = i;
    }
  });
  return lives;
}

/** Arrays made, read, and copied whole into kept memory that nothing else touches from their making to the copy. */
function directArrays(tape: Tape, copyFlat: number): Map<number, Memory> {
  const direct = new Map<number, Memory>();
  const lives = livesOf(tape.calls, tape.sizes.length);
  tape.calls.forEach(({ code, operands: [from, to] }, i) => {
    if (code !== copyFlat || !('made' in from) || !('kept' in to) || direct.has(from.made)) return;
    const life = lives[from.made];
    if (life === undefined || tape.sizes[from.made] !== to.kept.byteLength) return;
    const busy = tape.calls.some((call, k) => k >= life.first && k !== i && touches(call, to.kept, k > i));
    if (!busy) direct.set(from.made, to.kept);
  });
  return direct;
}

/** Whether a call touches kept memory; with `writing`, whether it writes it. */
function touches({ operands, inputs }: RecordedCall, memory: Memory, writing: boolean): boolean {
  return operands.some((operand, k) => 'kept' in operand && (!writing || k >= inputs) && overlap(operand, memory));
}

function overlap(operand: Operand, memory: Memory): boolean {
  if (!('kept' in operand) || operand.kept.buffer !== memory.buffer) return false;
  const { byteOffset, byteLength } = operand.kept;
  return byteOffset < memory.byteOffset + memory.byteLength && memory.byteOffset < byteOffset + byteLength;
}
