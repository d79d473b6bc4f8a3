import { html, table, type Html } from '../../html.js';
import { count, pValue, percent } from '../../numbers.js';
import { badge, capitalised } from '../../parts.js';
import { armText, plural, type NamedTest, type Piece } from './words.js';

/** Who got which arm: when the split is not the planned one, nothing below it can be trusted. */
export function splitPiece({ test, suffix }: NamedTest): Piece {
  const { arms, unit } = test;
  const observed = arms.reduce((sum, { units }) => sum + units, 0);
  const planned = arms.reduce((sum, arm) => sum + arm.planned, 0);
  const share = (part: number, whole: number): string => (whole > 0 ? percent(part / whole) : '—');
  return {
    title: 'The split',
    terms: ['sampleRatio', 'unit'],
    body: [
      splitSentence(test.sampleRatio),
      table<(typeof arms)[number]>({
        caption: `${capitalised(plural(unit))} per arm, observed and planned${suffix}`,
        hideCaption: true,
        columns: [
          { head: 'Arm', cell: ({ name }) => armText(name, test) },
          { head: `Observed ${plural(unit)}`, numeric: true, cell: ({ units }) => count(units) },
          { head: 'Observed share', numeric: true, cell: ({ units }) => share(units, observed) },
          { head: 'Planned share', numeric: true, cell: (arm) => share(arm.planned, planned) },
          {
            head: `Planned ${plural(unit)}`,
            numeric: true,
            cell: (arm) => (planned > 0 ? count(Math.round((observed * arm.planned) / planned)) : '—'),
          },
        ],
        groups: [{ rows: arms }],
      }),
    ],
  };
}

function splitSentence({ p, alarm }: NamedTest['test']['sampleRatio']): Html {
  return alarm
    ? html`<p class="remark">
        ${badge('unsupported', 'split broken')} The shares of the arms differ from the plan by more than chance explains
        (p = ${pValue(p)}). Something keeps units out of an arm, or adds them to one; until it is found, no number below
        can be trusted.
      </p>`
    : html`<p>
        ${badge('supported', 'split as planned')} The shares of the arms differ from the plan no more than chance
        explains (p = ${pValue(p)}).
      </p>`;
}
