import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import { normal } from '../../core/distributions.js';
import { stream } from '../../core/random.js';
import { measureSlate, measureText, TEXT_OUTCOMES, textReward } from './auxiliary.js';
import { fitBradleyTerry, implicitReward, rewardAccuracy } from './bradley-terry.js';
import { clickbaitShare, readingGrade, sentencesOf, syllablesOf, wordsOf } from './texts.js';

test('reading grade by hand', (t) => {
  // 6 words, 1 sentence, 6 syllables: 0.39 · 6 + 11.8 − 15.59
  t.true(Math.abs(readingGrade('The cat sat on the mat.') - -1.45) < 1e-9);
  // 3 words, 1 sentence, 5 + 4 + 1 syllables
  t.true(Math.abs(readingGrade('Organisational complexity grows') - (0.39 * 3 + (11.8 * 11) / 3 - 15.59)) < 1e-9);
  t.true(Number.isNaN(readingGrade('…!')));
  t.is(sentencesOf('One. Two! Three?! Four'), 4);
  const counted = { cat: 1, happy: 2, banana: 3, made: 1, table: 2, jumped: 1, wanted: 2, beautiful: 3 };
  for (const [word, syllables] of Object.entries(counted)) t.is(syllablesOf(word), syllables, word);
});

test('clickbait, length, distinct words and flags by hand', (t) => {
  t.is(clickbaitShare("You won't believe taxes"), 0.5);
  const out = new Float64Array(TEXT_OUTCOMES.length);
  measureText('Free money, free money now', { flagged: ['FREE'] }, out);
  t.deepEqual(Array.from(out.subarray(1)), [0, 5, 0.6, 2]);
  measureText('', { flagged: [] }, out);
  t.deepEqual(Array.from(out), [0, 0, 0, 0, 0]);
  const slate = new Float64Array(3);
  const item = (ageDays: number, topic: number, flagged: boolean) => ({ ageDays, topic, flagged });
  measureSlate([item(1, 4, false), item(9, 4, true), item(2, 5, false), item(30, 4, false)], 7, slate);
  t.deepEqual(Array.from(slate), [0.5, 0.5, 0.25]);
});

testProp('longer words never make a text easier, and words are counted once', [fc.nat({ max: 20 })], (t, n) => {
  const text = ['I', 'saw', ...new Array<string>(n).fill('it')].join(' ');
  t.is(wordsOf(text).length, n + 2);
  t.true(readingGrade(`${text} organisationally`) > readingGrade(`${text} cat`));
});

test('formulas combine them, and what is no outcome is named', async (t) => {
  const reward = await textReward('-readingGrade - 5*clickbait');
  t.true(Math.abs(reward.score('The cat sat on the mat.') - 1.45) < 1e-9);
  await t.throwsAsync(textReward('gradeOfReading'), { message: /readingGrade/ });
});

test('Bradley–Terry finds the weights that made the labels', (t) => {
  const random = stream('labels');
  const [n, truth] = [4000, [1, -2, 0.5]];
  const [chosen, rejected] = [new Float64Array(n * 3), new Float64Array(n * 3)];
  for (let i = 0; i < n; i++) {
    const [a, b] = [0, 1].map(() => truth.map(() => normal(random)));
    const gap = truth.reduce((sum, w, f) => sum + w * (a[f] - b[f]), 0);
    const wins = random.next() < 1 / (1 + Math.exp(-gap));
    chosen.set(wins ? a : b, i * 3);
    rejected.set(wins ? b : a, i * 3);
  }
  const { weights, loss, accuracy, score } = fitBradleyTerry(chosen, rejected, 3);
  weights.forEach((w, f) => t.true(Math.abs(w - truth[f]) < 0.15, `${w} ${truth[f]}`));
  t.true(loss < Math.LN2 / 1.5 && accuracy > 0.75);
  t.true(Math.abs(score([1, 1, 0])[0] - (weights[0] + weights[1])) < 1e-12);
  // Certain labels: the penalty keeps the weights finite.
  t.true(fitBradleyTerry([1, 1], [0, 0], 1).weights[0] < 1000);
  t.throws(() => fitBradleyTerry([], [], 2), { message: /at least one/ });
});

test('implicit rewards and their accuracy', (t) => {
  t.deepEqual(Array.from(implicitReward([-1, -2], [-2, -2], 0.5)), [0.5, 0]);
  const column = (...values: number[]): Int32Array => Int32Array.from(values);
  const pairs = {
    ...{ count: 2, width: 1, context: column(0, 0), chosen: column(0, 1), rejected: column(1, 0) },
    propensity: new Float64Array(2),
  };
  t.is(
    rewardAccuracy(pairs, (_, [place]) => -place),
    0.5,
  );
  t.is(
    rewardAccuracy(pairs, () => 1),
    0.5,
  );
});
