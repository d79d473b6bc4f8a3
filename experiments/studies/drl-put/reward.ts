import type { Log } from '../../../logs/record.js';
import { compileReward } from '../../../reward-models/formula.js';

/** The reward of every study but the one that varies it: near revenue neutrality, fixed before any was run. */
export const REWARD = 'ecpm + 0.25*click + 0.25*longClick - 0.2*hide';

/** [N] reward of the rows of a log. */
export async function rewardOf(log: Log, formula = REWARD): Promise<Float64Array> {
  const reward = await compileReward(formula, log.schema.outcomes);
  const out = new Float64Array(log.rows);
  reward.evaluate(log.outcomes, out);
  return out;
}
