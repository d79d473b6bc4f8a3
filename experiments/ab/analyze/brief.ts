/** A number in a sentence: three significant digits. */
export function brief(value: number): string {
  return String(Number(value.toPrecision(3)));
}
