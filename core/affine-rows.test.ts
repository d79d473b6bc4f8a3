import test from 'ava';
import { affineRows, plainRows, type Affine } from './affine-rows.js';
import { normal } from './distributions.js';
import { stream } from './random.js';

const luck = stream(1);
const numbers = (size: number): Float32Array => Float32Array.from({ length: size }, () => normal(luck));
const layerOf = (inputs: number, outputs: number): Affine => ({
  inputs,
  outputs,
  weights: numbers(inputs * outputs),
  bias: numbers(outputs),
});

test('affine rows by hand, with and without ReLU', (t) => {
  const layer = { inputs: 2, outputs: 2, weights: Float32Array.of(1, 2, 3, 4), bias: Float32Array.of(10, -100) };
  for (const way of [affineRows, plainRows]) {
    const out = new Float32Array(2);
    way(layer, Float32Array.of(1, -1), 1, false, out);
    t.deepEqual([...out], [8, -102]);
    way(layer, Float32Array.of(1, -1), 1, true, out);
    t.deepEqual([...out], [8, 0]);
  }
});

test('kernel and loops agree, for every number of rows and outputs', (t) => {
  for (const [inputs, outputs, rows] of [
    [1, 1, 1],
    [11, 64, 5],
    [64, 125, 33],
    [40, 3, 17],
  ]) {
    const [layer, x] = [layerOf(inputs, outputs), numbers(rows * inputs)];
    const [one, other] = [new Float32Array(rows * outputs), new Float32Array(rows * outputs)];
    affineRows(layer, x, rows, true, one);
    plainRows(layer, x, rows, true, other);
    one.forEach((value, i) => t.true(Math.abs(value - other[i]) < 1e-4));
  }
});

test('a row gives the same bits alone and in a crowd', (t) => {
  const [inputs, outputs, rows] = [37, 125, 100];
  const [layer, x] = [layerOf(inputs, outputs), numbers(rows * inputs)];
  const all = new Float32Array(rows * outputs);
  affineRows(layer, x, rows, false, all);
  const alone = new Float32Array(outputs);
  for (let n = 0; n < rows; n++) {
    affineRows(layer, x.subarray(n * inputs, (n + 1) * inputs), 1, false, alone);
    t.deepEqual(alone, all.subarray(n * outputs, (n + 1) * outputs));
  }
});
