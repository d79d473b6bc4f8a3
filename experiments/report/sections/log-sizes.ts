import type { LogSizeTable } from '../../ad-utility/contract.js';
import type { ReportDocument } from '../../contract.js';
import { html, table } from '../html.js';
import { count, percent, significant } from '../numbers.js';
import { NOTHING, type Section } from '../parts.js';
import { estimatorTerm } from '../legend.js';

/** How many rows such a log would need to tell a policy's reward closely. */
export function logSizesSection({ logSizes = [] }: ReportDocument): Section | undefined {
  if (logSizes.length === 0) return undefined;
  const [{ within, level, needed }] = logSizes;
  return {
    id: 'log-sizes',
    title: 'How large a log?',
    terms: ['hits', 'logNeeded'],
    body: [
      html`<p class="lead">
        Rows that would estimate the reward of each policy within ±${percent(within)} of it at ${percent(level)}. A
        policy of many possible actions is hit seldom, so that judging it offline takes a larger log than learning it.
      </p>`,
      table<LogSizeTable>({
        caption: 'Rows that each policy would need',
        hideCaption: true,
        columns: [
          { head: 'Policy', cell: ({ policy }) => policy },
          { head: 'Rows', numeric: true, cell: ({ rows }) => count(rows) },
          { head: 'Hits', numeric: true, cell: ({ hits }) => count(hits) },
          {
            head: html`Variation <small>of a hit</small>`,
            numeric: true,
            cell: ({ variation }) => (variation === null ? NOTHING : significant(variation, 3)),
          },
          ...needed.map(({ method }, m) => ({
            head: html`Needed <small>${estimatorTerm(method).short}</small>`,
            numeric: true,
            cell: (size: LogSizeTable) => {
              const rows = size.needed.at(m)?.rows ?? null;
              return rows === null ? NOTHING : count(Math.ceil(rows));
            },
          })),
        ],
        groups: [{ rows: logSizes }],
      }),
    ],
  };
}
