import { expectLength } from '../core/check.js';

/**
 * What followed T steps of B worlds, as flat columns: the step t of world b is entry t·B + b. Both endings are
 * columns of their own because they mean different things to a return: beyond a terminated step there is nothing,
 * beyond a truncated one there is a value nobody watched.
 */
export interface Trace {
  readonly steps: number;
  readonly worlds: number;
  /** [T, B] */
  readonly reward: ArrayLike<number>;
  /** [T, B] 1 where the session truly ended at this step. */
  readonly terminated: ArrayLike<number>;
  /** [T, B] 1 where we stopped watching at this step. */
  readonly truncated: ArrayLike<number>;
  /** [T, B] V(final) of the steps that were truncated; other entries are not read. */
  readonly finalValue: ArrayLike<number>;
  /** [B] V of the state after the last step; not read for a world whose last step ended a session. */
  readonly lastValue: ArrayLike<number>;
}

/**
 * Discounted returns, from the last step backwards:
 *
 *     G_t = r_t + γ · V'_t,   V'_t = 0 (terminated) | V(final_t) (truncated) | G_{t+1} (else),   G_T = V(s_T)
 *
 * @param gamma γ, the discount per step, in [0, 1]
 * @param out   [T, B] overwritten; may not be one of the trace's columns
 */
export function discountedReturns(trace: Trace, gamma: number, out: Float32Array | Float64Array): void {
  const { steps, worlds, reward, terminated, truncated, finalValue, lastValue } = trace;
  checkTrace(trace, out);
  for (let b = 0; b < worlds; b++) {
    let next = lastValue[b];
    for (let i = (steps - 1) * worlds + b; i >= 0; i -= worlds) {
      if (terminated[i] !== 0) next = 0;
      else if (truncated[i] !== 0) next = finalValue[i];
      next = reward[i] + gamma * next;
      out[i] = next;
    }
  }
}

/**
 * Generalised advantage estimates (Schulman et al. 2016, equations 11 and 16), from the last step backwards:
 *
 *     δ_t = r_t + γ · V'_t − V(s_t),   V'_t = 0 (terminated) | V(final_t) (truncated) | V(s_{t+1}) (else)
 *     Â_t = δ_t + γλ · Â_{t+1},        where Â_{t+1} counts as 0 when a session ended at t
 *
 * λ = 0 is the one-step advantage, λ = 1 the discounted return minus V(s_t). Â_t + V(s_t) is the target for V.
 *
 * @param value  [T, B] V(s_t) of the states before each step
 * @param lambda λ, the weight of longer looks ahead, in [0, 1]
 * @param out    [T, B] overwritten; may not be one of the trace's columns
 */
export function advantages(
  trace: Trace,
  value: ArrayLike<number>,
  gamma: number,
  lambda: number,
  out: Float32Array | Float64Array,
): void {
  const { steps, worlds, reward, terminated, truncated, finalValue, lastValue } = trace;
  checkTrace(trace, out);
  expectLength('advantages: value', value, { steps, worlds });
  for (let b = 0; b < worlds; b++) {
    let nextValue = lastValue[b];
    let advantage = 0;
    for (let i = (steps - 1) * worlds + b; i >= 0; i -= worlds) {
      if (terminated[i] !== 0 || truncated[i] !== 0) {
        nextValue = terminated[i] !== 0 ? 0 : finalValue[i];
        advantage = 0;
      }
      advantage = reward[i] + gamma * nextValue - value[i] + gamma * lambda * advantage;
      out[i] = advantage;
      nextValue = value[i];
    }
  }
}

function checkTrace(trace: Trace, out: ArrayLike<number>): void {
  const { steps, worlds } = trace;
  expectLength('trace: reward', trace.reward, { steps, worlds });
  expectLength('trace: terminated', trace.terminated, { steps, worlds });
  expectLength('trace: truncated', trace.truncated, { steps, worlds });
  expectLength('trace: finalValue', trace.finalValue, { steps, worlds });
  expectLength('trace: lastValue', trace.lastValue, { worlds });
  expectLength('trace: out', out, { steps, worlds });
}

/**
 * Shifts and scales numbers in place to mean 0 and standard deviation 1: x ← (x − mean) / (sd + 10⁻⁸), with the
 * divisor n − 1 under the variance. A single number is only shifted.
 */
export function standardise(values: Float32Array | Float64Array): void {
  const n = values.length;
  let mean = 0;
  for (let i = 0; i < n; i++) mean += values[i] / n;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (values[i] - mean) ** 2;
  const deviation = n > 1 ? Math.sqrt(squares / (n - 1)) : 1;
  for (let i = 0; i < n; i++) values[i] = (values[i] - mean) / (deviation + 1e-8);
}
