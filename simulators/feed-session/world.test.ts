import test from 'ava';
import { KeyedDraws } from '../../core/draws.js';
import { checkCatalogue } from '../../logs/feed-session/catalogue.js';
import { dwellNumber } from '../../logs/feed-session/layout.js';
import { SessionPrefix } from '../../logs/feed-session/prefix.js';
import { answersFor, type Answers, type Crowd } from './contract.js';
import { generateItems, generateUsers } from './people.js';
import { feedWorldDefaults, leverages, type FeedWorldSettings } from './settings.js';
import { FeedWorld } from './world.js';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

interface Session {
  readonly crowd: Crowd;
  readonly prefix: SessionPrefix;
  readonly out: Answers;
  readonly luck: { readonly answers: KeyedDraws; readonly leaving: KeyedDraws; readonly visit: Int32Array };
  readonly show: (items: Int32Array) => void;
}

/** B sessions of a world, world b on visit b of the user that `user` names. */
function open(
  world: FeedWorld,
  B: number,
  { seed = 1, visit = (b: number) => b, user = (b: number) => b } = {},
): Session {
  const crowd = world.crowd(B);
  const prefix = new SessionPrefix(world.layout, world.catalogue, B);
  const out = answersFor(B, world.layout.outcomes.length);
  const luck = {
    answers: new KeyedDraws(seed, 'answers'),
    leaving: new KeyedDraws(seed, 'leaving'),
    visit: Int32Array.from({ length: B }, (_, b) => visit(b)),
  };
  const contexts = new KeyedDraws(seed, 'contexts');
  for (let b = 0; b < B; b++) {
    crowd.user[b] = user(b) % world.users;
    prefix.begin(b, world.userFeatures, crowd.user[b] * world.layout.userNames.length);
    world.begin(crowd, b, visit(b), contexts.at(b, visit(b)), prefix.known, prefix.contextAt(b));
  }
  return {
    crowd,
    prefix,
    out,
    luck,
    show(items) {
      world.answer(crowd, items, prefix, luck, out);
      for (let b = 0; b < B; b++) if (items[b] >= 0) prefix.push(b, items[b], out.answers, b * 6);
      world.leave(crowd, items, prefix, luck, out);
    },
  };
}

test('answers are those of the formula, draw for draw, on two topics', (t) => {
  const settings = { ...feedWorldDefaults, topics: 2, items: 50, users: 5 };
  const world = new FeedWorld(settings);
  const { mix, quality, bait, catalogue } = generateItems(settings);
  const [B, item] = [2000, 7];
  const { crowd, out, luck, prefix } = open(world, B);
  // A mix is (2, 1)/√5 or (1, 2)/√5: the taste below makes a match of 1 or 1.25, the satiation 0.3.
  crowd.columns['taste'].set(Array.from({ length: B }, () => [Math.sqrt(5) / 4, Math.sqrt(5) / 2]).flat());
  crowd.columns['satiation'].fill(0.1 * Math.sqrt(5));
  const match = mix[2 * item] > mix[2 * item + 1] ? 1 : 1.25;
  const [q, bt] = [quality[item], bait[item]];
  const watch = sigmoid(-0.5 + match + 0.6 * bt + 0.2 * q - 2.5 * 0.3);
  const then = {
    like: sigmoid(-2.2 + 0.6 * match + 0.5 * q),
    share: sigmoid(-4.2 + 0.3 * match + 0.6 * q),
    skip: sigmoid(0.4 - 0.3 * match - 0.2 * bt),
    hide: sigmoid(-4 - 0.4 * match + 0.5 * bt),
  };
  world.answer(crowd, new Int32Array(B).fill(item), prefix, luck, out);
  const draws = new KeyedDraws(1, 'answers');
  const seen = new Set<string>();
  for (let b = 0; b < B; b++) {
    const [u0, u1, u2, u3] = ((d) => [d.next(), d.next(), d.next(), d.next()])(draws.at(b, b, 0));
    const watched = u0 < watch;
    const skipped = !watched && u1 < then.skip;
    const wanted = [
      watched,
      watched && u1 < then.like,
      watched && u2 < then.share,
      skipped,
      !watched && u2 < then.hide,
    ];
    const found = [...out.answers.subarray(6 * b, 6 * b + 5)];
    t.deepEqual(found, wanted.map(Number), `world ${b}`);
    const seconds = watched ? 10 + (catalogue.seconds[item] - 10) * u3 : skipped ? 3 * u3 : 3 + 7 * u3;
    t.is(out.dwellSeconds[b], Math.fround(seconds));
    // Of the seconds as a log keeps them.
    t.is(out.answers[6 * b + 5], Math.fround(dwellNumber(Math.fround(seconds))));
    seen.add(found.join(''));
  }
  t.true(seen.size >= 5, [...seen].join(' '));
  const rate = out.answers.filter((_, i) => i % 6 === 0).reduce((sum, x) => sum + x, 0) / B;
  t.true(Math.abs(rate - watch) < 4 * Math.sqrt((watch * (1 - watch)) / B));
});

