import type { PolicySection, ReportDocument } from '../../contract.js';
import { NARROW, draw } from '../charts/draw.js';
import { hasHistogram, weightsSpec } from '../charts/weights.js';
import { html, table, type Html, type Part } from '../html.js';
import { term } from '../legend.js';
import { count, decimalsFor, decimalsOf, fixed, percent, significant } from '../numbers.js';
import { facts, figure, intervalOf, valueOf, type Section } from '../parts.js';
import { lineKey } from '../keys.js';

const COLUMNS = [
  'rounds',
  'effectiveSampleSize',
  'meanWeight',
  'maxWeight',
  'maxWeightShare',
  'propensityFloor',
] as const;
const SHOWN_ROWS = 20;

/** How well the log covers each policy: everything an off-policy estimate stands on. */
export async function overlapSection({ policies, data }: ReportDocument): Promise<Section | undefined> {
  if (policies.length === 0 && data === undefined) return undefined;
  const offending = policies.filter(({ diagnostics }) => diagnostics.offendingRows.length > 0);
  return {
    id: 'overlap',
    title: policies.length === 0 ? 'The log' : 'The log and its overlap',
    terms: [
      ...(data === undefined ? [] : ['rewardRate', 'interval']),
      ...(policies.length === 0 ? [] : ['weight', ...COLUMNS]),
      ...(offending.length === 0 ? [] : ['offendingRows']),
    ],
    body: [
      policies.length > 0 &&
        html`<p class="lead">
          An estimate from a log can only speak of actions that were taken in it. The closer the weights are to 1, the
          more rounds speak for a policy.
        </p>`,
      data !== undefined && logFacts(data),
      policies.length > 0 && diagnosticsTable(policies),
      offending.length > 0 &&
        html`<h3>Offending rows</h3>
          <ul class="plain">
            ${offending.map(
              ({ id, diagnostics: { offendingRows: rows } }) =>
                html`<li>
                  <strong>${id}</strong>: ${rows.slice(0, SHOWN_ROWS).join(', ')}
                  ${rows.length > SHOWN_ROWS && `and ${count(rows.length - SHOWN_ROWS)} more`}
                </li>`,
            )}
          </ul>`,
      await histograms(policies.filter(({ weights }) => hasHistogram(weights))),
    ],
  };
}

type Data = NonNullable<ReportDocument['data']>;

function propensityFact({ min, mean, max }: NonNullable<Data['propensity']>): readonly [string, Html] {
  return [
    'Logged propensity',
    html`${significant(mean)} <small>mean; from ${significant(min)} to ${significant(max)}</small>`,
  ];
}

function logFacts(data: Data): Part {
  const decimals = decimalsFor([data.rewardRate]);
  return [
    facts([
      [
        'Logged rate',
        html`${valueOf(data.rewardRate, decimals)}
          <small>${intervalOf(data.rewardRate, decimals)}, ${data.rewardRate.method}</small>`,
      ],
      ...(data.propensity === undefined ? [] : [propensityFact(data.propensity)]),
      ['Reward', html`<code>${data.rewardFormula}</code>`],
    ]),
    data.warnings !== undefined &&
      data.warnings.length > 0 &&
      html`<h3>What to know of this log</h3>
        <ul>
          ${data.warnings.map((warning) => html`<li>${warning}</li>`)}
        </ul>`,
    data.splits.length > 0 &&
      table<(typeof data.splits)[number]>({
        caption: `How the ${count(data.rows)} rows were used`,
        columns: [
          { head: 'Part', cell: ({ name }) => name },
          { head: 'Rows', numeric: true, cell: ({ rows }) => count(rows) },
          { head: 'Used for', cell: ({ purpose }) => purpose },
        ],
        groups: [{ rows: data.splits }],
      }),
  ];
}

function diagnosticsTable(policies: readonly PolicySection[]): Html {
  const largest = decimalsOf(policies.map(({ diagnostics }) => diagnostics.maxWeight));
  const cell = ({ diagnostics }: PolicySection, key: (typeof COLUMNS)[number]): string => {
    const value = diagnostics[key];
    if (key === 'rounds') return count(value);
    if (key === 'effectiveSampleSize') return count(Math.round(value));
    if (key === 'meanWeight') return fixed(value, 3);
    if (key === 'maxWeight') return fixed(value, largest);
    return key === 'maxWeightShare' ? percent(value) : significant(value);
  };
  return table<PolicySection>({
    caption: 'Overlap diagnostics',
    columns: [
      { head: 'Policy', cell: ({ id }) => id },
      ...COLUMNS.map((key) => ({
        head: term(key).name.replace(/ \(.*\)/, ''),
        numeric: true,
        cell: (policy: PolicySection) => cell(policy, key),
      })),
    ],
    groups: [{ rows: policies }],
  });
}

async function histograms(policies: readonly PolicySection[]): Promise<Part> {
  if (policies.length === 0) return undefined;
  const figures = policies.map(async ({ id, weights, diagnostics: { maxWeight, meanWeight, rounds } }) => {
    const zero = weights.edges[0] <= 0 ? weights.counts[0] : 0;
    const label =
      `Importance weights of ${id}: mean ${significant(meanWeight)}, largest ${significant(maxWeight)}` +
      `, over ${count(rounds)} rounds${zero > 0 ? `, of which ${count(zero)} have weight 0` : ''}.`;
    return figure(
      await draw(weightsSpec(weights, NARROW), label),
      html`<strong>${id}</strong>, largest ${significant(maxWeight)}`,
    );
  });
  return html`<h3>Weights</h3>
    <p>${lineKey('weight 1: as often as logged', 'var(--logged)', [5, 3])}</p>
    <div class="grid">${await Promise.all(figures)}</div>`;
}
