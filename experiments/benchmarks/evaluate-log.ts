import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stream } from '../../core/random.js';
import type { LoggedRounds } from '../evaluate/rounds.js';

/** A made-up log with a policy to judge and guesses of the reward. */
export interface MadeLog {
  readonly rounds: LoggedRounds;
  readonly target: Float64Array;
  readonly guesses: Float64Array;
}

/** Uniform serving, a random policy per round, a reward of 0 or 1 that the guesses know a little about. */
export function madeLog(n: number, actions: number): MadeLog {
  const luck = stream(1);
  const action = new Int32Array(n);
  const reward = new Float64Array(n);
  const target = new Float64Array(n * actions);
  const guesses = new Float64Array(n * actions);
  for (let i = 0; i < n; i++) {
    const row = i * actions;
    let total = 0;
    for (let a = 0; a < actions; a++) {
      guesses[row + a] = 0.2 * luck.next();
      total += target[row + a] = 0.05 + luck.next();
    }
    for (let a = 0; a < actions; a++) target[row + a] /= total;
    action[i] = Math.floor(luck.next() * actions);
    reward[i] = luck.next() < guesses[row + action[i]] ? 1 : 0;
  }
  return { rounds: { actions, action, reward, propensity: new Float64Array(n).fill(1 / actions) }, target, guesses };
}

/** The arrays as they lie in memory, for NumPy to read. */
export function writeArrays(folder: string, { rounds, target, guesses }: MadeLog): void {
  const { action, reward, propensity } = rounds;
  for (const [name, values] of Object.entries({ action, reward, propensity, target, guesses })) {
    writeFileSync(join(folder, name), values);
  }
}

/** Columns action, reward, propensity and pi_0, pi_1, …, six decimals each but the last, which makes the sum 1. */
export function writeCsv(path: string, { rounds, target }: MadeLog): void {
  const { actions, action, reward, propensity } = rounds;
  const columns = Array.from({ length: actions }, (_, a) => `pi_${a}`).join();
  const pieces: string[] = [`action,reward,propensity,${columns}`];
  writeFileSync(path, '');
  const flush = (): void => {
    writeFileSync(path, `${pieces.join('\n')}\n`, { flag: 'a' });
    pieces.length = 0;
  };
  for (let i = 0; i < action.length; i++) {
    const shares: string[] = [];
    let rest = 1;
    for (let a = 0; a < actions - 1; a++) {
      const share = target[i * actions + a].toFixed(6);
      shares.push(share);
      rest -= Number(share);
    }
    shares.push(Math.max(0, rest).toFixed(6));
    pieces.push(`pi_${action[i]},${reward[i]},${propensity[i]},${shares.join()}`);
    if (pieces.length === 10_000) flush();
  }
  if (pieces.length > 0) flush();
}
