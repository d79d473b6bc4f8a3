import test, { type ExecutionContext } from 'ava';
import type { Estimate, ReportDocument } from '../contract.js';
import { sampleReport } from '../report/_fixture.test.js';
import { parseReport, serialiseReport } from '../report/document.js';
import { answerOf } from './answer.js';
import type { LiftTable } from '../lifts/contract.js';
import { overSeeds } from '../lifts/merge.js';
import { mergeSeeds } from './document.js';
import { tinyExperiment } from './_tiny.test.js';
import type { RealismReport } from './realism/contract.js';

const near = (t: ExecutionContext, found: number | null | undefined, wanted: number): void => {
  t.true(Math.abs((found ?? NaN) - wanted) < 1e-9, `${found} is not ${wanted}`);
};

const lift = (value: number, standardError = 0.01): Estimate => ({
  ...{ value, standardError, method: 'paired plays of 5 users, 95%' },
  interval: [value - 1.96 * standardError, value + 1.96 * standardError],
});
const refused: Estimate = { value: null, standardError: null, interval: null, method: 'the control is 0' };

test('one seed is itself; of two the luck of their users is put together', (t) => {
  const one = lift(0.05);
  t.is(overSeeds([one], 0.95), one);
  const two = overSeeds([lift(0.02, 0.03), lift(0.06, 0.04)], 0.95);
  near(t, two.value, 0.04);
  near(t, two.standardError, 0.05 / 2);
  near(t, two.interval?.[0], 0.04 - 1.959963984540054 * 0.025);
  near(t, two.interval?.[1], 0.04 + 1.959963984540054 * 0.025);
  t.regex(two.method, /mean of 2 seeds, 95% over their users/);
});

test("three seeds: Student's interval over them, whatever their own were", (t) => {
  // 0.02, 0.04, 0.09: mean 0.05, variance (9 + 1 + 16)/2 · 10⁻⁴ = 0.0013; t of 2 degrees at 95 %: 4.302652729911275.
  const three = overSeeds([lift(0.02, 0.5), lift(0.04), lift(0.09, 0.0001)], 0.95);
  near(t, three.value, 0.05);
  near(t, three.standardError, Math.sqrt(0.0013 / 3));
  near(t, three.interval?.[0], 0.05 - 4.302652729911275 * Math.sqrt(0.0013 / 3));
  near(t, three.interval?.[1], 0.05 + 4.302652729911275 * Math.sqrt(0.0013 / 3));
  t.regex(three.method, /Student t 95% over 3 seeds/);
  // At 90 %: 2.919985580353726.
  near(
    t,
    overSeeds([lift(0.02), lift(0.04), lift(0.09)], 0.9).interval?.[0],
    0.05 - 2.919985580353726 * Math.sqrt(0.0013 / 3),
  );
});

test('where a seed is refused, so are the seeds together', (t) => {
  t.is(overSeeds([lift(0.02), refused, lift(0.03)], 0.95), refused);
  t.is(overSeeds([refused], 0.95), refused);
});

const table = (relative: Estimate, perSeed = [relative], policy = 'recomind'): LiftTable => ({
  ...{ place: 'the generated world', control: 'supervised', seeds: [1], users: 500 },
  rows: [{ policy, metric: 'watch10s per session', control: 4, value: 4.2, relative, perSeed }],
});

function realism(verdict: RealismReport['verdict'], reasons: readonly string[]): RealismReport {
  const exit = { passed: true, why: '', rows: 1, exits: 1, intercept: null, slope: null, checks: [] };
  return {
    ...{ simulator: 'simulator of seed 1', log: 'feed', sessions: 1, rows: 1, verdict, reasons, gate: { exit } },
    ...{ heads: [], slices: [], directions: [], distances: [], ranking: [] },
    thresholds: {
      slope: [0, 2],
      flat: 0,
      mean: 0,
      calibrationError: 0,
      calibrationShare: 0,
      slice: 0,
      sliceShare: 0,
      ks: 0,
      wasserstein: 0,
    },
  };
}
const fit = { realism: [realism('fit for training', [])] };
const say = (
  tried: LiftTable,
  doubts: Parameters<typeof answerOf>[2] = fit,
  source?: object,
): ReturnType<typeof answerOf> =>
  answerOf(tinyExperiment(source === undefined ? {} : { source }), [tried, table(lift(0.2))], doubts);

test('a gain worth the name, sure in every seed', (t) => {
  const { verdict, sentence, reasons } = say(table(lift(0.05)));
  t.is(verdict, 'supported');
  t.is(
    sentence,
    "Yes: 'recomind' gains: watch10s per session +5.0 % (+3.0 to +7.0) against 'supervised' in the generated world, 500 users.",
  );
  t.deepEqual(reasons, [
    'The simulator it learned in promised +20.0 % (+18.0 to +22.0).',
    'A lift in the generated world is not an online one.',
  ]);
});

test('no gain: too small to matter, a loss, or not to be told', (t) => {
  t.like(say(table(lift(0.004, 0.001))), { verdict: 'supported' });
  t.regex(say(table(lift(0.004, 0.001))).sentence, /^No gain: watch10s per session \+0\.4 %/);
  t.like(say(table(lift(-0.05))), { verdict: 'supported' });
  t.regex(say(table(lift(-0.05))).sentence, /^No gain: 'recomind' loses: .*−5\.0 % \(−7\.0 to −3\.0\)/);
  // A gain of 5 % is as likely as none.
  const unsure = say(table(lift(0.03, 0.02)));
  t.is(unsure.verdict, 'weak');
  t.regex(unsure.sentence, /^No gain that is sure: watch10s per session \+3\.0 % \(−0\.9 to \+6\.9\)/);
  t.regex(say(table(lift(0.015, 0.005))).sentence, /^No gain that is sure/, 'above 0, maybe not worth the name');
});

