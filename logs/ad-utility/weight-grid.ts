import type { GymError } from '../../core/check.js';
import { complaint } from '../../core/check.js';
import type { ActionTable } from '../record.js';

/** One decision of a utility vector: the weight of one prediction (or of several that move together). */
export interface WeightGroup {
  /** Of the prediction: "click", "longClick", "hide". */
  readonly name: string;
  /** Ascending, distinct, finite. */
  readonly levels: readonly number[];
  /** The weight that is served today; one of the levels. */
  readonly production: number;
}

/** Largest grid: 10⁵ joint actions. */
const MOST_ACTIONS = 100_000;

/**
 * The actions of utility tuning: every combination of one level per group, G groups of g_i levels, A = Π g_i joint
 * actions. Joint actions are numbered with the last group turning fastest: joint = (…(l₁·g₂ + l₂)·g₃ + …).
 * The vector in production is always a member.
 */
export class WeightGrid {
  readonly groups: readonly WeightGroup[];
  /** A */
  readonly size: number;
  /** Joint action of the weights in production. */
  readonly production: number;
  readonly #counts: readonly number[];

  /** @throws a config error that names the group */
  constructor(groups: readonly WeightGroup[]) {
    if (groups.length === 0) refuse('weight grid', 'one group or more', 'none');
    groups.forEach(({ name, levels, production }, i) => {
      const where = `weight grid: group '${name}'`;
      if (groups.findIndex((other) => other.name === name) < i) refuse(where, 'a name of its own', 'the same twice');
      if (levels.length === 0) refuse(where, 'one level or more', 'none');
      levels.forEach((level, l) => {
        if (!Number.isFinite(level)) refuse(where, 'finite levels', String(level));
        if (l > 0 && !(level > levels[l - 1])) refuse(where, 'ascending levels', levels.join(', '));
      });
      if (!levels.includes(production)) {
        refuse(where, `the weight in production among the levels ${levels.join(', ')}`, String(production));
      }
    });
    this.groups = groups;
    this.#counts = groups.map(({ levels }) => levels.length);
    this.size = this.#counts.reduce((product, count) => product * count, 1);
    if (this.size > MOST_ACTIONS) refuse('weight grid', `at most ${MOST_ACTIONS} joint actions`, String(this.size));
    this.production = this.jointOf(groups.map(({ levels, production }) => levels.indexOf(production)));
  }

  /** Joint action of a level index per group. @throws a config error for an index outside the grid */
  jointOf(levels: ArrayLike<number>): number {
    if (levels.length !== this.groups.length) {
      refuse('weight grid', `a level per group, ${this.groups.length}`, String(levels.length));
    }
    let joint = 0;
    this.#counts.forEach((count, i) => {
      const level = levels[i];
      if (!(Number.isInteger(level) && level >= 0 && level < count)) {
        refuse(`weight grid: group '${this.groups[i].name}'`, `a level from 0 to ${count - 1}`, String(level));
      }
      joint = joint * count + level;
    });
    return joint;
  }

  /** Joint action of these weights. @throws a config error for weights outside the grid */
  jointOfWeights(weights: ArrayLike<number>): number {
    return this.jointOf(
      this.groups.map(({ name, levels }, i) => {
        const level = levels.indexOf(weights[i]);
        if (level < 0) refuse(`weight grid: group '${name}'`, `one of ${levels.join(', ')}`, String(weights[i]));
        return level;
      }),
    );
  }

  /** Level index of a group in a joint action. */
  levelOf(joint: number, group: number): number {
    let rest = joint;
    for (let i = this.#counts.length - 1; i > group; i--) rest = Math.floor(rest / this.#counts[i]);
    return rest % this.#counts[group];
  }

  /** Writes the G weights of a joint action at `out[at…]`. */
  writeWeights(joint: number, out: Float32Array | Float64Array, at = 0): void {
    let rest = joint;
    for (let i = this.#counts.length - 1; i >= 0; i--) {
      const count = this.#counts[i];
      out[at + i] = this.groups[i].levels[rest % count];
      rest = Math.floor(rest / count);
    }
  }

  /** "click=0.2 longClick=0.4 hide=0.1" */
  nameOf(joint: number): string {
    return this.groups.map(({ name, levels }, i) => `${name}=${levels[this.levelOf(joint, i)]}`).join(' ');
  }

  /** All joint actions as a log names them, with the weights as numeric features. */
  actionTable(): ActionTable {
    const numeric = new Float32Array(this.size * this.groups.length);
    for (let joint = 0; joint < this.size; joint++) this.writeWeights(joint, numeric, joint * this.groups.length);
    return {
      values: Array.from({ length: this.size }, (_, joint) => this.nameOf(joint)),
      numericNames: this.groups.map(({ name }) => name),
      numeric,
      categoricalNames: [],
      categorical: new Int32Array(0),
      categoricalValues: [],
    };
  }
}

/**
 * How the actions of a log factorise: per group the level of every action, where the numeric features of the actions
 * form a whole grid; undefined where they do not (e.g. items of a shop).
 */
export function factorsOf(actions: ActionTable): ActionFactors | undefined {
  const { numericNames: names, numeric } = actions;
  const G = names.length;
  const A = actions.values.length;
  if (G === 0) return undefined;
  const values = names.map((_, g) =>
    [...new Set(Array.from({ length: A }, (__, a) => numeric[a * G + g]))].sort((x, y) => x - y),
  );
  if (values.some((levels) => levels.some(Number.isNaN))) return undefined;
  if (values.reduce((product, levels) => product * levels.length, 1) !== A) return undefined;
  const level = new Int32Array(A * G);
  const seen = new Set<number>();
  for (let a = 0; a < A; a++) {
    let joint = 0;
    values.forEach((levels, g) => {
      level[a * G + g] = levels.indexOf(numeric[a * G + g]);
      joint = joint * levels.length + level[a * G + g];
    });
    seen.add(joint);
  }
  return seen.size === A ? { names, levels: values, level } : undefined;
}

/** A actions as combinations of G groups. */
export interface ActionFactors {
  readonly names: readonly string[];
  /** [G] the levels of each group, ascending. */
  readonly levels: readonly (readonly number[])[];
  /** [A, G] level index. */
  readonly level: Int32Array;
}

/**
 * `count` levels from `low` to `high` with equal ratios between neighbours, the nearest to the production weight replaced
 * by it: a grid with its steps where utilities change, and the served vector inside.
 *
 * @throws a config error unless 0 < low ≤ production ≤ high, low < high and count ≥ 2
 */
export function logSpaced(low: number, high: number, count: number, production: number): number[] {
  if (!(low > 0 && high > low && Number.isFinite(high)))
    refuse('log-spaced levels', '0 < low < high', `${low}, ${high}`);
  if (!(Number.isInteger(count) && count >= 2)) refuse('log-spaced levels', 'a count of 2 or more', String(count));
  if (!(production >= low && production <= high)) {
    refuse('log-spaced levels', `a production weight from ${low} to ${high}`, String(production));
  }
  const levels = Array.from({ length: count }, (_, i) => low * (high / low) ** (i / (count - 1)));
  const distance = (level: number): number => Math.abs(Math.log(level / production));
  const nearest = levels.reduce((best, level, i) => (distance(level) < distance(levels[best]) ? i : best), 0);
  levels[nearest] = production;
  return levels;
}

function refuse(where: string, expected: string, received: string): never {
  const error: GymError = complaint('config', { where, expected, received });
  throw error;
}