test('who leaves is the formula, draw for draw, and satiation and fatigue move as it says', (t) => {
  const settings = { ...feedWorldDefaults, leverage: 'strong', users: 40 };
  const world = new FeedWorld(settings);
  const { mix, quality, bait } = generateItems(settings);
  const { patience } = generateUsers(settings);
  const B = 400;
  const { crowd, out, prefix, show } = open(world, B);
  const lever = leverages.strong;
  const draws = new KeyedDraws(1, 'leaving');
  const fatigue = new Float64Array(B);
  const satiation = new Float64Array(B * 10);
  let left = 0;
  for (let step = 0; step < 3; step++) {
    const items = Int32Array.from({ length: B }, (_, b) => (b * 31 + step * 17) % 1000);
    show(items);
    for (let b = 0; b < B; b++) {
      const i = items[b];
      const m = mix.subarray(i * 10, i * 10 + 10);
      const tired = m.reduce((sum, x, k) => sum + x * satiation[b * 10 + k], 0);
      m.forEach((x, k) => (satiation[b * 10 + k] = 0.85 * satiation[b * 10 + k] + 0.15 * x));
      const [watch, like, , skip, hide] = out.answers.subarray(6 * b, 6 * b + 6);
      fatigue[b] = 0.85 * fatigue[b] + 0.15 * (0.6 * Math.max(0, bait[i]) + tired + 0.6 * (1 - watch));
      const evening = prefix.known[prefix.contextAt(b)];
      const staying = -2.7 - patience[crowd.user[b]] + 0.2 * evening;
      const shown = -lever.quality * quality[i] + lever.bait * bait[i] + lever.fatigue * fatigue[b];
      const answered = lever.watch * watch + lever.like * like + lever.skip * skip + lever.hide * hide;
      const leaves = draws.at(b, b, step + 1).next() < sigmoid(staying + shown + answered);
      t.is(out.left[b], leaves ? 1 : 0, `world ${b}, step ${step}`);
      t.true(Math.abs(fatigue[b] - crowd.columns['fatigue'][b]) < 1e-9);
      left += out.left[b];
    }
  }
  t.true(left > 20 && left < 600, String(left));
});

test('a session that is shown nothing is left alone', (t) => {
  const { crowd, out, show } = open(new FeedWorld(), 2);
  out.answers.fill(7);
  show(Int32Array.of(-1, 3));
  t.true(out.answers.subarray(0, 6).every((x) => x === 7));
  t.true(crowd.columns['satiation'].subarray(0, 10).every((x) => x === 0));
  t.true(crowd.columns['satiation'].subarray(10).some((x) => x > 0));
});

test('the same topic again and again is watched less and less; topics in turn are not', (t) => {
  const settings = { ...feedWorldDefaults, users: 400 };
  const world = new FeedWorld(settings);
  const { cluster } = world.catalogue;
  const topic = Array.from({ length: 10 }, (_, c) => [...cluster.keys()].filter((i) => cluster[i] === c).slice(0, 20));
  const B = 4000;
  /** Share of watches at the first and at the twentieth item, of sessions that go on whatever happens. */
  const rates = (item: (b: number, step: number) => number): readonly [number, number] => {
    const { out, show } = open(world, B);
    const found: number[] = [];
    for (let step = 0; step < 20; step++) {
      show(Int32Array.from({ length: B }, (_, b) => item(b, step)));
      found.push(out.answers.filter((_, i) => i % 6 === 0).reduce((sum, x) => sum + x, 0) / B);
    }
    return [(found[0] + found[1]) / 2, (found[18] + found[19]) / 2];
  };
  const [fresh, tired] = rates((b, step) => topic[b % 10][step]);
  const [first, last] = rates((b, step) => topic[(b + step) % 10][step]);
  t.true(tired < fresh - 0.2, `${fresh} → ${tired}`);
  t.true(last > tired + 0.15, `${first} → ${last} beside ${tired}`);
});

