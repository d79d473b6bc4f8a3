import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import type { AbSection, Effect, LookSeries } from '../ab/contract.js';
import type { DesignTable, PowerTable } from '../ab/simulate/contract.js';
import type { ReportDocument } from '../contract.js';
import { looksOf, mixedReport, sampleAbReport } from './_fixture-ab.test.js';
import { LONG, nastyAbReport } from './_fixture-nasty.test.js';
import { REFUSED, estimate, sampleReport } from './_fixture.test.js';
import { markupOf, onlyOurTags, section, sectionsOf, textOf } from './_page.test.js';
import { bandsSpec } from './charts/bands.js';
import { NARROW, draw } from './charts/draw.js';
import { cutsOff, intervalSpec, windowOf } from './charts/intervals.js';
import { parseReport, serialiseReport } from './document.js';
import { AB_TERMS } from './legend-ab.js';
import { renderReport } from './render.js';

const [SAMPLE] = sampleAbReport().abTests ?? [];
/** Pages that several tests read. */
const SAMPLE_PAGE = renderReport(sampleAbReport());
const MIXED_PAGE = renderReport(mixedReport());
const NASTY_PAGE = renderReport(nastyAbReport());
const only = (replaced: Partial<ReportDocument>): ReportDocument => ({
  ...sampleAbReport({ abTests: [], designs: [], power: [], agreements: [] }),
  ...replaced,
});
/** The text of the section of one A/B test. */
const drawn = async (replaced: Partial<AbSection>): Promise<string> =>
  section(await renderReport(only({ abTests: [{ ...SAMPLE, looks: [], segments: [], ...replaced }] })), 'ab');
/** The sample with every effect changed. */
const withEffects = (change: (effect: Effect) => Effect): AbSection['metrics'] =>
  SAMPLE.metrics.map((judged) => ({ ...judged, effects: judged.effects.map(change) }));

test('the same A/B document gives the same bytes, in memory or from its file', async (t) => {
  for (const [document, page] of [
    [sampleAbReport(), SAMPLE_PAGE],
    [nastyAbReport(), NASTY_PAGE],
  ] as const) {
    const again = await renderReport(parseReport(serialiseReport(document), 'report.json'));
    t.true(again === (await page));
  }
});

test('lifts come first, then tests, agreement, designs and power, then what was judged from a log', async (t) => {
  const ab = ['ab', 'agreement', 'designs', 'power'];
  t.deepEqual(sectionsOf(await SAMPLE_PAGE), [...ab, 'assumptions', 'provenance']);
  const page = await MIXED_PAGE;
  t.deepEqual(sectionsOf(page), ['lifts', ...ab, ...sectionsOf(await renderReport(sampleReport()))]);
  const contents = [...page.matchAll(/<li><a href="#([a-z0-9-]+)"/g)].map(([, id]) => id);
  t.deepEqual(contents, sectionsOf(page));
  const several = sectionsOf(await NASTY_PAGE);
  t.deepEqual(several.slice(0, 4), ['ab', 'ab-2', 'ab-3', 'agreement']);
  t.deepEqual(sectionsOf(await renderReport(only({}))), ['assumptions', 'provenance'], 'empty lists leave nothing');
});

test('the first screen names the size of the test, and neither log nor seeds that there are none of', async (t) => {
  const { provenance } = sampleAbReport();
  const page = textOf(await renderReport(sampleAbReport({ provenance: { ...provenance, seeds: [] } })));
  t.regex(page, /tolerated\. .* Users 17,920 Arms control, ranker A\/B test: new ranker/);
  t.regex(page, /Seeds none: nothing is drawn at random/);
  t.regex(textOf(await NASTY_PAGE), /A\/B tests 3 Seeds 1, 2, 3/);
});

test('a split as planned says so; a broken one warns, and nothing is read as better or worse', async (t) => {
  const fine = section(await SAMPLE_PAGE, 'ab');
  t.regex(fine, /split as planned The shares .* no more than chance explains \(p = 0\.87\)/);
  t.regex(fine, /control 8,971 50\.1 % 50\.0 % 8,960 ranker 8,949 49\.9 % 50\.0 % 8,960/);
  t.regex(fine, /Reading .* better .* kept/);
  const broken = await drawn({ sampleRatio: { p: 1.3e-9, alarm: true } });
  t.regex(
    broken,
    /split broken The shares .* more than chance explains \(p = 1\.3 × 10⁻⁹\)\. .* no number below can be trusted/,
  );
  t.notRegex(broken, /Reading/);
});

