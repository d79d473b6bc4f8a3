import type { WeightTable } from '../../ad-utility/contract.js';
import type { Curve, ReportDocument } from '../../contract.js';
import { drawBoth } from '../charts/draw.js';
import { linesSpec, looks } from '../charts/lines.js';
import { html, table, type Html } from '../html.js';
import { lineKey } from '../keys.js';
import { count, fixed, significant } from '../numbers.js';
import { NOTHING, figure, type Section } from '../parts.js';

type Bucket = WeightTable['buckets'][number];

/** What weights learned policies choose, by bucket of the users: who is given what. */
export async function learnedWeightsSection({ weightTables = [] }: ReportDocument): Promise<Section | undefined> {
  const filled = weightTables.filter(({ buckets }) => buckets.length > 0);
  if (filled.length === 0) return undefined;
  return {
    id: 'learned-weights',
    title: 'Learned weights',
    terms: ['utilityWeight', 'rankCorrelation'],
    body: [
      html`<p class="lead">
        Mean weights by bucket of the users. Where the ranker knows too little of how much somebody clicks, a policy
        that learned it gives those who click more a higher weight of clicks.
      </p>`,
      await Promise.all(filled.map((one, i) => onePolicy(one, filled.length > 1 ? ` (${i + 1})` : ''))),
    ],
  };
}

async function onePolicy(one: WeightTable, suffix: string): Promise<Html> {
  const { policy, by, groups, production, buckets, rankCorrelation, seeds } = one;
  const curves = groups.map((group, g): Curve => ({
    ...{ chart: policy, name: group, xLabel: `bucket of users, by ${by}`, yLabel: 'mean weight' },
    points: buckets.map(({ weights }, b): [number, number] => [b + 1, weights[g]]),
  }));
  const titles = { x: curves[0].xLabel, y: curves[0].yLabel };
  const label = [
    `Mean weights of ${policy} by bucket of users, fewest clicks first.`,
    ...curves.map(
      ({ name, points }) => `${name}: from ${fixed(points[0][1], 3)} to ${fixed(points[points.length - 1][1], 3)}.`,
    ),
  ].join(' ');
  const keys = looks(curves).map(({ key, look }) => lineKey(key, look.stroke, look.dash));
  return html`<h3>${policy}</h3>
    <p>
      Users by ${by}, fewest first${seeds.length > 1 && html`; means over ${seeds.length} seeds`}. In production:
      ${groups.map((group, g) => `${group} ${production[g]}`).join(', ')}. Rank correlation of bucket and mean weight:
      ${groups.map((group, g) => `${group} ${correlations(rankCorrelation.map((seed) => seed[g]))}`).join('; ')}.
    </p>
    ${figure(
      await drawBoth((width) => linesSpec(curves, titles, width), label),
      html`<strong>${policy}</strong>: mean weights by bucket`,
      keys,
    )}
    ${table<Bucket>({
      caption: `Mean weights of ${policy} by bucket${suffix}`,
      hideCaption: true,
      columns: [
        { head: 'Bucket', cell: ({ name }) => name },
        { head: 'Requests', numeric: true, cell: ({ requests }) => count(requests) },
        { head: html`Mean <small>${by}</small>`, numeric: true, cell: ({ level }) => significant(level) },
        ...groups.map((group, g) => ({
          head: group,
          numeric: true,
          cell: ({ weights }: Bucket) => (g < weights.length ? fixed(weights[g], 3) : NOTHING),
        })),
      ],
      groups: [{ rows: buckets }],
    })}`;
}

/** "0.98", or of several seeds "0.95 to 1.00"; "does not vary" where it has none. */
function correlations(values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return 'none, it does not vary';
  const [low, high] = [Math.min(...known), Math.max(...known)].map((value) => fixed(value, 2));
  return low === high ? low : `${low} to ${high}`;
}
