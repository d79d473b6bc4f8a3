import test from 'ava';
import fc from 'fast-check';
import { ConversionQueue } from './conversions.js';

test('what is known by a time is delivered, earliest first, and once', (t) => {
  const queue = new ConversionQueue(1);
  [
    [3, 30],
    [1, 10],
    [2, 20],
    [1, 11],
  ].forEach(([time, what]) => {
    queue.push(time, what);
  });
  t.is(queue.nextTime, 1);
  const got: number[] = [];
  t.is(
    queue.deliver(2, (what) => got.push(what)),
    3,
  );
  t.deepEqual(got, [10, 11, 20]);
  t.is(
    queue.deliver(2, () => t.fail()),
    0,
  );
  t.is(queue.size, 1);
  t.is(
    queue.deliver(Infinity, (what, time) => {
      t.deepEqual([what, time], [30, 3]);
    }),
    1,
  );
  t.is(queue.nextTime, Infinity);
});

test('any pushes and clocks give what sorting gives', (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(50), fc.boolean()), { maxLength: 200 }), (steps) => {
      const queue = new ConversionQueue(0);
      const waiting: { time: number; what: number }[] = [];
      steps.forEach(([time, clock], what) => {
        if (!clock) {
          queue.push(time, what);
          waiting.push({ time, what });
          return;
        }
        const got: number[] = [];
        queue.deliver(time, (one) => got.push(one));
        const due = waiting.filter((one) => one.time <= time).sort((a, b) => a.time - b.time || a.what - b.what);
        for (const one of due) waiting.splice(waiting.indexOf(one), 1);
        t.deepEqual(
          got,
          due.map((one) => one.what),
        );
      });
      t.is(queue.size, waiting.length);
    }),
  );
});
