import { z } from 'zod';
import { GymError, complaint, messageOf } from '../../core/check.js';
import type { ReportDocument } from '../contract.js';
import { abTest, agreement, designTable, powerTable } from './document-ab.js';
import { logSizeTable, weightTable } from './document-utility.js';
import { estimate, liftTable, list, number, pair, quality, text, verdict } from './document-parts.js';
import { realism } from './document-realism.js';

/** The file format of report.json. The types live in contract.ts; SCHEMA_IN_STEP ties the schema to them. */

const FORMAT = 'recsys-gym/report';
const VERSION = 1;

const card = z.strictObject({
  kind: text,
  heads: list(text),
  unit: z.enum(['probability', 'value']),
  fittedOn: z.strictObject({ log: text, logHash: text, split: text, rows: number }),
  settings: z.record(text, z.union([number, text, z.boolean(), list(number)])),
  quality: list(quality),
  epochs: number,
  parameters: number,
});

const diagnostics = z.strictObject({
  rounds: number,
  effectiveSampleSize: number,
  meanWeight: number,
  maxWeight: number,
  maxWeightShare: number,
  propensityFloor: number,
  offendingRows: list(number),
});

/** Any value that JSON can hold; numbers it cannot hold are found here rather than turned into null on the way out. */
const json = z.unknown().superRefine((value, context) => {
  const found = notJson(value, []);
  if (found !== undefined) {
    context.addIssue({
      code: 'custom',
      path: found.path,
      message: `expected a JSON value, received ${found.received}`,
    });
  }
});

