import { GymError } from '../../core/check.js';

/** Settings as typed on the command line: a JSON object. */
export function parseSettings(text: string | undefined): object {
  if (text === undefined) return {};
  const words = `--settings: expected a JSON object like '{"candidates": 20}', received ${text}.`;
  try {
    const settings: unknown = JSON.parse(text);
    if (typeof settings === 'object' && settings !== null && !Array.isArray(settings)) return settings;
  } catch (cause) {
    throw new GymError('usage', words, { cause });
  }
  throw new GymError('usage', words);
}
