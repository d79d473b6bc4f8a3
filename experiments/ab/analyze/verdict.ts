import type { AbSection, Effect, Trial } from '../contract.js';
import type { Verdict } from '../../contract.js';
import type { Found } from './compare.js';
import type { Layout } from './layout.js';
import type { AnalysisOptions } from './options.js';

/** Outcomes that a share needs in each arm, on either side, before it is nearly normal. */
const FEWEST_OUTCOMES = 10;
/** Randomised units below which standard errors themselves are rough. */
const FEWEST_UNITS = 30;

interface Case {
  readonly trial: Trial;
  readonly section: Pick<AbSection, 'arms' | 'sampleRatio' | 'metrics' | 'segments'>;
  readonly found: readonly Found[];
  readonly layout: Layout;
  readonly options: AnalysisOptions;
  /** [A] randomised units */
  readonly counts: readonly number[];
  readonly control: number;
}

/**
 * How far a trial carries its numbers. unsupported: the split is broken, an arm is missing, or a primary metric cannot
 * be answered. weak: shown with its reasons. supported: nothing speaks against it.
 */
export function judge(found: Case): { readonly verdict: Verdict; readonly reasons: readonly string[] } {
  const fatal = [...brokenSplit(found), ...refusals(found, true)];
  const weak = [
    ...refusals(found, false),
    ...leftOut(found),
    ...found.found.flatMap(({ plan: { metric }, remarks }) => remarks.map((remark) => `${metric.name}: ${remark}`)),
    ...fewUnits(found),
    ...uncertain(found),
    ...cupedWarnings(found),
  ];
  const verdict = fatal.length > 0 ? 'unsupported' : weak.length > 0 ? 'weak' : 'supported';
  return { verdict, reasons: [...fatal, ...weak] };
}

function brokenSplit({ section, trial, counts }: Case): string[] {
  const { p, alarm } = section.sampleRatio;
  if (!alarm) return [];
  const what = trial.cluster === undefined ? 'units' : 'clusters';
  const seen = section.arms.map(({ name }, a) => `${name} ${counts[a]}`).join(', ');
  const shares = section.arms.map(({ planned }) => Number(planned.toPrecision(4))).join(' : ');
  return [
    `The split is broken: ${what} ${seen}, planned ${shares}, p = ${p.toExponential(1)}. Whatever lost the missing ${what} may also have made the effect.`,
  ];
}

/** Numbers that were refused: of the metrics the test was made for, or of the others. */
function refusals({ found, section }: Case, primary: boolean): string[] {
  const reasons = found.flatMap(({ plan: { metric } }, m) =>
    (metric.role === 'primary') === primary
      ? section.metrics[m].effects
          .filter(({ difference }) => difference.value === null)
          .map(({ arm, difference }) => `${metric.name}, ${arm}: ${difference.method}.`)
      : [],
  );
  return [...new Set(reasons)];
}

function leftOut({ layout, trial }: Case): string[] {
  const { restricted } = layout;
  if (restricted === undefined) return [];
  const named = (arms: readonly number[]): string => arms.map((a) => `'${trial.arms[a]}'`).join(' and ');
  const { late, early, first, last, unitsLeftOut } = restricted;
  const lacks = [
    ...(late.length === 0 ? [] : [`Arm ${named(late)} begins on day ${first}`]),
    ...(early.length === 0 ? [] : [`arm ${named(early)} ends on day ${last}`]),
  ].join(', and ');
  return [
    `${lacks.replace(/^a/, 'A')}: the days that not all arms share, and ${unitsLeftOut} units of those days, were left out, because days differ and pooling them would count that as an effect.`,
  ];
}

function fewUnits({ found, section, counts, trial }: Case): string[] {
  const what = trial.cluster === undefined ? 'units' : 'clusters';
  const small = section.arms.filter((_, a) => counts[a] >= 2 && counts[a] < FEWEST_UNITS).map(({ name }) => name);
  const rare = found.flatMap(({ plan: { metric, form }, measured }) =>
    form === 'proportion' &&
    measured.some(
      ({ value: { value, units } }) => units >= FEWEST_UNITS && units * Math.min(value, 1 - value) < FEWEST_OUTCOMES,
    )
      ? [
          `${metric.name}: fewer than ${FEWEST_OUTCOMES} units on one side in an arm, so the normal approximation is rough.`,
        ]
      : [],
  );
  return [
    ...(small.length === 0
      ? []
      : [
          `Fewer than ${FEWEST_UNITS} randomised ${what} in ${small.join(' and ')}: the standard errors are rough${trial.cluster === undefined ? '; --permutations needs no such approximation' : ''}.`,
        ]),
    ...rare,
  ];
}

function uncertain({ section, options }: Case): string[] {
  const asked = section.metrics.filter(({ metric }) => metric.role !== 'guardrail');
  const tests = asked.reduce((n, { effects }) => n + effects.filter(({ pValue }) => pValue !== null).length, 0);
  const each = (say: (name: string, effect: Effect) => string | undefined): string[] =>
    section.metrics.flatMap(({ metric, effects }) => effects.flatMap((effect) => say(metric.name, effect) ?? []));
  return [
    ...each((name, { arm, difference, relative }) =>
      difference.value !== null && relative.value === null
        ? `${name}, ${arm}: no relative effect, ${relative.method.replace(/^refused: /, '')}.`
        : undefined,
    ),
    ...each((name, { arm, guardrail }) =>
      guardrail === 'broken'
        ? `Guardrail ${name} is broken by ${arm}: it is surely worse than its margin allows.`
        : guardrail === 'unclear'
          ? `Guardrail ${name} is unclear for ${arm}: neither surely within its margin nor surely beyond it.`
          : undefined,
    ),
    ...(tests > 1 && (options.correction ?? 'none') === 'none'
      ? [
          `${tests} comparisons without a correction: by chance alone one in ${Math.round(1 / (1 - options.level))} shows an effect.`,
        ]
      : []),
  ];
}

function cupedWarnings({ section, found, trial, layout }: Case): string[] {
  const checks = found.flatMap(({ plan: { metric }, compared }) =>
    compared.flatMap((one, a) =>
      one?.cuped === null
        ? [`${metric.name}: '${metric.covariate}' is the same for every unit, so nothing was adjusted.`]
        : (one?.cuped?.alarms ?? []).map((alarm) => `${metric.name}, ${trial.arms[a]}: ${alarm}`),
    ),
  );
  const quantiles = section.metrics
    .filter(({ metric }) => metric.kind === 'quantile' && metric.covariate !== undefined)
    .map(({ metric }) => `${metric.name}: CUPED adjusts means and ratios, not quantiles.`);
  return [...new Set([...checks, ...quantiles, ...missing(found, trial, layout)])];
}

/** Units of which nothing is known from before. */
function missing(found: readonly Found[], { covariates }: Trial, { unitOf }: Layout): string[] {
  const named = found.flatMap(({ plan }) => (plan.before?.parts ?? []).filter(({ from }) => from === 'before'));
  return [...new Set(named.map(({ column }) => column))].flatMap((column) => {
    const unknown = unitOf.reduce((n, u) => n + (Number.isNaN(covariates[column][u]) ? 1 : 0), 0);
    const share = Number(((100 * unknown) / unitOf.length).toPrecision(2));
    return unknown === 0
      ? []
      : [
          `'${column}' is not known of ${unknown} units (${share} %); they were given the mean of the others, so CUPED does not adjust them.`,
        ];
  });
}
