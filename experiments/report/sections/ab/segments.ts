import type { AbSection, SegmentEffects } from '../../../ab/contract.js';
import { html, table, type Html } from '../../html.js';
import { intervalGrid, type LabelledChart } from '../../interval-figures.js';
import { count, pValue, signed, writingOf, type Writing } from '../../numbers.js';
import { badge, capitalised, intervalMethods, spoken, withInterval } from '../../parts.js';
import { effectName, plural, type NamedTest, type Piece } from './words.js';

/** Rows and charts beyond these stay in the table only; a table of more rows than that is folded away. */
const DRAWN_ROWS = 16;
const MOST_CHARTS = 12;

interface Part {
  readonly effects: SegmentEffects;
  readonly name: string;
  readonly writing: Writing;
}

type Row = SegmentEffects['rows'][number] & { readonly writing: Writing };

/** The effect in parts of the units: an average can hide that an arm wins here and loses there. */
export async function segmentsPiece({ test, suffix }: NamedTest): Promise<Piece | undefined> {
  const parts = test.segments
    .filter(({ rows }) => rows.length > 0)
    .map((effects): Part => ({
      effects,
      name: `${effectName(test, effects.metric, effects.arm)} by ${effects.by}`,
      writing: writingOf(
        effects.rows.map(({ difference }) => difference),
        signed,
      ),
    }));
  if (parts.length === 0) return undefined;
  return {
    title: 'Segments',
    terms: [
      ...['cochranQ', 'armDifference', 'interval'],
      ...(parts.some(({ effects }) => effects.together !== undefined) ? ['together'] : []),
    ],
    body: [
      html`<p class="lead">
        The same difference in parts of the ${plural(test.unit)}. Parts are small, so their intervals are wide; with
        many of them, a few stand out by chance.
      </p>`,
      await intervalGrid(
        parts.slice(0, MOST_CHARTS).map((part) => chartOf(part, test)),
        { ownScales: new Set(parts.map(({ effects }) => effects.metric)).size > 1 },
      ),
      parts.length > MOST_CHARTS &&
        html`<p class="note">Drawn are the first ${MOST_CHARTS} of ${count(parts.length)}; the table has all.</p>`,
      parts.reduce((sum, { effects }) => sum + effects.rows.length, 0) <= DRAWN_ROWS
        ? segmentsTable(parts, { test, suffix })
        : html`<details>
            <summary>Every segment in numbers</summary>
            ${segmentsTable(parts, { test, suffix })}
          </details>`,
      intervalMethods(parts.flatMap(({ effects }) => effects.rows.map(({ difference }) => difference))),
    ],
  };
}

function segmentsTable(parts: readonly Part[], { test, suffix }: NamedTest): Html {
  return table<Row>({
    caption: `Differences by segment${suffix}`,
    columns: [
      { head: 'Segment', cell: ({ segment }) => segment },
      { head: capitalised(plural(test.unit)), numeric: true, cell: ({ units }) => count(units) },
      { head: 'Difference', numeric: true, cell: ({ difference, writing }) => withInterval(difference, writing) },
    ],
    groups: parts.map(({ effects, name, writing }) => ({
      heading: html`${name} ${sameBadge(effects, test)}`,
      rows: [...effects.rows, ...togetherRow(effects)].map((row) => ({ ...row, writing })),
    })),
  });
}

/** The parts put together again by their size, where every one of them has a number. */
function togetherRow({ rows, together }: SegmentEffects): SegmentEffects['rows'] {
  const units = rows.reduce((sum, row) => sum + row.units, 0);
  return together === undefined ? [] : [{ segment: 'together, by size', units, difference: together }];
}

function chartOf({ effects, name, writing }: Part, test: AbSection): LabelledChart {
  const { rows, metric, arm } = effects;
  const drawn = rows.length > DRAWN_ROWS ? [...rows].sort((a, b) => b.units - a.units).slice(0, DRAWN_ROWS) : rows;
  const overall = test.metrics
    .find((judged) => judged.metric.name === metric)
    ?.effects.find((effect) => effect.arm === arm)?.difference.value;
  return {
    chart: {
      rows: [
        ...drawn.map(({ segment, difference: { value, interval } }) => ({ label: segment, value, interval })),
        ...togetherRow(effects).map(({ segment, difference: { value, interval } }) => ({
          ...{ label: segment, value, interval, emphasis: true },
        })),
      ],
      lines: [
        { value: 0, kind: 'zero' },
        ...(typeof overall === 'number' ? [{ value: overall, kind: 'overall' } as const] : []),
      ],
    },
    label: [
      `Difference in ${name}.`,
      ...[...drawn, ...togetherRow(effects)].map(
        ({ segment, difference }) => `${segment}: ${spoken(difference, writing)}.`,
      ),
      sameSentence(effects, test),
    ].join(' '),
    caption: html`<strong>${name}</strong
      >${drawn.length < rows.length && `, the ${drawn.length} largest of ${count(rows.length)}`}.
      ${sameSentence(effects, test)}`,
  };
}

function sameBadge({ sameEffect: p }: SegmentEffects, { level }: AbSection): Html | false {
  return p !== null && (p < 1 - level ? badge('weak', 'differs') : badge('supported', 'no sign of a difference'));
}

function sameSentence({ sameEffect: p }: SegmentEffects, { level }: AbSection): string {
  if (p === null) return 'Too few parts with a number to test whether the effect is the same in all.';
  return p < 1 - level
    ? `The effect differs between the parts (Cochran's Q, p = ${pValue(p)}); the average hides that.`
    : `No sign that the effect differs between the parts (Cochran's Q, p = ${pValue(p)}).`;
}
