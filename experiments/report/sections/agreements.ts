import type { Agreement } from '../../ab/simulate/contract.js';
import type { ReportDocument, Verdict } from '../../contract.js';
import { html, table, type Html } from '../html.js';
import { intervalFigure } from '../interval-figures.js';
import { writingOf } from '../numbers.js';
import { NOTHING, badge, intervalOf, refusalOf, spoken, valueOf, type Section } from '../parts.js';

type Row = Agreement['rows'][number];

/** Quantities that were judged in several ways: off-policy, in a simulator, by an A/B test. */
export async function agreementsSection({ agreements = [] }: ReportDocument): Promise<Section | undefined> {
  const filled = agreements.filter(({ rows }) => rows.length > 0);
  if (filled.length === 0) return undefined;
  const withTruth = filled.some(({ truth }) => truth !== undefined);
  return {
    id: 'agreement',
    title: 'Do the methods agree?',
    terms: ['agreement', 'interval', 'refused', ...(withTruth ? ['truth'] : [])],
    body: [
      html`<p class="lead">
        The same quantity by methods that lean on different assumptions. Where they differ by more than their errors
        allow, an assumption of one of them is broken.
      </p>`,
      filled.length > 1 && overview(filled),
      await Promise.all(filled.map((one, i) => oneQuantity(one, filled.length > 1 ? ` (${i + 1})` : ''))),
    ],
  };
}

function agreementBadge({ agree }: Agreement): Html {
  const [verdict, word]: readonly [Verdict, string] =
    agree === null ? ['weak', 'cannot be told'] : agree ? ['supported', 'agree'] : ['unsupported', 'disagree'];
  return badge(verdict, word);
}

function overview(agreements: readonly Agreement[]): Html {
  return table<Agreement>({
    caption: 'Quantities that were judged in several ways',
    hideCaption: true,
    columns: [
      { head: 'Quantity', cell: ({ quantity }) => quantity },
      { head: 'Methods', cell: ({ rows }) => rows.map(({ method }) => method).join(', ') },
      { head: 'They', cell: agreementBadge },
    ],
    groups: [{ rows: agreements }],
  });
}

/** Whether 0 is among what the methods hold possible, so that it deserves its line. */
function hasZero(rows: Agreement['rows']): boolean {
  const ends = rows.flatMap(({ estimate: { value, interval } }) => interval ?? value ?? []);
  return Math.min(...ends) <= 0 && Math.max(...ends) >= 0;
}

async function oneQuantity(agreement: Agreement, suffix: string): Promise<Html> {
  const { quantity, rows, sentence, truth } = agreement;
  const writing = writingOf(rows.map(({ estimate }) => estimate));
  return html`<h3>${quantity}</h3>
    <p>${agreementBadge(agreement)} ${sentence}</p>
    ${await intervalFigure({
      chart: {
        rows: rows.map(({ method, estimate: { value, interval } }) => ({
          label: method,
          value,
          interval,
          emphasis: true,
        })),
        lines: [
          ...(hasZero(rows) ? [{ value: 0, kind: 'zero' } as const] : []),
          ...(truth === undefined ? [] : [{ value: truth, kind: 'truth' } as const]),
        ],
        xTitle: 'estimate',
      },
      label: [
        `${quantity}, by method.`,
        ...rows.map(({ method, estimate }) => `${method}: ${spoken(estimate, writing)}.`),
        ...(truth === undefined ? [] : [`Truth: ${writing.value(truth)}.`]),
        sentence,
      ].join(' '),
      caption: 'Estimates with their intervals.',
    })}
    ${table<Row>({
      caption: `${quantity}, by method${suffix}`,
      hideCaption: true,
      columns: [
        { head: 'Method', cell: ({ method }) => method },
        { head: 'Estimate', numeric: true, cell: ({ estimate }) => valueOf(estimate, 0, writing.value) },
        {
          head: 'Interval',
          numeric: true,
          cell: ({ estimate }) =>
            estimate.interval === null ? intervalOf(estimate, 0) : writing.range(estimate.interval),
        },
        {
          head: 'Made by',
          cell: ({ estimate }) =>
            estimate.method === ''
              ? NOTHING
              : html`<span class="method">${refusalOf(estimate) ?? estimate.method}</span>`,
        },
      ],
      groups: [{ rows }],
    })}`;
}