test('drift turns every taste by its angle each visit', (t) => {
  const quarter = new FeedWorld({ drift: Math.PI / 2, users: 20 });
  const { taste, otherTaste } = generateUsers({ ...quarter.settings });
  const tasteAt = (visit: number): Float64Array => {
    const { crowd } = open(quarter, 20, { visit: () => visit });
    return Float64Array.from(crowd.columns['taste']);
  };
  const near = (found: Float64Array, wanted: Float32Array, sign = 1): boolean =>
    found.every((x, i) => Math.abs(x - sign * wanted[i]) < 1e-5);
  t.true(near(tasteAt(0), taste));
  t.true(near(tasteAt(1), otherTaste));
  t.true(near(tasteAt(2), taste, -1));
  const still = open(new FeedWorld({ users: 20 }), 20, { visit: () => 9 });
  t.true(
    near(Float64Array.from(still.crowd.columns['taste']), generateUsers({ ...feedWorldDefaults, users: 20 }).taste),
  );
});

test('the evening is patient, contexts lie on the circle of the day', (t) => {
  const { crowd, prefix } = open(new FeedWorld({ users: 1 }), 500);
  for (let b = 0; b < 500; b++) {
    const [sin, cos] = prefix.known.subarray(prefix.contextAt(b));
    t.true(Math.abs(Math.hypot(sin, cos) - 1) < 1e-6);
    t.true(
      Math.abs(
        crowd.columns['leaving'][b] - crowd.columns['leaving'][0] - 0.2 * (sin - prefix.known[prefix.contextAt(0)]),
      ) < 1e-6,
    );
  }
});

test('one seed is one world, to the byte; another seed another one', (t) => {
  const columns = (given: Partial<FeedWorldSettings>): Float32Array[] => {
    const world = new FeedWorld({ users: 30, items: 40, ...given });
    const session = open(world, 30);
    session.show(Int32Array.from({ length: 30 }, (_, b) => b));
    return [world.userFeatures, world.catalogue.features, world.catalogue.seconds, session.out.answers];
  };
  t.deepEqual(columns({}), columns({}));
  columns({ seed: 2 }).forEach((column, i) => t.notDeepEqual(column, columns({})[i]));
});

test('a session answers as it does alone', (t) => {
  const world = new FeedWorld({ users: 50 });
  const [alone, among] = [open(world, 1), open(world, 40)];
  for (let step = 0; step < 5; step++) {
    alone.show(Int32Array.of(step * 3));
    among.show(Int32Array.from({ length: 40 }, (_, b) => step * 3 + b));
    t.deepEqual(alone.out.answers, among.out.answers.slice(0, 6));
    t.is(alone.out.left[0], among.out.left[0]);
  }
});

for (const given of [{}, { topics: 2, items: 10 }, { topics: 64, items: 300, featureNoise: 10 }, { newItems: 0.9 }]) {
  test(`everybody and everything has features: ${JSON.stringify(given)}`, (t) => {
    const world = new FeedWorld({ users: 200, ...given });
    t.notThrows(() => checkCatalogue('world', world.catalogue));
    t.true(world.userFeatures.every((x) => Math.abs(x) <= 10));
    t.is(world.userFeatures.length, 200 * world.layout.userNames.length);
    t.is(new Set(world.userIds).size, 200);
    t.is(new Set(world.catalogue.ids).size, world.catalogue.items);
  });
}

