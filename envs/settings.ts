import { complaint, GymError, suggestion } from '../core/check.js';

/**
 * Fills what was not given with the defaults. Unknown names and values of another type than the default's are refused;
 * what a number may be is for whoever takes the settings to say.
 *
 * @param where names the settings in messages, e.g. "reference/CartPole-v1"
 */
export function complete<Settings extends object>(where: string, defaults: Settings, given: object): Settings {
  const settings = { ...defaults };
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(defaults, name)) {
      const hint = suggestion(name, Object.keys(defaults));
      throw new GymError('config', `${where}: there is no setting '${name}'. ${hint}`);
    }
    const known: unknown = Reflect.get(defaults, name);
    if (kindOf(value) !== kindOf(known)) {
      throw complaint('config', {
        where: `${where}: ${name}`,
        expected: `a ${kindOf(known)} (default ${JSON.stringify(known)})`,
        received: `${kindOf(value)} ${JSON.stringify(value)}`,
      });
    }
    const nested = isPlain(known) && isPlain(value);
    Reflect.set(settings, name, nested ? complete(`${where}: ${name}`, known, value) : value);
  }
  return settings;
}

const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'list' : typeof value;
}
