import test from 'ava';
import fc from 'fast-check';
import { nativeTest, onEveryInstructionSet } from '../../core/tensor/native/native.test.helper.js';
import { stream } from '../../core/random.js';
import type { Catalogue } from './catalogue.js';
import type { FeedLayout } from './layout.js';
import { SessionPrefix } from './prefix.js';

const layout: FeedLayout = {
  userNames: ['taste0', 'activity'],
  contextNames: ['hour'],
  itemNames: ['content0', 'length'],
  outcomes: ['watch', 'like'],
  shared: 1,
  recent: 2,
};
const catalogue: Catalogue = {
  items: 3,
  ids: ['a', 'b', 'c'],
  names: layout.itemNames,
  features: Float32Array.of(1, 2, -4, 8, 0.5, 0.25),
  cluster: Int32Array.of(0, 0, 0),
  clusters: 1,
  seconds: Float32Array.of(10, 20, 30),
  birth: new Int32Array(3),
};

function stateOf(prefix: SessionPrefix, b: number): number[] {
  const out = new Float32Array(prefix.places.width);
  prefix.write(b, out, 0);
  return [...out];
}

const near = (found: readonly number[], wanted: readonly number[]): boolean =>
  found.length === wanted.length && found.every((x, i) => Math.abs(x - wanted[i]) < 1e-6);

test('two steps, by hand', (t) => {
  const prefix = new SessionPrefix(layout, catalogue, 2);
  prefix.begin(1, Float32Array.of(9, 9, 0.3, -0.7), 2);
  prefix.known[prefix.contextAt(1)] = 0.6;
  const none = [0, 0, 0, 0, 0, 0];
  const known = [0.3, -0.7, 0.6];
  t.true(near(stateOf(prefix, 1), [...known, 0, 0, 0, 0, 0, 0, 0, ...none, ...none]));
  prefix.push(1, 1, Float32Array.of(7, 1, 0, 0.5), 1);
  t.true(
    near(stateOf(prefix, 1), [
      ...known,
      ...[1 / 60, Math.log(2) / Math.log(61)],
      ...[0.15, 0, 0.075], // answers: 0.15 of (1, 0, 0.5)
      ...[-0.6, 1.2], // exposure: 0.15 of (−4, 8)
      ...[1, -4, 8, 1, 0, 0.5],
      ...none,
    ]),
  );
  prefix.push(1, 0, Float32Array.of(0, 1, 0.25), 0);
  t.true(
    near(stateOf(prefix, 1), [
      ...known,
      ...[2 / 60, Math.log(3) / Math.log(61)],
      ...[0.1275, 0.15, 0.10125], // 0.85 · before + 0.15 · (0, 1, 0.25)
      ...[-0.36, 1.32], // 0.85 · (−0.6, 1.2) + 0.15 · (1, 2)
      ...[1, 1, 2, 0, 1, 0.25],
      ...[1, -4, 8, 1, 0, 0.5],
    ]),
    String(stateOf(prefix, 1)),
  );
  // The third item takes the place of the first.
  prefix.push(1, 2, Float32Array.of(1, 1, 1), 0);
  t.true(near(stateOf(prefix, 1).slice(-12), [1, 0.5, 0.25, 1, 1, 1, 1, 1, 2, 0, 1, 0.25]));
  t.true(stateOf(prefix, 0).every((x) => x === 0));
});

test('a session that begins anew forgets the one before', (t) => {
  const [used, fresh] = [new SessionPrefix(layout, catalogue, 1), new SessionPrefix(layout, catalogue, 1)];
  for (const prefix of [used, fresh]) prefix.begin(0, Float32Array.of(1, 2), 0);
  for (let i = 0; i < 5; i++) used.push(0, i % 3, Float32Array.of(1, 1, 1), 0);
  used.begin(0, Float32Array.of(1, 2), 0);
  t.deepEqual(stateOf(used, 0), stateOf(fresh, 0));
});

test('progress stops at a long session', (t) => {
  const prefix = new SessionPrefix(layout, catalogue, 1);
  prefix.begin(0, Float32Array.of(0, 0), 0);
  for (let i = 0; i < 60; i++) prefix.push(0, 0, new Float32Array(3), 0);
  const { progress } = prefix.places;
  t.deepEqual(stateOf(prefix, 0).slice(progress, progress + 2), [1, 1]);
  prefix.push(0, 0, new Float32Array(3), 0);
  t.deepEqual(stateOf(prefix, 0).slice(progress, progress + 2), [1, 1]);
});

