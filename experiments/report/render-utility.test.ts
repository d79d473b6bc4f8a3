import test from 'ava';
import { markupOf, onlyOurTags, section, sectionsOf } from './_page.test.js';
import { utilityReport } from './_fixture-utility.test.js';
import { sampleReport } from './_fixture.test.js';
import { parseReport, serialiseReport } from './document.js';
import { renderReport } from './render.js';

const document = utilityReport();
const PAGE = renderReport(document);

test('weights, log sizes and guardrails are read back as they were written; NaN is refused by name', (t) => {
  t.deepEqual(parseReport(serialiseReport(document), 'report.json'), document);
  const [size] = document.logSizes ?? [];
  t.throws(() => serialiseReport({ ...document, logSizes: [{ ...size, hits: NaN }] }), {
    message: /logSizes\[0\]\.hits/,
  });
});

test('learned weights: a chart that can be read aloud, a table, rank correlations; nothing for a policy without buckets', async (t) => {
  const page = await PAGE;
  const text = section(page, 'learned-weights');
  t.regex(text, /In production: click 0\.2, longClick 0\.2, hide 0\.2/);
  t.regex(text, /click 0\.90 to 1\.00; longClick none, it does not vary; hide −1\.00/);
  t.regex(text, /5 of 5 2,404 0\.1 0\.500 0\.250 0\.220/);
  t.false(text.includes('without'));
  t.regex(markupOf(page, 'learned-weights'), /aria-label="Mean weights of [^"]* click: from 0\.100 to 0\.500\./);
});

test('log sizes: rows, hits and what would be needed; what cannot be told is left empty', async (t) => {
  const text = section(await PAGE, 'log-sizes');
  t.regex(text, /200,000 1,612 1\.81 3,932,412 4,011,223 —/);
});

test('the guardrail stands with its margin and a word for its state; every term is explained; names are only text', async (t) => {
  const page = await PAGE;
  t.regex(section(page, 'lifts'), /Guardrail: revenue per request may fall by at most 3\S* ?%.*unclear/);
  const terms = section(page, 'assumptions');
  for (const said of ['CTR, long CTR, hide rate', 'Guardrail', 'Log needed', 'Rank correlation', 'Hits']) {
    t.true(terms.includes(said), said);
  }
  onlyOurTags(t, page);
  t.notRegex(page, /NaN|undefined|Infinity|>null</);
  const plain = sectionsOf(await renderReport(sampleReport()));
  t.false(plain.includes('learned-weights') || plain.includes('log-sizes'));
});
