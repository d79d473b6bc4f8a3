import type { AbMetric, AbSection, Effect } from '../../ab/contract.js';
import type { Estimate } from '../../contract.js';
import { brief, print, table, VERDICT_COLOUR } from '../terminal.js';

/** The JSON object of `ab analyze`. Numbers that the data cannot carry are null. */
export function answerOf(section: AbSection): Record<string, unknown> {
  const { arms, control, level, sampleRatio, metrics, looks, segments, verdict, reasons, assumptions } = section;
  return {
    arms,
    control,
    level,
    srm: sampleRatio,
    metrics: Object.fromEntries(
      metrics.map((metric) => [
        metric.metric.name,
        Object.fromEntries(metric.effects.map((effect) => [effect.arm, effectOf(metric, effect, control)])),
      ]),
    ),
    ...(looks.length === 0 ? {} : { looks }),
    ...(segments.length === 0 ? {} : { segments }),
    verdict,
    reasons,
    assumptions,
  };
}

/** The answer to a table that no trial can be made of. */
export function refusedAnswer(reasons: readonly string[]): Record<string, unknown> {
  return { arms: [], srm: { p: null, alarm: null }, metrics: {}, verdict: 'unsupported', reasons };
}

function effectOf({ values }: AbMetric, effect: Effect, control: string): Record<string, unknown> {
  const { arm, difference, relative, pValue, adjustedPValue, cuped, sequential, bayes, guardrail } = effect;
  const valueOf = (name: string): number | null => values.find((one) => one.arm === name)?.value.value ?? null;
  return {
    controlValue: valueOf(control),
    value: valueOf(arm),
    difference: difference.value,
    standardError: difference.standardError,
    interval: difference.interval,
    pValue,
    method: difference.method,
    relative: relative.value,
    relativeStandardError: relative.standardError,
    relativeInterval: relative.interval,
    relativePValue: effect.relativePValue ?? null,
    ...(adjustedPValue === undefined ? {} : { adjustedPValue }),
    ...(effect.permutationPValue === undefined ? {} : { permutationPValue: effect.permutationPValue }),
    ...(sequential === undefined
      ? {}
      : { sequential: { interval: sequential.difference.interval, pValue: sequential.pValue } }),
    ...(cuped === undefined
      ? {}
      : {
          cuped: {
            covariate: cuped.covariate,
            theta: cuped.theta,
            correlation: cuped.correlation,
            varianceReduction: cuped.varianceReduction,
            difference: cuped.difference.value,
            standardError: cuped.difference.standardError,
            interval: cuped.difference.interval,
            pValue: cuped.pValue,
            relative: cuped.relative?.value ?? null,
            relativeStandardError: cuped.relative?.standardError ?? null,
            relativeInterval: cuped.relative?.interval ?? null,
            warnings: cuped.warnings,
          },
        }),
    ...(bayes === undefined ? {} : { bayes }),
    ...(guardrail === undefined ? {} : { guardrail }),
  };
}

const range = (interval: readonly [number, number] | null): string =>
  interval === null ? '—' : `[${brief(interval[0])}, ${brief(interval[1])}]`;
const percent = (share: number | null): string => (share === null ? '—' : `${brief(100 * share, 3)} %`);

/** The same for people. */
export function showSection(section: AbSection): void {
  const { arms, control, metrics, sampleRatio, verdict, reasons, segments, looks } = section;
  print(
    table(
      ['arm', 'units', 'share', 'planned'],
      arms.map(({ name, units, planned }) => {
        const all = arms.reduce((sum, arm) => sum + arm.units, 0);
        return [
          name === control ? `${name} (control)` : name,
          String(units),
          percent(all === 0 ? null : units / all),
          percent(planned),
        ];
      }),
    ),
  );
  print(`\nsample ratio p = ${brief(sampleRatio.p)}${sampleRatio.alarm ? ': ALARM' : ''}\n`);
  showMetrics(metrics, control);
  for (const { metric, arm, by, rows, sameEffect, together } of segments) {
    print(`\n${metric}, ${arm}, by ${by}; the same effect everywhere: p = ${brief(sameEffect)}\n`);
    print(
      table(
        [by, 'units', 'difference', 'interval'],
        [
          ...rows.map(({ segment, units, difference }) => [
            segment,
            String(units),
            brief(difference.value),
            range(difference.interval),
          ]),
          ...(together === undefined ? [] : [['together', '', brief(together.value), range(together.interval)]]),
        ],
      ),
    );
  }
  for (const { metric, arm, looks: days, stoppedOn } of looks) {
    const last = days.at(-1);
    if (last === undefined) continue;
    const said = stoppedOn === null ? 'never left 0 out' : `left 0 out on day ${stoppedOn}`;
    print(
      `\n${metric}, ${arm}: ${days.length} looks; the always-valid band ${said}, and is ${range(last.alwaysValid)} now.`,
    );
  }
  print();
  print(VERDICT_COLOUR[verdict](verdict.toUpperCase()));
  for (const reason of reasons) print(`  – ${reason}`);
}

function showMetrics(metrics: readonly AbMetric[], control: string): void {
  const effects = metrics.flatMap(({ metric, values, effects: list }) =>
    list.map((effect) => ({ metric, values, effect })),
  );
  const some = (has: (effect: Effect) => unknown): boolean => effects.some(({ effect }) => has(effect) !== undefined);
  const [permuted, adjusted, sequential, cuped, guarded] = [
    some((effect) => effect.permutationPValue),
    effects.some(({ effect }) => effect.adjustedPValue !== undefined && effect.adjustedPValue !== effect.pValue),
    some((effect) => effect.sequential),
    some((effect) => effect.cuped),
    some((effect) => effect.guardrail),
  ];
  const valueOf = (values: AbMetric['values'], arm: string): Estimate | undefined =>
    values.find((one) => one.arm === arm)?.value;
  print(
    table(
      [
        'metric',
        'arm',
        'control',
        'value',
        'difference',
        'interval',
        'p',
        ...(permuted ? ['permutation p'] : []),
        ...(adjusted ? ['adjusted p'] : []),
        'relative',
        'interval',
        ...(sequential ? ['always valid'] : []),
        ...(cuped ? ['with CUPED', 'interval'] : []),
        ...(guarded ? ['guardrail'] : []),
      ],
      effects.map(({ metric, values, effect }) => [
        metric.name,
        effect.arm,
        brief(valueOf(values, control)?.value),
        brief(valueOf(values, effect.arm)?.value),
        effect.difference.value === null ? 'refused' : brief(effect.difference.value),
        range(effect.difference.interval),
        brief(effect.pValue),
        ...(permuted ? [brief(effect.permutationPValue)] : []),
        ...(adjusted ? [brief(effect.adjustedPValue)] : []),
        percent(effect.relative.value),
        effect.relative.interval === null ? '—' : `[${effect.relative.interval.map(percent).join(', ')}]`,
        ...(sequential ? [range(effect.sequential?.difference.interval ?? null)] : []),
        ...(cuped ? [brief(effect.cuped?.difference.value), range(effect.cuped?.difference.interval ?? null)] : []),
        ...(guarded ? [effect.guardrail ?? ''] : []),
      ]),
    ),
  );
}
