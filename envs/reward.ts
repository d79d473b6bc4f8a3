/** Value of one item's answers: the outcomes in the order of the layout, then the dwell seconds. */
export interface EnvReward {
  /** As a config writes it. */
  readonly text: string;
  evaluateRow(values: ArrayLike<number>): number;
  /** reward = constant + Σ coefficient · outcome by name, where it is of that form: then `evaluateRow` is not asked. */
  readonly linear?: { readonly constant: number; readonly coefficients: Readonly<Record<string, number>> };
}

/**
 * A reward as a line over the values: one loop over typed arrays, where a call that returns fractions would allocate
 * each of them. Without a reward, the line is the first value, the main outcome.
 *
 * @param names of the values
 * @returns nothing for rewards of another form
 */
export function rewardLine(
  reward: EnvReward | undefined,
  names: readonly string[],
): { readonly constant: number; readonly weights: Float64Array } | undefined {
  if (reward === undefined) return { constant: 0, weights: Float64Array.from(names, (_, h) => Number(h === 0)) };
  const { linear } = reward;
  if (linear === undefined) return undefined;
  const { constant, coefficients } = linear;
  const weights = Float64Array.from(names, (name) => (Object.hasOwn(coefficients, name) ? coefficients[name] : 0));
  return { constant, weights };
}
