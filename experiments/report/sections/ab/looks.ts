import type { AbSection, LookSeries } from '../../../ab/contract.js';
import type { Estimate } from '../../../contract.js';
import { bandsSpec, type BandChart } from '../../charts/bands.js';
import { NARROW, draw, drawBoth } from '../../charts/draw.js';
import type { Window } from '../../charts/intervals.js';
import { html, table, type Html } from '../../html.js';
import { ALWAYS_VALID, NAIVE, lookKeys } from '../../keys.js';
import { count, signed, writingOf, type Writing } from '../../numbers.js';
import { NOTHING, capitalised, figure } from '../../parts.js';
import { byRole, effectName, levelText, plural, type NamedTest, type Piece } from './words.js';

type Look = LookSeries['looks'][number];

/** How the differences moved as the days went by, and what somebody who looked every day was allowed to say. */
export async function looksPiece({ test, suffix }: NamedTest): Promise<Piece | undefined> {
  const order = byRole(test.metrics).map(({ metric }) => metric.name);
  const place = ({ metric }: LookSeries): number => (order.includes(metric) ? order.indexOf(metric) : order.length);
  const series = test.looks.filter(({ looks }) => looks.length > 0).sort((a, b) => place(a) - place(b));
  if (series.length === 0) return undefined;
  const figures = await Promise.all(series.map((one, i) => lookFigure(one, test, i === 0)));
  const [first, ...others] = figures;
  return {
    title: 'Day by day',
    terms: ['alwaysValid', 'naive', 'stoppedOn', 'armDifference'],
    body: [
      html`<p class="lead">
        <strong>The naive band must not be read daily.</strong> It holds at ${levelText(test.level)} for one look on a
        day that was fixed beforehand. Who looks every day and stops as soon as it leaves 0 out is wrong far more often
        than ${levelText(1 - test.level)}, and with enough looks almost surely. The always-valid band is wider, and
        holds however often one looks and whenever one stops. Both are cut off where they leave the frame.
      </p>`,
      first,
      others.length > 0 && html`<div class="grid">${others}</div>`,
      html`<details>
        <summary>Every look in numbers</summary>
        ${looksTable(series, { test, suffix })}
      </details>`,
    ],
  };
}

const asEstimate = ({ difference, naive }: Look): Estimate => ({
  value: difference,
  standardError: null,
  interval: naive,
  method: '',
});
const writingFor = ({ looks }: LookSeries): Writing => writingOf(looks.map(asEstimate), signed);

async function lookFigure(series: LookSeries, test: AbSection, alone: boolean): Promise<Html> {
  const { metric, arm, looks, stoppedOn } = series;
  const truth = test.metrics
    .find((judged) => judged.metric.name === metric)
    ?.effects.find((effect) => effect.arm === arm)?.truth;
  const chart = chartOf(series, truth);
  const name = effectName(test, metric, arm);
  const writing = writingFor(series);
  const last = looks[looks.length - 1];
  const words = sentences(series);
  const label = [
    `Difference in ${name} by day, over ${looks.length} looks.`,
    [
      `On day ${last.day}: ${writing.value(last.difference)}`,
      ...(last.alwaysValid === null ? [] : [`always-valid interval ${writing.range(last.alwaysValid)}`]),
      ...(last.naive === null ? [] : [`naive interval ${writing.range(last.naive)}`]),
    ].join(', ') + '.',
    ...words,
    ...(truth === undefined ? [] : [`Truth: ${writing.value(truth)}.`]),
  ].join(' ');
  const spec = (width: number) => bandsSpec(chart, width);
  return figure(
    alone ? await drawBoth(spec, label) : await draw(spec(NARROW), label),
    html`<strong>${name}</strong>. ${words.join(' ')}`,
    alone ? lookKeys({ truth: truth !== undefined, stop: stoppedOn !== null }) : [],
  );
}

