import test, { type ExecutionContext } from 'ava';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stream } from '../../../core/random.js';
import { chiSquareUpper } from '../../../core/stats/chi-square.js';
import { main } from '../../cli/main.js';
import { parseReport } from '../../report/document.js';
import { SAMPLE_RATIO_ALARM } from '../../ab/stats/sample-ratio.js';
import { alarmsOf, byWeek, nullAlarms, splitPs } from './alarms.js';
import { readArchive } from './archive.js';
import { binomial, equalSplit } from './split.js';
import { upworthy, type UpworthyNumbers } from './upworthy.js';
import { winners } from './winners.js';

const archive = '../shared/data/upworthy';
/** A test on the archive; where it is not, it is skipped and its title says why. */
const withData = (title: string, body: (t: ExecutionContext) => Promise<void>): void => {
  if (existsSync(archive)) test(title, body);
  else test.skip(`${title} (${archive} is not here)`, body);
};

test('a binomial draw has the probabilities of the binomial', (t) => {
  const luck = stream(1);
  const [n, p, draws] = [12, 0.3, 20_000];
  const counts = new Float64Array(n + 1);
  for (let i = 0; i < draws; i++) counts[binomial(luck, n, p)]++;
  let probability = (1 - p) ** n;
  let [distance, cells] = [0, 0];
  for (let k = 0; k <= n; k++) {
    if (draws * probability > 5) {
      distance += (counts[k] - draws * probability) ** 2 / (draws * probability);
      cells++;
    }
    probability *= ((n - k) / (k + 1)) * (p / (1 - p));
  }
  t.true(chiSquareUpper(distance, cells - 1) > 1e-4);
  t.deepEqual([binomial(luck, 0, 0.5), binomial(luck, 9, 0), binomial(luck, 9, 1)], [0, 0, 9]);
  const many = Array.from({ length: 2000 }, () => binomial(luck, 100_000, 0.25));
  const mean = many.reduce((a, b) => a + b, 0) / many.length;
  const deviation = Math.sqrt(many.reduce((sum, x) => sum + (x - mean) ** 2, 0) / many.length);
  t.true(Math.abs(mean - 25_000) < 4 * 3.1 && Math.abs(deviation / 136.93 - 1) < 0.07);
});

test('an equal split keeps the whole and treats every place alike', (t) => {
  const luck = stream(2);
  const out = new Float64Array(4);
  const sums = new Float64Array(4);
  for (let i = 0; i < 2000; i++) {
    equalSplit(luck, 1000, out);
    t.is(
      out.reduce((a, b) => a + b, 0),
      1000,
    );
    out.forEach((x, k) => (sums[k] += x));
  }
  // 500,000 each, standard deviation √(2,000,000 · 3/16) = 612.
  t.true(sums.every((sum) => Math.abs(sum - 500_000) < 2500));
});

const HEADER = 'clickability_test_id,headline,impressions,clicks,test_week';

/** A folder with an archive of sound tests, and of broken ones in the faulty weeks. */
function folder(rows: readonly string[]): string {
  const dir = mkdtempSync(join(tmpdir(), 'recsys-gym-upworthy-'));
  writeFileSync(join(dir, 'upworthy_packages.csv'), `${[HEADER, ...rows].join('\n')}\n`);
  return dir;
}

function invented(lost: number): string[] {
  const luck = stream(3);
  const out = new Float64Array(4);
  return [201320, 201330, 201401, 201402].flatMap((week, w) =>
    Array.from({ length: 20 }, (_, i) => `${week}-${i}`).flatMap((id) => {
      equalSplit(luck, 12_000, out);
      if (w === 1 || w === 2) out[0] = Math.round(out[0] * (1 - lost));
      return Array.from(
        out,
        (n, k) => `${id},"A, headline ""${k}""",${n},${binomial(luck, n, k === 3 ? 0.1 : 0.05)},${week}`,
      );
    }),
  );
}

