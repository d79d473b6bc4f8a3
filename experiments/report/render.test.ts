import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import type { ReportDocument } from '../contract.js';
import { REFUSED, estimate, sampleReport } from './_fixture.test.js';
import { onlyOurTags, section, sectionsOf, textOf } from './_page.test.js';
import { NARROW, draw } from './charts/draw.js';
import { intervalSpec, windowOf } from './charts/intervals.js';
import { looks, thinned } from './charts/lines.js';
import { hasHistogram, weightsSpec } from './charts/weights.js';
import { parseReport, serialiseReport } from './document.js';
import { headlineEstimator } from './headline.js';
import { estimators } from '../evaluate/estimators/index.js';
import { ESTIMATORS, TERMS, estimatorTerm, inLegendOrder, term } from './legend.js';
import { renderReport } from './render.js';

const EMPTY: Partial<ReportDocument> = {
  models: [],
  policies: [],
  comparisons: [],
  curves: [],
  segments: [],
  rollouts: [],
};
const bare = (replaced: Partial<ReportDocument> = {}): ReportDocument => {
  const { data: _data, ...rest } = sampleReport({ ...EMPTY, ...replaced });
  return rest;
};

/** The page that most tests read. */
const SAMPLE_PAGE = renderReport(sampleReport());

test('the same document gives the same bytes, in memory or from its file, whatever was drawn before', async (t) => {
  const first = await renderReport(sampleReport());
  await renderReport(bare());
  t.is(await renderReport(sampleReport()), first);
  t.is(await renderReport(parseReport(serialiseReport(sampleReport()), 'report.json')), first);
});

test('all sections stand in the order in which they are read', async (t) => {
  const page = await SAMPLE_PAGE;
  t.deepEqual(sectionsOf(page), [
    ...['policies', 'comparisons', 'estimates', 'overlap', 'models', 'segments', 'curves', 'rollouts'],
    ...['assumptions', 'provenance'],
  ]);
  t.true(page.indexOf('class="sentence"') < page.indexOf('<section'));
  t.regex(textOf(page), /Does a policy learned .*\? supported Yes: 'log-policy-gradient' earns more/);
});

test('sections without content are left out, and so are their entries in the contents', async (t) => {
  const page = await renderReport(bare());
  t.deepEqual(sectionsOf(page), ['assumptions', 'provenance']);
  t.deepEqual(
    [...page.matchAll(/<a href="#([a-z]+)"/g)].map(([, id]) => id),
    ['assumptions', 'provenance'],
  );
  t.notRegex(page, /undefined|NaN|null/);
  const { curves } = sampleReport();
  t.deepEqual(sectionsOf(await renderReport(bare({ curves }))), ['curves', 'assumptions', 'provenance']);
  const empty = [{ ...curves[0], points: [] }];
  t.deepEqual(sectionsOf(await renderReport(bare({ curves: empty }))), ['assumptions', 'provenance']);
});

test('nothing is loaded and nothing runs', async (t) => {
  const page = await SAMPLE_PAGE;
  t.notRegex(page, /<script|<link(?! rel="icon" href="data:,")|https?:|url\(|@import|\son[a-z]+=/i);
});

test('names are text, never markup: in tables, charts, labels, titles and the config', async (t) => {
  const evil = '<script>alert("1")</script>\' onload="x" & \u0000<b>';
  const report = sampleReport();
  const [learned, ...others] = report.policies;
  const page = await renderReport(
    sampleReport({
      id: evil,
      question: evil,
      answer: { verdict: 'weak', sentence: evil, reasons: [evil] },
      policies: [
        {
          ...learned,
          id: evil,
          summary: evil,
          reasons: [evil],
          verdict: 'weak',
          estimates: { ...learned.estimates, [evil]: estimate(1, 1) },
        },
        ...others,
      ],
      comparisons: report.comparisons.map((comparison) => ({ ...comparison, policy: evil, estimator: evil })),
      curves: report.curves.map((curve) => ({ ...curve, chart: evil, name: evil, xLabel: evil, yLabel: evil })),
      segments: [{ by: evil, columns: [evil], rows: [{ segment: evil, rounds: 3, values: [estimate(1, 1)] }] }],
      rollouts: report.rollouts.map((rollout) => ({ ...rollout, policy: evil, env: evil })),
      provenance: { ...report.provenance, config: { [evil]: evil }, repeat: evil, backend: evil, codeVersion: evil },
    }),
  );
  onlyOurTags(t, page);
});

testProp(
  'any name can be drawn',
  [fc.array(fc.string({ unit: 'binary', maxLength: 30 }), { minLength: 1, maxLength: 4 })],
  async (t, names) => {
    const rows = names.map((label, i) => ({ label, value: i, interval: [i - 1, i + 1] as const }));
    const { text } = await draw(intervalSpec({ rows, labels: 'above' }, NARROW), names.join('; '));
    t.is(text.match(/<svg/g)?.length, 1);
    t.notRegex(text, /NaN|undefined|\sid=/);
  },
  { numRuns: 25 },
);

test('a refused number reads "refused", with the reason beside it', async (t) => {
  const page = await SAMPLE_PAGE;
  t.regex(
    section(page, 'policies'),
    /greedy The item with .* refused — 11 .* 28\.7 % unsupported The effective sample size is 11 of 20,000 rounds/,
  );
  t.regex(section(page, 'comparisons'), /greedy refused — — unsupported The effective sample size is 11/);
  t.regex(section(page, 'estimates'), /greedy unsupported every estimate refused The effective sample size is 11/);
  t.regex(section(page, 'segments'), /staff 17 refused Row 17 holds 29 % of all weight\./);
  t.regex(page, /aria-label="Estimated reward per decision\.[^"]* greedy: refused\./);
});

