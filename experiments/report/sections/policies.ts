import type { PolicySection, ReportDocument } from '../../contract.js';
import { estimateBy, headlineEstimator } from '../headline.js';
import { html, table, type Html } from '../html.js';
import { intervalFigure, type LabelledChart } from '../interval-figures.js';
import { estimatorTerm } from '../legend.js';
import { count, decimalsFor, fixed, percent } from '../numbers.js';
import { intervalOf, spoken, valueOf, verdictCell, type Section } from '../parts.js';

/** Every policy with one number, how sure it is, and whether the log covers it. */
export async function policiesSection(document: ReportDocument): Promise<Section | undefined> {
  const { policies, data } = document;
  if (policies.length === 0) return undefined;
  const key = headlineEstimator(document);
  const short = key === undefined ? '' : estimatorTerm(key).short;
  const estimates = policies.flatMap((policy) => estimateBy(policy, key) ?? []);
  const decimals = decimalsFor(estimates);
  const withTruth = policies.some(({ truth }) => truth !== undefined);
  return {
    id: 'policies',
    title: 'Policies',
    terms: [
      'value',
      'interval',
      'effectiveSampleSize',
      'maxWeightShare',
      'verdict',
      'refused',
      ...(withTruth ? ['truth'] : []),
    ],
    body: [
      html`<p class="lead">
        What each policy would have earned per decision, estimated from the log
        ${key !== undefined && html`by ${short} (${estimatorTerm(key).name.toLowerCase()})`}.
      </p>`,
      table<PolicySection>({
        caption: 'Estimated reward per decision and how well the log covers each policy',
        columns: [
          {
            head: 'Policy',
            cell: ({ id, summary }) => html`${id}${summary !== '' && html`<small>${summary}</small>`}`,
          },
          {
            head: html`Estimate${short !== '' && html` <small>${short}</small>`}`,
            numeric: true,
            cell: (policy) => valueOf(estimateBy(policy, key), decimals),
          },
          { head: 'Interval', numeric: true, cell: (policy) => intervalOf(estimateBy(policy, key), decimals) },
          { head: html`ESS <small>of rounds</small>`, numeric: true, cell: ({ diagnostics }) => essCell(diagnostics) },
          {
            head: html`Largest <small>weight share</small>`,
            numeric: true,
            cell: ({ diagnostics }) => percent(diagnostics.maxWeightShare),
          },
          { head: 'Verdict', cell: ({ verdict, reasons }) => verdictCell(verdict, reasons) },
          ...(withTruth
            ? [
                {
                  head: 'Truth',
                  numeric: true,
                  cell: ({ truth }: PolicySection) => (truth === undefined ? '—' : fixed(truth, decimals)),
                },
              ]
            : []),
        ],
        groups: [{ rows: policies }],
      }),
      await intervalFigure(chart(policies, key, data?.rewardRate.value ?? undefined, decimals)),
    ],
  };
}

function essCell({ effectiveSampleSize, rounds }: PolicySection['diagnostics']): Html {
  return html`${count(Math.round(effectiveSampleSize))}
    <small>${rounds > 0 ? percent(effectiveSampleSize / rounds) : '—'}</small>`;
}

function chart(
  policies: readonly PolicySection[],
  key: string | undefined,
  logged: number | undefined,
  decimals: number,
): LabelledChart {
  return {
    chart: {
      rows: policies.map((policy) => {
        const estimate = estimateBy(policy, key);
        return {
          label: policy.id,
          value: estimate?.value ?? null,
          interval: estimate?.interval ?? null,
          truth: policy.truth,
          emphasis: true,
        };
      }),
      lines: logged === undefined ? [] : [{ value: logged, kind: 'logged' }],
      xTitle: 'reward per decision',
    },
    label: [
      'Estimated reward per decision.',
      ...policies.map((policy) => `${policy.id}: ${spoken(estimateBy(policy, key), decimals)}.`),
      ...(logged === undefined ? [] : [`Logged rate: ${fixed(logged, decimals)}.`]),
    ].join(' '),
    caption: 'Estimates with their intervals.',
  };
}