test('without noise the features are what they stand for', (t) => {
  const settings = { ...feedWorldDefaults, featureNoise: 0, users: 10, items: 20 };
  const { mix, quality, bait, catalogue } = generateItems(settings);
  const { taste, features } = generateUsers(settings);
  for (let i = 0; i < 20; i++) {
    const row = catalogue.features.subarray(i * 15, i * 15 + 15);
    t.deepEqual(row.slice(0, 10), mix.slice(i * 10, i * 10 + 10));
    t.deepEqual([...row.subarray(10, 12)], [quality[i], bait[i]]);
    t.true(Math.abs(row.subarray(0, 10).reduce((sum, x) => sum + x * x, 0) - 1) < 1e-6);
  }
  for (let u = 0; u < 10; u++) t.deepEqual(features.slice(u * 11, u * 11 + 10), taste.slice(u * 10, u * 10 + 10));
});

test("popularity follows Zipf's law: twice the rank, the same step down", (t) => {
  const { features, items } = new FeedWorld({ items: 2000 }).catalogue;
  const views = Array.from({ length: items }, (_, i) => features[i * 15 + 13]).sort((a, b) => b - a);
  const halving = views[0] - views[1];
  for (const rank of [2, 5, 40, 999]) {
    t.true(Math.abs(views[rank - 1] - views[2 * rank - 1] - halving) < 1e-5, `rank ${rank}`);
  }
  t.true(Math.abs(views.reduce((sum, x) => sum + x, 0) / items) < 1e-4);
});

test('so many items are born later as was asked for, over so many visits', (t) => {
  const { birth } = new FeedWorld({ items: 4000, newItems: 0.25, newItemVisits: 5 }).catalogue;
  const share = birth.filter((visit) => visit > 0).length / 4000;
  t.true(Math.abs(share - 0.25) < 4 * Math.sqrt((0.25 * 0.75) / 4000));
  t.deepEqual([...new Set(birth)].sort(), [0, 1, 2, 3, 4, 5]);
});

test('junk is the asked share of a catalogue, known by its popularity, and hardly watched; the rest stays as it was', (t) => {
  const settings = { ...feedWorldDefaults, items: 4000, users: 400 };
  const [clean, littered] = [generateItems(settings), generateItems({ ...settings, junk: 0.9 })];
  const junk = littered.dull.map((dull) => Number(dull > 0));
  const share = junk.reduce((sum, x) => sum + x, 0) / 4000;
  t.true(Math.abs(share - 0.9) < 4 * Math.sqrt((0.9 * 0.1) / 4000), String(share));
  t.deepEqual(littered.mix, clean.mix);
  t.true(clean.dull.every((dull) => dull === 0));
  junk.forEach((is, i) => t.is(littered.quality[i], is === 1 ? Math.fround(clean.quality[i] - 2) : clean.quality[i]));
  const watchesOf = (junkOrNot: number): number => {
    const session = open(new FeedWorld({ ...settings, junk: 0.9 }), 400);
    const items = [...junk.keys()].filter((i) => junk[i] === junkOrNot).slice(0, 400);
    session.show(Int32Array.from({ length: 400 }, (_, b) => items[b % items.length]));
    return Array.from({ length: 400 }, (_, b) => session.out.answers[6 * b]).reduce((sum, x) => sum + x, 0);
  };
  t.true(watchesOf(1) < 0.25 * watchesOf(0), `${watchesOf(1)} of ${watchesOf(0)}`);
});

for (const [given, message] of [
  [{ junk: 1 }, /feed world: junk/],
  [{ leverage: 'huge' }, /feed world: leverage: expected none, moderate, strong, received 'huge'/],
  [{ leverage: 'toString' }, /feed world: leverage/],
  [{ items: 9 }, /feed world: items.*9/],
  [{ items: 10.5 }, /feed world: items: expected a whole number, received 10.5/],
  [{ users: 0 }, /feed world: users/],
  [{ topics: 1 }, /feed world: topics/],
  [{ drift: -0.1 }, /feed world: drift/],
  [{ drift: NaN }, /feed world: drift/],
  [{ newItems: 0.95 }, /feed world: newItems/],
  [{ newItemVisits: 0 }, /feed world: newItemVisits/],
  [{ featureNoise: -1 }, /feed world: featureNoise/],
] as const) {
  test(`no world is made with ${JSON.stringify(given)}`, (t) => {
    t.throws(() => new FeedWorld(given), { message });
  });
}
