import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { existsSync, readFileSync } from 'node:fs';
import { stream } from '../../../core/random.js';
import { bernsteinMargin, hoeffdingMargin } from '../../../core/stats/mean-bounds.js';
import { moments } from '../../../core/stats/moments.js';
import { studentQuantile } from '../../../core/stats/student.js';
import type { PerRound } from '../estimators/form.js';
import { estimators, type EstimatorKey } from '../estimators/index.js';
import { termsOf, type LoggedRounds, type Terms } from '../rounds.js';
import { influenceOf, standardErrorOf, valueOf } from '../summarise.js';
import {
  findIntervals,
  intervalKeys,
  parseIntervals,
  replicatedValues,
  type Bounds,
  type Estimated,
  type IntervalKey,
  type Labelled,
} from './index.js';

const estimated = (terms: Terms, estimator: EstimatorKey, setting = NaN): Estimated => {
  const form: PerRound = estimators[estimator].perRound(terms, setting);
  const value = valueOf(form);
  const standardError = standardErrorOf(influenceOf(form), form.denominator !== undefined);
  return { estimator, setting, terms, form, value, standardError };
};
const find = (
  one: Estimated,
  method: IntervalKey,
  { level = 0.95, bounds = {}, replicates = 2000 }: { level?: number; bounds?: Bounds; replicates?: number } = {},
): Labelled => findIntervals([one], [method], { level, replicates, seed: 1, bounds })[0][0];
const ends = (found: Labelled): readonly [number, number] => ('interval' in found ? found.interval : [NaN, NaN]);

/** Numbers as rounds of weight 1. */
const plain = (values: readonly number[]): Estimated => {
  const reward = Float64Array.from(values);
  return estimated({ reward, weight: new Float64Array(values.length).fill(1) }, 'ips');
};
/** A log of two actions whose target prefers the one seldom served. */
const logged = (n: number, seed: number, rate = 0.4): { rounds: LoggedRounds; target: Float64Array } => {
  const luck = stream(seed);
  const action = Int32Array.from({ length: n }, () => (luck.next() < 0.25 ? 1 : 0));
  const target = Float64Array.from({ length: 2 * n }, (_, i) => (i % 2 === 0 ? 0.3 : 0.7));
  return {
    rounds: {
      actions: 2,
      action,
      reward: Float64Array.from(action, (a) => (luck.next() < rate * (1 + a) ? 1 : 0)),
      propensity: Float64Array.from(action, (a) => (a === 1 ? 0.25 : 0.75)),
    },
    target,
  };
};
const termsFor = (n: number, seed: number): Terms => {
  const { rounds, target } = logged(n, seed);
  return termsOf(rounds, target);
};
const EIGHT = [0.4, 0, 0.125, 0, 2.25, 1.6, 0, 2.125];
const near = (t: ExecutionContext, a: number, b: number, tolerance = 1e-9): void => {
  t.true(Math.abs(a - b) <= tolerance * Math.abs(b), `${a} is not ${b}`);
};

test('lower bounds of eight rounds equal published ones', (t) => {
  const { n, mean, variance } = moments(EIGHT);
  near(t, mean - hoeffdingMargin(2.25, n, 0.05), -0.1610853402137855);
  near(t, mean - hoeffdingMargin(3, n, 0.1), -0.3255703470388598);
  near(t, mean - bernsteinMargin(variance, 2.25, n, 0.05), -2.9167091210560416);
  near(t, mean - bernsteinMargin(variance, 3, n, 0.1), -3.05064812401707);
  // Each end misses with half of what both may: a level of 0.9 is a one-sided bound at 0.95.
  near(t, ends(find(plain(EIGHT), 'student', { level: 0.9 }))[0], 0.1411121377404826);
  near(t, ends(find(plain(EIGHT), 'student', { level: 0.8 }))[0], 0.31108889544464957);
  const bounds = { rewardRange: [0, 2.25], weightMax: 1 } as const;
  near(t, ends(find(plain(EIGHT), 'hoeffding', { level: 0.9, bounds }))[0], -0.1610853402137855);
  near(t, ends(find(plain(EIGHT), 'bernstein', { level: 0.9, bounds }))[0], -2.9167091210560416);
});

