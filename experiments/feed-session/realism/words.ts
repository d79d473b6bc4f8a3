/** How reasons write their numbers. */

/** Three significant digits. */
export function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}

export function span([low, high]: readonly [number, number]): string {
  return `${short(low)} to ${short(high)}`;
}

export function inPercent(share: number): string {
  return `${short(100 * share)} %`;
}
