import type { AbMetric, AbSection, Effect, Metric } from '../../../ab/contract.js';
import type { Estimate } from '../../../contract.js';
import { html, table, type Column, type Html, type Part } from '../../html.js';
import { intervalFigure } from '../../interval-figures.js';
import { pValue, percentWriting, writingOf, type Writing } from '../../numbers.js';
import { NOTHING, badge, intervalMethods, spoken, withInterval } from '../../parts.js';
import { methodsPart } from './methods.js';
import {
  armText,
  byRole,
  differencesOf,
  effectsOf,
  formulaOf,
  guardrailBadge,
  levelText,
  type NamedTest,
  type Piece,
} from './words.js';

/** What the arms did to every metric: relative to each other in one chart, in full in a table. */
export async function effectsPiece({ test, suffix }: NamedTest): Promise<Piece> {
  const effects = effectsOf(test).map(({ effect }) => effect);
  const has = (key: keyof Effect): boolean => effects.some((effect) => effect[key] !== undefined);
  return {
    title: 'Effects',
    terms: [
      ...['metricRole', 'armDifference', 'armRelative', 'interval', 'pValue'],
      ...(has('adjustedPValue') ? ['adjustedPValue'] : []),
      ...(effects.length > 0 ? ['reading'] : []),
      ...(has('sequential') ? ['alwaysValid', 'fixedHorizon'] : []),
      ...(has('bayes') ? ['chanceToWin', 'risk'] : []),
      ...(has('permutationPValue') ? ['permutation'] : []),
      ...(has('truth') ? ['truth'] : []),
      ...(effects.some(({ difference }) => difference.value === null) ? ['refused'] : []),
    ],
    body:
      effects.length === 0
        ? [html`<p class="remark">Nothing is compared: ${nothingReason(test)}</p>`, effectsTable({ test, suffix })]
        : [
            html`<p class="lead">
              Every arm against ${test.control}, relative to it. The interval holds what the data cannot tell from the
              estimate, at ${levelText(test.level)}; where it contains 0, the difference may be chance.
            </p>`,
            await relativeFigure(test),
            effectsTable({ test, suffix }),
            intervalMethods(effects.flatMap(({ difference, relative }) => [difference, relative])),
            await methodsPart({ test, suffix }),
          ],
  };
}

const nothingReason = ({ arms, metrics, control }: AbSection): string =>
  arms.length < 2
    ? `${control} is the only arm.`
    : metrics.length === 0
      ? 'the test has no metrics.'
      : 'no arm could be set against the control.';

async function relativeFigure(test: AbSection): Promise<Html | undefined> {
  const named = effectsOf(test).filter(({ metric }) => metric.role !== 'guardrail');
  const rows = named.flatMap(({ metric, effect: { relative, cuped }, name }) => [
    { name, metric, estimate: relative },
    ...(cuped?.relative === undefined ? [] : [{ name: `${name}, with CUPED`, metric, estimate: cuped.relative }]),
  ]);
  const writing = percentWriting(rows.map(({ estimate }) => estimate));
  return intervalFigure({
    chart: {
      rows: rows.map(({ name, metric, estimate: { value, interval } }) => ({
        label: name,
        value,
        interval,
        emphasis: metric.role === 'primary',
      })),
      lines: [{ value: 0, kind: 'zero' }],
      xTitle: 'change relative to the control',
      percent: true,
    },
    label: `Relative effects. ${rows.map(({ name, estimate }) => `${name}: ${spoken(estimate, writing)}.`).join(' ')}`,
    caption: `Relative effects${new Set(named.map(({ metric }) => metric.role)).size > 1 ? '; primary metrics have the larger dots' : ''}.`,
  });
}

/** One metric's rows in the table: the control with its value alone, then every arm with its effect. */
interface Row {
  readonly arm: string;
  readonly value: Estimate | undefined;
  readonly effect: Effect | undefined;
  readonly metric: Metric;
  readonly values: Writing;
  readonly differences: Writing;
  readonly relatives: Writing;
}

function rowsOf(judged: AbMetric, { control }: AbSection): Row[] {
  const { metric, values, effects } = judged;
  const arms = [...new Set([control, ...values.map(({ arm }) => arm), ...effects.map(({ arm }) => arm)])];
  const shared = {
    metric,
    values: writingOf(values.map(({ value }) => value)),
    differences: differencesOf(judged),
    relatives: percentWriting(effects.map(({ relative }) => relative)),
  };
  return arms
    .map((arm) => ({
      ...shared,
      arm,
      value: values.find((one) => one.arm === arm)?.value,
      effect: effects.find((one) => one.arm === arm),
    }))
    .filter(({ value, effect }) => value !== undefined || effect !== undefined);
}

function effectsTable({ test, suffix }: NamedTest): Html {
  return table<Row>({
    caption: `Effects on every metric${suffix}`,
    hideCaption: true,
    columns: effectColumns(test),
    groups: byRole(test.metrics).map((judged) => ({
      heading: html`${judged.metric.name}
        <span class="overall"
          >${judged.metric.role}; ${formulaOf(judged.metric, test.unit)}; ${judged.metric.better} is better</span
        >`,
      rows: rowsOf(judged, test),
    })),
  });
}

function effectColumns(test: AbSection): Column<Row>[] {
  const effects = test.metrics.flatMap((metric) => metric.effects);
  const numeric = (head: Part, cell: (effect: Effect, row: Row) => Part): Column<Row> => ({
    head,
    numeric: true,
    cell: (row) => (row.effect === undefined ? '' : cell(row.effect, row)),
  });
  return [
    { head: 'Arm', cell: ({ arm }) => armText(arm, test) },
    { head: 'Value', numeric: true, cell: ({ value, values }) => withInterval(value, values) },
    ...(effects.length === 0
      ? []
      : [
          numeric('Difference', ({ difference }, { differences }) => withInterval(difference, differences)),
          numeric('Relative', ({ relative }, { relatives }) => withInterval(relative, relatives)),
          numeric(
            effects.some(({ adjustedPValue }) => adjustedPValue !== undefined) ? html`p <small>adjusted</small>` : 'p',
            ({ pValue: p, adjustedPValue: adjusted }) =>
              html`${p === null ? NOTHING : pValue(p)}${adjusted !== undefined && html`<small>${pValue(adjusted)}</small>`}`,
          ),
        ]),
    ...(test.sampleRatio.alarm || effects.length === 0
      ? []
      : [
          {
            head: 'Reading',
            cell: ({ effect, metric }: Row) => effect !== undefined && readingBadge(effect, metric, test.level),
          },
        ]),
  ];
}

/** What a fixed-horizon reader may say: better, worse or not told apart, by the adjusted p where there is one; of a guardrail its state. */
function readingBadge(effect: Effect, { better, role }: Metric, level: number): Part {
  if (role === 'guardrail') return guardrailBadge(effect);
  const { difference, pValue: plain, adjustedPValue } = effect;
  const { value, interval } = difference;
  if (value === null) return badge('unsupported', 'refused');
  const p = adjustedPValue ?? plain;
  const told = p === null ? interval !== null && (interval[0] > 0 || interval[1] < 0) : p < 1 - level;
  if (!told) return badge('weak', 'unclear');
  return value > 0 === (better === 'higher') ? badge('supported', 'better') : badge('unsupported', 'worse');
}
