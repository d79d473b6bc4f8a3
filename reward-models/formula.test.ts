import test from 'ava';
import fc from 'fast-check';
import { compileReward } from './formula.js';

const outcomes = ['watch10s', 'like', 'hide', 'long-view'];

test('the reward of the design: a line over outcomes, in columns and in rows', async (t) => {
  const reward = await compileReward('watch10s + 0.5*like - 2*hide', outcomes);
  t.deepEqual(reward.names, ['watch10s', 'like', 'hide']);
  t.deepEqual(reward.linear, { constant: 0, coefficients: { watch10s: 1, like: 0.5, hide: -2 } });
  t.true(reward.exactInExpectation);
  const out = new Float64Array(3);
  reward.evaluate(
    [
      [1, 1, 0],
      [0, 1, 0],
      [0, 0, 1],
      [9, 9, 9],
    ],
    out,
  );
  t.deepEqual([...out], [1, 1.5, -2]);
  t.is(reward.evaluateRow([1, 1, 1, 9]), -0.5);
});

test('every operator and function by hand', async (t) => {
  // watch10s = 3, like = 1, hide = 0, long_view = 0.5
  const expected: Readonly<Record<string, number>> = {
    '-watch10s + +like': -2,
    'watch10s^2 / 2 - 1': 3.5,
    '2^3^like': 8,
    'watch10s > 2': 1,
    'watch10s >= 3 and hide < 1': 1,
    'hide == 0 or like != 1': 1,
    'not like': 0,
    'watch10s <= 2': 0,
    'like ? watch10s : -1': 3,
    'hide ? watch10s : like ? 7 : 8': 7,
    'log(like) + exp(hide)': 1,
    'sqrt(watch10s + like)': 2,
    'abs(hide - watch10s)': 3,
    'min(watch10s, like, long_view)': 0.5,
    'max(watch10s, like)': 3,
    'clip(watch10s, 0, 2)': 2,
    'round(long_view * 5)': 3,
    '1e-1 * watch10s + .5 * like': 0.8,
    'like # the rest is a remark': 1,
  };
  for (const [text, value] of Object.entries(expected)) {
    const reward = await compileReward(text, outcomes);
    t.true(Math.abs(reward.evaluateRow([3, 1, 0, 0.5]) - value) < 1e-12, text);
  }
});

/** A random formula beside what it should give, built from the same draws. */
type Sample = readonly [text: string, value: (x: readonly number[]) => number];
const names = ['watch10s', 'like', 'hide', 'long_view'];
const { tree: sample } = fc.letrec<{ tree: Sample }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.integer({ min: 0, max: 3 }).map((i): Sample => [names[i], (x) => x[i]]),
    fc.integer({ min: 0, max: 40 }).map((n): Sample => [String(n / 4), () => n / 4]),
    fc
      .tuple(tie('tree'), fc.constantFrom('+', '-', '*', '/', '<', '>=', '==', 'and', 'or'), tie('tree'))
      .map(([[a, f], operator, [b, g]]): Sample => [`(${a} ${operator} ${b})`, (x) => direct(operator, f(x), g(x))]),
    tie('tree').map(([a, f]): Sample => [`-${a}`, (x) => -f(x)]),
    tie('tree').map(([a, f]): Sample => [`exp(clip(${a}, -3, 3))`, (x) => Math.exp(Math.min(3, Math.max(-3, f(x))))]),
    fc
      .tuple(tie('tree'), tie('tree'))
      .map(([[a, f], [b, g]]): Sample => [`max(${a}, ${b})`, (x) => Math.max(f(x), g(x))]),
    fc
      .tuple(tie('tree'), tie('tree'), tie('tree'))
      .map(([[a, f], [b, g], [c, h]]): Sample => [`(${a} ? ${b} : ${c})`, (x) => (f(x) === 0 ? h(x) : g(x))]),
  ),
}));
function direct(operator: string, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '<':
      return Number(a < b);
    case '>=':
      return Number(a >= b);
    case '==':
      return Number(a === b);
    case 'and':
      return Number(a !== 0 && b !== 0);
    default:
      return Number(a !== 0 || b !== 0);
  }
}

