/** Two operands stretched to one shape, with neighbouring axes merged where both allow it. */
export interface Broadcast {
  readonly shape: number[];
  /** rank, sizes, strides of a, strides of b: the whole numbers of the element-wise kernels. */
  readonly whole: readonly number[];
}

/** Most axes that the kernels walk (`MOST_AXES` in `elementwise.cc`). */
const MOST_AXES = 8;

/**
 * Lays shape a beside shape b by the usual rules (axes of size 1 are stretched, missing ones come first).
 *
 * @returns undefined when more axes remain than the kernels walk
 */
export function broadcast(a: readonly number[], b: readonly number[]): Broadcast | undefined {
  if (same(a, b)) {
    const n = a.reduce((product, size) => product * size, 1);
    return { shape: [...a], whole: [1, n, 1, 1] };
  }
  const rank = Math.max(a.length, b.length);
  const shape = new Array<number>(rank);
  const [sizes, stridesA, stridesB]: number[][] = [[], [], []];
  let [strideA, strideB] = [1, 1];
  for (let k = rank - 1; k >= 0; k--) {
    const sizeA = a[k - rank + a.length] ?? 1;
    const sizeB = b[k - rank + b.length] ?? 1;
    const size = sizeA === 1 ? sizeB : sizeA;
    if (size !== sizeB && sizeB !== 1) {
      throw new Error(`Operands could not be broadcast together with shapes ${a.join(',')} and ${b.join(',')}.`);
    }
    shape[k] = size;
    const [sa, sb] = [sizeA === 1 ? 0 : strideA, sizeB === 1 ? 0 : strideB];
    strideA *= sizeA;
    strideB *= sizeB;
    if (size === 1) continue;
    const last = sizes.length - 1;
    if (last >= 0 && sa === stridesA[last] * sizes[last] && sb === stridesB[last] * sizes[last]) {
      sizes[last] *= size;
    } else {
      sizes.push(size);
      stridesA.push(sa);
      stridesB.push(sb);
    }
  }
  if (sizes.length > MOST_AXES) return undefined;
  return {
    shape,
    whole: [sizes.length, ...sizes.reverse(), ...stridesA.reverse(), ...stridesB.reverse()],
  };
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, k) => size === b[k]);
}