test('effects stand in the order of their roles, each with all of its readings', async (t) => {
  const text = section(await SAMPLE_PAGE, 'ab');
  const places = ['revenue per user primary', 'click rate secondary', 'buyers secondary', 'slow pages guardrail'];
  t.true(places.every((place, i) => i === 0 || text.indexOf(place) > text.indexOf(places[i - 1])));
  t.regex(text, /revenue per user primary; mean of revenue per user; higher is better/);
  t.regex(text, /click rate secondary; Σ clicks ÷ Σ impressions; .*share of users with orders/);
  t.regex(text, /95 % quantile of latency_ms per user; lower is better/);
  t.regex(text, /ranker 4\.72 4\.61 to 4\.83 \+0\.21 0\.06 to 0\.37 \+4\.7 % 1\.3 to 8\.2 % 0\.0068 0\.02 better/);
  t.regex(text, /click rate 0\.0035 to 0\.0069 5\.4 × 10⁻¹³ > 99\.9 % 0\.00013 5\.0 × 10⁻⁴ \+0\.0049/);
});

test('the adjusted effect stands below the unadjusted one; permutations have a column where there are any', async (t) => {
  const markup = markupOf(await SAMPLE_PAGE, 'ab');
  t.regex(
    markup,
    /aria-label="Relative effects\. revenue per user: \+4\.7\d?.%, [^:]*revenue per user, with CUPED: \+4\.4/,
  );
  t.regex(textOf(markup), /p by permutation .* click rate .* 5\.0 × 10⁻⁴ \+0\.0049/);
  t.notRegex(await drawn({ metrics: withEffects(({ permutationPValue: _p, ...effect }) => effect) }), /permutation/);
});

test('a reading follows the adjusted p, and the direction in which the metric is better', async (t) => {
  const [last] = SAMPLE.metrics.slice(-1);
  const read = async (effect: Partial<Effect>, better: 'higher' | 'lower' = 'higher'): Promise<string | undefined> => {
    const { adjustedPValue: _adjusted, ...plain } = last.effects[0];
    const metric = { ...last.metric, better };
    const metrics = [{ ...last, metric, effects: [{ ...plain, ...effect }] }];
    return /(better|worse|unclear|refused)(?= Intervals| Differences)/.exec(
      await drawn({ metrics, looks: [], segments: [] }),
    )?.[0];
  };
  t.is(await read({ pValue: 0.049 }), 'better');
  t.is(await read({ pValue: 0.049 }, 'lower'), 'worse');
  t.is(await read({ pValue: 0.049, adjustedPValue: 0.051 }), 'unclear');
  t.is(await read({ pValue: 0.051 }), 'unclear');
  t.is(await read({ pValue: null }), 'better', 'without a p the interval decides');
  t.is(await read({ pValue: null, difference: estimate(0.1, 0.2) }), 'unclear');
  t.is(await read({ pValue: null, difference: REFUSED }), 'refused');
});

test('guardrails have a state in words and a margin on the side of the worse', async (t) => {
  const text = section(await SAMPLE_PAGE, 'ab');
  const guardrails = text.slice(text.indexOf('Guardrails'));
  t.regex(guardrails, /sessions per user .* −0\.61 to 1\.18 % −1\.0 % kept/);
  t.regex(guardrails, /slow pages .* 2\.34 to 5\.30 % \+2\.0 % broken/);
  t.regex(guardrails, /complaints .* \+5\.0 % unclear/);
  t.regex(guardrails, /margin: the worst that is tolerated/);
  const [sessions] = SAMPLE.metrics;
  const { margin: _margin, ...strict } = sessions.metric;
  const without = await drawn({ metrics: [{ ...sessions, metric: strict }] });
  t.regex(without, /Guardrails .* −0\.61 to 1\.18 % 0 % kept/, 'without a margin no change for the worse is tolerated');
});