function notJson(value: unknown, path: PropertyKey[]): { path: PropertyKey[]; received: string } | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : { path, received: String(value) };
  if (typeof value !== 'object') return { path, received: typeof value };
  for (const [key, inner] of Object.entries(value)) {
    const found = inner === undefined && !Array.isArray(value) ? undefined : notJson(inner, [...path, key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

const schema = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  id: text,
  question: text,
  answer: z.strictObject({ verdict, sentence: text, reasons: list(text) }),
  provenance: z.strictObject({
    configHash: text,
    codeVersion: text,
    dataHash: text.exactOptional(),
    seeds: list(number),
    backend: text,
    config: json,
    repeat: text,
  }),
  data: z
    .strictObject({
      source: text,
      rows: number,
      actions: number,
      rewardFormula: text,
      rewardRate: estimate,
      propensity: z.strictObject({ min: number, mean: number, max: number }).exactOptional(),
      warnings: list(text).exactOptional(),
      splits: list(z.strictObject({ name: text, rows: number, purpose: text })),
    })
    .exactOptional(),
  models: list(z.strictObject({ role: text, card, heldOut: list(quality).exactOptional() })),
  policies: list(
    z.strictObject({
      id: text,
      summary: text,
      estimates: z.record(text, estimate),
      diagnostics,
      verdict,
      reasons: list(text),
      weights: z.strictObject({ edges: list(number), counts: list(number) }),
      truth: number.exactOptional(),
    }),
  ),
  comparisons: list(
    z.strictObject({
      policy: text,
      against: text,
      estimator: text,
      difference: estimate,
      relative: number.nullable(),
      verdict,
      truth: number.exactOptional(),
    }),
  ),
  curves: list(z.strictObject({ chart: text, name: text, xLabel: text, yLabel: text, points: list(pair) })),
  segments: list(
    z.strictObject({
      by: text,
      columns: list(text),
      rows: list(z.strictObject({ segment: text, rounds: number, values: list(estimate) })),
    }),
  ),
  rollouts: list(
    z.strictObject({
      policy: text,
      env: text,
      perSeed: list(
        z.strictObject({
          seed: number,
          episodes: number,
          meanReturn: number,
          standardError: number,
          meanLength: number,
        }),
      ),
      overall: estimate,
    }),
  ),
  abTests: list(abTest).exactOptional(),
  lifts: list(liftTable).exactOptional(),
  weightTables: list(weightTable).exactOptional(),
  logSizes: list(logSizeTable).exactOptional(),
  designs: list(designTable).exactOptional(),
  power: list(powerTable).exactOptional(),
  agreements: list(agreement).exactOptional(),
  realism: list(realism).exactOptional(),
});

type Complete<T> = T extends object ? { readonly [K in keyof T]-?: Complete<T[K]> } : T;
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
/**
 * Does not compile when the schema and the contract part ways: this line finds a key that only one of them has;
 * parseReport and serialiseReport, which turn one type into the other, find the rest.
 */
export const SCHEMA_IN_STEP: Same<Complete<ReportDocument>, Complete<z.output<typeof schema>>> = true;

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Reads the text of a report.json.
 *
 * @param where what to call it in errors, usually its path
 * @throws a data error when it breaks off, is not JSON, is not a report, is of a newer version, or a field is wrong
 */
export function parseReport(text: string, where: string): ReportDocument {
  const stored = parseJson(text, where);
  if (!isObject(stored) || !('format' in stored) || stored.format !== FORMAT) {
    throw complaint('data', {
      where,
      expected: `a report (an object with "format": "${FORMAT}")`,
      received: describe(stored),
      try: 'Name the report.json of a run, or its folder.',
    });
  }
  if ('version' in stored && typeof stored.version === 'number' && stored.version > VERSION) {
    throw complaint('data', {
      where,
      expected: `a report of version ${VERSION}`,
      received: `one of version ${stored.version}`,
      try: 'It was written by a newer recsys-gym; update this one to read it.',
    });
  }
  const result = schema.safeParse(stored);
  if (result.success) return result.data;
  throw new GymError('data', `${where}: not a valid report:\n${issueLines(result.error.issues)}`);
}

/**
 * The bytes of report.json: keys in the contract's order, two spaces, a newline at the end. Equal documents give equal
 * bytes, and `parseReport` reads back what was given.
 *
 * @throws a numeric error that names the field when a number is NaN or infinite
 */
export function serialiseReport(document: ReportDocument): string {
  const result = z.safeEncode(schema, document);
  if (result.success) return `${JSON.stringify(result.data, null, 2)}\n`;
  throw new GymError(
    'numeric',
    `report '${document.id}' cannot be saved (a number that the data cannot carry is null, never NaN):\n` +
      issueLines(result.error.issues),
  );
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // JSON.parse complains about the very end of the text when its beginning was fine.
    const message = messageOf(error);
    const at = Number(/position (\d+)/.exec(message)?.[1] ?? 0);
    const brokenOff = /end of JSON|Unterminated/i.test(message) || at >= text.trimEnd().length;
    throw complaint(
      'data',
      {
        where,
        expected: 'a complete JSON document',
        received: text.trim() === '' ? 'nothing' : brokenOff ? 'one that breaks off' : `other text (${message})`,
        try: brokenOff
          ? 'The file is incomplete: run the experiment again, or copy the file anew.'
          : 'Name the report.json of a run, or its folder.',
      },
      error,
    );
  }
}

function describe(value: unknown): string {
  if (!isObject(value)) return Array.isArray(value) ? 'a list' : JSON.stringify(value).slice(0, 40);
  if ('format' in value) return `an object with "format": ${JSON.stringify(value.format).slice(0, 60)}`;
  const keys = Object.keys(value);
  return keys.length === 0 ? 'an empty object' : `an object with ${keys.slice(0, 4).join(', ')}`;
}

const SHOWN = 8;

function issueLines(issues: readonly { path: readonly PropertyKey[]; message: string }[]): string {
  const lines = issues
    .slice(0, SHOWN)
    .map(({ path, message }) => `  ${pathText(path)}: ${message.replace(/^Invalid input: /, '')}`);
  return [...lines, ...(issues.length > SHOWN ? [`  and ${issues.length - SHOWN} more`] : [])].join('\n');
}

const pathText = (path: readonly PropertyKey[]): string =>
  path.length === 0
    ? 'the document'
    : path.map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i === 0 ? '' : '.'}${String(part)}`)).join('');
