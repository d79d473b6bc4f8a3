import type { DesignTable } from '../../ab/simulate/contract.js';
import type { ReportDocument, Verdict } from '../../contract.js';
import { html, table, type Html } from '../html.js';
import { intervalFigure } from '../interval-figures.js';
import { count, percent, signed, significant, writingOf, type Writing } from '../numbers.js';
import { badge, intervalMethods, spoken, valueOf, withInterval, type Section } from '../parts.js';

type Row = DesignTable['rows'][number];

/** What several designs say of one true effect, over many simulated tests: which of them can be believed. */
export async function designsSection({ designs = [] }: ReportDocument): Promise<Section | undefined> {
  const filled = designs.filter(({ rows }) => rows.length > 0);
  if (filled.length === 0) return undefined;
  return {
    id: 'designs',
    title: 'Designs against the truth',
    terms: ['design', 'truth', 'bias', 'deviation', 'coverage', 'replications', 'interval'],
    body: [
      html`<p class="lead">
        The same world, tested many times under every design. The truth is the effect of giving the arm to everybody; a
        design is biased when the mean of its estimates misses it by more than chance explains.
      </p>`,
      await Promise.all(filled.map((design, i) => oneTable(design, { among: filled.length, index: i }))),
    ],
  };
}

async function oneTable(
  design: DesignTable,
  { among, index }: { readonly among: number; readonly index: number },
): Promise<Html> {
  const { metric, arm, truth, rows } = design;
  const writing = writingOf(
    rows.flatMap(({ mean, bias }) => [mean, bias]),
    signed,
  );
  const sentence = biasSentence(design, writing);
  return html`<h3>${metric}, ${arm}</h3>
    <p>
      The true effect is <strong>${valueOf(truth, 0, writing.value)}</strong>
      <span class="grey">(${truth.interval !== null && `${writing.range(truth.interval)}, `}${truth.method})</span>.
      ${sentence}
    </p>
    ${await intervalFigure({
      chart: {
        rows: rows.map(({ design: name, bias, deviation }) => ({
          label: name,
          value: bias.value,
          interval: bias.interval,
          second: bias.value === null ? undefined : ([bias.value - deviation, bias.value + deviation] as const),
          emphasis: true,
        })),
        lines: [{ value: 0, kind: 'truth' }],
        secondName: 'spread of single tests: one standard deviation to each side',
        xTitle: 'bias: mean estimate − truth',
      },
      label: [
        `Bias of every design for ${metric}, ${arm}.`,
        ...rows.map(({ design: name, bias }) => `${name}: ${spoken(bias, writing)}.`),
        sentence,
      ].join(' '),
      caption: 'Bias with its interval. Right of the truth a design overstates the effect.',
    })}
    ${table<Row>({
      caption: `Designs against the truth: ${metric}, ${arm}${among > 1 ? ` (${index + 1} of ${among})` : ''}`,
      hideCaption: true,
      columns: [
        { head: 'Design', cell: ({ design: name }) => name },
        { head: 'Tests', numeric: true, cell: ({ replications }) => count(replications) },
        { head: 'Mean estimate', numeric: true, cell: ({ mean }) => withInterval(mean, writing) },
        { head: 'Bias', numeric: true, cell: ({ bias }) => withInterval(bias, writing) },
        { head: 'Spread', numeric: true, cell: ({ deviation }) => significant(deviation, 3) },
        { head: 'Coverage', numeric: true, cell: ({ coverage }) => percent(coverage) },
        { head: 'Against the truth', cell: (row) => biasBadge(row) },
      ],
      groups: [{ rows }],
    })}
    ${intervalMethods(rows.map(({ bias }) => bias))}`;
}

/** true: its interval leaves 0 out; undefined: nothing to judge it by. */
const isBiased = ({ bias: { interval } }: Row): boolean | undefined =>
  interval === null ? undefined : interval[0] > 0 || interval[1] < 0;

function biasBadge(row: Row): Html {
  const biased = isBiased(row);
  const [verdict, word]: readonly [Verdict, string] =
    biased === undefined ? ['weak', 'not judged'] : biased ? ['unsupported', 'biased'] : ['supported', 'no bias seen'];
  return badge(verdict, word);
}

/** Names the designs that miss the truth, and by how much of it. */
function biasSentence({ rows, truth }: DesignTable, writing: Writing): string {
  const named = (state: boolean | undefined): Row[] => rows.filter((row) => isBiased(row) === state);
  const described = named(true).map(({ design, bias: { value } }) => {
    if (value === null) return design;
    if (truth.value === null || truth.value === 0) return `${design} is off by ${writing.value(value)}`;
    const states = value > 0 === truth.value > 0 ? 'overstates' : 'understates';
    return `${design} ${states} the effect by ${percent(Math.abs(value / truth.value))}`;
  });
  const sound = named(false).map(({ design }) => design);
  const open = named(undefined).map(({ design }) => design);
  return [
    described.length === 0 ? 'No design is seen to be biased.' : `Biased: ${described.join('; ')}.`,
    ...(sound.length === 0 ? [] : [`Not told from the truth: ${sound.join(', ')}.`]),
    ...(open.length === 0 ? [] : [`Not judged: ${open.join(', ')}.`]),
  ].join(' ');
}
