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
  return typeof value;
}

function fits(value: unknown, model: unknown): boolean {
  if (typeof value === 'number' && Number.isNaN(value)) return false;
  if (Array.isArray(value) && Array.isArray(model)) {
    return model.length === 0 || value.every((part) => fits(part, model[0]));
  }
  return kindOf(value) === kindOf(model);
}

/** Compares given settings with the defaults, which name every key and show its type. */
export function settingProblems(defaults: object, given: SettingsRecord): SettingProblem[] {
  const known = new Map<string, unknown>(Object.entries(defaults));
  const problems: SettingProblem[] = [];
  for (const [key, value] of Object.entries(given)) {
    if (!known.has(key)) problems.push({ key, message: `unknown key. ${suggestion(key, [...known.keys()])}` });
    else if (!fits(value, known.get(key))) {
      problems.push({ key, message: `expected a ${kindOf(known.get(key))}, received ${JSON.stringify(value)}` });
    }
  }
  return problems;
}

/**
 * The defaults with the given keys replaced.
 *
 * @throws a config error that lists every unknown key, with the nearest known one, and every value of another type
 */
export function completeSettings<S extends object>(where: string, defaults: S, given: SettingsRecord): S {
  const problems = settingProblems(defaults, given);
  if (problems.length > 0) {
    throw new GymError('config', problems.map(({ key, message }) => `${where}: ${key}: ${message}`).join('\n'));
  }
  return { ...defaults, ...given };
}
