import test from 'ava';
import { stream } from '../core/random.js';
import { startBackend } from '../core/tensor/backend.js';
import { makeLog } from '../logs/columns.js';
import type { Log, Rows } from '../logs/record.js';
import type { FitRequest, FittedModel, RewardModelKind } from './contract.js';
import { crossFit, type CrossFitRequest } from './cross-fit.js';
import { compileReward } from './formula.js';
import { expectation, guessMatrix } from './guess.js';
import { logistic } from './logistic.js';
import { logLoss } from './quality.js';

test.before(async () => {
  await startBackend(process.env['RECSYS_GYM_BACKEND']);
});

/** 600 rows of 120 users; clicks are coin tosses that nothing explains, so only memory can know them. */
function tossLog(users = true): Log {
  const luck = stream('tosses');
  const rows = 600;
  return makeLog({
    name: 'tosses',
    rows,
    schema: { outcomes: ['click', 'hide'], source: 'test', categoricalNames: ['row'] },
    actions: ['a', 'b', 'c'],
    action: Int32Array.from({ length: rows }, () => Math.floor(luck.next() * 3)),
    outcomes: [0, 1].map(() => Float32Array.from({ length: rows }, () => (luck.next() < 0.5 ? 1 : 0))),
    categorical: Int32Array.from({ length: rows }, (_, n) => n),
    categoricalValues: [Array.from({ length: rows }, (_, n) => `row ${n}`)],
    ...(users
      ? {
          users: Array.from({ length: 120 }, (_, u) => `user ${u}`),
          user: Int32Array.from({ length: rows }, (_, n) => (n * 7) % 120),
        }
      : {}),
  });
}
const log = tossLog();
const all = (of: Log): Rows => ({ name: 'all', index: Int32Array.from({ length: of.rows }, (_, i) => i) });

/** Remembers the outcomes of the rows (and users) it saw; says −1 about any other row, 9 about other rows of their users. */
const memoriser: RewardModelKind<object> = {
  summary: 'a leak detector',
  defaults: {},
  fit: ({ log: seen, rows, heads }: FitRequest<object>) =>
    remember(
      Array.from(rows.index),
      { log: seen.name, logHash: seen.hash, split: rows.name, rows: rows.index.length },
      heads,
    ),
  load: (bytes) => {
    const { rows, fittedOn, heads } = JSON.parse(new TextDecoder().decode(bytes)) as {
      rows: number[];
      fittedOn: FittedModel['card']['fittedOn'];
      heads: string[];
    };
    return remember(rows, fittedOn, heads);
  },
};
function remember(rows: number[], fittedOn: FittedModel['card']['fittedOn'], heads: readonly string[]): FittedModel {
  const known = new Set(rows);
  const users = new Set(rows.map((row) => log.user[row]));
  return {
    card: {
      kind: 'memoriser',
      heads,
      unit: 'probability',
      fittedOn,
      settings: {},
      quality: [],
      epochs: 0,
      parameters: 0,
    },
    heads: heads.map((outcome) => ({ outcome, unit: 'probability', mean: 0.5, calibration: 'none' })),
    predict(of, asked, _actions, out) {
      asked.forEach((row, n) => {
        heads.forEach((_, h) => {
          const user = of.user[row];
          out[n * heads.length + h] = known.has(row) ? of.outcomes[h][row] : user >= 0 && users.has(user) ? 9 : -1;
        });
      });
    },
    save: () => new TextEncoder().encode(JSON.stringify({ rows, fittedOn, heads })),
  };
}

const request: CrossFitRequest<object> = {
  kind: memoriser,
  log,
  rows: all(log),
  heads: ['click'],
  settings: {},
  folds: 3,
  random: stream(1),
};

test('a model that memorises cannot leak: no row, and no row of a user, is scored by a model that saw it', async (t) => {
  const click = await compileReward('click', log.schema.outcomes);
  const { guesses, predictions, foldOf, models, by } = crossFit(request);
  t.is(by, 'user');
  t.true(guesses(click).every((guess) => guess === -1));
  t.true(predictions().every((guess) => guess === -1));
  t.is(guesses(click).length, 600 * 3);
  t.is(models.length, 3);
  for (let n = 0; n < 600; n++) t.is(foldOf[n], foldOf[log.user.findIndex((user) => user === log.user[n])]);
  // The same model would have known everything: the test can fail.
  const leaky = memoriser.fit({ ...request, rows: all(log) });
  t.true(guessMatrix(leaky, click, log, all(log).index).every((guess) => guess === 0 || guess === 1));
  // By row, users straddle folds: the detector sees it.
  t.true(
    crossFit({ ...request, by: 'row' })
      .guesses(click)
      .some((guess) => guess === 9),
  );
});

test('rows in another order or in a part of the log keep their fold', (t) => {
  const whole = crossFit(request).foldOf;
  const some = Int32Array.of(5, 77, 300, 301, 302, 303, 304, 305, 599);
  const part = crossFit({ ...request, by: 'user', rows: { name: 'some', index: some } });
  t.deepEqual(
    [...part.foldOf],
    [...some].map((row) => whole[row]),
  );
});

