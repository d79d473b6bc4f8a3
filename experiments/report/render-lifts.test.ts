import test from 'ava';
import { showReport } from '../cli/show-report.js';
import { liftReport, liftTables } from './_fixture-lifts.test.js';
import { sampleReport } from './_fixture.test.js';
import { markupOf, onlyOurTags, section, sectionsOf } from './_page.test.js';
import { parseReport, serialiseReport } from './document.js';
import { renderReport } from './render.js';

const document = liftReport();
const PAGE = renderReport(document);

test('lifts and warnings are read back as they were written; NaN is refused with the name of the field', (t) => {
  t.deepEqual(parseReport(serialiseReport(document), 'report.json'), document);
  const [first, ...others] = liftTables();
  const [row, ...rows] = first.rows;
  const broken = { ...first, rows: [{ ...row, control: NaN }, ...rows] };
  t.throws(() => serialiseReport({ ...document, lifts: [broken, ...others] }), {
    code: 'numeric',
    message: /lifts\[0\]\.rows\[0\]\.control: expected number, received NaN/,
  });
});

test('lifts come first: every place with its control, users and seeds, a table and a chart that can be read aloud', async (t) => {
  const page = await PAGE;
  t.is(sectionsOf(page)[0], 'lifts');
  t.false(sectionsOf(await renderReport(sampleReport())).includes('lifts'));
  const text = section(page, 'lifts');
  t.regex(text, /In the generated world Against supervised : 3,600 users, 3 seeds\./);
  t.regex(text, /In the simulator it learned in Against supervised : 1,200 users, 1 seed\./);
  t.false(text.includes('an empty place'));
  const markup = markupOf(page, 'lifts');
  const labels = [...markup.matchAll(/aria-label="(watch10s per session in [^"]*)"/g)].map(([, label]) => label);
  t.is(new Set(labels).size, 2, 'a chart for either place that has numbers');
  t.regex(labels[0], /relative to supervised\. recomind: \+?5\.0.*marginal-relevance: /);
  const captions = [...markup.matchAll(/<caption[^>]*>\s*(?:<span[^>]*>)?([^<]*)/g)].map(([, caption]) =>
    caption.trim(),
  );
  t.is(captions.length, 3);
  t.is(new Set(captions).size, 3, captions.join());
});

test('differences are in the unit of their metric, of cases that are no users', async (t) => {
  const [first] = liftTables();
  const differences = { ...first, unit: 'tests', scale: 'difference' } as const;
  const own = { ...document, lifts: [differences] };
  t.deepEqual(parseReport(serialiseReport(own), 'report.json'), own);
  const page = await renderReport(own);
  const text = section(page, 'lifts');
  t.regex(text, /3,600 tests/);
  t.regex(text, /Difference/);
  t.regex(text, /\+0\.05 \+?0\.04 to \+?0\.06/);
  t.notRegex(text, /% more than|\u00a0%/);
  onlyOurTags(t, page);
});

test('what cannot be told is said, not drawn: a control of 0, nothing to divide by', async (t) => {
  const page = await PAGE;
  const text = section(page, 'lifts');
  t.regex(text, /hide per session 0 0\.02 refused/i);
  t.regex(text, /depth given 10 items — — refused/i);
  t.notRegex(page, /NaN|undefined|Infinity|>null</);
  onlyOurTags(t, page);
});

test('every word of the section is explained', async (t) => {
  const terms = section(await PAGE, 'assumptions');
  for (const said of ['Relative to the control', 'same luck', 'Seed']) t.true(terms.includes(said), said);
});

test('a log without propensities shows its rate, and what everybody must know of it', async (t) => {
  const text = section(await PAGE, 'overlap');
  t.regex(text, /^ The log (?!and its overlap)/);
  t.regex(text, /What to know of this log All rows were liked or hated: &lt;b> ?not for rates/);
  t.regex(text, /Sessions have holes\./);
  t.notRegex(text, /propensity|weights/i);
  t.regex(section(await renderReport(sampleReport()), 'overlap'), /The log and its overlap.*Logged propensity/);
});

test.serial('the terminal shows every place, policy and metric', (t) => {
  const said: string[] = [];
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = (text: string | Uint8Array) => said.push(String(text)) > 0;
  try {
    showReport(document, 'runs/x');
  } finally {
    process.stdout.write = write;
  }
  const out = said.join('');
  t.regex(out, /in the generated world, 3600 users +metric +supervised +policy +relative, %/);
  t.regex(out, /recomind +watch10s per session +4 +4\.2 +5 \[4, 6\]/);
  t.regex(out, /hide per session +0 +0\.02 +refused/);
  t.regex(out, /depth given 10 items +— +— +refused/);
  t.notRegex(out, /NaN|null|undefined/);
});
