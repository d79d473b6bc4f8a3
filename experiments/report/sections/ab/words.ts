import type { AbMetric, AbSection, Effect, Metric } from '../../../ab/contract.js';
import type { Estimate, Verdict } from '../../../contract.js';
import type { Part } from '../../html.js';
import { signed, writingOf, type Writing } from '../../numbers.js';
import { NOTHING, badge } from '../../parts.js';

/** What the parts of an A/B test's section share: how they name metrics, arms and levels. */

/** One part of a section, under a heading of its own. */
export interface Piece {
  readonly title: string;
  readonly body: Part;
  /** Keys of the terms (legend.ts) that it uses. */
  readonly terms: readonly string[];
}

/** A test and what tells its tables from those of the other tests of the document. */
export interface NamedTest {
  readonly test: AbSection;
  /** " (NAME)", or nothing where the document holds one test only. */
  readonly suffix: string;
}

/** One arm's effect on one metric. */
export interface NamedEffect {
  readonly metric: Metric;
  readonly effect: Effect;
  /** The arm is left out where there is only one to compare. */
  readonly name: string;
  /** How the differences of the metric are written. */
  readonly writing: Writing;
}

const ORDER: readonly Metric['role'][] = ['primary', 'secondary', 'guardrail'];

/** The metrics in the order in which they are read: primary first, guardrails last. */
export function byRole(metrics: readonly AbMetric[]): AbMetric[] {
  return ORDER.flatMap((role) => metrics.filter(({ metric }) => metric.role === role));
}

/** An arm, and that it is the control where its name does not say so. */
export const armText = (arm: string, { control }: AbSection): string =>
  arm === control && !/control/i.test(arm) ? `${arm} (control)` : arm;

/** All effects of a test in the order in which they are read. */
export function effectsOf(test: AbSection): NamedEffect[] {
  return byRole(test.metrics).flatMap((judged) => {
    const { metric, effects } = judged;
    const writing = differencesOf(judged);
    return effects.map((effect) => ({ metric, effect, name: effectName(test, metric.name, effect.arm), writing }));
  });
}

/** The name of one metric's effect for one arm. */
export const effectName = ({ arms }: AbSection, metric: string, arm: string): string =>
  arms.length > 2 ? `${metric}, ${arm}` : metric;

/** What a metric computes: "Σ orders ÷ Σ sessions", "mean of clicks per user". */
export function formulaOf({ kind, column, denominator, quantile }: Metric, unit: string): string {
  if (kind === 'ratio') return `Σ ${column} ÷ Σ ${denominator ?? '?'}`;
  if (kind === 'proportion') return `share of ${plural(unit)} with ${column}`;
  const what = kind === 'mean' ? 'mean' : quantile === 0.5 ? 'median' : `${levelText(quantile ?? 0)} quantile`;
  return `${what} of ${column} per ${unit}`;
}

export const plural = (unit: string): string => (/(?:s|x|ch|sh)$/.test(unit) ? `${unit}es` : `${unit}s`);

/** How all differences of one metric are written. */
export function differencesOf({ effects }: AbMetric): Writing {
  return writingOf(
    effects.flatMap(({ difference, cuped, sequential }): Estimate[] => [
      difference,
      ...(cuped === undefined ? [] : [cuped.difference]),
      ...(sequential === undefined ? [] : [sequential.difference]),
    ]),
    signed,
  );
}

/** "95 %". */
export const levelText = (level: number): string => `${Number((100 * level).toPrecision(6))}\u00a0%`;

export const STATES: Readonly<Record<NonNullable<Effect['guardrail']>, Verdict>> = {
  kept: 'supported',
  unclear: 'weak',
  broken: 'unsupported',
};

/** What became of a guardrail, as shape and word. */
export function guardrailBadge({ guardrail, relative }: Effect): Part {
  if (guardrail !== undefined) return badge(STATES[guardrail], guardrail);
  return relative.value === null ? badge('unsupported', 'refused') : NOTHING;
}
