import test from 'ava';
import fc from 'fast-check';
import { stream } from '../../../core/random.js';
import { slateEstimators, type SlateEstimatorKey } from './estimators.js';
import { evaluateSlates, parseSlateEstimators, possibleSlateEstimators } from './evaluate-slates.js';
import { slateBootstrap, slateError, slateValue, type PerSlate } from './form.js';
import { slateTerms, type LoggedSlates } from './slates.js';

const f = (...numbers: number[]): Float64Array => Float64Array.from(numbers);
const close = (a: number, b: number, tolerance = 1e-9): boolean =>
  Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a), Math.abs(b));

/** The published table of three slates of two slots. */
const three: LoggedSlates = {
  count: 3,
  slots: 2,
  slate: Int32Array.of(0, 0, 1, 1, 2, 2),
  position: Int32Array.of(0, 1, 0, 1, 0, 1),
  reward: f(1, 0.2, 0.5, 1, 0.3, 0.9),
  slot: { serving: f(0.5, 0.4, 0.5, 0.6, 0.8, 0.3), target: f(0.25, 0.8, 0.75, 0.2, 0.6, 0.6) },
  model: model(
    [0.6, 0.3, 0.2, 0.5, 0.4, 0.7, 0.3, 0.6, 0.5, 0.1, 0.9, 0.4],
    [0.25, 0.75, 0.2, 0.8, 0.25, 0.75, 0.8, 0.2, 0.6, 0.4, 0.6, 0.4],
    [0, 1, 1, 1, 0, 0],
  ),
};

function model(guesses: number[], policy: number[], action: number[]): NonNullable<LoggedSlates['model']> {
  return {
    guess: Float64Array.from(action, (a, row) => guesses[2 * row + a]),
    direct: Float64Array.from(action, (_, row) => {
      const at = 2 * row;
      return policy[at] * guesses[at] + policy[at + 1] * guesses[at + 1];
    }),
  };
}

const form = (key: SlateEstimatorKey, slates: LoggedSlates): PerSlate =>
  slateEstimators[key].perSlate(slateTerms(slates));
const value = (key: SlateEstimatorKey, slates: LoggedSlates): number => slateValue(form(key, slates));

/** Slates of up to `slots` slots, filled independently, their rows shuffled. */
function randomSlates(seed: number, count: number, slots: number): LoggedSlates {
  const luck = stream(seed);
  const rows: { slate: number; position: number; order: number }[] = [];
  for (let s = 0; s < count; s++) {
    const filled = s === 0 ? slots : 1 + Math.floor(luck.next() * slots);
    for (let k = 0; k < filled; k++) rows.push({ slate: s, position: k, order: luck.next() });
  }
  rows.sort((a, b) => a.order - b.order);
  const column = (): Float64Array => Float64Array.from(rows, () => 0.1 + 0.9 * luck.next());
  return {
    count,
    slots,
    slate: Int32Array.from(rows, ({ slate }) => slate),
    position: Int32Array.from(rows, ({ position }) => position),
    reward: Float64Array.from(rows, () => Math.round(4 * luck.next()) / 4),
    slot: { serving: column(), target: column() },
    model: { guess: new Float64Array(rows.length), direct: new Float64Array(rows.length) },
  };
}

test('three slates of two slots: every value as published', (t) => {
  const published: [SlateEstimatorKey, number][] = [
    ['sips', 1.2500000000000002],
    ['iips', 1.3361111111111112],
    ['rips', 1.175],
    ['snSips', 1.2500000000000002],
    ['snIips', 1.1209790209790211],
    ['snRips', 1.21969696969697],
    ['cascadeDr', 0.7583333333333333],
    ['pseudoInverse', 1.7166666666666668],
  ];
  const logged = {
    ...three,
    cascade: { serving: f(0.5, 0.2, 0.5, 0.3, 0.8, 0.24), target: f(0.25, 0.2, 0.75, 0.15, 0.6, 0.36) },
    whole: { serving: f(0.2, 0.2, 0.3, 0.3, 0.24, 0.24), target: f(0.2, 0.2, 0.15, 0.15, 0.36, 0.36) },
  };
  for (const slates of [three, logged])
    for (const [key, expected] of published) t.true(close(value(key, slates), expected, 1e-12), key);
  const blind = { ...three, model: { guess: new Float64Array(6), direct: new Float64Array(6) } };
  t.true(close(value('cascadeDr', blind), 1.175, 1e-12));
  const [{ denominator = f() }] = form('snPseudoInverse', three);
  [1.5, 0.8333333333333335, 1.75].forEach((weight, s) => {
    t.true(close(denominator[s], weight, 1e-14));
  });
  // The Gaussian 95 % interval of the pseudo-inverse, as published.
  const error = slateError(form('pseudoInverse', three));
  t.true(close(1.7166666666666668 - 1.959963984540054 * error, 1.22885826934, 1e-10), String(error));
});

test('identities: one slot, equal policies, no model, order of rows', (t) => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 2, max: 20 }), fc.integer({ min: 1, max: 4 }), (seed, count, slots) => {
      const slates = randomSlates(seed, count, slots);
      const single = randomSlates(seed, count, 1);
      const of = (key: SlateEstimatorKey): number => value(key, slates);
      t.true(
        close(value('sips', single), value('iips', single)) && close(value('rips', single), value('sips', single)),
      );
      t.true(close(value('pseudoInverse', single), value('sips', single)));
      t.true(close(of('cascadeDr'), of('rips')), 'cascade-DR without a model is RIPS');
      const mean = slates.reward.reduce((a, b) => a + b, 0) / count;
      const alike = slates.slot?.serving ?? f();
      const onPolicy: LoggedSlates = { ...slates, slot: { serving: alike, target: alike } };
      for (const key of ['sips', 'iips', 'rips', 'pseudoInverse', 'cascadeDr'] as const)
        t.true(close(value(key, onPolicy), mean), key);
      for (const key of ['snSips', 'snIips', 'snRips'] as const) {
        t.true(of(key) >= -1e-12 && of(key) <= slots + 1e-12, `${key} stays inside the range of the rewards`);
      }
    }),
    { numRuns: 40 },
  );
});