const golden = '../shared/golden/ope_bandit.json';
(existsSync(golden) ? test : test.skip)(`the same from ${golden}${existsSync(golden) ? '' : ' (not here)'}`, (t) => {
  const { lower_bounds_on_ipw_round_rewards: known } = JSON.parse(readFileSync(golden, 'utf8')) as {
    lower_bounds_on_ipw_round_rewards: { x: number[] } & Record<string, number>;
  };
  const { n, mean, variance } = moments(known.x);
  const t95 = studentQuantile(0.95, n - 1);
  near(t, mean - hoeffdingMargin(Math.max(...known.x), n, 0.05), known['hoeffding_d05']);
  near(t, mean - hoeffdingMargin(3, n, 0.1), known['hoeffding_xmax3_d10']);
  near(t, mean - bernsteinMargin(variance, Math.max(...known.x), n, 0.05), known['bernstein_d05']);
  near(t, mean - bernsteinMargin(variance, 3, n, 0.1), known['bernstein_xmax3_d10']);
  near(t, mean - t95 * Math.sqrt(variance / n), known['student_t_d05']);
  near(t, mean - studentQuantile(0.9, n - 1) * Math.sqrt(variance / n), known['student_t_d10']);
});

test('BCa of the mean of 0 to 99 is where it should be (elsewhere percentages were taken for probabilities)', (t) => {
  const [low, high] = ends(find(plain(Array.from({ length: 100 }, (_, i) => i)), 'bca', { replicates: 20_000 }));
  t.true(Math.abs(low - 43.956) < 0.25 && Math.abs(high - 55.31) < 0.25, `${low} ${high}`);
});

test('Hoeffding shrinks with the root of n (scope-rl multiplies by n where it should divide)', (t) => {
  const bounds = { rewardRange: [0, 1], weightMax: 1 } as const;
  const half = (n: number): number => {
    const [low, high] = ends(find(plain(Array.from({ length: n }, (_, i) => i % 2)), 'hoeffding', { bounds }));
    return (high - low) / 2;
  };
  near(t, half(4), Math.sqrt(Math.log(2 / 0.05) / 8));
  near(t, half(400), half(4) / 10);
});

test("Student's two-sided quantile is at (1 + level) / 2 (scope-rl takes it at the level)", (t) => {
  // Mean 0, standard error 1: the half-width is the quantile.
  const [, high] = ends(find(plain([-Math.sqrt(6), 0, 0, Math.sqrt(6)]), 'student'));
  near(t, high, 3.182446305283709);
  t.true(Math.abs(high / studentQuantile(0.95, 3) - 0.784 / 0.5798) < 1e-3);
});

test('a self-normalised estimate is resampled with its normaliser (obp divides by that of the whole log)', (t) => {
  const terms = termsFor(4000, 3);
  const one = estimated(terms, 'snips');
  const spread = (forms: PerRound[]): number =>
    Math.sqrt(moments(replicatedValues(forms, { replicates: 4000, seed: 2 })[0]).variance);
  const mean = moments(terms.weight).mean;
  const frozen: PerRound = { numerator: terms.weight.map((w, i) => (w * terms.reward[i]) / mean) };
  t.true(Math.abs(spread([one.form]) / one.standardError - 1) < 0.05);
  t.true(spread([frozen]) > 1.2 * one.standardError, 'a frozen normaliser has another spread');
});

test('eight rounds: replicates of snips and sndr spread as the delta method says, not as with a normaliser that stands still', (t) => {
  const weight = Float64Array.of(0.4, 4 / 3, 0.125, 0.25 / 0.7, 2.25, 1.6, 1 / 9, 4.25);
  const terms: Terms = {
    reward: Float64Array.of(1, 0, 1, 0, 1, 1, 0, 0.5),
    weight,
    direct: Float64Array.of(0.48, 0.39, 0.41, 0.375, 0.7075, 0.68, 0.13, 0.61),
    guess: Float64Array.of(0.6, 0.4, 0.8, 0.35, 0.75, 0.95, 0.3, 0.6),
  };
  const spreadAround = (form: PerRound, centre: number): number => {
    const [values] = replicatedValues([form], { replicates: 20_000, seed: 3 });
    return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / values.length);
  };
  const snips = estimated(terms, 'snips');
  near(t, snips.value, 0.6234062797335872);
  near(t, snips.standardError, 0.13985258772669745);
  const { mean } = moments(weight);
  const still: PerRound = { numerator: weight.map((w, i) => (w * terms.reward[i]) / mean) };
  t.true(Math.abs(spreadAround(still, valueOf(still)) - 0.254) < 0.01, "obp's replicates");
  const moving = spreadAround(snips.form, snips.value);
  t.true(moving > 0.13 && moving < 0.22, `${moving}`);
  const sndr = estimated(terms, 'sndr');
  near(t, sndr.value, 0.44507891294005714);
  near(t, sndr.standardError, 0.1259789957867252);
});

