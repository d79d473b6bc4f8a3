import test from 'ava';
import { checkCatalogue, FEATURE_LIMIT, type Catalogue } from './catalogue.js';
import { checkLayout, dwellNumber, expectSameLayout, placesOf, type FeedLayout } from './layout.js';

const sound: Catalogue = {
  items: 3,
  ids: ['a', 'b', 'c'],
  names: ['content0', 'length'],
  features: Float32Array.of(0, 1, FEATURE_LIMIT, -FEATURE_LIMIT, 0.5, 0),
  cluster: Int32Array.of(0, 1, 1),
  clusters: 2,
  seconds: Float32Array.of(10, 20, 30),
  birth: Int32Array.of(0, 0, 5),
};

test('a catalogue that can be shown is let pass, at the very limits too', (t) => {
  t.notThrows(() => checkCatalogue('feed', sound));
});

const defects: readonly (readonly [what: string, change: Partial<Catalogue>, message: RegExp])[] = [
  ['no items', { items: 0, ids: [] }, /feed: expected a catalogue with items, received an empty one/],
  ['no features', { names: [], features: new Float32Array(0) }, /expected items with features/],
  ['an id too few', { ids: ['a', 'b'] }, /feed: ids: expected 3/],
  ['a row of features too few', { features: new Float32Array(4) }, /feed: features: expected 6/],
  ['a cluster too few', { cluster: Int32Array.of(0, 1) }, /feed: cluster: expected 3/],
  ['a length too few', { seconds: Float32Array.of(1, 2) }, /feed: seconds: expected 3/],
  ['a birth too few', { birth: Int32Array.of(1, 2) }, /feed: birth: expected 3/],
  [
    'an item without a feature',
    { features: Float32Array.of(0, 1, 2, NaN, 0, 0) },
    /item 'b', feature 'length': expected a number within ±10, received none \(an item without features\)/,
  ],
  [
    'an infinite feature',
    { features: Float32Array.of(0, 1, 2, 0, Infinity, 0) },
    /item 'c', feature 'content0'.*Infin/,
  ],
  ['a feature past the limit', { features: Float32Array.of(10.01, 1, 2, 0, 0, 0) }, /item 'a', feature 'content0'/],
  ['a cluster that does not exist', { cluster: Int32Array.of(0, 2, 1) }, /item 'b': expected a cluster from 0 to 1/],
  ['a cluster below 0', { cluster: Int32Array.of(-1, 1, 1) }, /item 'a': expected a cluster from 0 to 1, received -1/],
  ['a video of no length', { seconds: Float32Array.of(1, 0, 1) }, /item 'b': expected a length above 0 seconds/],
  ['a video of unknown length', { seconds: Float32Array.of(1, 1, NaN) }, /item 'c': expected a length above 0 seconds/],
];

for (const [what, change, message] of defects) {
  test(`a catalogue with ${what} is refused by name`, (t) => {
    t.throws(() => checkCatalogue('feed', { ...sound, ...change }), { message });
  });
}

const layout: FeedLayout = {
  userNames: ['taste0', 'activity'],
  contextNames: ['hour'],
  itemNames: ['content0', 'length', 'popularity'],
  outcomes: ['watch', 'like'],
  shared: 1,
  recent: 2,
};

test('the parts of a state lie one behind the other', (t) => {
  // U 2, X 1, progress 2, answers H + 1 = 3, exposure F = 3, recent 2 × (1 + 3 + 3).
  t.deepEqual(placesOf(layout), {
    user: 0,
    context: 2,
    progress: 3,
    answers: 5,
    exposure: 8,
    recent: 11,
    width: 25,
    recentWidth: 7,
    answerWidth: 3,
  });
});

test('five minutes are a dwell number of 1, nothing is 0', (t) => {
  t.is(dwellNumber(0), 0);
  t.is(dwellNumber(300), 1);
  t.true(Math.abs(dwellNumber(9) - Math.log(10) / Math.log(301)) < 1e-12);
});

test('layouts of no use are refused', (t) => {
  t.notThrows(() => checkLayout('feed', layout));
  for (const [change, message] of [
    [{ itemNames: [], shared: 0 }, /items with features/],
    [{ outcomes: [] }, /at least one outcome/],
    [{ shared: 3 }, /at most 2 shared features, received 3/],
    [{ shared: -1 }, /at most 2 shared features/],
    [{ recent: 65 }, /0 to 64 recent items, received 65/],
    [{ recent: 1.5 }, /0 to 64 recent items/],
  ] as const) {
    t.throws(() => checkLayout('feed', { ...layout, ...change }), { message });
  }
});

test('layouts are compared name by name', (t) => {
  t.notThrows(() => expectSameLayout('ranker', layout, { ...layout }));
  t.throws(() => expectSameLayout('ranker', layout, { ...layout, outcomes: ['watch', 'share'] }), {
    message: /ranker: outcomes: expected \["watch","like"\], received \["watch","share"\]/,
  });
  t.throws(() => expectSameLayout('ranker', layout, { ...layout, recent: 3 }), { message: /ranker: recent/ });
});