test('random formulas give what direct evaluation gives, and their lines agree with them', async (t) => {
  let compiled = 0;
  const values = fc.array(
    fc.integer({ min: 0, max: 8 }).map((n) => n / 4),
    { minLength: 4, maxLength: 4 },
  );
  const property = fc.asyncProperty(sample, values, async ([text, value], x) => {
    fc.pre(text.length <= 400 && names.some((name) => text.includes(name)));
    const reward = await compileReward(text, outcomes).catch((error: unknown) => {
      if (/expected at most/.test(String(error))) return undefined;
      throw error;
    });
    fc.pre(reward !== undefined);
    const wanted = value(x);
    compiled++;
    if (!Number.isFinite(wanted)) {
      t.throws(() => reward.evaluateRow(x), { message: /expected a finite number/ });
      return;
    }
    t.is(reward.evaluateRow(x), wanted, text);
    const { linear } = reward;
    if (linear === undefined) return;
    const line = outcomes.reduce(
      (sum, name, i) => sum + (Object.hasOwn(linear.coefficients, name) ? linear.coefficients[name] : 0) * x[i],
      linear.constant,
    );
    t.true(Math.abs(line - wanted) <= 1e-9 * (1 + Math.abs(wanted)), `${text}: line ${line}, formula ${wanted}`);
  });
  await t.notThrowsAsync(fc.assert(property, { numRuns: 300 }));
  t.true(compiled > 100);
});

test('lines are found where they are, and only there', async (t) => {
  const line = async (text: string): Promise<unknown> => (await compileReward(text, outcomes)).linear;
  t.deepEqual(await line('-(2*like - 3)/4 + log(2)*hide'), {
    constant: 0.75,
    coefficients: { like: -0.5, hide: Math.LN2 },
  });
  t.deepEqual(await line('like - like + hide*(1 + 2^3)'), { constant: 0, coefficients: { like: 0, hide: 9 } });
  for (const text of [
    'like*hide',
    '1/like',
    'like^2',
    'like > 0',
    'abs(like)',
    'like ? 1 : 0',
    'max(like, 0)',
    'not like',
  ]) {
    t.is(await line(text), undefined, text);
  }
});

