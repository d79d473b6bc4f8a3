import test from 'ava';
import { normal } from '../../../core/distributions.js';
import { stream } from '../../../core/random.js';
import { csv, ran } from '../_ran.test.js';

/** The command `evaluate continuous` from the outside. Serial, because it writes to stdout. */

const run = (...args: string[]): ReturnType<typeof ran> => ran('evaluate', 'continuous', ...args);
const COLUMNS = ['--amount', 'bid', '--reward', 'profit', '--density', 'f', '--policy', 'new'];
const HEADER = ['bid', 'profit', 'f', 'new', 'q', 'qLogged'];

/** Bids around 2; profit is 3 − (bid − 2.5)². */
function bids(n: number): (string | number)[][] {
  const luck = stream(8);
  return Array.from({ length: n }, () => {
    const z = normal(luck);
    const bid = 2 + 0.5 * z;
    const profit = 3 - (bid - 2.5) ** 2;
    return [
      bid,
      profit + 0.1 * normal(luck),
      Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI) / 0.5,
      2.4,
      2.9,
      profit - 0.09,
    ];
  });
}

test.serial('three rounds by hand', async (t) => {
  const path = csv('hand.csv', [HEADER, [1, 3, 0.5, 1.5, 2, 2.5], [2, 1, 0.25, 2, 1, 0.5], [4, 5, 0.2, 9, 4, 4]]);
  const how = ['--guess', 'q', '--logged-guess', 'qLogged', '--kernel', 'epanechnikov', '--bandwidth', '2', '--json'];
  const { code, out, err } = await run(path, ...COLUMNS, ...how, '--force');
  t.is(code, 0, err);
  const { estimates, kernel, bandwidth } = JSON.parse(out);
  const w = [0.703125, 1.5];
  const expected = {
    ips: (3 * w[0] + w[1]) / 3,
    snips: (3 * w[0] + w[1]) / (w[0] + w[1]),
    dm: 7 / 3,
    dr: (7 + 0.5 * w[0] + 0.5 * w[1]) / 3,
  };
  for (const [key, value] of Object.entries(expected)) t.true(Math.abs(estimates[key].value - value) < 1e-14, key);
  t.deepEqual([kernel, bandwidth], ['epanechnikov', 2]);
});

test.serial('a known world: a bandwidth is chosen, the truth is in the interval, and both are printed', async (t) => {
  const path = csv('bids.csv', [HEADER, ...bids(4000)]);
  const { code, out } = await run(path, ...COLUMNS, '--guess', 'q', '--logged-guess', 'qLogged', '--json');
  t.is(code, 0);
  const { estimates, bandwidth, verdict } = JSON.parse(out);
  const [low, high] = estimates.dr.interval;
  t.true(low < 2.99 && 2.99 < high && high - low < 0.1, `${low} ${high}`);
  t.true(bandwidth > 0.05 && bandwidth < 1);
  t.is(verdict, 'supported');
  const words = await run(path, ...COLUMNS);
  t.regex(words.out, /gaussian kernel, bandwidth 0\.\d+, chosen by SLOPE/);
  t.regex(words.out, /(SUPPORTED|WEAK)\n/);
});

test.serial('bad rows are named with exit 1, wrong use with exit 2', async (t) => {
  const path = csv('fine.csv', [HEADER, ...bids(50)]);
  const bad = csv('bad.csv', [HEADER, ...bids(50), [1, 2, 0, 1, 1, 1]]);
  const { code, out, err } = await run(bad, ...COLUMNS, '--json');
  t.is(code, 1);
  t.regex(err, /Row 50 \(line 52\): density 0 is not above 0/);
  t.is(JSON.parse(out).verdict, 'unsupported');
  t.regex((await run(path, ...COLUMNS, '--range', '0,2')).err, /amount 2\.\d+ is not in \[0, 2\]/);
  const wrong: [string[], RegExp][] = [
    [[...COLUMNS, '--bandwidth', '0'], /--bandwidth: expected a number above 0 or 'slope', received '0'/],
    [[...COLUMNS, '--estimators', 'dr'], /dr: expected --guess/],
    [[...COLUMNS, '--estimators', 'replay'], /replay: expected logged decisions among a list of actions/],
    [[...COLUMNS, '--logged-guess', 'q'], /--logged-guess: expected --guess with it/],
    [[...COLUMNS, '--range', '3'], /--range: expected two numbers as LOW,HIGH/],
    [[...COLUMNS, '--kernel', 'gauss'], /kernel/],
  ];
  for (const [args, said] of wrong) {
    const answer = await run(path, ...args);
    t.is(answer.code, 2, args.join(' '));
    t.regex(answer.err, said);
  }
});
