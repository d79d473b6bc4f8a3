import type { ReportDocument } from '../../contract.js';
import type { Guardrail, LiftTable } from '../../lifts/contract.js';
import { html, table, type Html } from '../html.js';
import { intervalFigure } from '../interval-figures.js';
import { count, percent, percentWriting, significant } from '../numbers.js';
import { badge, intervalMethods, spoken, withInterval, type Section } from '../parts.js';
import { STATES } from './ab/words.js';

type Row = LiftTable['rows'][number];

/** What every policy did to the control, place by place; the first place is where it counts. */
export async function liftsSection({ lifts = [] }: ReportDocument): Promise<Section | undefined> {
  const filled = lifts.filter(({ rows }) => rows.length > 0);
  if (filled.length === 0) return undefined;
  const metrics = filled.flatMap(({ rows }) => rows.map(({ metric }) => metric));
  return {
    id: 'lifts',
    title: 'Policies side by side',
    terms: [
      ...(filled.some(({ scale }) => scale === undefined) ? ['lift'] : []),
      ...(metrics.some((metric) => metric.startsWith('depth given')) ? ['conditionalDepth'] : []),
      ...(metrics.includes('CTR') ? ['adRates', 'treatedSegment'] : []),
      ...(filled.some(({ guardrail }) => guardrail !== undefined) ? ['guardrail', 'margin'] : []),
      ...['seed', 'interval'],
    ],
    body: [
      html`<p class="lead">
        Every ${filled.every(({ unit }) => unit === undefined) ? 'user' : 'case'} met every policy, with the same
        luck.${
          filled.some(({ place }) => place.includes('learned in')) &&
          html` A number from the simulator that a policy learned in is what it was promised, not what it keeps.`
        }
      </p>`,
      await Promise.all(filled.map((lift, i) => onePlace(lift, { among: filled.length, index: i }))),
    ],
  };
}

async function onePlace(
  { place, control, rows, users, unit = 'users', scale, seeds, guardrail }: LiftTable,
  { among, index }: { readonly among: number; readonly index: number },
): Promise<Html> {
  const writing =
    scale === undefined
      ? percentWriting(rows.map(({ relative }) => relative))
      : // Metrics of one table may be of different sizes.
        {
          value: (n: number) => signedDigits(n),
          range: (ends: readonly [number, number]) => ends.map((n) => signedDigits(n)).join(' to '),
        };
  const drawn = scale === undefined ? 100 : 1;
  const [{ metric: main }] = rows;
  const leading = rows.filter(({ metric }) => metric === main);
  const policies = [...new Set(rows.map(({ policy }) => policy))];
  return html`<h3>In ${place}</h3>
    <p>
      Against <strong>${control}</strong>: ${count(users)} ${unit}, ${seeds.length}
      ${seeds.length === 1 ? 'seed' : 'seeds'}.
    </p>
    ${guardrail !== undefined && guardrailLine(guardrail)}
    ${await intervalFigure({
      chart: {
        rows: leading.map(({ policy, relative, perSeed }) => ({
          label: policy,
          value: relative.value === null ? null : drawn * relative.value,
          interval:
            relative.interval === null ? null : ([drawn * relative.interval[0], drawn * relative.interval[1]] as const),
          parts: perSeed.length > 1 ? perSeed.flatMap(({ value }) => (value === null ? [] : [drawn * value])) : [],
          emphasis: true,
        })),
        xTitle: `${main}: ${scale === undefined ? '% ' : ''}more than ${control}`,
      },
      label: [
        `${main} in ${place}, ${scale === undefined ? 'relative to' : 'less that of'} ${control}.`,
        ...leading.map(({ policy, relative }) => `${policy}: ${spoken(relative, writing)}.`),
      ].join(' '),
      caption: `${main}: what each policy adds to ${control}, with its interval.`,
    })}
    ${table<Row>({
      caption: `Every metric in ${place}${among > 1 ? ` (${index + 1} of ${among})` : ''}`,
      hideCaption: true,
      columns: [
        { head: 'Metric', cell: ({ metric }) => metric },
        { head: control, numeric: true, cell: ({ control: value }) => (value === null ? '—' : significant(value)) },
        { head: 'Policy', numeric: true, cell: ({ value }) => (value === null ? '—' : significant(value)) },
        {
          head: scale === undefined ? 'Relative' : 'Difference',
          numeric: true,
          cell: ({ relative }) => withInterval(relative, writing),
        },
      ],
      groups: policies.map((policy) => ({
        heading: policy,
        rows: rows.filter((row) => row.policy === policy),
      })),
    })}
    ${intervalMethods(rows.map(({ relative }) => relative))}`;
}

/** Who kept what must not be lost. */
function guardrailLine({ metric, margin, states }: Guardrail): Html {
  return html`<p>
    Guardrail: ${metric} may fall by at most ${percent(margin)}.
    ${states.map(({ policy, state }) => html`<span class="key">${policy} ${badge(STATES[state], state)}</span> `)}
  </p>`;
}

/** Four digits with the sign, of a difference in any unit. */
function signedDigits(value: number): string {
  return `${value >= 0 ? '+' : ''}${significant(value)}`;
}
