import { readFile, stat } from 'node:fs/promises';
import { LineCounter, parseDocument, type Document } from 'yaml';
import { z } from 'zod';
import { GymError, complaint, messageOf, suggestion } from '../../core/check.js';
import { experimentSchema, type Experiment } from './schema.js';

/** Larger experiment files are refused before they are parsed. */
const MAX_BYTES = 256 * 1024;

/** Something wrong at a place of the config, e.g. ["agent", "settings", "clip"]. */
export interface ConfigProblem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** A parsed file that can say on which line a key stands. */
export interface ConfigSource {
  readonly name: string;
  /** One error that lists every problem with file, line and column. */
  complain(problems: readonly ConfigProblem[]): GymError;
}

/**
 * Reads an experiment file, applies `--set` overrides, validates it and fills in the defaults.
 *
 * @param overrides "a.b=value" each; the value is read as YAML, so numbers, lists and true/false work
 * @throws a config error naming file, line, column and the nearest valid key
 */
export async function readExperiment(
  file: string,
  overrides: readonly string[] = [],
): Promise<{ experiment: Experiment; source: ConfigSource }> {
  const text = await readText(file);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: true, strict: true });
  const [first] = document.errors;
  if (document.errors.length > 0) {
    throw new GymError('config', `${file}: expected YAML, received: ${first.message}`, { cause: first });
  }
  const overridden = overrides.map((override) => applyOverride(document, override));
  const source: ConfigSource = {
    name: file,
    complain: (problems) =>
      new GymError(
        'config',
        problems.map(({ path, message }) => `${place(file, document, lines, overridden, path)}: ${message}`).join('\n'),
      ),
  };
  const parsed = experimentSchema.safeParse(document.toJS({ maxAliasCount: 20 }));
  if (parsed.success) return { experiment: parsed.data, source };
  throw source.complain(parsed.error.issues.flatMap((issue) => explain(issue, document)));
}

async function readText(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > MAX_BYTES) {
      throw complaint('config', {
        where: file,
        expected: `at most ${MAX_BYTES} bytes`,
        received: String(size),
        try: 'Is it an experiment file?',
      });
    }
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof GymError) throw error;
    throw complaint(
      'config',
      {
        where: file,
        expected: 'a readable experiment file',
        received: messageOf(error),
        try: 'Samples are in experiments/configs.',
      },
      error,
    );
  }
}

/** Sets one dotted key; list places are numbers. Whether the key exists is the schema's business. */
function applyOverride(document: Document, override: string): string {
  const cut = override.indexOf('=');
  const key = cut < 0 ? override : override.slice(0, cut);
  const parts = key.split('.');
  const forbidden = ['__proto__', 'constructor', 'prototype'];
  if (cut < 1 || parts.some((part) => part === '' || forbidden.includes(part))) {
    throw complaint('usage', {
      where: '--set',
      expected: 'key.of.the.config=value',
      received: `'${override}'`,
      try: 'For example --set seed=2.',
    });
  }
  const value = parseDocument(override.slice(cut + 1), { strict: true });
  if (value.errors.length > 0) {
    throw complaint('usage', { where: `--set ${key}`, expected: 'a YAML value', received: override.slice(cut + 1) });
  }
  const path = parts.map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  try {
    document.setIn(path, value.contents);
  } catch (error) {
    throw complaint(
      'config',
      { where: `--set ${key}`, expected: 'a key inside a section', received: messageOf(error) },
      error,
    );
  }
  return key;
}

function place(
  file: string,
  document: Document,
  lines: LineCounter,
  overridden: readonly string[],
  path: readonly PropertyKey[],
): string {
  const key = path.map(String).join('.');
  const set = overridden.find((name) => key === name || key.startsWith(`${name}.`));
  if (set !== undefined) return `--set ${key}`;
  for (let depth = path.length; depth > 0; depth--) {
    const range = rangeOf(document.getIn(path.slice(0, depth), true));
    if (range === undefined) continue;
    const { line, col } = lines.linePos(range);
    return `${file}:${line}:${col}: ${key}`;
  }
  return key === '' ? file : `${file}: ${key}`;
}

function rangeOf(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) return undefined;
  const start: unknown = node.range.at(0);
  return typeof start === 'number' ? start : undefined;
}

/** Turns zod's findings into sentences; an unknown key is answered with the nearest one that its section knows. */
function explain(issue: z.core.$ZodIssue, document: Document): ConfigProblem[] {
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(issue.path, document);
    return issue.keys.map((key) => ({ path: [...issue.path, key], message: `unknown key. ${suggestion(key, known)}` }));
  }
  if (issue.code === 'invalid_union' && issue.path.length > 0) {
    const options = 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
    const given = document.getIn(issue.path);
    const text = typeof given === 'string' ? given : JSON.stringify(given);
    return [
      {
        path: issue.path,
        message: `expected one of the known kinds, received ${text}. ${options.length > 0 ? suggestion(text, options) : ''}`,
      },
    ];
  }
  if (issue.code === 'invalid_value' && issue.values.length > 1) {
    const text = String(document.getIn(issue.path));
    const message = `expected one of the known names, received '${text}'. ${suggestion(text, issue.values.map(String))}`;
    return [{ path: issue.path, message }];
  }
  return [{ path: issue.path, message: issue.message.replace(/^Invalid input: /, '') }];
}

/** The keys that the schema knows at a place, following the choices the document made at unions. */
function keysAt(path: readonly PropertyKey[], document: Document): string[] {
  let schemas = unfold(experimentSchema, document, []);
  path.forEach((step, depth) => {
    schemas = schemas
      .flatMap((schema) => childOf(schema, step))
      .flatMap((child) => unfold(child, document, path.slice(0, depth + 1)));
  });
  return [...new Set(schemas.flatMap((schema) => (schema instanceof z.ZodObject ? Object.keys(schema.shape) : [])))];
}

function childOf(schema: unknown, step: PropertyKey): unknown[] {
  if (schema instanceof z.ZodArray) return [schema.element];
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries<unknown>(schema.shape).flatMap(([key, child]) => (key === step ? [child] : []));
}

/** Strips defaults and picks the member of a discriminated union that the document chose. */
function unfold(schema: unknown, document: Document, path: readonly PropertyKey[]): unknown[] {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional)
    return unfold(schema.unwrap(), document, path);
  if (schema instanceof z.ZodDiscriminatedUnion) {
    const key = schema.def.discriminator;
    const chosen = document.getIn([...path, key]);
    const members = schema.options.filter(
      (option) => !(option instanceof z.ZodObject) || matches(option.shape[key], chosen),
    );
    return members.flatMap((member) => unfold(member, document, path));
  }
  return [schema];
}

function matches(literal: unknown, chosen: unknown): boolean {
  return literal instanceof z.ZodLiteral && literal.safeParse(chosen).success;
}