test('a real model on outcomes that nothing explains does not beat the coin', (t) => {
  const fitted = crossFit({ ...request, kind: logistic, settings: logistic.defaults, heads: ['click', 'hide'] });
  const [click] = fitted.quality();
  t.is(click.rows, 600);
  t.true(click.loss > Math.LN2 - 0.01 && click.loss < Math.LN2 + 0.05, String(click.loss));
  t.true(
    Math.abs(
      click.loss -
        logLoss(
          fitted.predictions().filter((_, i) => i % 2 === 0),
          log.outcomes[0],
        ),
    ) < 1e-9,
  );
});

test('folds can be kept and loaded: a resumed run equals an uninterrupted one', async (t) => {
  const click = await compileReward('click', log.schema.outcomes);
  const real = { ...request, kind: logistic, settings: { ...logistic.defaults, epochs: 2 } };
  const kept = new Map<number, Uint8Array>();
  const done: number[] = [];
  const whole = crossFit({
    ...real,
    save: (fold, bytes) => kept.set(fold, bytes),
    onFold: (fold) => done.push(fold),
  });
  t.deepEqual(done, [1, 2, 3]);
  kept.delete(2);
  const fits: number[] = [];
  const resumed = crossFit({ ...real, load: (fold) => kept.get(fold), save: (fold) => fits.push(fold) });
  t.deepEqual(fits, [2]);
  t.deepEqual(resumed.guesses(click), whole.guesses(click));
  t.deepEqual(
    resumed.models.map((model) => model.save()),
    whole.models.map((model) => model.save()),
  );
});

test('a checkpoint of other rows, heads or settings is refused', (t) => {
  const real = { ...request, kind: logistic, settings: { ...logistic.defaults, epochs: 2 } };
  const kept: Uint8Array[] = [];
  crossFit({ ...real, save: (fold, bytes) => (kept[fold] = bytes) });
  const load = (fold: number): Uint8Array => kept[fold];
  t.throws(() => crossFit({ ...real, load, settings: { ...real.settings, l2: 1 } }), {
    message: /checkpoint of a reward model for 'all without fold 1 of 3': l2: expected 1, received 20/,
  });
  t.throws(() => crossFit({ ...real, load, heads: ['hide'] }), { message: /heads: expected hide, received click/ });
  t.throws(() => crossFit({ ...real, load, random: stream(2) }), { message: /rows: expected \d+, received \d+/ });
  t.throws(() => crossFit({ ...real, load: () => kept[0].subarray(0, 50) }), {
    message: /expected a safetensors file/,
  });
});

test('folds need rows and a number', (t) => {
  t.throws(() => crossFit({ ...request, folds: 1 }), { message: /a whole number from 2/ });
  t.throws(() => crossFit({ ...request, rows: { name: 'two', index: Int32Array.of(1, 2) }, folds: 5 }), {
    message: /expected rows in each of 5 folds/,
  });
  t.is(crossFit({ ...request, log: tossLog(false), rows: all(log) }).by, 'row');
});

test('expected reward: exact lines, exact for one event, combinations of events, amounts at their means', async (t) => {
  const outcomes = ['like', 'hide', 'dwell'];
  const heads = outcomes.map((outcome) => ({
    outcome,
    unit: outcome === 'dwell' ? ('value' as const) : ('probability' as const),
    mean: 0.5,
    calibration: 'none' as const,
  }));
  const predicted = [9, 0.25, 0.5, 30];
  const value = async (text: string): Promise<[string, number]> => {
    const { method, of } = expectation(await compileReward(text, outcomes), heads);
    return [method, of(predicted, 1)];
  };
  t.deepEqual(await value('1 + 2*like - hide + dwell/10'), ['exact', 4]);
  t.deepEqual(await value('like > 0 ? 10 : 2'), ['exact', 4]);
  t.deepEqual(await value('max(like, hide)'), ['as if outcomes were independent', 1 - 0.75 * 0.5]);
  t.deepEqual(await value('like and not hide'), ['as if outcomes were independent', 0.125]);
  t.deepEqual(await value('dwell^2'), ['at the predicted means', 900]);
  t.deepEqual(await value('like * dwell'), ['at the predicted means', 7.5]);
  const other = await compileReward('like + dwell', outcomes);
  t.throws(() => expectation(other, heads.slice(0, 2)), {
    message: /expected a model that predicts 'dwell', received one that predicts like, hide/,
  });
});

test('many events are taken at their means', async (t) => {
  const outcomes = Array.from({ length: 9 }, (_, i) => `o${i}`);
  const heads = outcomes.map((outcome) => ({
    outcome,
    unit: 'probability' as const,
    mean: 0.5,
    calibration: 'none' as const,
  }));
  const { method, of } = expectation(await compileReward(`max(${outcomes.join(', ')})`, outcomes), heads);
  t.is(method, 'at the predicted means');
  t.is(of(new Float64Array(9).fill(0.5), 0), 0.5);
});

test('a guess matrix in batches equals one row at a time', async (t) => {
  const model = logistic.fit({
    log,
    rows: all(log),
    heads: ['hide', 'click'],
    settings: logistic.defaults,
    random: stream(1),
  });
  const reward = await compileReward('click - 2*hide', log.schema.outcomes);
  const many = Int32Array.from({ length: 30_000 }, (_, n) => (n * 13) % 600);
  const whole = guessMatrix(model, reward, log, many);
  t.is(whole.length, 90_000);
  for (const n of [0, 21_844, 21_845, 29_999]) {
    t.deepEqual([...guessMatrix(model, reward, log, many.subarray(n, n + 1))], [...whole.subarray(3 * n, 3 * n + 3)]);
  }
});
