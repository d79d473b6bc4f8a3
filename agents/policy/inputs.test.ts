import test from 'ava';
import type { Space } from '../../core/space.js';
import { inputsOf } from './inputs.js';

const box = (...shape: number[]): Space => ({ kind: 'box', shape, low: -1, high: 1 });

test('choices in an observation become one-hot, amounts stay', (t) => {
  const observation: Space = {
    kind: 'record',
    fields: { speed: box(2), gear: { kind: 'discrete', n: 3 }, flags: { kind: 'multi-discrete', n: [2, 2] } },
  };
  const inputs = inputsOf(observation, { kind: 'discrete', n: 2 });
  t.is(inputs.stateWidth, 2 + 3 + 4);
  t.is(inputs.fan, 1);
  const rows = Float32Array.of(0.5, -0.25, 2, 1, 0, 0, 1, 0, 0, 1);
  t.deepEqual([...inputs.states(rows, 2)], [0.5, -0.25, 0, 0, 1, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 0, 0, 1]);
  t.deepEqual(inputs.choices(rows, 2), inputs.states(rows, 2));
});

test('a table of candidates under a slate: one row each, with what is common, its own, and their products', (t) => {
  const observation: Space = { kind: 'record', fields: { taste: box(2), candidates: box(3, 2), price: box(3) } };
  const inputs = inputsOf(observation, { kind: 'slate', size: 1, candidates: 3 });
  const row = Float32Array.of(2, 3, 1, 0, 0, 1, 4, 5, 7, 8, 9);
  t.is(inputs.fan, 3);
  // taste (2), price as a whole (3) | its own row (2), its own price (1) | taste × row (2)
  t.is(inputs.choiceWidth, 10);
  t.deepEqual(
    [...inputs.choices(row, 1)],
    [
      [2, 3, 7, 8, 9, 1, 0, 7, 2, 0],
      [2, 3, 7, 8, 9, 0, 1, 8, 0, 3],
      [2, 3, 7, 8, 9, 4, 5, 9, 8, 15],
    ].flat(),
  );
  t.deepEqual([...inputs.states(row, 1)], [...row]);
});

test('a slate without a table of candidates is read as a whole', (t) => {
  t.is(inputsOf(box(6), { kind: 'slate', size: 2, candidates: 6 }).fan, 1);
  t.is(inputsOf(box(4, 2), { kind: 'slate', size: 2, candidates: 6 }).fan, 1, 'a table of something else');
  t.is(inputsOf(box(6, 2), { kind: 'discrete', n: 6 }).fan, 1, 'no slate');
});
