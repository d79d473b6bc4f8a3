import test from 'ava';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import yargs from 'yargs';
import { sampleAbReport } from '../report/_fixture-ab.test.js';
import { sampleReport } from '../report/_fixture.test.js';
import { serialiseReport } from '../report/document.js';
import { registerReport } from './report.js';

/** Runs the command in this process and returns what it printed. */
async function report(...args: string[]): Promise<string> {
  const printed: string[] = [];
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = (text: string | Uint8Array) => printed.push(String(text)) > 0;
  try {
    await registerReport(yargs().scriptName('recsys-gym').exitProcess(false).fail(false)).parseAsync([
      'report',
      ...args,
    ]);
  } finally {
    process.stdout.write = write;
  }
  return printed.join('');
}

test.serial('draws a run folder, a file, elsewhere, or prints the document', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'recsys-gym-cli-report-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const text = serialiseReport(sampleReport());
  await writeFile(join(folder, 'report.json'), text);

  t.is(await report(folder), `${join(folder, 'report.html')}\n`);
  const page = await readFile(join(folder, 'report.html'), 'utf8');
  t.true(page.startsWith('<!doctype html>'));
  t.deepEqual((await readdir(folder)).sort(), ['report.html', 'report.json'], 'no half-written file is left');

  const other = join(folder, 'new', 'friday.html');
  t.is(await report(join(folder, 'report.json'), '--out', other), `${other}\n`);
  t.is(await readFile(other, 'utf8'), page);
  t.is(await report(folder, '--out', join(folder, 'new')), `${join(folder, 'new', 'report.html')}\n`);

  t.is(await report(folder, '--json'), text);

  const tests = join(folder, 'tests.json');
  await writeFile(tests, serialiseReport(sampleAbReport()));
  t.is(await report(tests), `${join(folder, 'tests.html')}\n`);
  t.regex(
    await readFile(join(folder, 'tests.html'), 'utf8'),
    /<h2 id="ab-title">A\/B test: new ranker on the home page<\/h2>/,
  );
});

test.serial('says what is wrong with a run that has no report', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'recsys-gym-cli-report-'));
  t.teardown(() => rm(folder, { recursive: true }));
  await t.throwsAsync(report(folder), {
    message: /report\.json: expected the report of a finished run, received no such file\. .*--resume/,
  });
  await writeFile(join(folder, 'report.json'), serialiseReport(sampleReport()).slice(0, 700));
  await t.throwsAsync(report(folder), { message: /received one that breaks off/ });
  await t.throwsAsync(report(folder, '--json', '--out', 'x'), { message: /mutually exclusive/ });
  t.deepEqual(await readdir(folder), ['report.json'], 'nothing was written');
});
