import { testProp, fc } from '@fast-check/ava';
import test from 'ava';
import { hypervolume, nonDominated } from './hypervolume.js';

test('areas by hand', (t) => {
  const origin = { x: 0, y: 0 };
  t.is(hypervolume([{ x: 2, y: 3 }], origin), 6);
  t.is(
    hypervolume(
      [
        { x: 2, y: 3 },
        { x: 3, y: 1 },
      ],
      origin,
    ),
    7,
  );
  t.is(
    hypervolume(
      [
        { x: 2, y: 3 },
        { x: 1, y: 1 },
        { x: -1, y: 9 },
      ],
      origin,
    ),
    6,
  );
  t.is(hypervolume([], origin), 0);
  t.deepEqual(
    nonDominated([
      { x: 1, y: 1 },
      { x: 2, y: 1 },
    ]),
    [{ x: 2, y: 1 }],
  );
});

const point = fc.record({
  x: fc.double({ min: 0, max: 1, noNaN: true }),
  y: fc.double({ min: 0, max: 1, noNaN: true }),
});

testProp(
  'another point never lowers the area, which stays inside the box',
  [fc.array(point), point],
  (t, points, more) => {
    const origin = { x: 0, y: 0 };
    const before = hypervolume(points, origin);
    const after = hypervolume([...points, more], origin);
    t.true(after >= before - 1e-12 && after <= 1 + 1e-12);
  },
);
