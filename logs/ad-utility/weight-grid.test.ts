import test from 'ava';
import fc from 'fast-check';
import { factorsOf, logSpaced, WeightGrid, type WeightGroup } from './weight-grid.js';

const groups: WeightGroup[] = [
  { name: 'click', levels: [0, 0.2, 0.4], production: 0.2 },
  { name: 'hide', levels: [0.1, 1], production: 1 },
];

test('joint actions are numbered with the last group turning fastest', (t) => {
  const grid = new WeightGrid(groups);
  t.is(grid.size, 6);
  t.deepEqual(
    Array.from({ length: 6 }, (_, joint) => grid.nameOf(joint)),
    [
      'click=0 hide=0.1',
      'click=0 hide=1',
      'click=0.2 hide=0.1',
      'click=0.2 hide=1',
      'click=0.4 hide=0.1',
      'click=0.4 hide=1',
    ],
  );
  t.is(grid.production, 3);
  const weights = new Float64Array(4);
  grid.writeWeights(4, weights, 1);
  t.deepEqual([...weights], [0, 0.4, 0.1, 0]);
});

test('joint, levels and weights say the same, whatever the grid', (t) => {
  const shape = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(shape, fc.nat(), (counts, pick) => {
      const grid = new WeightGrid(
        counts.map((count, g) => ({
          name: `g${g}`,
          levels: Array.from({ length: count }, (_, l) => l * 0.5 - 1),
          production: -1,
        })),
      );
      const joint = pick % grid.size;
      const levels = counts.map((_, g) => grid.levelOf(joint, g));
      const weights = new Float64Array(counts.length);
      grid.writeWeights(joint, weights);
      return (
        grid.jointOf(levels) === joint &&
        grid.jointOfWeights(weights) === joint &&
        grid.size === counts.reduce((a, b) => a * b)
      );
    }),
  );
  t.pass();
});

test('a table of actions tells its factors, in any order, and only a whole grid has them', (t) => {
  const table = new WeightGrid(groups).actionTable();
  const factors = factorsOf(table);
  t.deepEqual(
    factors?.levels.map((levels) => levels.map((x) => Math.round(x * 10) / 10)),
    [
      [0, 0.2, 0.4],
      [0.1, 1],
    ],
  );
  t.deepEqual([...(factors?.level ?? [])], [0, 0, 0, 1, 1, 0, 1, 1, 2, 0, 2, 1]);
  const turned = { ...table, values: [...table.values].reverse(), numeric: table.numeric.slice().reverse() };
  t.is(factorsOf({ ...turned, numericNames: ['hide', 'click'] })?.level[0], 1);
  t.is(factorsOf({ ...table, values: table.values.slice(1), numeric: table.numeric.slice(2) }), undefined);
  t.is(factorsOf({ ...table, numericNames: [], numeric: new Float32Array(0) }), undefined);
  t.is(factorsOf({ ...table, numeric: table.numeric.map((x, i) => (i === 0 ? NaN : x)) }), undefined);
});

test('log-spaced levels have equal ratios, ends as asked, and the served weight inside', (t) => {
  t.deepEqual(logSpaced(0.1, 10, 3, 1), [0.1, 1, 10]);
  fc.assert(
    fc.property(
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      fc.double({ min: 1.5, max: 100, noNaN: true }),
      fc.integer({ min: 2, max: 12 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (low, ratio, count, place) => {
        const production = Math.min(low * ratio, Math.max(low, low * ratio ** place));
        const levels = logSpaced(low, low * ratio, count, production);
        // A grid takes them as they are: ascending, with the production weight among them.
        return new WeightGrid([{ name: 'w', levels, production }]).size === count;
      },
    ),
  );
});

for (const [what, given, message] of [
  ['no group', [], /weight grid: expected one group or more/],
  ['two groups of one name', [groups[0], groups[0]], /group 'click': expected a name of its own/],
  ['no level', [{ ...groups[0], levels: [] }], /expected one level or more/],
  ['falling levels', [{ ...groups[0], levels: [0.2, 0.1] }], /expected ascending levels, received 0.2, 0.1/],
  ['an endless level', [{ ...groups[0], levels: [0, Infinity] }], /expected finite levels/],
  [
    'production outside',
    [{ ...groups[0], production: 0.3 }],
    /expected the weight in production among the levels 0, 0.2, 0.4/,
  ],
] as const) {
  test(`refused: ${what}`, (t) => {
    t.throws(() => new WeightGrid(given), { message });
  });
}

test('refused: a grid of more than 100,000 actions, and what is not in a grid', (t) => {
  const many = ['a', 'b', 'c'].map((name) => ({
    name,
    levels: Array.from({ length: 50 }, (_, i) => i),
    production: 0,
  }));
  t.throws(() => new WeightGrid(many), { message: /at most 100000 joint actions, received 125000/ });
  const grid = new WeightGrid(groups);
  t.throws(() => grid.jointOfWeights([0.3, 1]), {
    message: /group 'click': expected one of 0, 0.2, 0.4, received 0.3/,
  });
  t.throws(() => grid.jointOf([0, 2]), { message: /group 'hide': expected a level from 0 to 1, received 2/ });
  t.throws(() => grid.jointOf([0]), { message: /a level per group, 2, received 1/ });
  t.throws(() => logSpaced(0, 1, 3, 0.5), { message: /0 < low < high/ });
  t.throws(() => logSpaced(0.1, 1, 1, 0.5), { message: /a count of 2 or more/ });
  t.throws(() => logSpaced(0.1, 1, 3, 2), { message: /a production weight from 0.1 to 1/ });
});
