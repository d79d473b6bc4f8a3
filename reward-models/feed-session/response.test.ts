import test from 'ava';
import fc from 'fast-check';
import { bundle, encode } from '../../core/safetensors.js';
import { stream } from '../../core/random.js';
import { startBackend } from '../../core/tensor/backend.js';
import { placesOf } from '../../logs/feed-session/layout.js';
import { replayStates, sessionRows, type SessionRows } from '../../logs/feed-session/replay.js';
import { areaUnderCurve, calibrationError, logLoss, reliabilityTable } from '../quality.js';
import type { ResponseModel } from './contract.js';
import {
  exitTruth,
  KNOWN_LAYOUT,
  KNOWN_OUTCOMES as H,
  knownFeed,
  shownFeatures,
  truth,
} from './known-feed.test.helper.js';
import { misspecify } from './misspecify.js';
import { plainResponse } from './plain.js';
import { responseModel } from './response.js';
import { buildResponseNetwork, responseShape } from './response-network.js';
import { RESPONSE_DEFAULTS, type ResponseSettings } from './response-settings.js';

test.before(async () => {
  await startBackend(process.env['RECSYS_GYM_BACKEND']);
});

const places = placesOf(KNOWN_LAYOUT);
const S = places.width;
const F = KNOWN_LAYOUT.itemNames.length;
const training = knownFeed(1500, 'training');
const fresh = knownFeed(600, 'fresh');
const SETTINGS: ResponseSettings = {
  ...RESPONSE_DEFAULTS,
  hidden: [24, 12],
  attention: 6,
  exitHidden: [12],
  batch: 256,
};

const fit = (sessions: SessionRows, settings: Partial<ResponseSettings> = {}, seed = 1): ResponseModel =>
  responseModel.fit({ sessions, split: 'half', settings: { ...SETTINGS, ...settings }, random: stream(seed) });
const fitted = (() => {
  let model: ResponseModel | undefined;
  return (): ResponseModel => (model ??= fit(training, { epochs: 25, patience: 3 }));
})();

/** Whether two arrays hold the same bytes; much faster on large ones than deepEqual. */
const same = (one: Float32Array | Float64Array | Uint8Array, other: typeof one): boolean =>
  Buffer.from(one.buffer, one.byteOffset, one.byteLength).equals(
    Buffer.from(other.buffer, other.byteOffset, other.byteLength),
  );

/** States before and after, and items, of every row. */
function rowsOf(sessions: SessionRows): {
  n: number;
  before: Float32Array;
  after: Float32Array;
  items: Float32Array;
} {
  const n = sessions.row.length;
  const [before, after] = [new Float32Array(n * S), new Float32Array(n * S)];
  replayStates(sessions, before, after);
  return { n, before, after, items: shownFeatures(sessions) };
}
const known = rowsOf(fresh);
const responses = (model: ResponseModel, n = known.n): Float64Array => {
  const out = new Float64Array(n * 2 * H);
  model.respond(n, known.before, known.items, out);
  return out;
};
const exits = (model: ResponseModel, n = known.n, states = known.after): Float64Array => {
  const out = new Float64Array(n);
  model.exit(n, states, out);
  return out;
};
/** [n, K] pairs as rows that hold a state and K items, with something before, between and behind. */
function asked(n: number, K: number): { rows: Parameters<ResponseModel['rank']>[0]; items: Float32Array } {
  const [stateAt, itemsAt] = [2, S + 5];
  const width = itemsAt + K * F + 3;
  const values = new Float32Array(n * width).fill(77);
  const items = new Float32Array(n * K * F);
  for (let i = 0; i < n; i++) {
    values.set(known.before.subarray(i * S, (i + 1) * S), i * width + stateAt);
    for (let k = 0; k < K; k++) {
      const item = known.items.subarray(((7 * i + 5 * k) % known.n) * F).subarray(0, F);
      values.set(item, i * width + itemsAt + k * F);
      items.set(item, (i * K + k) * F);
    }
  }
  return { rows: { rows: n, values, width, stateAt, itemsAt, items: K }, items };
}

