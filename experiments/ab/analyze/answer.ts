import type { Answer } from '../../contract.js';
import { change, decimalsFor, fixed, range } from '../../report/numbers.js';
import type { AbSection, Effect, Metric } from '../contract.js';

/** What a test says of its first metric, in one sentence that claims a difference only where it is significant. */
export function answerOfTest(section: AbSection): Answer {
  const { metrics, control, verdict, reasons, level } = section;
  const first = metrics.find(({ metric }) => metric.role === 'primary') ?? metrics.at(0);
  const effects = (first?.effects ?? []).filter(({ difference }) => difference.value !== null);
  if (first === undefined || verdict === 'unsupported' || effects.length === 0)
    return {
      verdict: 'unsupported',
      sentence: `The test cannot say whether anything differs from '${control}'.`,
      reasons,
    };
  const sure = effects.filter((effect) => (effect.adjustedPValue ?? effect.pValue ?? 1) < 1 - level);
  const told = sure.length > 0 ? sure : effects;
  const sentences = told.map((effect) => sentenceOf(effect, first.metric, control, sure.length > 0));
  if (sure.length > 0) return { verdict, sentence: `${sentences.join('; ')}.`, reasons };
  return {
    verdict: 'weak',
    sentence: `Not shown: ${sentences.join('; ')}.`,
    reasons: [...reasons, 'The intervals contain 0; more units would narrow them.'],
  };
}

function sentenceOf(
  { arm, difference, relative, pValue }: Effect,
  metric: Metric,
  control: string,
  sure: boolean,
): string {
  const { value, interval } = difference;
  if (value === null || interval === null) return '';
  const decimals = decimalsFor([difference]);
  const by = relative.value === null ? '' : ` (${change(relative.value)})`;
  const what = sure
    ? `${metric.name} is ${value > 0 ? 'higher' : 'lower'} under '${arm}' than under '${control}'`
    : `${metric.name} under '${arm}' and '${control}' may differ by chance alone`;
  return `${what}: difference ${fixed(value, decimals)}${by}, interval ${range(interval, decimals)}, p = ${pValue === null ? '—' : pValue.toPrecision(2)}`;
}
