import type { MathNode } from 'mathjs';
import { suggestion } from '../core/check.js';

const MOST_NODES = 200;
export const DEEPEST = 30;

type Evaluate = (values: ArrayLike<number>) => number;
const truth = (condition: boolean): number => (condition ? 1 : 0);

/** Operators by mathjs's name for them. Comparisons and logic give 1 or 0; anything but 0 counts as true. */
const UNARY: Readonly<Record<string, (a: number) => number>> = {
  unaryMinus: (a) => -a,
  unaryPlus: (a) => a,
  not: (a) => truth(a === 0),
};
const BINARY: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  pow: (a, b) => a ** b,
  equal: (a, b) => truth(a === b),
  unequal: (a, b) => truth(a !== b),
  smaller: (a, b) => truth(a < b),
  smallerEq: (a, b) => truth(a <= b),
  larger: (a, b) => truth(a > b),
  largerEq: (a, b) => truth(a >= b),
  and: (a, b) => truth(a !== 0 && b !== 0),
  or: (a, b) => truth(a !== 0 || b !== 0),
};

/** Functions: how many numbers they take, and what they do with them. */
const FUNCTIONS: Readonly<Record<string, { least: number; most: number; call: (args: readonly number[]) => number }>> =
  {
    log: { least: 1, most: 1, call: ([a]) => Math.log(a) },
    exp: { least: 1, most: 1, call: ([a]) => Math.exp(a) },
    sqrt: { least: 1, most: 1, call: ([a]) => Math.sqrt(a) },
    abs: { least: 1, most: 1, call: ([a]) => Math.abs(a) },
    round: { least: 1, most: 1, call: ([a]) => Math.round(a) },
    min: { least: 1, most: MOST_NODES, call: (args) => Math.min(...args) },
    max: { least: 1, most: MOST_NODES, call: (args) => Math.max(...args) },
    clip: { least: 3, most: 3, call: ([a, low, high]) => Math.min(high, Math.max(low, a)) },
  };

export const ALLOWED =
  'Allowed: numbers, outcomes, + - * / ^, < <= > >= == !=, and or not, condition ? a : b, parentheses, ' +
  `${Object.keys(FUNCTIONS).join(' ')}.`;

/** What people call the kinds of node that are refused. */
const REFUSED: Readonly<Record<string, string>> = {
  AccessorNode: 'property access',
  ArrayNode: 'a list',
  AssignmentNode: "an assignment (compare with '==')",
  BlockNode: 'several expressions',
  FunctionAssignmentNode: 'a function definition',
  IndexNode: 'an index',
  ObjectNode: 'an object',
  RangeNode: 'a range',
  RelationalNode: "a chain of comparisons (write 'a < b and b < c')",
};

/** constant + Σ coefficient · outcome i. */
export interface Line {
  readonly constant: number;
  readonly coefficients: ReadonlyMap<number, number>;
}

interface Compiled {
  readonly run: Evaluate;
  /** The node as a line, where it is one. */
  readonly linear: Line | undefined;
}

/** The nodes of mathjs that a formula may hold, as far as they are read here (its own types leave `type` open). */
type Part =
  | { readonly type: 'ParenthesisNode'; readonly content: MathNode }
  | { readonly type: 'ConstantNode'; readonly value: unknown }
  | { readonly type: 'SymbolNode'; readonly name: string }
  | {
      readonly type: 'OperatorNode';
      readonly op: string;
      readonly fn: string;
      readonly implicit: boolean;
      readonly args: readonly MathNode[];
    }
  | { readonly type: 'FunctionNode'; readonly fn: MathNode; readonly args: readonly MathNode[] }
  | {
      readonly type: 'ConditionalNode';
      readonly condition: MathNode;
      readonly trueExpr: MathNode;
      readonly falseExpr: MathNode;
    };
const PARTS: readonly string[] = [
  'ParenthesisNode',
  'ConstantNode',
  'SymbolNode',
  'OperatorNode',
  'FunctionNode',
  'ConditionalNode',
] satisfies Part['type'][];

function isPart(node: MathNode | Part): node is Part {
  return PARTS.includes(node.type);
}

/** Walks a tree once, refuses what is not allowed and compiles the rest. */
export class Walker {
  readonly used = new Set<number>();
  readonly #names: ReadonlyMap<string, number>;
  readonly #fail: (problem: string) => never;
  #nodes = 0;

  constructor(names: ReadonlyMap<string, number>, fail: (problem: string) => never) {
    this.#names = names;
    this.#fail = fail;
  }

