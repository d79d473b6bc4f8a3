import test from 'ava';
import { z } from 'zod';
import { serialiseReport } from '../../report/document.js';
import { sampleReport } from '../../report/_fixture.test.js';
import { realism } from './realism.js';

const numbers = z.object({
  reports: z.array(
    z.object({
      simulator: z.string(),
      verdict: z.string(),
      gate: z.object({
        exit: z.object({ slope: z.object({ interval: z.tuple([z.number(), z.number()]) }).nullable() }),
      }),
      distances: z.array(z.unknown()),
      ranking: z.array(z.object({ pairs: z.array(z.unknown()) })),
    }),
  ),
  truth: z.object({ distances: z.array(z.object({ ok: z.boolean() })) }),
});

test('on a small log the wrong sign is refused already, and the truth is near itself', async (t) => {
  const notes: string[] = [];
  const result = await realism.run({
    data: undefined,
    seed: 1,
    settings: { sessions: 300, items: 200 },
    onProgress: (_done, _total, note) => notes.push(note),
  });
  const { reports, truth } = numbers.parse(result.numbers);
  t.is(reports.length, 5);
  const [honest, wrong, , alike] = reports;
  t.true((honest.gate.exit.slope?.interval[0] ?? NaN) > 0);
  t.true((wrong.gate.exit.slope?.interval[1] ?? NaN) < 0);
  t.deepEqual([wrong.verdict, alike.gate.exit.slope], ['refused', null]);
  t.is(honest.distances.length, 3 * 8);
  t.is(honest.ranking[0].pairs.length, 3);
  t.true(truth.distances.filter(({ ok }) => !ok).length <= 1);
  t.true(notes.length >= 6);
  t.notThrows(() => serialiseReport(sampleReport(result.report)));
});

test('too few sessions are refused', async (t) => {
  const run = async (): Promise<unknown> =>
    realism.run({ data: undefined, seed: 1, settings: { sessions: 3, items: 1000 } });
  await t.throwsAsync(run, { message: /--sessions/ });
});