function chartOf({ looks, stoppedOn }: LookSeries, truth: number | undefined): BandChart {
  return {
    bands: [
      { ...ALWAYS_VALID, points: looks.map(({ day, alwaysValid }) => [day, alwaysValid]) },
      { ...NAIVE, points: looks.map(({ day, naive }) => [day, naive]) },
    ],
    lines: [
      { look: { stroke: 'var(--ink)', dash: [] }, points: looks.map(({ day, difference }) => [day, difference]) },
    ],
    levels: [{ value: 0, kind: 'zero' }, ...(truth === undefined ? [] : [{ value: truth, kind: 'truth' } as const])],
    ...(stoppedOn === null ? {} : { stop: { x: stoppedOn, text: `stopped on day ${stoppedOn}` } }),
    window: windowOfLooks(looks, truth),
    xTitle: 'day',
    yTitle: 'difference',
  };
}

/** Everything but the first days, whose bands are so wide that they would squeeze the others. */
function windowOfLooks(looks: readonly Look[], truth: number | undefined): Window {
  const ranges = looks.flatMap(({ alwaysValid, naive }) => alwaysValid ?? naive ?? []);
  const widths = looks.flatMap(({ alwaysValid, naive }) => {
    const range = alwaysValid ?? naive;
    return range === null ? [] : [range[1] - range[0]];
  });
  const differences = looks.map(({ difference }) => difference);
  const must = [0, ...(truth === undefined ? [] : [truth]), differences[differences.length - 1]];
  const median = widths.sort((a, b) => a - b)[widths.length >> 1] ?? 0;
  const reach = Number.isFinite(median) && median > 0 ? 1.4 * median : Infinity;
  const last = must[must.length - 1];
  const all = [...ranges, ...differences].filter(Number.isFinite);
  const low = Math.min(...must, Math.max(Math.min(...all), last - reach));
  const high = Math.max(...must, Math.min(Math.max(...all), last + reach));
  const margin = high > low ? 0.05 * (high - low) : 0.1 * Math.abs(high) || 1;
  return [low - margin, high + margin];
}

/** When each rule would have stopped the test. */
function sentences({ looks, stoppedOn }: LookSeries): string[] {
  const leavesOut = looks.filter(({ naive }) => naive !== null && (naive[0] > 0 || naive[1] < 0));
  const naive =
    leavesOut.length === 0
      ? 'The naive interval held 0 at every look.'
      : `The naive interval left 0 out at ${count(leavesOut.length)} of ${count(looks.length)} looks, first on day ${leavesOut[0].day}.`;
  return [
    stoppedOn === null
      ? 'Never stopped by the sequential rule.'
      : `Stopped by the sequential rule on day ${stoppedOn}.`,
    ...(looks.some(({ naive: range }) => range !== null) ? [naive] : []),
  ];
}

function looksTable(series: readonly LookSeries[], { test, suffix }: NamedTest): Html {
  type Row = Look & { readonly writing: Writing; readonly stopped: boolean };
  return table<Row>({
    caption: `Differences by day${suffix}`,
    columns: [
      { head: 'Day', cell: ({ day, stopped }) => html`${day}${stopped && html`<small>stopped</small>`}` },
      { head: capitalised(plural(test.unit)), numeric: true, cell: ({ units }) => count(units) },
      { head: 'Difference', numeric: true, cell: ({ difference, writing }) => writing.value(difference) },
      {
        head: 'Always valid',
        numeric: true,
        cell: ({ alwaysValid, writing }) => (alwaysValid === null ? 'too early' : writing.range(alwaysValid)),
      },
      {
        head: html`Naive <small>not for daily use</small>`,
        numeric: true,
        cell: ({ naive, writing }) => (naive === null ? NOTHING : writing.range(naive)),
      },
    ],
    groups: series.map((one) => {
      const writing = writingFor(one);
      return {
        ...(series.length > 1 ? { heading: effectName(test, one.metric, one.arm) } : {}),
        rows: one.looks.map((look) => ({ ...look, writing, stopped: look.day === one.stoppedOn })),
      };
    }),
  });
}
