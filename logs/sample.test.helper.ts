import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { stream } from '../core/random.js';
import { makeLog } from './columns.js';
import type { Log } from './record.js';

/** A folder that is removed after the test. */
export function scratch(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'recsys-gym-logs-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * Megabytes of JavaScript objects and array buffers of this thread, garbage included. Resident memory would count the
 * test files that run beside it in other threads; the benchmark measures that one.
 */
export function memoryHeld(): number {
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}

/** A log with every column, odd texts, missing values, unused dictionary entries and listed candidates. */
export function sampleLog(rows: number, seed = 1, name = 'sample'): Log {
  const random = stream(seed);
  const below = (n: number): number => Math.floor(random.next() * n);
  const int = (of: (row: number) => number): Int32Array => Int32Array.from({ length: rows }, (_, row) => of(row));
  const actions = ['a', 'b,c', 'd "quoted"', 'e\nf', 'never shown', 'ü 🎈'];
  const offsets = [0];
  const codes: number[] = [];
  const action = int(() => below(4));
  for (const chosen of action) {
    codes.push(chosen, 5);
    if (random.next() < 0.5) codes.push(4);
    offsets.push(codes.length);
  }
  return makeLog({
    name,
    rows,
    schema: {
      outcomes: ['click', 'dwell seconds'],
      source: 'sample',
      numericNames: ['x', 'affinity_0'],
      categoricalNames: ['device', 'city'],
      perAction: [{ name: 'affinity', columns: [1, 0, 1, 0, 1, 0] }],
      endReasons: ['none', 'left', 'never', 'budget'],
    },
    actions: {
      values: actions,
      numericNames: ['price', 'age'],
      numeric: Float32Array.from(actions.flatMap((_, i) => [i * 1.1, i === 2 ? NaN : -i])),
      categoricalNames: ['brand'],
      categorical: Int32Array.of(0, 1, -1, 0, 1, 1),
      categoricalValues: [{ values: ['red', 'blue'] }],
    },
    action,
    outcomes: [
      Float32Array.from({ length: rows }, () => (random.next() < 0.1 ? 1 : 0)),
      Float32Array.from({ length: rows }, () => random.next() * 100 - 3),
    ],
    propensity: Float64Array.from({ length: rows }, () => 0.01 + 0.99 * random.next()),
    policies: ['unused', 'bts', 'random'],
    policy: int(() => 1 + below(2)),
    users: ['zoe', 'adam', 'nobody', '42'],
    user: int(() => (random.next() < 0.1 ? -1 : below(2))),
    sessions: Array.from({ length: rows }, (_, i) => `s${i}`),
    session: int((row) => row),
    requests: Array.from({ length: Math.ceil(rows / 2) }, (_, i) => `r${i}`),
    request: int((row) => Math.floor(row / 2)),
    timeMs: Float64Array.from({ length: rows }, (_, row) => (row === 3 ? NaN : 1000.25 * row)),
    position: int((row) => (row === 5 ? -1 : row % 2)),
    candidates: { offsets: Int32Array.from(offsets), codes: Int32Array.from(codes) },
    endReason: Uint8Array.from({ length: rows }, () => [0, 1, 3][below(3)]),
    numeric: Float32Array.from({ length: rows * 2 }, (_, i) => (i % 7 === 0 ? -0 : random.next() * 1e-3)),
    categorical: Int32Array.from({ length: rows * 2 }, () => below(3) - 1),
    categoricalValues: [
      ['phone', 'desk, top'],
      ['rome', 'oslo', 'unused'],
    ],
  });
}

/** A plain log: three actions, one outcome, propensities; nothing else. */
export function plainLog(rows: number, name = 'plain'): Log {
  const random = stream(name);
  return makeLog({
    name,
    rows,
    schema: { outcomes: ['click'], source: 'sample' },
    actions: ['a', 'b', 'c'],
    action: Int32Array.from({ length: rows }, () => Math.floor(random.next() * 3)),
    outcomes: [Float32Array.from({ length: rows }, () => (random.next() < 0.2 ? 1 : 0))],
    propensity: new Float64Array(rows).fill(1 / 3),
  });
}
