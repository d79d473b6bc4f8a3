import { kernel, openKernels, run } from './tensor/native/run.js';

const matmul = kernel('matmul');
const WHOLE = [1, 0, 0, 0, 0, 0, 0, 0, 1, 0];

/** A linear layer in plain numbers: y = x·W + b. */
export interface Affine {
  readonly inputs: number;
  readonly outputs: number;
  /** [inputs, outputs] */
  readonly weights: Float32Array;
  /** [outputs] */
  readonly bias: Float32Array;
}

let opened: boolean | undefined;

/** Whether the native kernel is there. */
function canMultiply(): boolean {
  if (opened !== undefined) return opened;
  try {
    openKernels();
    matmul();
    return (opened = true);
  } catch {
    return (opened = false); // it was not compiled here
  }
}

/**
 * out = x·W + b, or max(0, …) of it, row by row, without a backend: by the native kernel, or in plain loops where it was
 * not compiled (other last bits). A row gives the same bits whatever stands beside it.
 *
 * @param x   [rows, inputs], at the start of the array
 * @param out [rows, outputs], at the start of the array
 */
export function affineRows(layer: Affine, x: Float32Array, rows: number, relu: boolean, out: Float32Array): void {
  const { inputs, outputs, weights, bias } = layer;
  if (rows === 0) return;
  if (!canMultiply()) {
    plainRows(layer, x, rows, relu, out);
    return;
  }
  WHOLE[1] = rows;
  WHOLE[2] = outputs;
  WHOLE[3] = inputs;
  WHOLE[9] = Number(relu);
  run(matmul(), [x, weights, bias], [out], WHOLE);
}

/** The same in JavaScript; sums in double precision. */
export function plainRows(layer: Affine, x: Float32Array, rows: number, relu: boolean, out: Float32Array): void {
  const { inputs, outputs, weights, bias } = layer;
  for (let n = 0, to = 0; n < rows; n++) {
    for (let o = 0; o < outputs; o++, to++) {
      let sum = 0;
      for (let i = 0, at = o; i < inputs; i++, at += outputs) sum += x[n * inputs + i] * weights[at];
      sum += bias[o];
      out[to] = relu && sum < 0 ? 0 : sum;
    }
  }
}
