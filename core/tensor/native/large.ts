import { addon } from './addon.js';

/** Arrays from this size on are asked to lie on large pages: random rows of a table otherwise cost a page walk each. */
const LARGE_BYTES = 4 * 2 ** 20;

/** The same array, fresh and not yet written to, on large pages where it is large and the system has them. */
export function large<A extends Float32Array | Int32Array | Uint8Array>(array: A): A {
  if (array.byteLength < LARGE_BYTES) return array;
  try {
    addon().large(array);
  } catch {
    return array; // without the kernels there is nobody to ask, and nothing is lost
  }
  return array;
}
