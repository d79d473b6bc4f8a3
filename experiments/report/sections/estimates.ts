import type { Estimate, PolicySection, ReportDocument } from '../../contract.js';
import type { IntervalChart, Line } from '../charts/intervals.js';
import { headlineEstimator, reasonsOf } from '../headline.js';
import { html, table, type Column, type Html } from '../html.js';
import { intervalGrid } from '../interval-figures.js';
import { estimatorTerm, inLegendOrder } from '../legend.js';
import { decimalsFor, fixed, range, significant } from '../numbers.js';
import { badge, intervalOf, spoken, valueOf, type Section } from '../parts.js';

/** Every estimator for every policy: where they disagree, an assumption of one of them is broken. */
export async function estimatesSection(document: ReportDocument): Promise<Section | undefined> {
  const judged = document.policies
    .filter(({ estimates }) => Object.keys(estimates).length > 0)
    .map((policy) => ({ policy, rows: rowsOf(policy) }));
  if (judged.length === 0) return undefined;
  const headline = headlineEstimator(document);
  const logged = document.data?.rewardRate.value ?? undefined;
  const all = judged.flatMap(({ rows }) => rows);
  const has = (key: 'bootstrap' | 'setting'): boolean => all.some(({ estimate }) => estimate[key] !== undefined);
  return {
    id: 'estimates',
    title: 'Estimates by method',
    terms: [
      ...['value', 'interval', 'standardError', 'refused'],
      ...(['bootstrap', 'setting'] as const).filter(has),
      ...(logged === undefined ? [] : ['rewardRate']),
    ],
    body: [
      html`<p class="lead">
        The same question put to every estimator. They lean on different assumptions; where they disagree, one of those
        is broken. Each is explained <a href="#assumptions">below</a>.
      </p>`,
      await intervalGrid(
        judged.map(({ policy, rows }) => {
          const chart = chartOf(policy, rows, headline, logged);
          return { chart, label: label(policy, rows, chart.lines), caption: html`<strong>${policy.id}</strong>` };
        }),
      ),
      table({
        caption: 'Estimates of every policy by every method',
        columns: columns(headline, { bootstrap: has('bootstrap'), setting: has('setting') }),
        groups: judged.map(({ policy, rows }) => {
          const refused = rows.every(({ estimate }) => estimate.value === null);
          return {
            heading: html`${policy.id} ${badge(policy.verdict)}
            ${refused && html`<span class="refused">every estimate refused</span> <small>${reasonsOf(policy).join(' ')}</small>`}`,
            rows: refused ? [] : rows,
          };
        }),
      }),
    ],
  };
}

interface EstimateRow {
  readonly key: string;
  readonly estimate: Estimate;
  /** One number of decimals for all rows of a policy. */
  readonly decimals: number;
}

function rowsOf({ estimates }: PolicySection): EstimateRow[] {
  const decimals = decimalsFor(Object.values(estimates));
  return inLegendOrder(Object.keys(estimates)).map((key) => ({ key, estimate: estimates[key], decimals }));
}

function columns(
  headline: string | undefined,
  has: { readonly bootstrap: boolean; readonly setting: boolean },
): Column<EstimateRow>[] {
  const bootstrap: Column<EstimateRow> = {
    head: 'Bootstrap',
    numeric: true,
    cell: ({ estimate, decimals }) => (estimate.bootstrap === undefined ? '' : range(estimate.bootstrap, decimals)),
  };
  const setting: Column<EstimateRow> = {
    head: 'Setting',
    numeric: true,
    cell: ({ estimate }) => (estimate.setting === undefined ? '' : significant(estimate.setting)),
  };
  return [
    {
      head: 'Estimator',
      cell: ({ key }) =>
        html`<span class="${key === headline ? 'chosen' : 'plainly'}">${estimatorTerm(key).short}</span>`,
    },
    { head: 'Estimate', numeric: true, cell: ({ estimate, decimals }) => valueOf(estimate, decimals) },
    { head: 'Interval', numeric: true, cell: ({ estimate, decimals }) => intervalOf(estimate, decimals) },
    ...(has.bootstrap ? [bootstrap] : []),
    {
      head: 'Standard error',
      numeric: true,
      cell: ({ estimate: { standardError }, decimals }) =>
        standardError === null ? '' : fixed(standardError, decimals + 1),
    },
    ...(has.setting ? [setting] : []),
    { head: 'Method', cell: methodCell },
  ];
}

/** How the interval was made, and below it those made in other ways. */
function methodCell({ estimate: { method, others = [] }, decimals }: EstimateRow): Html {
  const beside = others.map(
    (one) => `${one.method}${one.interval === null ? '' : `: ${range(one.interval, decimals)}`}`,
  );
  return html`<span class="method">${method}</span>${beside.map((text) => html`<small>${text}</small>`)}`;
}

function chartOf(
  { truth }: PolicySection,
  rows: readonly EstimateRow[],
  headline: string | undefined,
  logged: number | undefined,
): IntervalChart & { readonly lines: readonly Line[] } {
  return {
    rows: rows.map(({ key, estimate: { value, interval, bootstrap } }) => ({
      label: estimatorTerm(key).short,
      value,
      interval,
      second: bootstrap,
      emphasis: key === headline,
    })),
    lines: [
      ...(logged === undefined ? [] : [{ value: logged, kind: 'logged' } as const]),
      ...(truth === undefined ? [] : [{ value: truth, kind: 'truth' } as const]),
    ],
  };
}

function label({ id }: PolicySection, rows: readonly EstimateRow[], lines: readonly Line[]): string {
  const decimals = rows[0].decimals;
  return [
    `Estimates of ${id} by method.`,
    ...rows.map(({ key, estimate }) => `${estimatorTerm(key).short}: ${spoken(estimate, decimals)}.`),
    ...lines.map(({ kind, value }) => `${kind === 'truth' ? 'Truth' : 'Logged rate'}: ${fixed(value, decimals)}.`),
  ].join(' ');
}
