/** The largest share of its capital that the gambler risks: what is left is never less than half. */
const RISK = 0.5;
/** Products are turned into logarithms before they leave these numbers. */
const LARGE = 1e150;
const SMALL = 1e-150;
/** Halvings of the bracket: 2⁻⁵⁰ of it is below what a mean is known to. */
const HALVINGS = 50;

/**
 * The lower end of a confidence sequence for the mean of independent values that are never below 0 and may be large
 * (Waudby-Smith and Ramdas 2024, "Estimating means of bounded random variables by betting"; for weighted rewards
 * Karampatziakis, Mineiro and Ramdas 2021): whoever bets against the mean being m has the capital
 *
 *     K(m) = Π (1 + λ_i (x_i − m)),   λ_i from x_1 … x_{i−1} alone, λ_i ≤ ½ / m
 *
 * which exceeds 1/miss at any time with a probability of at most `miss` if m is the mean (Ville 1939). The answer is the
 * smallest m whose capital stands below that. It may be asked after every value: being always valid is what it costs
 * some width for. No bound from above is needed; the order of the values matters a little, because bets follow it.
 *
 * The bets are λ_i = √(2 ln(1/miss) / (V_{i−1} · i · ln(1 + i))) with the running variance V, begun at scale²/4.
 *
 * @param scale a usual size of the values; it only steers the first bets
 */
export function bettingLower(values: Float64Array, scale: number, miss: number): number {
  const n = values.length;
  const bets = betsOf(values, scale, miss);
  const goal = -Math.log(miss);
  if (!(logCapital(values, bets, 0) >= goal)) return 0;
  let total = 0;
  for (let i = 0; i < n; i++) total += values[i];
  let low = 0;
  let high = total / n;
  while (logCapital(values, bets, high) >= goal) [low, high] = [high, 2 * high];
  for (let step = 0; step < HALVINGS && high - low > 1e-14 * high; step++) {
    const middle = low + (high - low) / 2;
    if (logCapital(values, bets, middle) >= goal) low = middle;
    else high = middle;
  }
  return low;
}

function betsOf(values: Float64Array, scale: number, miss: number): Float64Array {
  const bets = new Float64Array(values.length);
  const reach = 2 * -Math.log(miss);
  let total = scale / 2;
  let squares = (scale * scale) / 4;
  for (let i = 1; i <= values.length; i++) {
    bets[i - 1] = Math.sqrt(reach / (squares * Math.log(1 + i)));
    total += values[i - 1];
    const away = values[i - 1] - total / (i + 1);
    squares += away * away;
  }
  return bets;
}

function logCapital(values: Float64Array, bets: Float64Array, mean: number): number {
  const most = mean === 0 ? Infinity : RISK / mean;
  let logs = 0;
  let capital = 1;
  for (let i = 0; i < values.length; i++) {
    const bet = bets[i] < most ? bets[i] : most;
    capital *= 1 + bet * (values[i] - mean);
    if (capital > LARGE || capital < SMALL) {
      logs += Math.log(capital);
      capital = 1;
    }
  }
  return logs + Math.log(capital);
}