test('the position-based model: by hand, and its two ends', (t) => {
  const placement = { serving: f(0.6, 0.2, 0.3, 0.5), target: f(0.1, 0.7, 0.4, 0.4) };
  const slates: LoggedSlates = {
    count: 1,
    slots: 2,
    slate: Int32Array.of(0, 0),
    position: Int32Array.of(0, 1),
    reward: f(1, 2),
    placement,
    examination: f(1, 0.5),
  };
  const expected = (0.1 + 0.35) / (0.6 + 0.1) + (2 * (0.4 + 0.2)) / (0.3 + 0.25);
  t.true(close(value('positionBased', slates), expected, 1e-14));
  // Only the first slot is looked at: an item counts by how often it is there.
  t.true(close(value('positionBased', { ...slates, examination: f(1, 0) }), 1 / 6 + (2 * 4) / 3, 1e-14));
  t.deepEqual(possibleSlateEstimators(slates), ['positionBased']);
});

test('normalisers move: the delta error is near that of the bootstrap', (t) => {
  const slates = randomSlates(5, 600, 3);
  for (const key of ['iips', 'snIips', 'snSips', 'snPseudoInverse'] as const) {
    const per = form(key, slates);
    const [low, high] = slateBootstrap(per, { replicates: 2000, level: 0.95, seed: 4 });
    const half = 1.96 * slateError(per);
    t.true(Math.abs((high - low) / (2 * half) - 1) < 0.12, `${key}: ${(high - low) / 2} against ${half}`);
  }
  t.true(slateError(form('snIips', slates)) < slateError(form('iips', slates)));
});

test('IIPS, RIPS and SIPS all hold the truth in a world of independent slots; IIPS is the steadiest', (t) => {
  const [runs, count] = [200, 300];
  const held: Record<string, number> = {};
  const truth = 3 * (0.8 * 0.6 + 0.2 * 0.3);
  for (let run = 0; run < runs; run++) {
    const luck = stream(run);
    const R = 3 * count;
    const action = Int32Array.from({ length: R }, () => (luck.next() < 0.5 ? 0 : 1));
    const slates: LoggedSlates = {
      count,
      slots: 3,
      slate: Int32Array.from({ length: R }, (_, row) => Math.floor(row / 3)),
      position: Int32Array.from({ length: R }, (_, row) => row % 3),
      reward: Float64Array.from(action, (a) => (luck.next() < (a === 0 ? 0.6 : 0.3) ? 1 : 0)),
      slot: { serving: new Float64Array(R).fill(0.5), target: Float64Array.from(action, (a) => (a === 0 ? 0.8 : 0.2)) },
    };
    const estimators = ['iips', 'rips', 'sips', 'pseudoInverse'] as const;
    const { estimates } = evaluateSlates(slates, { estimators, level: 0.95, replicates: 0, seed: 0, force: true });
    for (const [key, { interval }] of Object.entries(estimates))
      if (interval !== null && interval[0] <= truth && truth <= interval[1]) held[key] = (held[key] ?? 0) + 1;
    if (run > 0) continue;
    const error = (key: string): number => estimates[key].standardError ?? NaN;
    t.true(error('iips') < error('rips') && error('rips') < error('sips'));
  }
  for (const [key, times] of Object.entries(held)) t.true(times / runs > 0.9 && times / runs < 0.99, `${key} ${times}`);
  t.is(Object.keys(held).length, 4);
});

test('long slates: whole-slate weights collapse and are refused, those of the slots carry', (t) => {
  const luck = stream(2);
  const [count, slots] = [3000, 12];
  const R = count * slots;
  const action = Int32Array.from({ length: R }, () => (luck.next() < 0.3 ? 0 : 1));
  const slates: LoggedSlates = {
    count,
    slots,
    slate: Int32Array.from({ length: R }, (_, row) => Math.floor(row / slots)),
    position: Int32Array.from({ length: R }, (_, row) => row % slots),
    reward: Float64Array.from(action, () => (luck.next() < 0.3 ? 1 : 0)),
    slot: {
      serving: Float64Array.from(action, (a) => (a === 0 ? 0.3 : 0.7)),
      target: Float64Array.from(action, (a) => (a === 0 ? 0.9 : 0.1)),
    },
  };
  const { estimates, verdict, reasons } = evaluateSlates(slates, {
    estimators: ['sips', 'iips'],
    level: 0.95,
    replicates: 0,
    seed: 0,
  });
  t.is(estimates['sips'].value, null);
  t.is(typeof estimates['iips'].value, 'number');
  t.is(verdict, 'weak');
  t.regex(reasons.join(), /^sips: .*slate \d+/i);
});

test('wrong input is said', (t) => {
  t.throws(() => parseSlateEstimators('sip'), { message: /No slate estimator called 'sip'\. Did you mean 'sips'\?/ });
  t.throws(() => value('sips', { ...three, position: Int32Array.of(0, 0, 0, 1, 0, 1) }), {
    message: /^rows 0 and 1: expected one row per slate and position, received two at position 0/,
  });
  const { slot: _slot, model: _model, ...bare } = three;
  t.throws(() => value('rips', bare), { message: /--cascade-propensity/ });
  t.throws(() => value('cascadeDr', { ...bare, ...(three.slot && { slot: three.slot }) }), {
    message: /--guess and --direct/,
  });
});
