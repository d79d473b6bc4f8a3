import type { PowerTable } from '../../ab/simulate/contract.js';
import type { ReportDocument } from '../../contract.js';
import { bandsSpec, type BandChart } from '../charts/bands.js';
import { drawBoth } from '../charts/draw.js';
import { LOOKS } from '../charts/lines.js';
import { html, table, type Html, type Part } from '../html.js';
import { bandKey, lineKey } from '../keys.js';
import { count, fixed, percentWriting, type Writing } from '../numbers.js';
import { figure, spoken, withInterval, type Section } from '../parts.js';
import { levelText } from './ab/words.js';

/** The share of tests that should find the effect: a test planned for less is a gamble. */
const ENOUGH = 0.8;
const FILL = 0.13;

/** How long a test would need, by the rule that ends it. */
export async function powerSection({ power = [] }: ReportDocument): Promise<Section | undefined> {
  const filled = power.filter(({ rows }) => rows.length > 0);
  if (filled.length === 0) return undefined;
  const titles = filled.map(titleOf);
  const groups = [...new Set(titles)].map((title) => ({
    title,
    tables: filled.filter((_, i) => titles[i] === title),
  }));
  return {
    id: 'power',
    title: 'How long would this test need?',
    terms: ['power', 'mde', 'fixedHorizon', 'alwaysValid', 'interval'],
    body: [
      html`<p class="lead">
        The share of simulated tests that found the effect by each day. A test is long enough when at least
        ${levelText(ENOUGH)} of them did.
      </p>`,
      await Promise.all(groups.map(({ title, tables }) => oneGroup(title, tables))),
    ],
  };
}

const sharesOf = (tables: readonly PowerTable[]): Writing =>
  percentWriting(
    tables.flatMap(({ rows }) => rows.map(({ found }) => found)),
    fixed,
  );

const titleOf = ({ metric, arm }: PowerTable): string => `${metric}, ${arm}`;

/** The first day by which enough tests had found the effect. */
const enoughAt = ({ rows }: PowerTable): PowerTable['rows'][number] | undefined =>
  rows.find(({ found }) => found.value !== null && found.value >= ENOUGH);

async function oneGroup(title: string, tables: readonly PowerTable[]): Promise<Html> {
  const writing = sharesOf(tables);
  const need = `Days until ${levelText(ENOUGH)} of the tests found the effect: ${tables.map(needText).join('; ')}.`;
  const last = tables.map((one) => {
    const { day, found } = one.rows[one.rows.length - 1];
    return `${one.rule}, by day ${day}: ${spoken(found, writing)}.`;
  });
  const drawn = tables.slice(0, LOOKS.length);
  const chart = chartOf(drawn);
  return html`<h3>${title}</h3>
    <p>${need}</p>
    ${
      chart !== undefined &&
      figure(
        await drawBoth(
          (width) => bandsSpec(chart, width),
          [`Share of tests that found ${title}.`, need, ...last].join(' '),
        ),
        `Share of tests that found the effect by each day, with its interval.${drawn.length < tables.length ? ` Drawn are the first ${drawn.length} rules of ${tables.length}.` : ''}`,
        [
          ...drawn.map(({ rule }, i) => bandKey(rule, LOOKS[i].stroke, LOOKS[i].dash, FILL)),
          lineKey(`${levelText(ENOUGH)} of the tests`, 'var(--logged)', [5, 3]),
        ],
      )
    }
    ${needTable(title, tables)}
    <details>
      <summary>Every day in numbers</summary>
      ${table<PowerTable['rows'][number]>({
        caption: `Share of tests that found ${title}`,
        columns: [
          { head: 'Day', cell: ({ day }) => day },
          { head: 'Units', numeric: true, cell: ({ units }) => count(units) },
          { head: 'Found', numeric: true, cell: ({ found }) => withInterval(found, writing) },
        ],
        groups: tables.map(({ rule, rows }) => ({ heading: rule, rows })),
      })}
    </details>`;
}

function needText(one: PowerTable): string {
  const enough = enoughAt(one);
  return enough === undefined
    ? `${one.rule} more than the ${count(one.rows[one.rows.length - 1].day)} that were simulated`
    : `${one.rule} ${count(enough.day)} (${count(enough.units)} units)`;
}

function needTable(title: string, tables: readonly PowerTable[]): Html {
  const writing = sharesOf(tables);
  const never: Part = html`<span class="grey">not reached</span>`;
  return table<PowerTable>({
    caption: `How long ${title} would need, by rule`,
    hideCaption: true,
    columns: [
      { head: 'Rule', cell: ({ rule }) => rule },
      { head: `Days to ${levelText(ENOUGH)}`, numeric: true, cell: (one) => enoughAt(one)?.day ?? never },
      {
        head: 'Units by then',
        numeric: true,
        cell: (one) => {
          const enough = enoughAt(one);
          return enough === undefined ? never : count(enough.units);
        },
      },
      {
        head: html`Found <small>by the last day</small>`,
        numeric: true,
        cell: ({ rows }) => withInterval(rows[rows.length - 1].found, writing),
      },
    ],
    groups: [{ rows: tables }],
  });
}

function chartOf(tables: readonly PowerTable[]): BandChart | undefined {
  const lines = tables.map(({ rows }, i) => ({
    look: LOOKS[i],
    points: rows.flatMap(({ day, found: { value } }) => (value === null ? [] : [[day, value] as const])),
  }));
  if (lines.every(({ points }) => points.length === 0)) return undefined;
  return {
    // The edges of several bands would hide the lines.
    bands: tables.map(({ rows }, i) => ({
      look: LOOKS[i],
      fill: FILL,
      bare: true,
      points: rows.map(({ day, found: { interval } }) => [day, interval] as const),
    })),
    lines,
    levels: [{ value: ENOUGH, kind: 'target' }],
    window: [0, 1],
    xTitle: 'day',
    yTitle: 'tests that found it',
    percent: true,
  };
}
