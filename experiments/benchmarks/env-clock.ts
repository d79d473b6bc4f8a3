export const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** Calls times `rows` per second of processor time of the whole process, over about so many of them. */
export function rate(call: (i: number) => void, rows: number, seconds: number): number {
  /** Calls between two looks at the clock. */
  const chunk = Math.max(8, Math.ceil(2000 / rows));
  const start = cpuSeconds();
  let calls = 0;
  let used = 0;
  while (used < seconds) {
    for (let i = 0; i < chunk; i++) call(calls++);
    used = cpuSeconds() - start;
  }
  return (calls * rows) / used;
}

/** The middle one, of an odd number. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}
