import type { Answer, Comparison, PolicySection, Verdict } from '../contract.js';
import { estimatorTerm } from '../report/legend.js';
import { change, decimalsFor, fixed, range } from '../report/numbers.js';

/** The worse of two verdicts. */
function worse(a: Verdict, b: Verdict): Verdict {
  const order: readonly Verdict[] = ['supported', 'weak', 'unsupported'];
  return order[Math.max(order.indexOf(a), order.indexOf(b))];
}

/**
 * Puts a comparison of the learned policy with the one that served into one sentence. It says "better" or "worse" only
 * where the interval of the paired difference excludes 0.
 */
export function answerFrom(learned: PolicySection, served: Comparison): Answer {
  const { value, interval } = served.difference;
  const verdict = worse(learned.verdict, served.verdict);
  const reasons = [...learned.reasons];
  if (verdict === 'unsupported' || value === null || interval === null) {
    return {
      verdict: 'unsupported',
      sentence: `The log cannot say whether '${learned.id}' is better than '${served.against}'.`,
      reasons,
    };
  }
  const relative = served.relative === null ? '' : ` (${change(served.relative)})`;
  const decimals = decimalsFor([served.difference]);
  const numbers = `difference per decision ${fixed(value, decimals)}${relative}, interval ${range(interval, decimals)}, by ${estimatorTerm(served.estimator).short}`;
  const [low, high] = interval;
  if (low > 0)
    return { verdict, sentence: `Yes: '${learned.id}' earns more than '${served.against}': ${numbers}.`, reasons };
  if (high < 0)
    return { verdict, sentence: `No: '${learned.id}' earns less than '${served.against}': ${numbers}.`, reasons };
  return {
    verdict: worse(verdict, 'weak'),
    sentence: `Not shown: the difference between '${learned.id}' and '${served.against}' may be chance: ${numbers}.`,
    reasons: [...reasons, 'The interval of the difference contains 0; a larger log would narrow it.'],
  };
}