test('what is not a formula is refused, and the error names it and what is allowed', async (t) => {
  const refused: Readonly<Record<string, RegExp>> = {
    'like = 1': /an assignment/,
    'f(x) = x': /a function definition/,
    'import({})': /the function 'import'/,
    'cos.constructor("return 1")': /property access/,
    'cos.constructor("return process")()': /./,
    'like.constructor': /property access/,
    'like["constructor"]': /property access/,
    'evaluate("1")': /the function 'evaluate'/,
    'createUnit("x")': /the function 'createUnit'/,
    'parse("1")': /the function 'parse'/,
    'toString(like)': /the function 'toString'/,
    'hasOwnProperty(like)': /the function 'hasOwnProperty'/,
    'constructor(like)': /the function 'constructor'/,
    '__proto__(like)': /the function '__proto__'/,
    'zeros(1e4, 1e4)': /the function 'zeros'/,
    __proto__x: /no outcome called/,
    '"text"': /the text 'text'/,
    '[like]': /a list/,
    '{a: 1}': /an object/,
    '1:like': /a range/,
    'like; hide': /several expressions/,
    'like\nhide': /several expressions/,
    'like % 2': /the operator '%'/,
    'like!': /the operator '!'/,
    "like'": /the operator '''/,
    '1 < like < 2': /a chain of comparisons/,
    'true and like': /'true'/,
    'Infinity * like': /the number Infinity/,
    'null + like': /'null'/,
    '2like': /Write \* to multiply/,
    'like hide': /Write \* to multiply/,
    '3 + 4': /expected at least one outcome/,
    '': /received nothing/,
    '(like': /received a mistake/,
    'clip(like, 0)': /clip: expected 3 argument/,
    'max()': /max: expected 1 or more/,
    'pi * like': /no outcome called 'pi'/,
  };
  for (const [text, message] of Object.entries(refused)) {
    const error = await t.throwsAsync(compileReward(text, outcomes), { name: 'GymError', message }, text);
    t.regex(error.message, /^reward '/);
  }
  await t.throwsAsync(compileReward('__proto__', outcomes), { message: /no outcome called '__proto__'/ });
  await t.throwsAsync(compileReward('import({})', outcomes), {
    message: /Allowed: numbers, outcomes, .* log exp sqrt/,
  });
  await t.throwsAsync(compileReward('watch10 + like', outcomes), {
    message: /Did you mean 'watch10s'\? Known: watch10s, like/,
  });
  t.is(Object.keys(Object.prototype).length, 0);
});

test('length, breadth and depth have caps, and nothing overflows', async (t) => {
  const cases: readonly [string, RegExp][] = [
    [`like${' '.repeat(400)}`, /at most 400 characters/],
    [`${'('.repeat(190)}like${')'.repeat(190)}`, /at most 30 nested brackets/],
    [`${'['.repeat(200)}${']'.repeat(200)}`, /at most 30 nested brackets/],
    [`${'-'.repeat(390)}like`, /at most 30 levels/],
    [`${'not '.repeat(90)}like`, /at most 30 levels/],
    [`like${'^2'.repeat(150)}`, /at most 30 levels/],
    [`1${'?like:1'.repeat(50)}`, /at most 30 levels/],
    [`like${'+1'.repeat(120)}`, /at most 200 parts/],
  ];
  for (const [text, message] of cases) await t.throwsAsync(compileReward(text, outcomes), { message }, text);
  const long = await compileReward(`like${'+like'.repeat(79)}`, outcomes);
  t.is(long.evaluateRow([0, 2, 0, 0]), 160);
});

test('anything typed either compiles or is refused in words', async (t) => {
  const piece = fc.oneof(
    fc.constantFrom(
      ...names,
      '+',
      '-',
      '*',
      '(',
      ')',
      ' ',
      '?',
      ':',
      '.',
      '"',
      '[',
      ']',
      '{',
      '}',
      '=',
      'log',
      '1',
      ';',
    ),
    fc.string({ maxLength: 3 }),
  );
  const property = fc.asyncProperty(fc.array(piece, { maxLength: 25 }), async (pieces) => {
    const error: unknown = await compileReward(pieces.join(''), outcomes).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return error === undefined || (error instanceof Error && error.name === 'GymError');
  });
  await t.notThrowsAsync(fc.assert(property, { numRuns: 500 }));
});

test('a row without a finite reward is named', async (t) => {
  const ratio = await compileReward('watch10s / like', outcomes);
  const columns = [
    [1, 2, 3],
    [1, 0, 1],
    [0, 0, 0],
    [0, 0, 0],
  ];
  t.throws(() => ratio.evaluate(columns, new Float64Array(3)), {
    message: /, row 1: expected a finite number, received Infinity from watch10s = 2, like = 0/,
  });
  // A missing outcome is not silently "not more than 10".
  const long = await compileReward('watch10s > 10', outcomes);
  t.throws(
    () =>
      long.evaluate(
        [
          [1, NaN],
          [0, 0],
          [0, 0],
          [0, 0],
        ],
        new Float64Array(2),
      ),
    {
      message: /, row 1: expected a finite number, received 0 from watch10s = NaN/,
    },
  );
  t.throws(() => long.evaluateRow([NaN, 0, 0, 0]), { message: /watch10s = NaN/ });
  // Outcomes that the formula does not read may be missing.
  t.is(long.evaluateRow([11, NaN, NaN, NaN]), 1);
  t.throws(() => long.evaluate([[1], [1]], new Float64Array(1)), { message: /expected 4 numbers \(outcomes=4\)/ });
  t.throws(() => long.evaluate([[1], [], [], []], new Float64Array(2)), {
    message: /outcome 'watch10s': expected 2 numbers/,
  });
});

test('two outcomes that would be written alike are refused', async (t) => {
  await t.throwsAsync(compileReward('a_b', ['a-b', 'a.b']), { message: /'a-b' and 'a.b' are both written a_b/ });
  t.is((await compileReward('_7day + 1', ['7day'])).evaluateRow([2]), 3);
});