test('the answers of a known feed are recovered on sessions that the fit never saw', (t) => {
  const p = responses(fitted());
  const told = Array.from({ length: known.n }, (_, r) => truth(known.before, r * S, known.items, r * F));
  const rows = told.map((_, r) => r);
  const watched = rows.filter((r) => fresh.answers[r * (H + 1)] === 1);
  const unwatched = rows.filter((r) => fresh.answers[r * (H + 1)] === 0);
  const cases = [
    { name: 'watch', rows, mine: (r: number) => p[r * 2 * H], best: 0, h: 0 },
    { name: 'like given a watch', rows: watched, mine: (r: number) => p[r * 2 * H + H + 1], best: 1, h: 1 },
    { name: 'skip given none', rows: unwatched, mine: (r: number) => p[r * 2 * H + 2], best: 2, h: 2 },
  ];
  for (const { name, rows: which, mine, best, h } of cases) {
    const y = which.map((r) => fresh.answers[r * (H + 1) + h]);
    const predicted = which.map(mine);
    const oracle = which.map((r) => told[r][best]);
    const constant = new Float64Array(y.length).fill(y.reduce((sum, v) => sum + v, 0) / y.length);
    const [loss, least, most] = [predicted, oracle, constant].map((q) => logLoss(q, y));
    t.true(loss - least < 0.15 * (most - least) + 0.002, `${name}: ${loss}, oracle ${least}, constant ${most}`);
    t.true(areaUnderCurve(predicted, y) > areaUnderCurve(oracle, y) - 0.02, name);
    t.true(calibrationError(reliabilityTable(predicted, y)) < 0.04, name);
  }
});

test('outcomes that exclude each other do, given the main one; marginals are their mixture', (t) => {
  const p = responses(fitted());
  let [likes, skips] = [0, 0];
  for (let r = 0; r < known.n; r++) {
    likes = Math.max(likes, p[r * 2 * H + 1]);
    skips = Math.max(skips, p[r * 2 * H + H + 2]);
    t.is(p[r * 2 * H], p[r * 2 * H + H]);
  }
  t.true(likes < 0.01 && skips < 0.01, `${likes} ${skips}`);
});

test('the exit is recovered with the right signs', (t) => {
  const p = exits(fitted());
  const rows = Array.from(fresh.left, (_, r) => r).filter((r) => fresh.unknown[r] === 0);
  const y = rows.map((r) => fresh.left[r]);
  const [mine, best] = [rows.map((r) => p[r]), rows.map((r) => exitTruth(known.after, r * S))];
  const rate = y.reduce((sum, v) => sum + v, 0) / y.length;
  const [loss, least, most] = [mine, best, best.map(() => rate)].map((q) => logLoss(q, y));
  t.true(loss - least < 0.25 * (most - least), `${loss}, oracle ${least}, constant ${most}`);
  t.true(Math.abs(fitted().card.exitRate - rate) < 0.02);
  // A better newest item keeps people; more skips before it drive them off.
  const moved = (place: number, by: number): number => {
    const states = known.after.slice();
    for (let r = 0; r < known.n; r++) states[r * S + place] += by;
    return exits(fitted(), known.n, states).reduce((sum, q, r) => sum + q - p[r], 0);
  };
  t.true(moved(places.recent + 1 + 2, 1) < 0);
  t.true(moved(places.answers + 2, 0.3) > 0);
});

