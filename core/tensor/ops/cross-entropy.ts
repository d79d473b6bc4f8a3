import tf from '@tensorflow/tfjs';
import { complaint } from '../../check.js';
import { differentiable } from '../differentiable.js';
import { floats, fresh, nativeInUse, wholes } from '../native/memory.js';
import { kernel, run } from '../native/run.js';

const sigmoidKernel = kernel('sigmoidLoss');
const sigmoidGradientKernel = kernel('sigmoidLossGradient');
const softmaxKernel = kernel('softmaxLoss');
const softmaxGradientKernel = kernel('softmaxLossGradient');

/** Numbers that the kernels sum together (`BLOCK` in `losses.cc`). */
const BLOCK = 4096;

/**
 * Mean binary cross-entropy from logits, stable for large ones:
 *
 *     loss = Σ w·(max(z, 0) − z·y + ln(1 + e^−|z|)) / Σ w
 *
 * Its gradient goes to the logits alone. NaN where there is no weight at all.
 *
 * @param logits  any shape
 * @param labels  of the same shape, in [0, 1]
 * @param weights of the same shape, non-negative; omit for equal weights
 * @throws a shape error
 */
export function sigmoidCrossEntropy(logits: tf.Tensor, labels: tf.Tensor, weights?: tf.Tensor): tf.Scalar {
  for (const [name, given] of Object.entries({ labels, weights: weights ?? labels })) {
    if (given.shape.join() === logits.shape.join()) continue;
    throw complaint('shape', {
      where: `sigmoid cross-entropy: ${name}`,
      expected: `the shape of the logits, [${logits.shape.join(', ')}]`,
      received: `[${given.shape.join(', ')}]`,
    });
  }
  if (nativeInUse()) return fusedSigmoid(logits, labels, weights).asScalar();
  const rowLoss = tf.add(tf.sub(tf.relu(logits), tf.mul(logits, labels)), tf.log1p(tf.exp(tf.neg(tf.abs(logits)))));
  if (weights === undefined) return tf.mean(rowLoss);
  return tf.div(tf.sum(tf.mul(rowLoss, weights)), tf.sum(weights));
}

function fusedSigmoid(logits: tf.Tensor, labels: tf.Tensor, weights?: tf.Tensor): tf.Tensor {
  const kept = weights === undefined ? [logits, labels] : [logits, labels, weights];
  const whole = [logits.size, Number(weights !== undefined)];
  // A kernel does not read what it is told is absent: any memory stands for it.
  const operands = ([z, y, w = z]: tf.Tensor[]): Float32Array[] => [z, y, w].map(floats);
  return differentiable([logits], (save) => {
    const [loss, total, sums] = [fresh([]), fresh([]), fresh([2 * Math.ceil(logits.size / BLOCK)])];
    run(sigmoidKernel(), operands(kept), [loss.values, total.values, sums.values], whole);
    save([total.tensor, ...kept]);
    const gradient = (dy: tf.Tensor, [weight, ...rest]: tf.Tensor[]): tf.Tensor[] => {
      const slope = fresh(logits.shape);
      run(sigmoidGradientKernel(), [...operands(rest), floats(weight), floats(dy)], [slope.values], whole);
      return [slope.tensor];
    };
    return { value: loss.tensor, gradient };
  });
}

export interface SoftmaxOptions {
  /** [N] non-negative; the mean is over their sum. Equal, if omitted. */
  readonly weights?: tf.Tensor;
  /** What logits are multiplied by (an inverse temperature); 1 if omitted. */
  readonly scale?: number;
  /** [C], added to every row after scaling. */
  readonly columnOffset?: tf.Tensor;
  /** int32 [N, C]: columns that are not 0 leave their row's softmax; its label never does. */
  readonly blocked?: tf.Tensor;
  /** int32 [N] and [C]: a column of the same id as the row leaves that row's softmax; its label never does. */
  readonly ids?: { readonly rows: tf.Tensor; readonly columns: tf.Tensor };
}

/**
 * Mean cross-entropy of a softmax from logits. With s = scale·z + offset:
 *
 *     loss = Σ_n w_n·(ln Σ_j e^s_nj − s_n,label) / Σ_n w_n     over rows whose label is not −1
 *
 * and 0 where no row counts. Its gradient goes to the logits alone; the other operands are taken as constants.
 *
 * @param logits [N, C]
 * @param labels int32 [N], each the row's right column, or −1 for a row to be left out (padding)
 * @throws a shape error; a label outside [−1, C)
 */
export function softmaxCrossEntropy(logits: tf.Tensor, labels: tf.Tensor, options: SoftmaxOptions = {}): tf.Scalar {
  checkSoftmax(logits, labels, options);
  return nativeInUse() ? fusedSoftmax(logits, labels, options).asScalar() : composeSoftmax(logits, labels, options);
}