test('an invented archive: the weeks that lose views are found, the others are not; winners win', async (t) => {
  const dir = folder(invented(0.2));
  const result = await upworthy.run({ data: dir, seed: 1, settings: { resplits: 20 } });
  const { weeks, periods, null: control } = result.numbers as UpworthyNumbers;
  t.deepEqual(
    weeks.map(({ week, broken, faulty }) => [week, broken, faulty]),
    [
      [201320, false, false],
      [201330, true, true],
      [201401, true, true],
      [201402, false, false],
    ],
  );
  t.deepEqual(result.failures, []);
  t.deepEqual(
    periods.map(({ alarms }) => alarms.tests),
    [20, 40, 20],
  );
  t.true(periods.every(({ winners: w }) => w.winner === 1));
  t.true(control.winner < 0.05);
  t.regex(
    result.report?.answer.sentence ?? '',
    /separates the faulty period from the rest: broken are 2 of its 2 weeks and 0 of the other 2/,
  );
  const read = await readArchive(dir);
  t.deepEqual([...byWeek(read).keys()], [201320, 201330, 201401, 201402]);
});

test('the command writes the report, and it says so', async (t) => {
  const html = join(mkdtempSync(join(tmpdir(), 'recsys-gym-upworthy-')), 'upworthy.html');
  const args = ['study', 'upworthy', '--data', folder(invented(0.2)), '--resplits', '20', '--report', html, '--json'];
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = () => true;
  const code = await main(args).finally(() => (process.stdout.write = write));
  t.is(code, 0);
  const report = parseReport(readFileSync(join(dirname(html), 'report.json'), 'utf8'), 'report.json');
  t.regex(report.answer.sentence, /^The sample-ratio alarm separates the faulty period/);
  t.is(report.provenance.repeat, 'recsys-gym study upworthy --resplits 20 --seed 1');
  t.true(readFileSync(html, 'utf8').includes('separates the faulty period from the rest'));
});

test('an archive without a fault: the score is not reached, and the sentence says so', async (t) => {
  const result = await upworthy.run({ data: folder(invented(0)), seed: 1, settings: { resplits: 5 } });
  t.regex(result.failures.join('\n'), /week 201330: expected broken, received \d alarms in 20 tests/);
  t.regex(result.report?.answer.sentence ?? '', /does not separate/);
  t.is(result.report?.answer.verdict, 'unsupported');
});

test('bad archives and wrong use are told', async (t) => {
  const run = (data: string | undefined, resplits = 1): Promise<unknown> =>
    upworthy.run({ data, seed: 1, settings: { resplits } });
  await t.throwsAsync(run(undefined), { message: /expected --data/ });
  await t.throwsAsync(run(folder([]), 0.5), { message: /--resplits: expected a whole number/ });
  await t.throwsAsync(run(folder(['a,h,10,11,201320'])), {
    message: /line 2: expected a test, its week, and no more clicks/,
  });
  await t.throwsAsync(run('/nowhere'), { message: /upworthy_packages\.csv/ });
});

withData('the archive: 22,666 packages, its faulty period found, the null control at its nominal rate', async (t) => {
  const read = await readArchive(archive);
  const sum = (column: Float64Array): number => column.reduce((a, b) => a + b, 0);
  t.deepEqual(
    [read.ids.length, read.impressions.length, sum(read.impressions), sum(read.clicks)],
    [4873, 22_666, 81_024_151, 1_231_208],
  );
  const ps = splitPs(read);
  const faulty = [...ps.keys()].filter((i) => read.week[i] >= 201325 && read.week[i] <= 201401);
  const others = [...ps.keys()].filter((i) => !faulty.includes(i));
  t.true(alarmsOf(read, ps, faulty).share > 0.6);
  t.true(alarmsOf(read, ps, others).share < 0.005);
  // 24,365 re-splits: 0.0005 ± 4 standard errors.
  const share = nullAlarms(read, 5, stream(1));
  t.true(Math.abs(share - SAMPLE_RATIO_ALARM) < 4 * Math.sqrt(SAMPLE_RATIO_ALARM / (5 * 4873)));
  const control = winners(read, others.slice(0, 1000), stream(2));
  t.true(control.difference < 0.08 && control.winner < control.difference);
});

withData('the study on the archive: the score is reached and the report says so', async (t) => {
  const { failures, report } = await upworthy.run({ data: archive, seed: 1, settings: { resplits: 5 } });
  t.deepEqual(failures, []);
  t.regex(
    report?.answer.sentence ?? '',
    /^The sample-ratio alarm separates the faulty period from the rest: broken are 30 of its 30 weeks and 0 of the other 91/,
  );
  t.deepEqual(
    report?.abTests?.map(({ sampleRatio, verdict }) => [sampleRatio.alarm, verdict === 'unsupported']),
    [
      [true, true],
      [false, false],
    ],
  );
});
