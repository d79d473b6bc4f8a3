import type { AbSection, Effect, Metric } from '../ab/contract.js';
import type { PowerTable } from '../ab/simulate/contract.js';
import type { ReportDocument } from '../contract.js';
import { METRICS, bare, effectOf, looksOf, sampleAbReport, valuesOf } from './_fixture-ab.test.js';
import { REFUSED, estimate } from './_fixture.test.js';

export const LONG = `the arm whose name nobody wanted to shorten ${'and that goes on '.repeat(9)}END`.slice(0, 200);
const EVIL = '<script>alert("1")</script>\' onload="x" & \u0000<b>';

/** Three arms, 90 looks, refused and intervalless numbers, a broken split, names that are long or look like markup. */
export function nastyAbReport(): ReportDocument {
  const control = LONG.replace('END', 'CON');
  const arms = [control, EVIL, LONG];
  const metric: Metric = { ...METRICS['revenue'], name: EVIL, column: EVIL };
  const long: Metric = { ...METRICS['clicks'], name: LONG, column: LONG, denominator: LONG, better: 'lower' };
  const rail: Metric = {
    name: `${LONG.slice(0, 195)} rail`,
    kind: 'mean',
    column: 'c',
    role: 'guardrail',
    better: 'higher',
  };
  const refused: Effect = { arm: LONG, difference: REFUSED, relative: REFUSED, pValue: null };
  const silent: Effect = { arm: EVIL, difference: bare(0.1), relative: bare(0.02), pValue: null };
  const cuped = { covariate: EVIL, theta: -3e-7, correlation: 0, varianceReduction: -0.02 };
  const extra: Partial<Effect> = {
    cuped: { ...cuped, difference: REFUSED, pValue: 1, warnings: [EVIL, LONG] },
    bayes: { chanceToWin: 1, risk: 0 },
    truth: 0,
    pValue: 1.3e-212,
    adjustedPValue: 1,
  };
  const values = valuesOf({ [control]: bare(0), [EVIL]: estimate(1e6, 2e5), [LONG]: REFUSED });
  const section: AbSection = {
    name: LONG,
    unit: EVIL,
    control,
    level: 0.999,
    arms: arms.map((name, i) => ({ name, units: [1_200_000, 1_000_000, 0][i], planned: [0.45, 0.45, 0.1][i] })),
    sampleRatio: { p: 2e-320, alarm: true },
    metrics: [
      { metric: long, values, effects: [silent, refused] },
      { metric, values, effects: [effectOf(EVIL, 1e6, 2e5, 5e6, extra), { ...refused, relative: bare(3) }] },
      {
        metric: rail,
        values,
        effects: [effectOf(EVIL, -0.5, 40, 10, { guardrail: 'unclear' }), refused],
      },
      { metric: { ...rail, name: 'rail', margin: 0.01 }, values: [], effects: [{ ...silent, guardrail: 'kept' }] },
    ],
    looks: [
      looksOf(EVIL, EVIL, -3000, 90, 900),
      { ...looksOf(LONG, LONG, 0, 90, 1), stoppedOn: null },
      { metric: 'none', arm: EVIL, looks: [], stoppedOn: null },
      { metric: 'one look', arm: LONG, looks: looksOf('', '', 1, 1, 0.2).looks, stoppedOn: 1 },
      {
        metric: 'no bands',
        arm: EVIL,
        looks: [1, 2, 9].map((day) => ({ day, units: 0, difference: 0, naive: null, alwaysValid: null })),
        stoppedOn: null,
      },
    ],
    segments: [
      {
        ...{ metric: EVIL, arm: EVIL, by: EVIL, sameEffect: null },
        rows: Array.from({ length: 40 }, (_, i) => ({
          segment: i === 0 ? LONG : i === 1 ? EVIL : `segment ${i}`,
          units: i,
          difference: i % 5 === 0 ? REFUSED : estimate(Math.sin(i), i === 7 ? 1e12 : 0.4),
        })),
      },
      { metric: 'none', arm: EVIL, by: 'nothing', rows: [], sameEffect: null },
    ],
    verdict: 'unsupported',
    reasons: [EVIL, LONG],
    assumptions: [EVIL, LONG],
  };
  const { looks: _looks, segments: _segments, ...rest } = section;
  const oneArm: AbSection = {
    ...rest,
    ...{ name: 'one arm only', unit: 'day', looks: [], segments: [], reasons: [], assumptions: [] },
    control: 'control',
    arms: [{ name: 'control', units: 0, planned: 1 }],
    sampleRatio: { p: 1, alarm: false },
    metrics: [{ metric, values: valuesOf({ control: estimate(1, 0.1) }), effects: [] }],
  };
  return sampleAbReport({
    abTests: [section, oneArm, { ...oneArm, name: 'nothing at all', arms: [], metrics: [] }],
    designs: [
      {
        metric: EVIL,
        arm: LONG,
        truth: bare(0),
        rows: [LONG, EVIL, 'refused', 'bare'].map((design, i) => ({
          ...{ design, replications: 1, deviation: [1e9, 0, 1, 2][i], coverage: [0, 1, 0.5, 0.333][i] },
          mean: [estimate(1, 1), estimate(1e7, 10), REFUSED, bare(1)][i],
          bias: [estimate(1, 0.5), estimate(1e7, 10), REFUSED, bare(1)][i],
        })),
      },
      { metric: 'none', arm: 'none', truth: REFUSED, rows: [] },
    ],
    power: [
      ...Array.from({ length: 8 }, (_, r): PowerTable => ({
        ...{ metric: EVIL, arm: LONG, rule: r === 0 ? EVIL : r === 1 ? LONG : `rule ${r}` },
        rows: Array.from({ length: 90 }, (_row, i) => ({
          ...{ day: i + 1, units: i },
          found: i % 7 === 3 ? REFUSED : estimate(Math.min(1, (i * r) / 300), 0.05),
        })),
      })),
      { metric: 'one day', arm: 'a', rule: 'fixed horizon', rows: [{ day: 1, units: 9, found: bare(1) }] },
      { metric: 'refused', arm: 'a', rule: 'fixed horizon', rows: [{ day: 1, units: 9, found: REFUSED }] },
    ],
    agreements: [
      { quantity: LONG, rows: [{ method: LONG, estimate: REFUSED }], agree: null, sentence: EVIL },
      {
        quantity: EVIL,
        rows: [{ method: EVIL, estimate: estimate(1, 1e15) }],
        agree: false,
        sentence: LONG,
        truth: -5,
      },
      { quantity: 'nothing', rows: [], agree: null, sentence: '' },
    ],
  });
}