test('the daily chart says why the naive band must not be used, and when each rule would have stopped', async (t) => {
  const looks = (name: string, inside: (day: number) => boolean, stoppedOn: number | null): LookSeries => ({
    ...{ metric: 'revenue per user', arm: name, stoppedOn },
    looks: [1, 2, 3, 4].map((day) => ({
      ...{ day, units: 10 * day, difference: 1 },
      naive: inside(day) ? ([-1, 3] as const) : ([0.1, 1.9] as const),
      alwaysValid: day === 1 ? null : ([-2, 4] as const),
    })),
  });
  const text = await drawn({ looks: [looks('ranker', (day) => day < 3, 4)] });
  t.regex(
    text,
    /The naive band must not be read daily\. It holds at 95 % for one look .* wrong far more often than 5 %/,
  );
  t.regex(
    text,
    /Stopped by the sequential rule on day 4\. The naive interval left 0 out at 2 of 4 looks, first on day 3\./,
  );
  t.regex(text, /1 10 \+1\.00 too early −1\.00 to 3\.00/);
  const never = await drawn({ looks: [looks('ranker', () => true, null)] });
  t.regex(never, /Never stopped by the sequential rule\. The naive interval held 0 at every look\./);
  const page = await SAMPLE_PAGE;
  t.regex(markupOf(page, 'ab'), />stopped on day 20</);
  t.regex(
    markupOf(page, 'ab'),
    /aria-label="Difference in revenue per user by day, over 28 looks\. On day 28: [^"]*always-valid interval/,
  );
});

test('the bands of 90 looks keep the last ones readable, and a gap in a band stays a gap', async (t) => {
  const { looks } = looksOf('m', 'a', 1, 90, 0.1);
  const points = looks.map(({ day, alwaysValid }) => [day, day === 40 ? null : alwaysValid] as const);
  const spec = bandsSpec(
    {
      bands: [{ look: { stroke: 'var(--a)', dash: [] }, fill: 0.1, points }],
      ...{ lines: [], levels: [], window: [0, 2], xTitle: 'day', yTitle: 'y' },
    },
    NARROW,
  );
  const areas = spec.layer.filter((layer) => JSON.stringify(layer).includes('"area"'));
  t.is(areas.length, 2);
  const { text } = await draw(spec, 'bands');
  t.notRegex(text, /NaN|undefined|Infinity|\sid=/);
  const page = await NASTY_PAGE;
  t.regex(section(page, 'ab'), /left 0 out at \d+ of 90 looks/);
});

test('CUPED shows what it removed, and its failed health checks', async (t) => {
  const text = section(await SAMPLE_PAGE, 'ab');
  t.regex(text, /revenue_before \+0\.21 0\.06 to 0\.37 \+0\.20 0\.09 to 0\.31 5\.9 × 10⁻⁴ 46\.6 % 0\.68 0\.712/);
  t.regex(text, /revenue per user : The covariate already differed between the arms/);
  const without = await drawn({ metrics: withEffects(({ cuped: _cuped, ...effect }) => effect) });
  t.notRegex(without, /CUPED/);
});

