import { GymError, suggestion } from './check.js';

/** A value that a config may set. */
export type SettingValue = number | string | boolean | readonly number[] | readonly string[];
/** Settings as they come out of a config: names and plain values. */
export type SettingsRecord = Readonly<Record<string, unknown>>;

/** One thing wrong with given settings. */
export interface SettingProblem {
  readonly key: string;
  readonly message: string;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return `list of ${value.length === 0 ? 'anything' : kindOf(value[0])}s`;
  return isGroup(value) ? 'group' : typeof value;
}

function fits(value: unknown, model: unknown): boolean {
  if (typeof value === 'number' && Number.isNaN(value)) return false;
  if (Array.isArray(value) && Array.isArray(model)) {
    return model.length === 0 || value.every((part) => fits(part, model[0]));
  }
  return kindOf(value) === kindOf(model);
}

/**
 * Compares given settings with the defaults, which name every key and show its type; groups of settings may nest. A
 * group without keys in the defaults takes any names, each with a number.
 */
export function settingProblems(defaults: object, given: object, prefix = ''): SettingProblem[] {
  const known = new Map<string, unknown>(Object.entries(defaults));
  if (known.size === 0 && prefix !== '') for (const [name] of entriesOf(given)) known.set(name, 0);
  const problems: SettingProblem[] = [];
  for (const [name, value] of entriesOf(given)) {
    const key = prefix + name;
    const model = known.get(name);
    if (!known.has(name)) problems.push({ key, message: `unknown key. ${suggestion(name, [...known.keys()])}` });
    else if (isGroup(model) && isGroup(value)) problems.push(...settingProblems(model, value, `${key}.`));
    else if (!fits(value, model)) {
      problems.push({ key, message: `expected a ${kindOf(model)}, received ${JSON.stringify(value)}` });
    }
  }
  return problems;
}

/**
 * The defaults with the given keys replaced, groups key by key.
 *
 * @throws a config error that lists every unknown key, with the nearest known one, and every value of another type
 */
export function completeSettings<S extends object>(where: string, defaults: S, given: object): S {
  const problems = settingProblems(defaults, given);
  if (problems.length > 0) {
    throw new GymError('config', problems.map(({ key, message }) => `${where}: ${key}: ${message}`).join('\n'));
  }
  return merge(defaults, given);
}

function merge<S extends object>(defaults: S, given: object): S {
  const models = new Map<string, unknown>(Object.entries(defaults));
  const groups: Record<string, unknown> = {};
  for (const [name, value] of entriesOf(given)) {
    const model = models.get(name);
    groups[name] = isGroup(model) && isGroup(value) ? merge(model, value) : value;
  }
  return { ...defaults, ...groups };
}

/** Entries of anything that is an object, as values of unknown type. */
function entriesOf(value: object): [string, unknown][] {
  return Object.entries(value);
}

function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