function checkSoftmax(logits: tf.Tensor, labels: tf.Tensor, options: SoftmaxOptions): void {
  const [n, columns] = logits.shape;
  const { weights, columnOffset, blocked, ids } = options;
  const wanted = [
    { name: 'logits', given: logits, shape: [n, columns], type: 'float32' },
    { name: 'labels', given: labels, shape: [n], type: 'int32' },
    { name: 'weights', given: weights, shape: [n], type: 'float32' },
    { name: 'columnOffset', given: columnOffset, shape: [columns], type: 'float32' },
    { name: 'blocked', given: blocked, shape: [n, columns], type: 'int32' },
    { name: 'ids.rows', given: ids?.rows, shape: [n], type: 'int32' },
    { name: 'ids.columns', given: ids?.columns, shape: [columns], type: 'int32' },
  ];
  for (const { name, given, shape, type } of wanted) {
    if (given === undefined || (given.shape.join() === shape.join() && given.dtype === type)) continue;
    throw complaint('shape', {
      where: `softmax cross-entropy: ${name}`,
      expected: `${type} [${name === 'logits' ? 'N, C' : shape.join(', ')}]`,
      received: `${given.dtype} [${given.shape.join(', ')}]`,
    });
  }
}

function fusedSoftmax(logits: tf.Tensor, labels: tf.Tensor, options: SoftmaxOptions): tf.Tensor {
  const [n, columns] = logits.shape;
  const { weights, columnOffset, blocked, ids, scale = 1 } = options;
  const given = [weights, columnOffset, blocked, ids].map((part) => Number(part !== undefined));
  return differentiable([logits], (save) => {
    // A kernel does not read what it is told is absent: the logits' memory, or the labels', stands for it.
    const [z, label] = [floats(logits), wholes(labels)];
    const real = [weights, columnOffset].map((part) => (part === undefined ? z : floats(part)));
    const whole = [blocked, ids?.rows, ids?.columns].map((part) => (part === undefined ? label : wholes(part)));
    const [loss, exponentials, sums, total, scratch] = [[], [n, columns], [n], [], [2, n]].map(fresh);
    const outputs = [loss, exponentials, sums, total, scratch].map(({ values }) => values);
    run(softmaxKernel(), [z, label, ...real, ...whole], outputs, [n, columns, ...given], [scale]);
    save([exponentials, sums, total].map(({ tensor }) => tensor).concat(labels, weights ?? []));
    const gradient = (dy: tf.Tensor, [e, sum, weight, own, by = sum]: tf.Tensor[]): tf.Tensor[] => {
      const slope = fresh(logits.shape);
      const from = [floats(e), floats(sum), floats(weight), wholes(own), floats(by), floats(dy)];
      run(softmaxGradientKernel(), from, [slope.values], [n, columns, given[0]], [scale]);
      return [slope.tensor];
    };
    return { value: loss.tensor, gradient };
  });
}

function composeSoftmax(logits: tf.Tensor, labels: tf.Tensor, options: SoftmaxOptions): tf.Scalar {
  const [n, columns] = logits.shape;
  const { weights, columnOffset, blocked, ids, scale = 1 } = options;
  checkLabels(labels, columns);
  const own = tf.cast(tf.equal(labels.reshape([n, 1]), tf.range(0, columns, 1, 'int32')), 'float32');
  const scaled = tf.mul(logits, scale);
  const scores = columnOffset === undefined ? scaled : tf.add(scaled, columnOffset);
  const hits = [
    ...(blocked === undefined ? [] : [tf.notEqual(blocked, 0)]),
    ...(ids === undefined ? [] : [tf.equal(ids.rows.reshape([n, 1]), ids.columns.reshape([1, columns]))]),
  ].map((hit) => tf.cast(hit, 'float32'));
  const out = hits.reduce((one, other) => tf.maximum(one, other), tf.zeros([n, columns]));
  const gone = tf.mul(out, tf.sub(1, own));
  // So far below the others that its exponential is 0.
  const sunk = tf.sub(tf.mul(scores, tf.sub(1, gone)), tf.mul(gone, 1e9));
  const rowLoss = tf.sub(tf.logSumExp(sunk, 1), tf.sum(tf.mul(scores, own), 1));
  const counts = tf.cast(tf.greaterEqual(labels, 0), 'float32');
  const weight = weights === undefined ? counts : tf.mul(weights, counts);
  const total = tf.sum(weight);
  return tf.div(tf.sum(tf.mul(rowLoss, weight)), tf.add(total, tf.cast(tf.equal(total, 0), 'float32')));
}

function checkLabels(labels: tf.Tensor, columns: number): void {
  const row = labels.dataSync<'int32'>().findIndex((label) => label < -1 || label >= columns);
  if (row < 0) return;
  throw complaint('data', {
    where: 'softmax cross-entropy',
    expected: `labels from -1 to ${columns - 1}`,
    received: `${labels.dataSync<'int32'>()[row]} in row ${row}`,
  });
}