test('a single refused estimate among others gives its reason in the table', async (t) => {
  const [learned] = sampleReport().policies;
  const estimates = { snips: estimate(0.05, 0.01), dr: REFUSED };
  const page = await renderReport(bare({ policies: [{ ...learned, estimates }] }));
  t.regex(section(page, 'estimates'), /DR refused — .*refused: Row 17 holds 29 % of all weight/);
});

test('a number without an interval is greyed and says so', async (t) => {
  const page = await SAMPLE_PAGE;
  t.regex(page, /<span class="grey" title="without an interval">0\.0545<\/span>/);
  t.regex(section(page, 'estimates'), /DM 0\.0545 none/);
});

test('the headline is the estimator of the comparisons, then DR, then SNIPS, then what there is', (t) => {
  const report = sampleReport();
  t.is(headlineEstimator(report), 'dr');
  t.is(headlineEstimator({ ...report, comparisons: [{ ...report.comparisons[0], estimator: 'sndr' }] }), 'sndr');
  const with_ = (...keys: string[]): ReportDocument => {
    const estimates = Object.fromEntries(keys.map((key) => [key, estimate(1, 1)]));
    return bare({ policies: report.policies.map((policy) => ({ ...policy, estimates })) });
  };
  t.is(headlineEstimator(with_('ips', 'snips', 'dr')), 'dr');
  t.is(headlineEstimator(with_('ips', 'snips')), 'snips');
  t.is(headlineEstimator(with_('ips')), 'ips');
  t.is(headlineEstimator(with_()), undefined);
});

test('fewer than three seeds are remarked on, three are not', async (t) => {
  const text = section(await SAMPLE_PAGE, 'rollouts');
  t.regex(text, /random: 2 seeds\. With fewer than 3 seeds/);
  const [three] = sampleReport().rollouts;
  t.notRegex(section(await renderReport(bare({ rollouts: [three] })), 'rollouts'), /fewer than/);
});

test('every word that a report uses is explained', async (t) => {
  const page = await SAMPLE_PAGE;
  t.notRegex(page, /Not described/);
  const [{ estimates, diagnostics }] = sampleReport().policies;
  for (const key of [...Object.keys(estimates), ...Object.keys(estimators)]) t.true(key in ESTIMATORS, key);
  for (const key of Object.keys(diagnostics)) t.true(key in TERMS, key);
  t.is(estimatorTerm('clippedIps=2').short, 'Clipped IPS = 2');
  t.is(estimatorTerm('toString').short, 'toString');
  t.is(term('toString').name, 'toString');
  t.deepEqual(inLegendOrder(['other', 'dros', 'ips=1', 'dr']), ['ips=1', 'dr', 'dros', 'other']);
});

test('provenance names all that makes the numbers, and the config as YAML', async (t) => {
  const page = await SAMPLE_PAGE;
  t.regex(
    section(page, 'provenance'),
    /Seed 1 Backend wasm Code version 0\.1\.0 Data hash 9f2c\w+ Config hash 5d41\w+/,
  );
  t.regex(page, /<code>kind: log\nid: quickstart\n/);
  t.regex(page, /<code>recsys-gym run config\.json<\/code>/);
});

