import { html, table } from '../../html.js';
import { intervalFigure } from '../../interval-figures.js';
import { percent, percentWriting } from '../../numbers.js';
import { spoken, withInterval } from '../../parts.js';
import {
  effectsOf,
  formulaOf,
  guardrailBadge,
  levelText,
  type NamedEffect,
  type NamedTest,
  type Piece,
} from './words.js';

/** The metrics that must not get worse, each against its margin. */
export async function guardrailsPiece({ test, suffix }: NamedTest): Promise<Piece | undefined> {
  const rows = effectsOf(test).filter(({ metric }) => metric.role === 'guardrail');
  if (rows.length === 0) return undefined;
  const writing = percentWriting(rows.map(({ effect }) => effect.relative));
  const label = rows.map(
    (row) =>
      `${row.name}: ${spoken(row.effect.relative, writing)}, margin ${marginText(row)}, ${row.effect.guardrail ?? 'not judged'}.`,
  );
  return {
    title: 'Guardrails',
    terms: ['guardrail', 'margin', 'armRelative'],
    body: [
      html`<p class="lead">
        A guardrail must not get worse by more than its margin. Kept: the data rule that out. Broken: the data show it.
        Unclear: they say neither, and more units are needed. It is judged to one side at ${levelText(test.level)}; the
        two-sided intervals shown are a little longer.
      </p>`,
      table<NamedEffect>({
        caption: `Guardrails and their margins${suffix}`,
        hideCaption: true,
        columns: [
          {
            head: 'Guardrail',
            cell: ({ name, metric }) =>
              html`${name}<small>${formulaOf(metric, test.unit)}; ${metric.better} is better</small>`,
          },
          { head: 'Relative', numeric: true, cell: ({ effect }) => withInterval(effect.relative, writing) },
          { head: 'Margin', numeric: true, cell: marginText },
          { head: 'State', cell: ({ effect }) => guardrailBadge(effect) },
        ],
        groups: [{ rows }],
      }),
      await intervalFigure({
        chart: {
          rows: rows.map((row) => ({
            label: row.name,
            value: row.effect.relative.value,
            interval: row.effect.relative.interval,
            limit: limitOf(row),
            emphasis: true,
          })),
          lines: [{ value: 0, kind: 'zero' }],
          xTitle: 'change relative to the control',
          percent: true,
        },
        label: `Guardrails, relative change. ${label.join(' ')}`,
        caption: 'Guardrails against their margins.',
      }),
    ],
  };
}

/** The worst relative change that is tolerated; without a margin none is. */
const limitOf = ({ metric: { margin = 0, better } }: NamedEffect): number => (better === 'higher' ? -margin : margin);

function marginText(row: NamedEffect): string {
  const limit = limitOf(row);
  return limit > 0 ? `+${percent(limit)}` : percent(limit);
}
