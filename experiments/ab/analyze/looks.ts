import type { LookSeries, Trial } from '../contract.js';
import { asymptoticSequence } from '../stats/asymptotic-sequence.js';
import { compare, measure } from './compare.js';
import { addObservations, type Frame } from './frame.js';
import type { Layout } from './layout.js';
import type { Plan } from './plan.js';

type Look = LookSeries['looks'][number];

/** Always-valid bands are asymptotic: they begin when both arms have this many units. */
const FIRST_LOOK = 30;

interface LookRequest {
  readonly control: number;
  readonly level: number;
  readonly tunedFor: number;
  /** Compute the differences day by day, or only add the observations up. */
  readonly looks: boolean;
}

/**
 * Plays the days: adds up each day's observations and, where asked for, compares the arms with what is known by its end.
 * Afterwards the frame holds the sums of the whole trial. Quantiles, which would need a sort per day, have no looks.
 */
export function playDays(
  trial: Trial,
  layout: Layout,
  frame: Frame,
  plans: readonly Plan[],
  { control, level, tunedFor, looks }: LookRequest,
): LookSeries[] {
  const { day } = trial.observations;
  const series = !looks || day === undefined ? [] : seriesOf(trial.arms, plans, control);
  let from = layout.from;
  layout.days.forEach((today, d) => {
    const to = endOfDay(trial, today, from, d === layout.days.length - 1 ? layout.to : undefined);
    addObservations(frame, trial, layout, { from, to });
    from = to;
    for (const plan of new Set(series.map((line) => line.plan))) {
      const lines = series.filter((line) => line.plan === plan);
      const seen = (a: number): number => layout.present[d * trial.arms.length + a];
      const measured = (a: number): ReturnType<typeof measure> =>
        measure(frame, plan, { from: layout.start[a], to: layout.start[a] + seen(a) }, level);
      const base = measured(control);
      for (const { arm, looks: found } of lines) {
        const measuredArm = measured(arm);
        const { difference } = compare(base, measuredArm, plan, level);
        if (typeof difference === 'string') continue;
        const { effect, standardError, low, high } = difference;
        const randomised = [base, measuredArm].map(({ value }) => value.units);
        const units = randomised[0] + randomised[1];
        const band = asymptoticSequence({ difference: effect, standardError, units, level, tunedFor });
        found.push({
          day: today,
          units: seen(control) + seen(arm),
          difference: effect,
          naive: [low, high],
          alwaysValid: Math.min(...randomised) < FIRST_LOOK ? null : [band.low, band.high],
        });
      }
    }
  });
  return series.map(({ plan, arm, looks: found }) => ({
    metric: plan.metric.name,
    arm: trial.arms[arm],
    looks: found,
    stoppedOn:
      found.find(({ alwaysValid }) => alwaysValid !== null && alwaysValid[0] * alwaysValid[1] > 0)?.day ?? null,
  }));
}

function seriesOf(
  arms: readonly string[],
  plans: readonly Plan[],
  control: number,
): { readonly plan: Plan; readonly arm: number; readonly looks: Look[] }[] {
  return plans
    .filter(({ metric }) => metric.kind !== 'quantile')
    .map(({ before: _, ...plan }) => plan)
    .flatMap((plan) => arms.flatMap((_, arm) => (arm === control ? [] : [{ plan, arm, looks: [] }])));
}

/** First observation after a day; of the last day it is known. */
function endOfDay({ observations: { day, unit } }: Trial, today: number, from: number, known?: number): number {
  if (day === undefined || known !== undefined) return known ?? unit.length;
  let to = from;
  while (to < unit.length && day[to] <= today) to++;
  return to;
}