test('one interval far longer than the others is cut off with an arrow instead of squeezing them', (t) => {
  const row = (label: string, value: number, half: number) => ({
    label,
    value,
    interval: [value - half, value + half] as const,
  });
  const rows = [row('a', 0.05, 0.002), row('b', 0.051, 0.002), row('c', 0.06, 3)];
  const [low, high] = windowOf(rows);
  t.true(low > 0 && high < 0.1, `${low} to ${high}`);
  const even = windowOf(rows.slice(0, 2));
  t.true(even[0] < 0.048 && even[1] > 0.053);
  const [left, right] = windowOf(rows, [{ value: 0, kind: 'zero' }]);
  t.true(left <= 0 && right < 0.1, 'lines are always inside');
  t.deepEqual(windowOf([]), [0, 1]);
  const [from, to] = windowOf([{ label: 'one', value: 5, interval: null }]);
  t.true(from < 5 && to > 5);
});

test('long curves are thinned by averaging neighbours, short ones are left alone', (t) => {
  const points = Array.from({ length: 1000 }, (_, i) => [i, i % 2] as const);
  const thin = thinned(points);
  t.true(thin.length <= 240);
  t.deepEqual(thin[0], [2, 0.4]);
  t.is(thinned(points.slice(0, 240)).length, 240);
});

test('curves named by metric keys get the words of the legend, which then explains them', async (t) => {
  const curve = (chart: string, seed: number): ReportDocument['curves'][number] => ({
    ...{ chart, name: `seed ${seed}`, xLabel: 'steps', yLabel: chart },
    points: [
      [0, 1],
      [10, 0.00012],
    ],
  });
  const charts = ['meanReturn', 'policyLoss', 'my own metric'];
  const page = await renderReport(bare({ curves: charts.flatMap((chart) => [curve(chart, 1), curve(chart, 2)]) }));
  t.regex(section(page, 'curves'), /Curves seed 1 seed 2 .*Mean return .*Policy loss .*my own metric/);
  t.regex(section(page, 'curves'), /seed 1 2 1\.00 0\.00 1\.00 0\.00/);
  t.regex(section(page, 'assumptions'), /Policy loss The part of the loss/);
  t.notRegex(page, /policyLoss|Not described/);
});

test('many seeds of few agents share the look of their agent', (t) => {
  const curves = ['ppo', 'random'].flatMap((name) =>
    [1, 2, 3, 4].map((seed) => ({ chart: 'c', name: `${name}, seed ${seed}`, xLabel: 'x', yLabel: 'y', points: [] })),
  );
  const drawn = looks(curves);
  t.deepEqual(
    drawn.map(({ key }) => key),
    [...Array<string>(4).fill('ppo'), ...Array<string>(4).fill('random')],
  );
  t.not(drawn[0].look.stroke, drawn[4].look.stroke);
  t.not(drawn[0].look.dash, drawn[4].look.dash, 'told apart without colour too');
});

test('weights of 0 and of any size have a place in the histogram', async (t) => {
  t.false(hasHistogram({ edges: [], counts: [] }));
  t.false(hasHistogram({ edges: [0, 1], counts: [0] }));
  t.false(hasHistogram({ edges: [1, 2], counts: [1, 2] }));
  for (const weights of [
    { edges: [0, 1, 2], counts: [90, 0] },
    { edges: [0, 0.001, 1e9], counts: [0, 4] },
    { edges: [0.5, 1, 2], counts: [3, 1_000_000] },
  ]) {
    t.true(hasHistogram(weights));
    const { text } = await draw(weightsSpec(weights, NARROW), 'weights');
    t.notRegex(text, /NaN|Infinity|undefined/);
  }
});

test('odd but legal documents are drawn without NaN or nothing', async (t) => {
  const [learned] = sampleReport().policies;
  const diagnostics = { ...learned.diagnostics, rounds: 0, effectiveSampleSize: 0, maxWeight: 0, maxWeightShare: 0 };
  const one = { ...estimate(0, 0), standardError: 0 };
  const page = await renderReport(
    bare({
      policies: [{ ...learned, estimates: { dr: one }, diagnostics, weights: { edges: [], counts: [] } }],
      curves: [{ chart: 'c', name: 'one point', xLabel: 'x', yLabel: 'y', points: [[0, 3]] }],
      segments: [{ by: 'position', columns: ['a'], rows: [{ segment: '1', rounds: 1, values: [] }] }],
      rollouts: [{ policy: 'p', env: 'e', perSeed: [], overall: REFUSED }],
    }),
  );
  t.notRegex(page, /NaN|undefined|Infinity/);
});
