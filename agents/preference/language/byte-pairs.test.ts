import test from 'ava';
import fc from 'fast-check';
import { BEGIN, BytePairs, END, LEAST_VOCABULARY, PADDING } from './byte-pairs.js';

const corpus = ['low lower lowest', 'new newer newest', 'wide wider widest', 'low low new', 'Größe – naïve café 😀😀'];
const trained = BytePairs.train(corpus, LEAST_VOCABULARY + 24);

test('any text comes back exactly', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const ids = trained.encode(text);
      t.is(trained.decode(ids), text);
      t.is(trained.decode([BEGIN, ...ids, END, PADDING]), text);
      t.true(ids.every((id) => id > END && id < trained.vocabulary));
    }),
    { numRuns: 50 },
  );
  for (const text of ['', ' ', '\r\n\t', '\ufeffmark', '‘low’ 123', ...corpus]) {
    t.is(trained.decode(trained.encode(text)), text);
  }
});

test('the merges of a corpus by hand', (t) => {
  // "aab" twice: aa and ab occur twice each, the smaller pair goes first; then (aa)b.
  const { merges } = BytePairs.train(['aab', 'aab'], 1000);
  const [a, b] = ['a', 'b'].map((letter) => letter.charCodeAt(0) + 3);
  t.deepEqual(merges, [
    [a, a],
    [LEAST_VOCABULARY, b],
  ]);
  // Overlaps are merged from the left: aaa is (aa)a.
  t.deepEqual(new BytePairs([[a, a]]).encode('aaa'), [LEAST_VOCABULARY, a]);
  t.deepEqual(BytePairs.train([], 500).merges, []);
});

test('counts kept up to date give the merges of counts made anew', (t) => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' '), maxLength: 30 });
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 6 }), (texts) => {
      t.deepEqual(BytePairs.train(texts, LEAST_VOCABULARY + 12).merges, slowMerges(texts, 12));
    }),
    { numRuns: 100 },
  );
});

/** The same by counting all pairs after every merge. */
function slowMerges(texts: readonly string[], most: number): [number, number][] {
  let words = texts.flatMap((text) =>
    (text.match(/ ?\p{L}+|\s+/gu) ?? []).map((word) => [...Buffer.from(word)].map((byte) => byte + 3)),
  );
  const merges: [number, number][] = [];
  while (merges.length < most) {
    const counts = new Map<string, number>();
    for (const word of words) {
      for (let i = 0; i + 1 < word.length; i++) {
        const key = `${word[i]} ${word[i + 1]}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
    const pairs = [...counts].map(([key, count]) => ({ pair: key.split(' ').map(Number), count }));
    pairs.sort((a, b) => b.count - a.count || a.pair[0] - b.pair[0] || a.pair[1] - b.pair[1]);
    if (pairs.length === 0 || pairs[0].count < 2) break;
    const [left, right] = pairs[0].pair;
    const id = LEAST_VOCABULARY + merges.length;
    merges.push([left, right]);
    words = words.map((word) => {
      const out: number[] = [];
      for (let i = 0; i < word.length; i++) {
        if (word[i] === left && word[i + 1] === right) {
          out.push(id);
          i++;
        } else out.push(word[i]);
      }
      return out;
    });
  }
  return merges;
}

test('training is deterministic, whatever the order of the corpus', (t) => {
  const again = BytePairs.train([...corpus].reverse(), LEAST_VOCABULARY + 24);
  t.is(again.toJson(), trained.toJson());
  const shorter = trained.encode(corpus[0]).length;
  t.true(shorter < corpus[0].length / 2, `${shorter} tokens`);
});

test('save and load give the same bytes; what is broken is refused', (t) => {
  const loaded = BytePairs.fromJson(trained.toJson());
  t.is(loaded.toJson(), trained.toJson());
  t.deepEqual(loaded.encode('lowest café'), trained.encode('lowest café'));
  t.throws(() => BytePairs.fromJson('{', 'x.json'), { message: /x\.json: expected JSON/ });
  t.throws(() => BytePairs.fromJson('{"format":"other"}'), { message: /format/ });
  const merges = (pairs: number[][]): string =>
    JSON.stringify({ format: 'recsys-gym/byte-pairs', version: 1, merges: pairs });
  t.throws(() => BytePairs.fromJson(merges([[5, 400]])), { message: /merge 0: expected a new pair/ });
  t.throws(
    () =>
      BytePairs.fromJson(
        merges([
          [5, 6],
          [5, 6],
        ]),
      ),
    { message: /merge 1: expected a new pair/ },
  );
});

test('wrong use is told', (t) => {
  t.throws(() => BytePairs.train(corpus, 100), { message: /from 259/ });
  t.throws(() => BytePairs.train(corpus, 300.5), { message: /from 259/ });
  t.throws(() => trained.encode('a\ud800b'), { message: /half of a surrogate pair at place 1/ });
  t.throws(() => trained.decode([trained.vocabulary]), { message: /expected ids below/ });
});