  compile(node: MathNode, depth: number): Compiled {
    if (++this.#nodes > MOST_NODES) this.#fail(`expected at most ${MOST_NODES} parts, received more.`);
    if (depth > DEEPEST) this.#fail(`expected at most ${DEEPEST} levels, received more.`);
    if (!isPart(node)) return this.#refuse(REFUSED[node.type] ?? `a ${node.type}`);
    switch (node.type) {
      case 'ParenthesisNode':
        return this.compile(node.content, depth + 1);
      case 'ConstantNode':
        return this.#constant(node.value);
      case 'SymbolNode':
        return this.#outcome(node.name);
      case 'OperatorNode': {
        if (node.implicit)
          this.#fail(`expected an operator between '${node.args.map(String).join("' and '")}'. Write * to multiply.`);
        // A long sum is a chain of left arguments, not depth.
        const args = node.args.map((arg, i) => this.compile(arg, i === 0 && node.args.length > 1 ? depth : depth + 1));
        return this.#operator(node.op, node.fn, args);
      }
      case 'FunctionNode':
        return this.#call(node, depth);
      case 'ConditionalNode': {
        const [condition, yes, no] = [node.condition, node.trueExpr, node.falseExpr].map(
          (part) => this.compile(part, depth + 1).run,
        );
        return { run: (values) => (condition(values) !== 0 ? yes(values) : no(values)), linear: undefined };
      }
    }
  }

  #refuse(found: string): never {
    return this.#fail(`expected a formula over outcomes, received ${found}. ${ALLOWED}`);
  }

  #constant(value: unknown): Compiled {
    if (typeof value !== 'number') {
      return this.#refuse(typeof value === 'string' ? `the text '${value}'` : `'${String(value)}'`);
    }
    if (!Number.isFinite(value)) return this.#refuse(`the number ${value}`);
    return { run: () => value, linear: { constant: value, coefficients: new Map() } };
  }

  #outcome(name: string): Compiled {
    const index = this.#names.get(name);
    if (index === undefined)
      return this.#fail(`no outcome called '${name}'. ${suggestion(name, [...this.#names.keys()])}`);
    this.used.add(index);
    return { run: (values) => values[index], linear: { constant: 0, coefficients: new Map([[index, 1]]) } };
  }

  #operator(op: string, fn: string, args: readonly Compiled[]): Compiled {
    if (args.length === 1 && Object.hasOwn(UNARY, fn)) {
      const apply = UNARY[fn];
      const [{ run }] = args;
      return { run: (values) => apply(run(values)), linear: lineOf(fn, args) };
    }
    if (args.length === 2 && Object.hasOwn(BINARY, fn)) {
      const apply = BINARY[fn];
      const [{ run: left }, { run: right }] = args;
      return { run: (values) => apply(left(values), right(values)), linear: lineOf(fn, args) };
    }
    return this.#refuse(`the operator '${op}'`);
  }

  #call({ fn, args: given }: Extract<Part, { type: 'FunctionNode' }>, depth: number): Compiled {
    if (!isPart(fn) || fn.type !== 'SymbolNode') {
      return this.#refuse(REFUSED[fn.type] ?? 'a call of something that is no name');
    }
    const { name } = fn;
    if (!Object.hasOwn(FUNCTIONS, name)) return this.#refuse(`the function '${name}'`);
    const { least, most, call } = FUNCTIONS[name];
    if (given.length < least || given.length > most) {
      this.#fail(`${name}: expected ${least}${most > least ? ' or more' : ''} argument(s), received ${given.length}.`);
    }
    const args = given.map((arg) => this.compile(arg, depth + 1));
    const runs = args.map(({ run }) => run);
    const run: Evaluate = (values) => call(runs.map((argument) => argument(values)));
    const constant = args.every(({ linear }) => linear?.coefficients.size === 0);
    return { run, linear: constant ? { constant: run([]), coefficients: new Map() } : undefined };
  }
}

/** The line of an operator's result, where its arguments make one. */
function lineOf(fn: string, args: readonly Compiled[]): Line | undefined {
  const lines = args.flatMap(({ linear }) => (linear === undefined ? [] : [linear]));
  if (lines.length < args.length) return undefined;
  const [left, right = ZERO] = lines;
  if (left.coefficients.size === 0 && right.coefficients.size === 0) {
    const constant = args.length === 1 ? UNARY[fn](left.constant) : BINARY[fn](left.constant, right.constant);
    return { constant, coefficients: new Map() };
  }
  switch (fn) {
    case 'unaryPlus':
      return left;
    case 'unaryMinus':
      return mix(left, -1, ZERO, 0);
    case 'add':
      return mix(left, 1, right, 1);
    case 'subtract':
      return mix(left, 1, right, -1);
    case 'multiply':
      if (right.coefficients.size === 0) return mix(left, right.constant, ZERO, 0);
      return left.coefficients.size === 0 ? mix(right, left.constant, ZERO, 0) : undefined;
    case 'divide':
      return right.coefficients.size === 0 ? mix(left, 1 / right.constant, ZERO, 0) : undefined;
    default:
      return undefined;
  }
}

const ZERO: Line = { constant: 0, coefficients: new Map() };

/** a·left + b·right. */
function mix(left: Line, a: number, right: Line, b: number): Line {
  const coefficients = new Map<number, number>();
  for (const [i, weight] of left.coefficients) coefficients.set(i, a * weight);
  for (const [i, weight] of right.coefficients) coefficients.set(i, (coefficients.get(i) ?? 0) + b * weight);
  return { constant: a * left.constant + b * right.constant, coefficients };
}
