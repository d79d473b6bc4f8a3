import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { complaint, messageOf } from '../../../core/check.js';

/**
 * The multiclass-to-bandit protocol (Beygelzimer and Langford 2009; Dudík, Langford and Li 2011) in a form without
 * any chance, so that the value of the judged policy and the exact spread of its estimates are known. Even rows train,
 * odd rows are the N rounds. Actions are classes; an action earns 1 when it is the row's label, else 0.
 */
export interface RelogWorld {
  readonly name: string;
  /** A, also the number of classes. */
  readonly actions: number;
  readonly rounds: number;
  /** [N] the action that earns 1. */
  readonly label: Int32Array;
  /** [N, A] the policy that serves: 0.4 on the class of the nearest raw centroid + 0.6/A everywhere. */
  readonly serving: Float64Array;
  /** [N, A] the policy that is judged: 0.9 on the class of the nearest z-scored centroid + 0.1/A everywhere. */
  readonly target: Float64Array;
  /** [N, A] the reward model: 0.8 on the serving policy's class, 0.2/(A − 1) elsewhere. */
  readonly guesses: Float64Array;
  /** [N] the serving policy's preferred class. */
  readonly preferred: Int32Array;
  /** Share of rounds in which each nearest-centroid rule names the label. */
  readonly accuracy: { readonly serving: number; readonly target: number };
}

export const SERVING_SHARE = 0.4;
const TARGET_SHARE = 0.9;
const GUESS = 0.8;

/** Reads `<name>.data` (numbers, the label last) and builds its world. */
export async function relogWorld(folder: string, name: string): Promise<RelogWorld> {
  const { features, width, label, classes } = await readClasses(join(folder, `${name}.data`));
  const n = label.length;
  const rounds = Math.floor(n / 2);
  const raw = nearestCentroids(features, width, label, classes);
  const scaled = nearestCentroids(zScored(features, width), width, label, classes);
  const odd = (values: Int32Array): Int32Array => Int32Array.from({ length: rounds }, (_, i) => values[2 * i + 1]);
  const [labels, preferred, wanted] = [odd(label), odd(raw), odd(scaled)];
  const share = (chosen: Int32Array): number => chosen.filter((a, i) => a === labels[i]).length / rounds;
  return {
    name,
    actions: classes,
    rounds,
    label: labels,
    serving: softened(preferred, classes, SERVING_SHARE + (1 - SERVING_SHARE) / classes),
    target: softened(wanted, classes, TARGET_SHARE + (1 - TARGET_SHARE) / classes),
    guesses: softened(preferred, classes, GUESS),
    preferred,
    accuracy: { serving: share(preferred), target: share(wanted) },
  };
}

/** [N, A]: `top` on one class, the rest spread evenly over the others. */
function softened(top: Int32Array, classes: number, share: number): Float64Array {
  const table = new Float64Array(top.length * classes).fill((1 - share) / (classes - 1));
  top.forEach((a, i) => (table[i * classes + a] = share));
  return table;
}

/** Class of the nearest mean of the even rows, for every row; ties go to the smallest class. */
function nearestCentroids(features: Float64Array, width: number, label: Int32Array, classes: number): Int32Array {
  const centroid = new Float64Array(classes * width);
  const count = new Float64Array(classes);
  for (let i = 0; i < label.length; i += 2) {
    count[label[i]]++;
    for (let f = 0; f < width; f++) centroid[label[i] * width + f] += features[i * width + f];
  }
  for (let c = 0; c < classes; c++) for (let f = 0; f < width; f++) centroid[c * width + f] /= count[c];
  return Int32Array.from(label, (_, i) => {
    let best = 0;
    let least = Infinity;
    for (let c = 0; c < classes; c++) {
      let far = 0;
      for (let f = 0; f < width; f++) far += (features[i * width + f] - centroid[c * width + f]) ** 2;
      if (far < least) [best, least] = [c, far];
    }
    return best;
  });
}

/** Features less the mean of the even rows, over their population deviation (1 where that is 0). */
function zScored(features: Float64Array, width: number): Float64Array {
  const rows = features.length / width;
  const train = Math.ceil(rows / 2);
  const scaled = new Float64Array(features.length);
  for (let f = 0; f < width; f++) {
    let mean = 0;
    for (let i = 0; i < rows; i += 2) mean += features[i * width + f] / train;
    let variance = 0;
    for (let i = 0; i < rows; i += 2) variance += (features[i * width + f] - mean) ** 2 / train;
    const deviation = variance === 0 ? 1 : Math.sqrt(variance);
    for (let i = 0; i < rows; i++) scaled[i * width + f] = (features[i * width + f] - mean) / deviation;
  }
  return scaled;
}

async function readClasses(
  file: string,
): Promise<{ features: Float64Array; width: number; label: Int32Array; classes: number }> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const hint = 'Name the folder that holds optdigits.data and pendigits.data (UCI).';
    throw complaint(
      'usage',
      { where: file, expected: 'a UCI data file', received: messageOf(error), try: hint },
      error,
    );
  });
  const rows = text.trim().split('\n');
  const width = rows[0].split(',').length - 1;
  const features = new Float64Array(rows.length * width);
  const label = new Int32Array(rows.length);
  rows.forEach((row, i) => {
    const numbers = row.split(',').map(Number);
    if (numbers.length !== width + 1 || numbers.some(Number.isNaN)) {
      throw complaint('data', { where: `${file} line ${i + 1}`, expected: `${width + 1} numbers`, received: row });
    }
    features.set(numbers.slice(0, width), i * width);
    label[i] = numbers[width];
  });
  return { features, width, label, classes: label.reduce((a, b) => Math.max(a, b), 0) + 1 };
}