test('the log-odds of a tiny network by hand', (t) => {
  const layout = {
    userNames: ['taste0'],
    contextNames: [],
    itemNames: ['content0'],
    outcomes: ['watch'],
    shared: 1,
    recent: 1,
  };
  const shape = responseShape(layout, { ...SETTINGS, hidden: [1], attention: 1 });
  const network = buildResponseNetwork(shape, Float64Array.of(0), stream(1));
  const set = (name: string, ...numbers: number[]): void => network.parameters.numbers(name).set(numbers);
  // user, progress × 2, answers × 2, exposure | 1, content, watch, dwell
  const state = Float32Array.of(2, 0, 0, 0, 0, 0.5, 1, 3, 1, 0);
  set('state.weights', 1, 0, 0, 0, 0, 0);
  set('state.bias', 0.25);
  set('item.weights', 1, 10, 100, 1000);
  set('item.bias', 0);
  set('query.weights', 1);
  set('query.bias', 0);
  set('key.weights', 0, 0, 0, 0);
  set('key.bias', 0);
  set('value.weights', 0, 1, 1, 0);
  set('value.bias', 0.5);
  set('top.0.weights', 2);
  set('top.0.bias', -1);
  // 2.25 from the state; item −1: −1 + 10·(−2) + 100·(−0.5) + 1000·σ(0)·(3 + 1 + 0.5)
  const hidden = 2.25 - 1 - 20 - 50 + 2250;
  t.is(plainResponse(network)(state, 0, Float32Array.of(-1), 0)[0], 2 * hidden - 1);
  // Nothing was shown yet: no attention, whatever the biases; relu cuts at 0.
  state.fill(0, 6);
  t.is(plainResponse(network)(state, 0, Float32Array.of(-1), 0)[0], -1);
});

for (const [name, settings] of [
  ['with attention', undefined],
  ['without attention', { attention: 0 }],
  ['one layer', { hidden: [8] }],
] as const) {
  test(`ranking agrees with the plain loops (${name}), and a row does not depend on its batch`, (t) => {
    const model = settings === undefined ? fitted() : fit(fresh, { ...settings, epochs: 2 });
    const [n, K] = [37, 9];
    const { rows, items } = asked(n, K);
    const out = new Float32Array(n * K * H);
    model.rank(rows, out);
    const states = new Float32Array(n * K * S);
    for (let i = 0; i < n * K; i++) {
      states.set(known.before.subarray(Math.floor(i / K) * S, (Math.floor(i / K) + 1) * S), i * S);
    }
    const p = new Float64Array(n * K * 2 * H);
    model.respond(n * K, states, items, p);
    for (let i = 0; i < n * K; i++) {
      const main = p[i * 2 * H];
      for (let h = 0; h < H; h++) {
        const marginal = h === 0 ? main : (1 - main) * p[i * 2 * H + h] + main * p[i * 2 * H + H + h];
        t.true(Math.abs(marginal - out[i * H + h]) < 1e-5, `${marginal} ${out[i * H + h]}`);
      }
    }
    for (const [from, count] of [
      [0, 1],
      [3, 2],
      [5, 32],
    ]) {
      const few = new Float32Array(count * K * H);
      model.rank({ ...rows, rows: count, values: rows.values.subarray(from * rows.width) }, few);
      t.deepEqual(few, out.slice(from * K * H, (from + count) * K * H));
    }
  });
}

test('more pairs than one batch holds, and more items than that, are ranked alike', (t) => {
  const { rows } = asked(3, 2500);
  const out = new Float32Array(3 * 2500 * H);
  fitted().rank(rows, out);
  const { rows: few } = asked(3, 10);
  const some = new Float32Array(3 * 10 * H);
  fitted().rank(few, some);
  for (let i = 0; i < 3; i++) {
    t.deepEqual(some.slice(i * 10 * H, (i + 1) * 10 * H), out.slice(i * 2500 * H, (i * 2500 + 10) * H));
  }
});

