import { nativeTest, onEveryInstructionSet } from '../tensor/native/native.test.helper.js';
import { canCountNatively, countNatively } from './native-draws.js';

/** The draws as `bootstrap.ts` makes them in JavaScript. */
function counted(n: number, key0: number, key1: number): Uint8Array {
  const counts = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    let h = i ^ key0;
    h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
    h = (h + key1) | 0;
    h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
    counts[Math.floor(((h ^ (h >>> 15)) >>> 0) * (n * 2 ** -32))]++;
  }
  return counts;
}

nativeTest('the kernel draws the rows that JavaScript draws, on every instruction set', (t) => {
  t.true(canCountNatively());
  onEveryInstructionSet(() => {
    for (const n of [1, 7, 1023, 1024, 1025, 70_001]) {
      for (const [key0, key1] of [
        [0, 0],
        [-1, 1],
        [0x12345678, -0x7654321],
      ]) {
        const counts = new Uint8Array(n).fill(9);
        countNatively(counts, key0, key1);
        t.true(Buffer.compare(counts, counted(n, key0, key1)) === 0, `${n} rows, keys ${key0} ${key1}`);
      }
    }
  });
});
