import test, { type ExecutionContext } from 'ava';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readHeadlines } from './headlines.js';
import { hpoLanguage, type LanguageNumbers } from './language.js';

const archive = '../shared/data/upworthy';
/** A test on the archive; where it is not, it is skipped and its title says why. */
const withData = (title: string, body: (t: ExecutionContext) => Promise<void>): void => {
  if (existsSync(archive)) test(title, body);
  else test.skip(`${title} (${archive} is not here)`, body);
};

function folder(rows: readonly string[]): string {
  const dir = mkdtempSync(join(tmpdir(), 'recsys-gym-hpo-language-'));
  const header = 'clickability_test_id,headline,impressions,clicks,test_week,eyecatcher_id';
  writeFileSync(join(dir, 'upworthy_packages.csv'), `${[header, ...rows.map((row) => `${row},`)].join('\n')}\n`);
  return dir;
}

/** Tests of three headlines: a short one and a long one that differ in clicks, and one between. */
const invented = folder(
  Array.from({ length: 60 }, (_, i) => [
    `t${i},See the cat ${i},1000,${i % 2 === 0 ? 90 : 30},201320`,
    `t${i},Extraordinary feline number ${i} astonishes international audiences,1000,${i % 2 === 0 ? 30 : 90},201320`,
    `t${i},A cat and ${i} dogs,1000,60,201320`,
  ]).flat(),
);
const small = { vocabulary: 320, width: 16, depth: 1, passes: 2, alignPasses: 1, samples: 12 };

test('headlines: split by test, arms of one text together, pairs beyond chance outside the faulty weeks', async (t) => {
  const rows = [
    ...['a,"One, two",500,40,201320', 'a,"One, two",500,40,201320', 'a,Three,1000,40,201320', 'a,Four,1000,81,201320'],
    ...['b,Five,1000,80,201330', 'b,Six,1000,10,201330'],
    ...['c,Seven,1000,0,201402', 'c,Eight,1000,0,201402', 'c,Three,10,0,201402'],
  ];
  const dir = folder(rows);
  const pairs = new Set<string>();
  for (let seed = 0; seed < 8; seed++) {
    const { training, heldOut, trainingPairs, heldOutPairs } = await readHeadlines(dir, seed);
    t.is(new Set([...training, ...heldOut]).size, training.length + heldOut.length);
    t.is(training.length + heldOut.length, 7);
    for (const { chosen, rejected } of [...trainingPairs, ...heldOutPairs]) pairs.add(`${chosen} > ${rejected}`);
  }
  t.deepEqual([...pairs].sort(), ['Four > Three', 'One, two > Three']);
  await t.throwsAsync(readHeadlines(folder(['a,,10,1,201320']), 1), { message: /line 2: no headline/ });
  await t.throwsAsync(readHeadlines(folder(['a,x,10,11,201320']), 1), { message: /line 2: '11' clicks of 10/ });
});

test('the study on an invented archive: a row per model, the same numbers from the same seed', async (t) => {
  const notes: string[] = [];
  const run = () =>
    hpoLanguage.run({
      ...{ data: invented, seed: 1, settings: small },
      onProgress: (_done, _total, note) => notes.push(note),
    });
  const result = await run();
  const { rows, counts } = result.numbers as LanguageNumbers;
  t.deepEqual(
    rows.map(({ method }) => method),
    ['cloned (SFT)', 'dpo', 'hpo-dpo', 'hpo-dpo, constant R', 'kto', 'hpo-kto'],
  );
  t.true(counts['pairs'] > 30 && counts['heldOutPairs'] > 5);
  t.is(rows[0].shift.value, 0);
  t.is(rows[0].perplexityRatio, 1);
  t.true(rows.every(({ judged }) => judged.perplexity > 1 && judged.perplexity < 320 && judged.distinct > 0));
  t.true(Math.abs(rows[0].judged.divergence) < 1e-4);
  t.true(rows.slice(1).every(({ judged }) => judged.divergence !== 0 && judged.pairsRight >= 0));
  for (const { columns, rows: cells } of result.tables) t.true(cells.every((row) => row.length === columns.length));
  t.true(notes.some((note) => note.startsWith('hpo-kto: loss')));
  t.regex(result.report?.answer.sentence ?? '', /: dpo .* times the perplexity, .*; hpo-dpo /);
  t.is(result.report?.answer.verdict === 'supported', result.failures.length === 0);
  t.deepEqual((await run()).numbers, result.numbers);
});

test('wrong use is told', async (t) => {
  const run = (data: string | undefined, settings: object = {}) =>
    hpoLanguage.run({ data, seed: 1, settings: { ...small, ...settings } });
  await t.throwsAsync(run(undefined), { message: /expected --data/ });
  await t.throwsAsync(run(invented, { samples: 1 }), { message: /--samples: expected a whole number from 2/ });
  await t.throwsAsync(run(invented, { width: 2.5 }), { message: /--width/ });
  await t.throwsAsync(run(folder(['a,x,10,1,201320', 'a,y,10,1,201320', 'b,z,10,1,201320'])), {
    message: /received none/,
  });
});

withData('the archive: distinct headlines, pairs of training tests', async (t) => {
  const { training, heldOut, trainingPairs, heldOutPairs } = await readHeadlines(archive, 1);
  t.true(training.length + heldOut.length > 12_300 && training.length + heldOut.length <= 12_387);
  t.true(trainingPairs.length > 3000 && heldOutPairs.length > 500);
});
