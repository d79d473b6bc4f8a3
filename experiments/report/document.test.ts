import test from 'ava';
import { mixedReport } from './_fixture-ab.test.js';
import { nastyAbReport } from './_fixture-nasty.test.js';
import { REFUSED, sampleReport } from './_fixture.test.js';
import { SCHEMA_IN_STEP, parseReport, serialiseReport } from './document.js';

test('a report is read back as it was written, a missing AUC included', (t) => {
  const document = sampleReport();
  t.true(Number.isNaN(document.models[1].card.quality[1].auc));
  const text = serialiseReport(document);
  t.deepEqual(parseReport(text, 'report.json'), document);
  t.is(serialiseReport(parseReport(text, 'report.json')), text);
  t.true(text.includes('"auc": null'));
  t.true(text.endsWith('}\n'));
});

test('A/B tests, designs, power and agreements are read back as they were written, the nastiest too', (t) => {
  for (const document of [mixedReport(), nastyAbReport()]) {
    t.deepEqual(parseReport(serialiseReport(document), 'report.json'), document);
  }
});

test('an infinite interval of an A/B test is refused with the name of the field', (t) => {
  const document = mixedReport();
  const [first] = document.abTests ?? [];
  const [series] = first.looks;
  const [look] = series.looks;
  const looks = [{ ...series, looks: [{ ...look, naive: [-Infinity, 1] as const }] }];
  t.throws(() => serialiseReport({ ...document, abTests: [{ ...first, looks }] }), {
    message: /abTests\[0\]\.looks\[0\]\.looks\[0\]\.naive\[0\]: expected number, received -?Infinity/,
  });
  const agreements = (document.agreements ?? []).map((one) => ({ ...one, truth: NaN }));
  t.throws(() => serialiseReport({ ...document, agreements }), { message: /agreements\[0\]\.truth/ });
});

test('the bytes do not depend on the order in which the keys were given', (t) => {
  const { format, version, ...rest } = sampleReport();
  const reversed = Object.fromEntries(Object.entries({ format, version, ...rest }).reverse());
  t.is(serialiseReport(reversed as unknown as ReturnType<typeof sampleReport>), serialiseReport(sampleReport()));
});

test('schema and contract are in step', (t) => {
  t.true(SCHEMA_IN_STEP);
});

test('NaN and Infinity are refused with the name of the field', (t) => {
  const [first, ...others] = sampleReport().policies;
  const broken = { ...first, truth: NaN, diagnostics: { ...first.diagnostics, propensityFloor: Infinity } };
  const error = t.throws(() => serialiseReport(sampleReport({ policies: [broken, ...others] })));
  t.like(error, { code: 'numeric' });
  t.regex(error.message, /policies\[0\]\.diagnostics\.propensityFloor: expected number, received Infinity/);
  t.regex(error.message, /policies\[0\]\.truth: expected number, received NaN/);
  const { provenance } = sampleReport();
  const config = { ...provenance, config: { agent: { rates: [0.1, NaN] } } };
  t.throws(() => serialiseReport(sampleReport({ provenance: config })), {
    message: /provenance\.config\.agent\.rates\[?\.?1\]?: expected a JSON value, received NaN/,
  });
});

test('a refused number is null and stays null', (t) => {
  const text = serialiseReport(sampleReport());
  const policy = parseReport(text, 'r').policies[3];
  t.deepEqual(policy.estimates['dr'], REFUSED);
});

const reading = test.macro((t, text: string, message: RegExp) => {
  t.like(
    t.throws(() => parseReport(text, 'runs/7/report.json')),
    { code: 'data' },
  );
  t.throws(() => parseReport(text, 'runs/7/report.json'), { message });
});

const whole = serialiseReport(sampleReport());
const changed = (change: (report: Record<string, unknown>) => void): string => {
  const report = JSON.parse(whole) as Record<string, unknown>;
  change(report);
  return JSON.stringify(report);
};

test('an empty file', reading, '\n', /^runs\/7\/report\.json: expected a complete JSON document, received nothing\./);
test('a file that breaks off', reading, whole.slice(0, 5000), /received one that breaks off\. The file is incomplete/);
test('a file that breaks off inside a word', reading, whole.slice(0, whole.indexOf('null') + 2), /breaks off/);
test('a file that is not JSON', reading, 'kind: log\n', /received other text \(/);
test(
  'a list',
  reading,
  '[1, 2]',
  /expected a report \(an object with "format": "recsys-gym\/report"\), received a list/,
);
test('a config', reading, '{"id": "quickstart", "configHash": "1"}', /received an object with id, configHash/);
test('another format', reading, '{"format": "other/thing"}', /received an object with "format": "other\/thing"/);
test(
  'a newer version',
  reading,
  changed((report) => (report['version'] = 3)),
  /expected a report of version 1, received one of version 3\. It was written by a newer recsys-gym/,
);
test(
  'an unknown key',
  reading,
  changed((report) => (report['wallClock'] = 12)),
  /not a valid report:\n {2}the document: Unrecognized key: "wallClock"/,
);
test(
  'a wrong type, deep inside',
  reading,
  changed((report) => ((report['answer'] as Record<string, unknown>)['verdict'] = 'maybe')),
  /answer\.verdict: Invalid option: expected one of "supported"\|"weak"\|"unsupported"/,
);
test(
  'a missing part',
  reading,
  changed((report) => delete report['provenance']),
  /provenance: expected object, received undefined/,
);
