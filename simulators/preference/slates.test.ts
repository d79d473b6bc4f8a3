import test from 'ava';
import { stream } from '../../core/random.js';
import { SLATE_FEATURES, SlatePreferences } from './slates.js';

const small = { contexts: 20, candidates: 5, places: 2, users: 10, items: 50 };

const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

test('the reference ties with itself; the propensities of all slates add up to 1', (t) => {
  const people = new SlatePreferences({ contexts: 100 });
  const { winRate } = people.judge(people.reference, 1, 50);
  t.true(Math.abs(mean(winRate) - 0.5) < 0.02);
  const tiny = new SlatePreferences({ ...small, contexts: 1, candidates: 3 });
  const { response, propensity } = tiny.labelled(4000, stream(1));
  const seen = new Map<string, number>();
  propensity.forEach((p, i) => seen.set(response.slice(2 * i, 2 * i + 2).join(), p));
  t.is(seen.size, 6);
  t.true(Math.abs([...seen.values()].reduce((a, b) => a + b, 0) - 1) < 1e-9);
  for (const [slate, p] of seen) {
    const share = propensity.filter((_, i) => response.slice(2 * i, 2 * i + 2).join() === slate).length / 4000;
    t.true(Math.abs(share - p) < 0.03);
  }
});

test('without noise people prefer what they like, whichever comes first; bias favours the first, noise tells nothing', (t) => {
  const sure = new SlatePreferences({ ...small, sharpness: 100, positionBias: 0, labelNoise: 0 });
  const worth = (people: SlatePreferences, context: number, slate: Int32Array): number => {
    const out = new Float32Array(4);
    people.answer(context, slate, 0, out, 0);
    return out[0];
  };
  const rightly = (people: SlatePreferences): number => {
    const { chosen, rejected, context, count } = people.pairs(2000, stream(1));
    let right = 0;
    for (let i = 0; i < count; i++) {
      const [a, b] = [chosen, rejected].map((side) => worth(people, context[i], side.subarray(2 * i, 2 * i + 2)));
      right += Number(a > b) / count;
    }
    return right;
  };
  t.true(rightly(sure) > 0.95);
  t.true(Math.abs(rightly(new SlatePreferences({ ...small, labelNoise: 0.5 })) - 0.5) < 0.04);
});

test('outcomes of a slate by hand', (t) => {
  const people = new SlatePreferences(small);
  const F = SLATE_FEATURES.length;
  const out = new Float32Array(4);
  people.answer(3, [4, 1], 0, out, 0);
  const at = (k: number, f: number): number => people.features[(3 * 5 + k) * F + f];
  t.is(out[1], (at(4, 5) + at(1, 5)) / 2);
  t.is(out[3], (Number(at(4, 2) > 0.8) + Number(at(1, 2) > 0.8)) / 2);
  t.true(out[2] === 0.5 || out[2] === 1);
});

test('same seed, same world and labels; what cannot be is refused', (t) => {
  t.deepEqual(new SlatePreferences(small).pairs(20, stream(1)), new SlatePreferences(small).pairs(20, stream(1)));
  t.notDeepEqual(new SlatePreferences({ ...small, seed: 2 }).features, new SlatePreferences(small).features);
  t.throws(() => new SlatePreferences({ ...small, places: 5 }), { message: /places/ });
  t.throws(() => new SlatePreferences({ ...small, labelNoise: 0.6 }), { message: /labelNoise/ });
  t.throws(() => new SlatePreferences(small).judge(new Float32Array(3), 1), { message: /contexts=20/ });
});
