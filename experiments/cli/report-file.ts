import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { writeAtomic } from '../../core/files.js';
import type { ReportDocument } from '../contract.js';
import { serialiseReport } from '../report/document.js';
import { renderReport } from '../report/render.js';
import { codeVersion } from '../run/provenance.js';
import { remark } from './terminal.js';

/** What a command has to say in a report of its own, outside any run. */
export interface ReportParts extends Partial<ReportDocument> {
  readonly id: string;
  readonly question: string;
  readonly answer: ReportDocument['answer'];
  /** As typed, with data by the names of its files only: "ab analyze users.csv". */
  readonly command: string;
  /** Its options without places on somebody's disk. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly dataHash?: string;
  readonly seeds: readonly number[];
}

/** Writes a report as HTML to `path` (a file, or a folder for report.html), and report.json beside it. */
export async function writeReport(path: string, parts: ReportParts): Promise<void> {
  const { command, flags, dataHash, seeds, ...sections } = parts;
  const document: ReportDocument = {
    format: 'recsys-gym/report',
    version: 1,
    models: [],
    policies: [],
    comparisons: [],
    curves: [],
    segments: [],
    rollouts: [],
    ...sections,
    provenance: {
      configHash: createHash('sha256').update(JSON.stringify(flags)).digest('hex').slice(0, 12),
      codeVersion: await codeVersion(),
      ...(dataHash === undefined ? {} : { dataHash: dataHash.slice(0, 12) }),
      seeds,
      backend: 'none',
      config: { command, ...flags },
      repeat: `recsys-gym ${command} ${commandLine(flags)}`.trim(),
    },
  };
  const html = path.endsWith('.html') ? path : join(path, 'report.html');
  await writeAtomic(join(dirname(html), 'report.json'), serialiseReport(document));
  await writeAtomic(html, await renderReport(document));
  remark(`report: ${html}`);
}

function commandLine(flags: Readonly<Record<string, unknown>>): string {
  const quoted = (value: unknown): string =>
    /^[\w./:=,-]+$/.test(String(value)) ? String(value) : `'${String(value)}'`;
  return Object.entries(flags)
    .flatMap(([key, value]) => {
      const flag = `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
      if (Array.isArray(value)) return value.map((one) => `${flag} ${quoted(one)}`);
      if (typeof value === 'boolean') return value ? [flag] : [];
      return [`${flag} ${quoted(value)}`];
    })
    .join(' ');
}
