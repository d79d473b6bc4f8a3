import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeyedDraws } from '../../core/draws.js';
import { exportLog, importTable, openStore, storedPieces } from '../../logs/index.js';

/** Speeds of the log store on this machine. Rows have an action of 50, a click, a propensity, a position, a user of
 * 20,000, a time, 4 numeric and 2 categorical features. */
interface LogsBenchmark {
  readonly rows: number;
  readonly importRowsPerSecond: number;
  readonly readRowsPerSecond: number;
  readonly exportRowsPerSecond: number;
  readonly csvMegabytes: number;
  readonly storeMegabytes: number;
  /** Peak resident memory of this process during the import, above what it was before. */
  readonly importRssGrowthMegabytes: number;
}

const MEGABYTE = 2 ** 20;

/** Generates a table in a temporary folder, imports it, reads it back and exports it. */
export async function benchLogs({ rows = 1_000_000 }: { readonly rows?: number } = {}): Promise<LogsBenchmark> {
  const folder = await mkdtemp(join(tmpdir(), 'recsys-gym-bench-'));
  const csv = join(folder, 'rows.csv');
  try {
    await writeTable(csv, rows);
    const store = await openStore(join(folder, 'bench.sqlite'));
    try {
      const before = process.memoryUsage().rss;
      let peak = before;
      const onProgress = (): void => {
        peak = Math.max(peak, process.memoryUsage().rss);
      };
      const importSeconds = await seconds(() => importTable(store, csv, {}, { name: 'bench', onProgress }));
      const readSeconds = await seconds(() => store.read('bench'));
      const out = join(folder, 'out.csv');
      const exportSeconds = await seconds(async () => exportLog(await storedPieces(store, 'bench'), out));
      return {
        rows,
        importRowsPerSecond: rows / importSeconds,
        readRowsPerSecond: rows / readSeconds,
        exportRowsPerSecond: rows / exportSeconds,
        csvMegabytes: (await stat(csv)).size / MEGABYTE,
        storeMegabytes: (await stat(store.file)).size / MEGABYTE,
        importRssGrowthMegabytes: (peak - before) / MEGABYTE,
      };
    } finally {
      await store.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** Rows written at once. */
const BATCH = 2000;

/** A table of made-up decisions with our own column names; the same rows every time. */
async function writeTable(path: string, rows: number): Promise<void> {
  const out = createWriteStream(path);
  const draws = new KeyedDraws(1, 'bench logs');
  out.write(
    'action,outcome.click,propensity,position,user,time,numeric.age,numeric.price,numeric.score,numeric.dwell,' +
      'categorical.device,categorical.country\n',
  );
  for (let first = 0; first < rows; first += BATCH) {
    const lines = Array.from({ length: Math.min(BATCH, rows - first) }, (_, i) =>
      line(draws.at(first + i, 0), first + i),
    );
    if (!out.write(lines.join(''))) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
}

function line(draws: KeyedDraws, row: number): string {
  const below = (n: number): number => Math.floor(draws.next() * n);
  const cells = [
    `item${below(50)}`,
    draws.next() < 0.05 ? 1 : 0,
    (0.01 + 0.9 * draws.next()).toFixed(6),
    (row % 3) + 1,
    `u${below(20_000)}`,
    1_700_000_000_000 + row * 37,
    below(80),
    (draws.next() * 100).toFixed(2),
    draws.next().toFixed(4),
    (draws.next() * 30).toFixed(3),
    `device${below(4)}`,
    `country${below(30)}`,
  ];
  return `${cells.join(',')}\n`;
}
