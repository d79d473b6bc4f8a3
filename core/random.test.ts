import test from 'ava';
import { KeyedDraws } from './draws.js';
import { normal } from './distributions.js';
import { hash32, stream, type RngState } from './random.js';

test('a stream is found by name: forking neither moves the parent nor depends on other forks', (t) => {
  const world = stream(7);
  const first = world.next();
  const again = stream(7);
  again.fork('items').next();
  t.is(again.next(), first);
  t.is(world.fork('users').fork(3).next(), stream(7).fork('users').fork(3).next());
  t.not(world.fork('users').next(), world.fork('items').next());
});

test('the first draws of seed 7 are pinned: another generator would be a visible decision', (t) => {
  const random = stream(7);
  t.snapshot([random.next(), random.next(), random.fork('users').next(), hash32('recsys')]);
});

test('a saved stream goes on where it stood', (t) => {
  const random = stream('a').fork('b');
  random.next();
  const state = JSON.parse(JSON.stringify(random.save())) as RngState;
  const expected = [random.next(), random.next()];
  const restored = stream('a').fork('b');
  restored.restore(state);
  t.deepEqual([restored.next(), restored.next()], expected);
  t.throws(() => stream('c').restore(state), { message: /cannot restore the state of 'a\/b'/ });
});

test('a name with a slash is not a path', (t) => {
  t.not(stream(1).fork('a/b').next(), stream(1).fork('a').fork('b').next());
});

test('keyed draws: the same address gives the same numbers in any order', (t) => {
  const luck = new KeyedDraws(5, 'choice');
  const forward = [luck.at(2, 9, 4).next(), luck.next(), luck.next()];
  luck.at(1, 1).next();
  t.deepEqual([luck.at(2, 9, 4).next(), luck.next(), luck.next()], forward);
  const others = [
    luck.at(3, 9, 4).next(),
    luck.at(2, 8, 4).next(),
    luck.at(2, 9, 5).next(),
    new KeyedDraws(5, 'other').at(2, 9, 4).next(),
    new KeyedDraws(6, 'choice').at(2, 9, 4).next(),
  ];
  t.false(others.includes(forward[0]));
});

test('keyed draws are uniform across worlds, visits and places', (t) => {
  const luck = new KeyedDraws(1, 'uniformity');
  const bins = new Float64Array(64);
  const n = 640_000;
  for (let i = 0; i < n; i++) {
    if (i % 16 === 0) luck.at(i % 1000, Math.floor(i / 1000), i % 7);
    bins[Math.floor(luck.next() * 64)]++;
  }
  const chiSquare = bins.reduce((sum, count) => sum + (count - n / 64) ** 2 / (n / 64), 0);
  t.true(chiSquare < 120, `chi-square with 63 degrees of freedom is ${chiSquare}`);
});

test('normal draws have the asked mean and spread', (t) => {
  const luck = new KeyedDraws(3, 'normal').at(0, 0);
  const draws = Float64Array.from({ length: 200_000 }, (_, i) =>
    i % 2000 === 0 ? normal(luck.at(i, 0), 2, 3) : normal(luck, 2, 3),
  );
  const mean = draws.reduce((a, b) => a + b) / draws.length;
  const variance = draws.reduce((a, b) => a + (b - mean) ** 2, 0) / draws.length;
  t.true(Math.abs(mean - 2) < 0.03 && Math.abs(Math.sqrt(variance) - 3) < 0.03, `${mean} ± ${Math.sqrt(variance)}`);
});
