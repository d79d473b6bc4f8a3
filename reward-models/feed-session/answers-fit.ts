import tf from '@tensorflow/tfjs';
import { compileStep } from '../../core/tensor/compile.js';
import { sigmoidCrossEntropy } from '../../core/tensor/ops/cross-entropy.js';
import { Trainer } from '../../core/tensor/train.js';
import type { SessionRows } from '../../logs/feed-session/replay.js';
import type { Quality } from '../contract.js';
import { qualityOf } from '../quality.js';
import { descendInPasses, lossOfLogit } from './epochs.js';
import { leaveOutOfAnswers } from './leave-out.js';
import { marginals } from './response-model.js';
import { buildResponseNetwork, columnOf, responseShape, type ResponseNetwork } from './response-network.js';
import { lineOf, type DealtRows, type Fitted, type Ground, type Judged } from './response-rows.js';
import { ResponseBatch, Scorer } from './scorer.js';

/** Whether row r says something about a column: it does not about "given a watch" where there was none. */
function speaks({ answers, layout }: SessionRows, r: number, column: number): boolean {
  return column === 0 || answers[r * (layout.outcomes.length + 1)] === (column - 1) % 2;
}

/** The answer in row r that a column predicts. */
function answerOf({ answers, layout }: SessionRows, r: number, column: number): number {
  return answers[r * (layout.outcomes.length + 1) + Math.ceil(column / 2)];
}

/** Log-odds of each column's rate; a half event on either side, given y spread as without, keeps them finite. */
function baseRates(sessions: SessionRows, learn: Int32Array, columns: number): Float64Array {
  const rateOf = (column: number, prior: number): number => {
    let [count, events] = [0, 0];
    for (const r of learn) {
      if (!speaks(sessions, r, column)) continue;
      count++;
      events += answerOf(sessions, r, column);
    }
    return (events + prior) / (count + 1);
  };
  const bases = new Float64Array(columns);
  for (let c = 0; c < columns; c++) {
    const h = Math.ceil(c / 2);
    let overall = 0.5;
    if (c > 0) {
      let events = 0;
      for (const r of learn) events += answerOf(sessions, r, c);
      overall = (events + 0.5) / (learn.length + 1);
    }
    const rate = rateOf(h === 0 ? 0 : c, overall);
    bases[c] = Math.log(rate / (1 - rate));
  }
  return bases;
}

export function fitAnswers({ request, rows, states: { states, at } }: Ground): Fitted<ResponseNetwork> {
  const { sessions, settings, random, onProgress } = request;
  const { catalogue, item, layout } = sessions;
  const shape = responseShape(layout, settings);
  const { columns, features: F } = shape;
  const H = layout.outcomes.length;
  const bases = baseRates(sessions, rows.learn, columns);
  const network = buildResponseNetwork(shape, bases, random.fork('initial'));
  leaveOutOfAnswers(network.parameters, layout, settings.leaveOut);
  const trainer = new Trainer(network.parameters, { learningRate: settings.learningRate });
  const pull = settings.l2 / (2 * rows.learn.length);
  const play = compileStep(trainer, (inputs) => {
    // Weights sum to H per row, so the mean times H is the likelihood of the whole answer.
    const loss = sigmoidCrossEntropy(network.forward(inputs), inputs['labels'], inputs['weights']);
    return { loss: tf.add(tf.mul(loss, H), tf.mul(pull, network.squares())).asScalar() };
  });
  const batches = new Map<number, { batch: ResponseBatch; labels: Float32Array; weights: Float32Array }>();
  const step = (some: Int32Array, rate: number): void => {
    const n = some.length;
    const { batch, labels, weights } = batches.get(n) ?? {
      batch: new ResponseBatch(shape, n, 1),
      labels: new Float32Array(n * columns),
      weights: new Float32Array(n * columns),
    };
    batches.set(n, { batch, labels, weights });
    for (let i = 0; i < n; i++) {
      const r = some[i];
      batch.write(i, states, at[r], catalogue.features, item[r] * F);
      for (let c = 0; c < columns; c++) {
        labels[i * columns + c] = answerOf(sessions, r, c);
        weights[i * columns + c] = speaks(sessions, r, c) ? 1 : 0;
      }
    }
    const extent = [n, columns];
    play(
      { ...batch.inputs, labels: { values: labels, shape: extent }, weights: { values: weights, shape: extent } },
      rate,
    );
  };
  const scorer = new Scorer(network);
  const scoreRows = (which: Int32Array, z: Float32Array): void => {
    for (let from = 0; from < which.length;) {
      const batch = scorer.batch(which.length - from, 1);
      const some = which.subarray(from, from + batch.size);
      some.forEach((r, i) => batch.write(i, states, at[r], catalogue.features, item[r] * F));
      z.set(scorer.play(batch).subarray(0, some.length * columns), from * columns);
      from += some.length;
    }
  };
  const z = new Float32Array(rows.check.length * columns);
  const score = (): number => {
    scoreRows(rows.check, z);
    let sum = 0;
    rows.check.forEach((r, i) => {
      for (let c = 0; c < columns; c++) {
        if (speaks(sessions, r, c)) sum += lossOfLogit(z[i * columns + c], answerOf(sessions, r, c));
      }
    });
    return sum / rows.check.length;
  };
  const progress = onProgress === undefined ? {} : { onProgress };
  const passes = {
    parameters: network.parameters,
    learn: rows.learn.slice(),
    step,
    score,
    name: 'answers',
    ...progress,
  };
  const epochs = descendInPasses({ ...passes, random: random.fork('shuffle') }, settings);
  const everywhere = new Float32Array(item.length * columns);
  scoreRows(
    Int32Array.from(item, (_, r) => r),
    everywhere,
  );
  const calibration = calibrateAnswers(sessions, rows.check, bases, everywhere);
  return { network, epochs, calibration, quality: qualityOfAnswers(sessions, rows, calibration, everywhere) };
}

/**
 * [columns, 2] the line of each column, from the rows that speak about it.
 *
 * @param z [R, columns]
 */
function calibrateAnswers(
  sessions: SessionRows,
  check: Int32Array,
  bases: Float64Array,
  z: Float32Array,
): Float64Array {
  const columns = bases.length;
  const lines = new Float64Array(2 * columns);
  const all = Int32Array.from(sessions.item, (_, r) => r);
  for (let c = 0; c < columns; c++) {
    const judged = (rows: Int32Array): Judged => {
      const said = rows.filter((r) => speaks(sessions, r, c));
      return {
        logits: Float64Array.from(said, (r) => z[r * columns + c]),
        observed: Uint8Array.from(said, (r) => answerOf(sessions, r, c)),
      };
    };
    lines.set(lineOf(bases[c], judged(check), judged(all)), 2 * c);
  }
  return lines;
}

function qualityOfAnswers(
  sessions: SessionRows,
  { learn, check }: DealtRows,
  calibration: Float64Array,
  z: Float32Array,
): Record<string, Quality> {
  const { outcomes } = sessions.layout;
  const H = outcomes.length;
  const p = new Float64Array(check.length * H);
  check.forEach((r, i) => marginals(calibration, z, r * (2 * H - 1), p, i * H, H));
  const observed = (r: number, h: number): number => answerOf(sessions, r, columnOf(h, 0));
  return Object.fromEntries(
    outcomes.map((name, h) => [
      name,
      qualityOf(
        { unit: 'probability', mean: learn.reduce((sum, r) => sum + observed(r, h), 0) / learn.length },
        Float64Array.from(check, (_, i) => p[i * H + h]),
        Float64Array.from(check, (r) => observed(r, h)),
      ),
    ]),
  );
}
