/** When requests come. Day 0 is a Monday. */

/** Simulated time of the first moment of day 0: 2026-01-05, a Monday, 00:00 UTC. */
export const START_MS = Date.UTC(2026, 0, 5);
export const DAY_MS = 86_400_000;

/** Traffic by hour h is 1 − 0.5·cos(2π(h − 5) ÷ 24): least at 5, most at 17. *Invented*. */
const SWING = 0.5;
const QUIET_HOUR = 5;
const STEPS = 1440;

/** [STEPS + 1] hour at which a share i ÷ STEPS of the day's requests has come. */
const HOURS = hours();

function hours(): Float64Array {
  const turn = (hour: number): number => Math.sin((2 * Math.PI * (hour - QUIET_HOUR)) / 24);
  const come = (hour: number): number => hour / 24 - (SWING / (2 * Math.PI)) * (turn(hour) - turn(0));
  return Float64Array.from({ length: STEPS + 1 }, (_, i) => {
    if (i % STEPS === 0) return (24 * i) / STEPS;
    let [low, high] = [0, 24];
    for (let halved = 0; halved < 50; halved++) {
      const middle = (low + high) / 2;
      if (come(middle) < i / STEPS) low = middle;
      else high = middle;
    }
    return high;
  });
}

/** Hour, from 0 to 24, at which this share of the day's requests has come. */
export function hourOfShare(share: number): number {
  const at = Math.min(STEPS - 1, Math.floor(share * STEPS));
  return HOURS[at] + (share * STEPS - at) * (HOURS[at + 1] - HOURS[at]);
}

export function isWeekend(day: number): boolean {
  return day % 7 >= 5;
}
