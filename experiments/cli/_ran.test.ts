import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from './main.js';

/** Runs a command inside the test's process; tests that do so are serial, because it takes standard output over. */
export async function ran(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const { stdout, stderr } = process;
  const [keptOut, keptErr] = [stdout.write.bind(stdout), stderr.write.bind(stderr)];
  stdout.write = (text) => ((said.out += String(text)), true);
  stderr.write = (text) => ((said.err += String(text)), true);
  try {
    return { code: await main(args), ...said };
  } finally {
    stdout.write = keptOut;
    stderr.write = keptErr;
  }
}

let dir: string | undefined;

/** Writes a CSV file for one test. */
export function csv(name: string, rows: readonly (readonly (string | number)[])[]): string {
  dir ??= mkdtempSync(join(tmpdir(), 'recsys-gym-'));
  const path = join(dir, name);
  writeFileSync(path, `${rows.map((row) => row.join(',')).join('\n')}\n`);
  return path;
}