test('a layout without recent items and without context is a layout too', (t) => {
  const bare = sessionRows(fresh.log, { recent: 0 });
  const sessions = { ...bare, layout: { ...bare.layout, contextNames: [], shared: 0 } };
  const model = responseModel.load(fit(sessions, { epochs: 1 }).save());
  const width = placesOf(sessions.layout).width;
  const n = sessions.row.length;
  const states = new Float32Array(n * width);
  replayStates(sessions, states);
  const [p, q] = [new Float64Array(n * 2 * H), new Float64Array(n)];
  model.respond(n, states, known.items, p);
  model.exit(n, states, q);
  const values = new Float32Array(n * (width + F));
  for (let r = 0; r < n; r++) {
    values.set(states.subarray(r * width, (r + 1) * width), r * (width + F));
    values.set(known.items.subarray(r * F, (r + 1) * F), r * (width + F) + width);
  }
  const out = new Float32Array(n * H);
  model.rank({ rows: n, values, width: width + F, stateAt: 0, itemsAt: width, items: 1 }, out);
  for (let r = 0; r < n; r++) {
    t.true(Math.abs(out[r * H] - p[r * 2 * H]) < 1e-5);
    t.true(q[r] > 0 && q[r] < 1);
  }
});

test('a loaded model gives the same bytes; damaged files and others are refused', (t) => {
  const bytes = fitted().save();
  const again = responseModel.load(bytes);
  t.true(same(again.save(), bytes));
  t.deepEqual(again.card, fitted().card);
  t.true(same(responses(again), responses(fitted())));
  t.true(same(exits(again), exits(fitted())));
  const { rows } = asked(5, 4);
  const [one, other] = [new Float32Array(5 * 4 * H), new Float32Array(5 * 4 * H)];
  fitted().rank(rows, one);
  again.rank(rows, other);
  t.deepEqual(one, other);
  t.is(again.dwellSeconds([1, 0, 0], 0, 40, 0.3), fitted().dwellSeconds([1, 0, 0], 0, 40, 0.3));
  t.throws(() => responseModel.load(bytes.subarray(0, bytes.length - 3)), { message: /safetensors/ });
  t.throws(() => responseModel.load(encode(bundle({}, {}))), { message: /names none/ });
  const other2 = encode(bundle({}, { format: 'recsys-gym/reward-model', version: '1' }));
  t.throws(() => responseModel.load(other2), {
    message: /expected a file of format 'recsys-gym\/feed-response-model'/,
  });
});

test('same seed, same bytes; another seed, others', (t) => {
  const [one, again, other] = [1, 1, 2].map((seed) => fit(fresh, { epochs: 1 }, seed).save());
  t.true(same(one, again));
  t.false(same(one, other));
});

test('a model on a constant log stays the constant', (t) => {
  const answers = fresh.answers.map((value, i) => (i % (H + 1) === 0 ? 1 : i % (H + 1) === H ? value : 0));
  const model = fit({ ...fresh, answers }, { epochs: 2 });
  const p = responses(model, 50);
  for (let r = 0; r < 50; r++) {
    t.true(p[r * 2 * H] > 0.99);
    t.true(p[r * 2 * H + H + 1] < 0.01 && p[r * 2 * H + H + 2] < 0.01);
  }
});

test('a flipped exit is flipped around the base rate; a scale of 0 is the base rate; nothing else changes', (t) => {
  const model = fitted();
  const p = exits(model);
  const logit = (q: number): number => Math.log(q / (1 - q));
  const base = logit(model.card.exitRate);
  const flipped = misspecify(model, { exit: { sign: -1 } });
  exits(flipped).forEach((q, r) => t.true(Math.abs(logit(q) - base + (logit(p[r]) - base)) < 1e-9));
  exits(misspecify(model, { exit: { scale: 0 } })).forEach((q) => t.true(Math.abs(q - model.card.exitRate) < 1e-12));
  exits(misspecify(model, { exit: {} })).forEach((q, r) => t.true(Math.abs(q - p[r]) < 1e-12));
  t.deepEqual(responses(flipped, 20), responses(model, 20));
  t.is(flipped.card.settings['misspecifiedExit'], 'sign flipped');
  t.throws(() => flipped.save(), { message: /wrong on purpose/ });
});