test('a model that is off by a constant tells sndr from a normaliser that stands still', (t) => {
  // Rewards equal the guess plus 1: the correction is exactly 1 whatever the weights, and only DM moves.
  const luck = stream(8);
  const guess = Float64Array.from({ length: 500 }, () => luck.next());
  const weight = guess.map(() => (luck.next() < 0.2 ? 4 : 0.25));
  const terms: Terms = { reward: guess.map((q) => q + 1), weight, direct: guess, guess };
  const { form, standardError } = estimated(terms, 'sndr');
  const exact = Math.sqrt(moments(guess).variance / 500);
  t.true(Math.abs(standardError / exact - 1) < 0.01);
  const spread = (one: PerRound): number =>
    Math.sqrt(moments(replicatedValues([one], { replicates: 4000, seed: 2 })[0]).variance);
  t.true(Math.abs(spread(form) / exact - 1) < 0.05);
  const { mean } = moments(weight);
  t.true(spread({ numerator: guess.map((q, i) => q + weight[i] / mean) }) > 4 * exact, "obp's replicates");
});

test('methods that hold at every sample size ask what is known beforehand (obp takes the maximum of the sample)', (t) => {
  const one = estimated(termsFor(200, 1), 'ips');
  for (const method of ['hoeffding', 'bernstein'] as const) {
    const found = find(one, method);
    t.regex('refused' in found ? found.refused : '', /--reward-range/);
    const half = find(one, method, { bounds: { rewardRange: [0, 1] } });
    t.regex('refused' in half ? half.refused : '', /--weight-max/);
    const wrong = find(one, method, { bounds: { rewardRange: [0, 1], weightMax: 2 } });
    t.regex('refused' in wrong ? wrong.refused : '', /row \d+ has the weight 2\.8, above the given 2/);
  }
});

test('a confidence sequence never has its ends crossed, whatever the weights (those of VW can)', (t) => {
  const bounds = { rewardRange: [0, 1] } as const;
  const wrong = { reward: new Float64Array(300).fill(0.5), weight: new Float64Array(300).fill(4) };
  const found = find(estimated(wrong, 'ips'), 'sequence', { bounds });
  t.regex('refused' in found ? found.refused : '', /no value fits all rounds/);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 5, noNaN: true })), {
        minLength: 2,
        maxLength: 60,
      }),
      (rows) => {
        const terms = { reward: Float64Array.from(rows, ([r]) => r), weight: Float64Array.from(rows, ([, w]) => w) };
        const one = find(estimated(terms, 'ips'), 'sequence', { bounds });
        return 'refused' in one || one.interval[0] <= one.interval[1];
      },
    ),
    { seed: 1, numRuns: 200 },
  );
});

test('every method: ends in order, around the estimate, wider at a higher level', (t) => {
  const bounds = { rewardRange: [0, 1], weightMax: 3 } as const;
  for (const seed of [1, 2, 3]) {
    const one = estimated(termsFor(500, seed), 'ips');
    for (const method of intervalKeys) {
      const [low, high] = ends(find(one, method, { bounds }));
      const [lower, higher] = ends(find(one, method, { bounds, level: 0.99 }));
      t.true(lower <= low && low < high && high <= higher, `${method}: ${lower} ${low} ${high} ${higher}`);
      t.true(low <= one.value && one.value <= high, method);
    }
  }
});

test('rounds without spread: nothing is claimed that has no width of its own', (t) => {
  const same = plain(new Array<number>(50).fill(1));
  t.deepEqual(ends(find(same, 'delta')), [1, 1]);
  t.deepEqual(ends(find(same, 'bca')), [1, 1]);
  t.true('refused' in find(same, 'studentised'));
  const [low, high] = ends(find(same, 'clopper-pearson', { bounds: { weightMax: 1 } }));
  near(t, low, 0.025 ** (1 / 50));
  t.is(high, 1);
});

test('Clopper-Pearson takes rewards of 0 and 1 only, and sums of weighted rewards only', (t) => {
  const terms = termsFor(300, 1);
  const halves = { ...terms, reward: terms.reward.map((r) => r / 2) };
  const found = find(estimated(halves, 'ips'), 'clopper-pearson', { bounds: { weightMax: 3 } });
  t.regex('refused' in found ? found.refused : '', /row \d+ has the reward 0\.5; only for rewards of 0 and 1/);
  t.true('refused' in find(estimated(terms, 'snips'), 'clopper-pearson', { bounds: { weightMax: 3 } }));
});

test('methods that resample want replicates', (t) => {
  t.throws(() => find(plain(EIGHT), 'bca', { replicates: 1 }), {
    message: /interval bca: expected at least 2 bootstrap/,
  });
  t.notThrows(() => find(plain(EIGHT), 'delta', { replicates: 0 }));
});

test('lists of methods are read, and wrong ones answered with the nearest', (t) => {
  t.deepEqual(parseIntervals('bca, delta'), ['bca', 'delta']);
  t.throws(() => parseIntervals('hofding'), { message: /Did you mean 'hoeffding'/ });
  t.throws(() => parseIntervals('delta,delta'), { message: /'delta' twice/ });
});
