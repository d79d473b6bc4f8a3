import { GymError, suggestion } from '../../../core/check.js';

/** Planned shares as they stand on the command line: `0.5,0.5` in the order of the arms, or `A=0.9,B=0.1` in any. */
export function plannedShares(text: string, arms: readonly string[]): number[] {
  const parts = text.split(',').map((part) => part.trim());
  const named = parts.map((part) => part.lastIndexOf('='));
  const wrong = (received: string, hint: string): GymError =>
    new GymError('usage', `--planned: expected one share per arm (${arms.join(', ')}), received ${received}. ${hint}`);
  const share = (value: string): number => {
    const number = Number(value);
    if (value.trim() !== '' && number >= 0 && number < Infinity) return number;
    throw wrong(`'${value}'`, 'A share is a number of at least 0; 1,1 means the same as 0.5,0.5.');
  };
  const hint = 'Write 0.5,0.5 (the control first, the others by name) or NAME=0.9,NAME=0.1.';
  if (parts.length !== arms.length) throw wrong(`${parts.length}`, hint);
  if (named.every((at) => at < 0)) return parts.map(share);
  if (named.some((at) => at < 0)) throw wrong(`'${text}'`, hint);
  const shares = new Map<string, number>();
  parts.forEach((part, i) => {
    const name = part.slice(0, named[i]).trim();
    if (!arms.includes(name))
      throw new GymError('usage', `--planned: no arm called '${name}'. ${suggestion(name, arms)}`);
    shares.set(name, share(part.slice(named[i] + 1)));
  });
  return arms.map((name) => {
    const found = shares.get(name);
    if (found === undefined) throw wrong(`nothing for '${name}'`, hint);
    return found;
  });
}