test('no recent items, no context: the state is what is left', (t) => {
  const bare = { ...layout, contextNames: [], recent: 0 };
  const prefix = new SessionPrefix(bare, catalogue, 1);
  prefix.begin(0, Float32Array.of(5, 6), 0);
  prefix.push(0, 2, Float32Array.of(1, 0, 1), 0);
  t.is(prefix.places.width, 2 + 2 + 3 + 2);
  t.true(near(stateOf(prefix, 0).slice(0, 2), [5, 6]));
});

test('averages are the sums of their definition, and recent items the last ones shown', (t) => {
  const step = fc.record({
    item: fc.nat(2),
    watch: fc.nat(1),
    like: fc.nat(1),
    dwell: fc.float({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const prefix = new SessionPrefix(layout, catalogue, 1);
      prefix.begin(0, Float32Array.of(0, 0), 0);
      for (const { item, watch, like, dwell } of steps) prefix.push(0, item, Float32Array.of(watch, like, dwell), 0);
      const average = (of: (i: number) => number): number =>
        steps.reduce((sum, _, i) => sum + 0.15 * 0.85 ** (steps.length - 1 - i) * of(i), 0);
      const state = stateOf(prefix, 0);
      const { answers, recent, recentWidth } = prefix.places;
      const wanted = [
        average((i) => steps[i].watch),
        average((i) => steps[i].like),
        average((i) => steps[i].dwell),
        average((i) => catalogue.features[2 * steps[i].item]),
        average((i) => catalogue.features[2 * steps[i].item + 1]),
      ];
      if (!wanted.every((value, i) => Math.abs(value - state[answers + i]) < 1e-5)) return false;
      return [0, 1].every((l) => {
        const [there, content, , watch] = state.slice(recent + l * recentWidth);
        if (l >= steps.length) return there === 0 && content === 0;
        const { item, watch: watched } = steps[steps.length - 1 - l];
        return there === 1 && content === catalogue.features[2 * item] && watch === watched;
      });
    }),
  );
  t.pass();
});

test('a saved prefix goes on as if nothing had been', (t) => {
  const prefix = new SessionPrefix(layout, catalogue, 1);
  prefix.begin(0, Float32Array.of(0.1, 0.2), 0);
  prefix.push(0, 1, Float32Array.of(1, 0, 0.5), 0);
  const saved = prefix.save();
  const before = stateOf(prefix, 0);
  prefix.push(0, 2, Float32Array.of(0, 1, 1), 0);
  t.notDeepEqual(stateOf(prefix, 0), before);
  prefix.restore(saved);
  t.deepEqual(stateOf(prefix, 0), before);
});

nativeTest('many states at once have the bytes of one after the other, on every instruction set', (t) => {
  const random = stream(1);
  for (const [F, recent, contexts] of [
    [15, 4, 2],
    [3, 0, 0],
    [40, 3, 1],
    [1, 1, 0],
  ]) {
    const names = Array.from({ length: F }, (_, f) => `f${f}`);
    const contextNames = Array.from({ length: contexts }, (_, x) => `x${x}`);
    const items = 50;
    const features = Float32Array.from({ length: items * F }, () => random.next() - 0.5);
    const wide = { ...layout, contextNames, itemNames: names, recent };
    const B = 23;
    const prefix = new SessionPrefix(wide, { ...catalogue, items, names, features }, B);
    for (let b = 0; b < B; b++) {
      prefix.begin(b, Float32Array.of(random.next(), random.next()), 0);
      for (let s = 0; s < [0, 1, 3, 7, 70][b % 5]; s++) {
        const answers = Float32Array.of(s % 2, 0, random.next());
        prefix.push(b, Math.floor(random.next() * items), answers, 0);
      }
    }
    const list = Int32Array.from({ length: 11 }, (_, i) => 2 * i + 1);
    const rows = list.map((_, i) => 11 - i);
    const stride = prefix.places.width + 3;
    const wanted = new Float32Array(12 * stride).fill(7);
    list.forEach((b, i) => prefix.write(b, wanted, rows[i] * stride));
    for (const { name, answer } of onEveryInstructionSet(() => {
      const found = new Float32Array(12 * stride).fill(7);
      prefix.writeRows(list, list.length, rows, found, stride);
      return found;
    })) {
      t.deepEqual(answer, wanted, `${name}, F = ${F}`);
    }
  }
});
