/** What one reading of the clock spans at least: short work is repeated within it. The Python peer does the same. */
const SAMPLE_MS = 0.5;
const FEWEST = 3;

/**
 * Milliseconds per run of `work`, again and again for so many seconds. The first fifth of the time warms up and is not
 * counted.
 */
export function sample(work: () => unknown, seconds: number): number[] {
  const start = performance.now();
  const end = start + 1000 * seconds;
  let runs = 0;
  do {
    work();
    runs++;
  } while (performance.now() < start + 200 * seconds);
  const chunk = Math.max(1, Math.ceil((SAMPLE_MS * runs) / (performance.now() - start)));
  const samples: number[] = [];
  do {
    const from = performance.now();
    for (let i = 0; i < chunk; i++) work();
    samples.push((performance.now() - from) / chunk);
  } while (performance.now() < end || samples.length < FEWEST);
  return samples;
}

/** The middle one. */
export function median(samples: readonly number[]): number {
  return [...samples].sort((a, b) => a - b)[samples.length >> 1];
}
