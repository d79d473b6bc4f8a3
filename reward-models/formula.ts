import type { MathNode } from 'mathjs';
import { GymError, complaint, expectLength, messageOf } from '../core/check.js';
import { ALLOWED, DEEPEST, Walker, type Line } from './formula-tree.js';

/** The definition of reward: a formula over the outcomes of a decision, e.g. "watch10s + 0.5*like - 2*hide". */
export interface Reward {
  readonly text: string;
  /** The outcomes it was compiled for: the order of columns and values below. */
  readonly outcomes: readonly string[];
  /** Those that the formula reads. */
  readonly names: readonly string[];
  /**
   * Writes the reward of every row.
   *
   * @param columns one per outcome, in the order given to `compileReward`; each as long as `out`
   * @throws a numeric error that names the row when a value that is read, or the reward, is not finite
   */
  evaluate(columns: readonly ArrayLike<number>[], out: Float64Array): void;
  /** The same for one row: values in the order of the outcomes given to `compileReward`. */
  evaluateRow(values: ArrayLike<number>): number;
  /** reward = constant + Σ coefficient · outcome, where the formula is of that form. */
  readonly linear?: { readonly constant: number; readonly coefficients: Readonly<Record<string, number>> };
  /**
   * Whether the formula of expected outcomes is the expected reward: true when it is linear. Otherwise guesses made
   * from a model's predictions are approximations; see guess.ts.
   */
  readonly exactInExpectation: boolean;
}

const MOST_CHARACTERS = 400;

/**
 * Compiles a reward formula to closures. The text is parsed by mathjs and never run by it: the tree is walked, every node
 * that is not on a short list is refused, and what remains is closures over an array of outcomes.
 *
 * Outcomes whose names are no identifiers are written with underscores: "long-view" as long_view.
 *
 * @throws a config error that says what was found and what is allowed
 */
export async function compileReward(text: string, outcomes: readonly string[]): Promise<Reward> {
  const line = text.replaceAll(/\s+/g, ' ');
  const where = `reward '${line.length > 60 ? `${line.slice(0, 57)}...` : line}'`;
  const fail = (problem: string): never => {
    throw new GymError('config', `${where}: ${problem}`);
  };
  if (text.trim() === '') fail('expected a formula over outcomes, received nothing.');
  if (text.length > MOST_CHARACTERS) fail(`expected at most ${MOST_CHARACTERS} characters, received ${text.length}.`);
  if (deepestBracket(text) > DEEPEST) fail(`expected at most ${DEEPEST} nested brackets, received more.`);
  // Imported here because it takes half a second and only formulas need it.
  const { parse } = await import('mathjs/number');
  let tree: MathNode;
  try {
    tree = parse(text);
  } catch (error) {
    throw new GymError('config', `${where}: expected a formula, received a mistake: ${messageOf(error)}. ${ALLOWED}`, {
      cause: error,
    });
  }
  const walker = new Walker(namesOf(outcomes, fail), fail);
  const { run, linear } = walker.compile(tree, 1);
  const used = [...walker.used].sort((a, b) => a - b);
  if (used.length === 0) fail(`expected at least one outcome, received a constant. Outcomes: ${outcomes.join(', ')}.`);
  const finite = (value: number, at: string, values: ArrayLike<number>): number => {
    if (Number.isFinite(value) && used.every((i) => Number.isFinite(values[i]))) return value;
    const read = used.map((i) => `${outcomes[i]} = ${values[i]}`).join(', ');
    throw complaint('numeric', {
      where: `${where}${at}`,
      expected: 'a finite number',
      received: `${value} from ${read}`,
    });
  };
  return {
    text,
    outcomes,
    names: used.map((i) => outcomes[i]),
    evaluateRow: (values) => finite(run(values), '', values),
    evaluate(columns, out) {
      expectLength(`${where}: columns`, columns, { outcomes: outcomes.length });
      for (const i of used) expectLength(`${where}: outcome '${outcomes[i]}'`, columns[i], { rows: out.length });
      const values = new Float64Array(outcomes.length);
      for (let n = 0; n < out.length; n++) {
        for (const i of used) values[i] = columns[i][n];
        out[n] = run(values);
        if (!Number.isFinite(out[n]) || Number.isNaN(sumOf(values))) finite(out[n], `, row ${n}`, values);
      }
    },
    ...(linear === undefined ? {} : { linear: namedLine(linear, used, outcomes) }),
    exactInExpectation: linear !== undefined,
  };
}

/** NaN exactly when one of them is NaN or infinities cancel. */
function sumOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value * 0;
  return sum;
}

function deepestBracket(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const character of text) {
    if ('([{'.includes(character)) deepest = Math.max(deepest, ++depth);
    if (')]}'.includes(character)) depth--;
  }
  return deepest;
}

/** How each outcome is written in a formula. */
function namesOf(outcomes: readonly string[], fail: (problem: string) => never): Map<string, number> {
  const names = new Map<string, number>();
  outcomes.forEach((outcome, i) => {
    const plain = outcome.replaceAll(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d)/, '_');
    const other = names.get(plain);
    if (other !== undefined)
      fail(`outcomes '${outcomes[other]}' and '${outcome}' are both written ${plain}. Rename one.`);
    names.set(plain, i);
  });
  return names;
}

function namedLine(line: Line, used: readonly number[], outcomes: readonly string[]): Reward['linear'] & object {
  return {
    constant: line.constant,
    coefficients: Object.fromEntries(used.map((i) => [outcomes[i], line.coefficients.get(i) ?? 0])),
  };
}
