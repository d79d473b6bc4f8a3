import test from 'ava';
import { realismReport } from './_fixture-realism.test.js';
import { sampleReport } from './_fixture.test.js';
import { markupOf, onlyOurTags, section, sectionsOf } from './_page.test.js';
import { parseReport, serialiseReport } from './document.js';
import { TERMS } from './legend.js';
import { renderReport } from './render.js';

const document = realismReport();
const PAGE = renderReport(document);

test('judged simulators are read back as they were written, a missing AUC included', (t) => {
  const text = serialiseReport(document);
  t.deepEqual(parseReport(text, 'report.json'), document);
  t.true((document.realism ?? []).some(({ heads }) => heads.some(({ quality }) => Number.isNaN(quality.auc))));
});

test('a number that is none is refused with the name of the field', (t) => {
  const [first] = document.realism ?? [];
  const realism = [{ ...first, thresholds: { ...first.thresholds, mean: NaN } }];
  t.throws(() => serialiseReport({ ...document, realism }), { message: /realism\[0\]\.thresholds\.mean/ });
});

test('the section says the verdict first, then the gate and its numbers', async (t) => {
  const page = await PAGE;
  t.true(sectionsOf(page).includes('realism'));
  t.false(sectionsOf(await renderReport(sampleReport())).includes('realism'));
  const text = section(page, 'realism');
  t.regex(text, /Learned simulator hand-made (fit for training|usable with care)/);
  t.regex(text, /refused It is wrong about what ends sessions/);
  t.regex(text, /slope failed exit slope -\d/);
  t.regex(text, /By watch per session the simulator orders 1 of the 1 pairs .*agreement \+1\.00/);
  t.regex(text, /agreement −1\.00/);
  t.regex(text, /the other way/);
  t.regex(text, /Watch by slice: \d+ flagged/);
});

test('names are escaped, captions differ, and every chart has its label', async (t) => {
  const page = await PAGE;
  onlyOurTags(t, page);
  const markup = markupOf(page, 'realism');
  const captions = [...markup.matchAll(/aria-label="([^"]*)"/g)].map(([, caption]) => caption);
  const tables = [...markup.matchAll(/<caption[^>]*>\s*<span class="stay">([^<]*)/g)].map(([, caption]) => caption);
  t.is(new Set(tables).size, tables.length);
  t.true(captions.some((label) => /Reliability of exit on held-out rows: \d+ bins/.test(label)));
  t.true(captions.some((label) => label.startsWith('Mean watch per session of each policy')));
});

test('every term of the section is explained', async (t) => {
  const text = section(await PAGE, 'assumptions');
  for (const key of ['realismVerdict', 'exitGate', 'calibrationSlope', 'ksDistance', 'rankingAgreement'])
    t.true(text.includes(TERMS[key].name), key);
});