test('an exit that ignores fatigue does not read the averages, and leaves the states alone', (t) => {
  const blind = misspecify(fitted(), { exit: { ignoreFatigue: true } });
  const states = known.after.slice();
  for (let r = 0; r < known.n; r++) states.fill(0.4, r * S + places.answers, r * S + places.recent);
  const kept = states.slice();
  t.true(same(exits(blind, known.n, states), exits(blind)));
  t.true(same(states, kept));
  t.false(same(exits(fitted(), known.n, states), exits(fitted())));
});

test('a fit can leave parts of the state out', (t) => {
  const model = fit(fresh, { epochs: 2, leaveOut: ['exposure', 'recent'] });
  const states = known.before.slice();
  for (let r = 0; r < known.n; r++) states.fill(0.3, r * S + places.exposure, (r + 1) * S);
  const [p, q] = [new Float64Array(known.n * 2 * H), new Float64Array(known.n * 2 * H)];
  model.respond(known.n, known.before, known.items, p);
  model.respond(known.n, states, known.items, q);
  t.true(same(p, q));
  t.true(same(exits(model, known.n, states), exits(model, known.n, known.before)));
  const whole = fit(fresh, { epochs: 2 });
  t.false(same(exits(whole, known.n, states), exits(whole, known.n, known.before)));
  t.throws(() => fit(fresh, { leaveOut: ['exposures'] }), { message: /Did you mean 'exposure'/ });
});

test('dwell times are those of the log with the same answers, ascending in the draw', (t) => {
  const model = fitted();
  const draw = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
  fc.assert(
    fc.property(
      draw,
      draw,
      fc.constantFrom([0, 0, 0], [0, 0, 1], [1, 0, 0], [1, 1, 0]),
      fc.integer({ min: 1, max: 200 }),
      (a, b, answers, length) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)].map((u) => model.dwellSeconds(answers, 0, length, u));
        return low <= high;
      },
    ),
  );
  const at = (answers: number[], u: number): number => model.dwellSeconds(answers, 0, 60, u);
  t.true(at([0, 0, 1], 0.9999) < 3 && at([0, 0, 0], 0) >= 3 && at([0, 0, 0], 0.9999) < 6 && at([1, 0, 0], 0) >= 10);
  // A watch of a longer video lasts longer.
  t.true(model.dwellSeconds([1, 0, 0], 0, 110, 0.5) > model.dwellSeconds([1, 0, 0], 0, 20, 0.5) + 10);
  // Answers that the log does not hold: the tables of the main outcome.
  t.true(at([1, 1, 1], 0.5) > 10 && at([0, 1, 1], 0.5) < 6);
});

test('unusable input is refused', (t) => {
  const { rows } = asked(2, 3);
  const out = new Float32Array(2 * 3 * H);
  t.throws(() => fitted().rank({ ...rows, width: rows.width - 10 }, out), {
    message: /a state of \d+ numbers and items of 3/,
  });
  t.throws(() => fitted().rank(rows, out.subarray(1)), { message: /rank: out/ });
  t.throws(() => fitted().respond(3, known.before.subarray(0, S), known.items, new Float64Array(99)), {
    message: /states/,
  });
  t.throws(() => fit(knownFeed(1, 'one')), { message: /at least 20 rows/ });
  t.throws(() => fit(fresh, { hidden: [] }), { message: /one layer or more/ });
  t.throws(() => fit(fresh, { hidden: [2.5] }), { message: /whole numbers/ });
  t.throws(() => fit(fresh, { heldOut: 2 }), { message: /heldOut/ });
  t.throws(() => fit({ ...fresh, unknown: fresh.unknown.map(() => 1) }), {
    message: /known whether the session went on/,
  });
});

test('the card says what the model is', (t) => {
  const { card } = fitted();
  t.deepEqual(Object.keys(card.quality), ['watch10s', 'like', 'skip', 'exit']);
  t.is(card.fittedOn.rows, training.row.length);
  t.true(card.epochs >= 1 && card.parameters > 100);
  for (const quality of Object.values(card.quality)) t.true(quality.loss < quality.lossOfConstant);
});