test("Cochran's Q is said in a sentence: differs, no sign of it, too few", async (t) => {
  const [first] = SAMPLE.segments;
  const text = await drawn({ segments: [0.049, 0.051, null].map((sameEffect) => ({ ...first, sameEffect })) });
  t.regex(text, /differs between the parts \(Cochran's Q, p = 0\.049\); the average hides that\./);
  t.regex(text, /No sign that the effect differs between the parts \(Cochran's Q, p = 0\.051\)\./);
  t.regex(text, /Too few parts/);
  t.regex(text, /all units together/, 'the line of the whole is keyed');
  t.regex(text, /others 3,581 .* together, by size 17,920 \+0\.21 0\.06 to 0\.36/);
});

test('one arm, or none, has nothing to compare and says so', async (t) => {
  const page = await NASTY_PAGE;
  t.regex(section(page, 'ab-2'), /Nothing is compared: control is the only arm\. .* control 1\.00 0\.90 to 1\.10/);
  t.regex(section(page, 'ab-2'), /control 0 — 100\.0 % 0/);
  t.regex(section(page, 'ab-3'), /Nothing is compared/);
});

test('one sentence names the biased designs, and by how much they miss the truth', async (t) => {
  const text = section(await SAMPLE_PAGE, 'designs');
  t.regex(
    text,
    /The true effect is \+0\.1800 .* Biased: user split overstates the effect by 52\.2 %; switchback overstates the effect by 17\.2 %\. Not told from the truth: budget split, cluster\./,
  );
  t.regex(text, /user split 400 \+0\.2740 .* 0\.079 71\.0 % biased/);
  const [table] = sampleAbReport().designs ?? [];
  const [row] = table.rows;
  const say = async (rows: DesignTable['rows'], truth: number): Promise<string> =>
    section(await renderReport(only({ designs: [{ ...table, truth: estimate(truth, 0.01), rows }] })), 'designs');
  t.regex(await say([{ ...row, bias: estimate(0.09, 0.01) }], -0.18), /user split understates the effect by 50\.0 %/);
  t.regex(await say([{ ...row, bias: estimate(0.09, 0.01) }], 0), /user split is off by \+0\.090/);
  t.regex(
    await say([{ ...row, bias: estimate(0.09, 0.1) }], 1),
    /No design is seen to be biased\. Not told from the truth: user split/,
  );
  t.regex(await say([{ ...row, bias: REFUSED }], 1), /Not judged: user split\./);
});

test('a test is long enough on the first day with at least 80 %', async (t) => {
  const rule = (name: string, shares: readonly number[]): PowerTable => ({
    ...{ metric: 'm', arm: 'a', rule: name },
    rows: shares.map((share, i) => ({ day: i + 1, units: 100 * (i + 1), found: estimate(share, 0.01) })),
  });
  const power = [rule('exactly', [0.1, 0.8, 0.7]), rule('never', [0.1, 0.799]), rule('at once', [1])];
  const text = section(await renderReport(only({ power })), 'power');
  t.regex(
    text,
    /Days until 80 % of the tests found the effect: exactly 2 \(200 units\); never more than the 2 that were simulated; at once 1 \(100 units\)\./,
  );
  t.regex(text, /exactly 2 200 70\.00 % .* never not reached not reached 79\.90 %/);
});

test('methods that disagree say so in shape and word, beside the truth where it is known', async (t) => {
  const page = await SAMPLE_PAGE;
  const text = section(page, 'agreement');
  t.regex(text, /click rate of the new ranker off-policy \(dr\), simulator, A\/B test agree/);
  t.regex(text, /disagree The off-policy estimate is above the A\/B test/);
  t.regex(markupOf(page, 'agreement'), /simulator: [\d.]+, no interval\. .*budget split: refused\. Truth: 0\.180\./);
  t.regex(section(await NASTY_PAGE, 'agreement'), /cannot be told/);
});

test('names are text, never markup, and no number is missing, in the nastiest document', async (t) => {
  const page = await NASTY_PAGE;
  onlyOurTags(t, page);
  t.notRegex(page, /NaN|undefined|Infinity|>null</);
  t.true(page.includes(LONG), 'long names stand in full somewhere');
});

test('nothing is loaded and nothing runs', async (t) => {
  t.notRegex(await MIXED_PAGE, /<script|<link(?! rel="icon" href="data:,")|https?:|url\(|@import|\son[a-z]+=/i);
});

test('every word of A/B tests is explained once, and every explained word is used', async (t) => {
  const page = await MIXED_PAGE;
  t.notRegex(page, /Not described/);
  const terms = section(page, 'assumptions');
  for (const { name, meaning } of Object.values(AB_TERMS)) {
    t.is(terms.split(` ${name} `).length > 1 && terms.split(meaning).length, 2, name);
  }
});

test('a margin is always inside the window, and a value beyond it leaves an arrow', (t) => {
  const row = (label: string, value: number, more = {}) => ({
    label,
    value,
    interval: [value - 1, value + 1] as const,
    ...more,
  });
  const [low] = windowOf([row('a', 0, { limit: -50 }), row('b', 1)]);
  t.true(low < -50);
  const rows = [row('a', 0), row('b', 1), { label: 'far', value: 900, interval: null }];
  const window = windowOf(rows);
  t.true(window[1] < 900 && cutsOff(rows, window));
  t.regex(JSON.stringify(intervalSpec({ rows }, NARROW)), /"far","value":\d+.*triangle-right/s);
  t.notRegex(JSON.stringify(intervalSpec({ rows: rows.slice(0, 2) }, NARROW)), /triangle/);
  const [from, to] = windowOf([{ label: 'open', value: 1, interval: [-Infinity, Infinity] }, row('b', 1)]);
  t.true(Number.isFinite(from) && Number.isFinite(to));
});

const number = fc.double({ noNaN: true, min: -1e9, max: 1e9 });
const range = fc.option(fc.tuple(number, number).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const));

testProp(
  'any series of looks can be drawn',
  [fc.array(fc.tuple(number, range, range), { minLength: 1, maxLength: 12 }), fc.boolean()],
  async (t, days, stopped) => {
    const looks = days.map(([difference, naive, alwaysValid], i) => ({
      ...{ day: i + 1, units: i, difference, naive, alwaysValid },
    }));
    const text = await renderReport(
      only({
        abTests: [
          {
            ...SAMPLE,
            metrics: [],
            segments: [],
            looks: [{ metric: 'm', arm: 'a', looks, stoppedOn: stopped ? 1 : null }],
          },
        ],
      }),
    );
    t.notRegex(text, /NaN|undefined|Infinity/);
  },
  { numRuns: 15 },
);