test('one seed that is not sure makes the others unsure; one that gains keeps a loss from being sure', (t) => {
  t.regex(say(table(lift(0.05), [lift(0.09), lift(0.01)])).sentence, /^No gain that is sure/);
  t.regex(say(table(lift(0.05), [lift(0.09), lift(0.04)])).sentence, /^Yes/);
  t.regex(say(table(lift(-0.05), [lift(-0.09), lift(0.001)])).sentence, /^No gain that is sure/);
});

test('a refused simulator, a log that nobody knows the truth of, and warnings weaken the answer and are told', (t) => {
  const forced = say(table(lift(0.05)), { realism: [realism('refused', ['the exit gate is not passed: slope -1'])] });
  t.is(forced.verdict, 'weak');
  t.regex(forced.sentence, /^Yes/);
  t.is(
    forced.reasons[0],
    'The simulator of seed 1 is refused and was used all the same: the exit gate is not passed: slope -1.',
  );
  const careful = say(table(lift(0.05)), { realism: [realism('usable with care', ['a; b'])] });
  t.is(careful.verdict, 'supported');
  t.is(careful.reasons[0], 'The simulator of seed 1 is to be used with care: a; b.');
  const stored = say(table(lift(0.05)), { ...fit, warnings: ['all rows were liked.'] }, { from: 'store', name: 'x' });
  t.is(stored.verdict, 'weak');
  t.is(stored.reasons[0], 'The log: all rows were liked.');
  t.regex(stored.reasons.join(' '), /nobody knows the truth/);
});

/** The report of one seed: its lift, in the world and in its simulator, and one metric that may have nothing to divide by. */
function ofSeed(seed: number, gain: number, deep: number | null): ReportDocument {
  const seeds = [seed];
  const world = table(lift(gain));
  const row = { ...world.rows[0], metric: 'depth given 10 items', control: deep, value: deep };
  const relative = deep === null ? refused : lift(0);
  const sample = sampleReport();
  const { data, models, curves } = sample;
  if (data === undefined) throw new Error('the sample report has data');
  return {
    ...sample,
    data: { ...data, warnings: ['all rows were liked.'] },
    models: models.slice(0, 1),
    curves: [{ ...curves[0], chart: 'meanReturn', name: `seed ${seed}` }],
    lifts: [
      { ...world, seeds, users: 100 * seed, rows: [world.rows[0], { ...row, relative, perSeed: [relative] }] },
      { ...table(lift(2 * gain)), seeds, place: 'the simulator it learned in' },
    ],
    realism: [{ ...realism('fit for training', []), simulator: `simulator of seed ${seed}` }],
  };
}

test('seeds merge: one is itself, two and three are put together place by place and metric by metric', (t) => {
  const { provenance } = sampleReport();
  const own = [ofSeed(1, 0.02, 14), ofSeed(2, 0.04, 16), ofSeed(3, 0.09, null)];
  const merge = (n: number): ReportDocument => {
    const seeds = [1, 2, 3].slice(0, n);
    return mergeSeeds(tinyExperiment({ seeds }), own.slice(0, n), { ...provenance, seeds });
  };
  const [one, two, three] = [merge(1), merge(2), merge(3)];
  t.deepEqual(one, { ...own[0], provenance: { ...provenance, seeds: [1] } });
  for (const [n, merged] of [
    [2, two],
    [3, three],
  ] as const) {
    const [world, simulator] = merged.lifts ?? [];
    t.deepEqual([world.seeds, world.users], [[1, 2, 3].slice(0, n), n === 2 ? 300 : 600]);
    const gains = [0.02, 0.04, 0.09].slice(0, n).map((gain) => lift(gain));
    t.deepEqual(world.rows[0].perSeed, gains);
    t.deepEqual(world.rows[0].relative, overSeeds(gains, 0.95));
    near(t, simulator.rows[0].relative.value, n === 2 ? 0.06 : 0.1);
    t.is(merged.realism?.length, n);
    t.deepEqual(
      merged.models.map(({ role }) => role),
      [1, 2, 3].slice(0, n).map((seed) => `seed ${seed}: reward model for estimates`),
    );
    t.deepEqual(
      merged.curves.map(({ name }) => name),
      [1, 2, 3].slice(0, n).map((seed) => `seed ${seed}`),
    );
    t.true(merged.answer.reasons.includes('The log: all rows were liked.'), 'warnings outlive the merge');
    t.deepEqual(parseReport(serialiseReport(merged), 'report.json'), merged);
  }
  // Sessions of ten items: 14 and 16 of two seeds; the third seed had none.
  t.like(two.lifts?.[0].rows[1], { control: 15, value: 15 });
  t.like(three.lifts?.[0].rows[1], { control: null, value: null, relative: refused });
  t.regex(three.answer.sentence, /^No gain that is sure: watch10s per session \+5\.0 %.*600 users/);
  t.regex(two.answer.sentence, /^Yes: .*\+3\.0 %/, 'the lower of both intervals, 0.0004, is above 0');
});

test('nothing can be said of a refused number or an absent policy', (t) => {
  for (const tried of [table(refused), table(lift(0.05), undefined, 'mmr')]) {
    const { verdict, sentence } = say(tried);
    t.is(verdict, 'unsupported');
    t.is(sentence, "It cannot be said whether 'recomind' beats 'supervised'.");
  }
});
