import test from 'ava';
import { z } from 'zod';
import { pairing } from './pairing.js';

const numbers = z.object({
  pairs: z.array(z.object({ effect: z.number(), pairedError: z.number(), ratio: z.number().nullable() })),
});

test('pairing a small change saves most sessions, a large one few; the same policy twice differs by nothing', async (t) => {
  const result = await pairing.run({ data: undefined, seed: 2, settings: { sessions: 512, replications: 6 } });
  const { pairs } = numbers.parse(result.numbers);
  t.deepEqual(pairs[0], { effect: 0, pairedError: 0, ratio: null });
  const ratios = pairs.slice(1).map(({ ratio }) => ratio ?? NaN);
  t.true(ratios[0] > ratios[1] && ratios[1] > 5 && ratios[2] < ratios[1] && ratios[3] < 3, ratios.join(' '));
  t.deepEqual(result.failures, []);
});

test('too few sessions are refused', async (t) => {
  await t.throwsAsync(
    async () => pairing.run({ data: undefined, seed: 1, settings: { sessions: 3, replications: 6 } }),
    {
      message: /--sessions/,
    },
  );
});
