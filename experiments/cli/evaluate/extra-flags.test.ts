import test from 'ava';
import { eight } from '../../evaluate/estimators/_worlds.test.js';
import { csv, ran } from '../_ran.test.js';

/** The flags of `evaluate LOG` that only some estimators need. Serial, because it writes to stdout. */

const { rounds, target, guesses } = eight;
const LOOKS = [0, 0, 1, 0, 0, 1, 1, 1];
const RATIOS = [0.5, 1.2, 0.3, 0.4, 2, 1.5, 0.2, 3];
const DETERMINISTIC = [0, 1, 0, 2, 1, 2, 1, 1];
const HEADER = 'a r p pi_0 pi_1 pi_2 q_0 q_1 q_2 mu_0 mu_1 mu_2 look ratio det_0 det_1 det_2 who p_old p_new x'.split(
  ' ',
);
const rows = Array.from(rounds.action, (action, i) => [
  ...[action, rounds.reward[i], rounds.propensity[i]],
  ...[...target.subarray(3 * i, 3 * i + 3), ...guesses.subarray(3 * i, 3 * i + 3)],
  ...(rounds.logging ?? new Float64Array(0)).subarray(3 * i, 3 * i + 3),
  ...['red', 'blue'].slice(LOOKS[i], LOOKS[i] + 1),
  ...[RATIOS[i], ...[0, 1, 2].map((a) => (a === DETERMINISTIC[i] ? 1 : 0))],
  ...[i < 5 ? 'old' : 'new', rounds.propensity[i], 0.3, i / 8],
]);
const path = csv('eight.csv', [HEADER, ...rows]);
const BASE = [path, '--action', 'a', '--reward', 'r', '--propensity', 'p', '--guess', 'q_0,q_1,q_2', '--json'];
const POLICY = ['--policy', 'pi_0,pi_1,pi_2'];

async function values(...args: string[]): Promise<Record<string, { value: number; setting?: number; method: string }>> {
  const { out, err, code } = await ran('evaluate', ...BASE, ...args, '--force');
  if (code !== 0) throw new Error(err);
  const { estimates } = JSON.parse(out) as { estimates: Awaited<ReturnType<typeof values>> };
  return estimates;
}
const close = (a: number, b: number): boolean => Math.abs(a - b) < 1e-12;

test.serial('the published table through the command: every value that needs more columns', async (t) => {
  const shares = csv('shares.csv', [
    ['red', 'blue'],
    [0.8, 0.2],
    [0.6, 0.4],
    [0.1, 0.9],
  ]);
  const looks = await values(
    ...POLICY,
    '--logging',
    'mu_0,mu_1,mu_2',
    '--embedding',
    'look',
    '--embedding-given',
    shares,
    '--estimators',
    'mips,snMips',
  );
  t.true(close(looks['mips'].value, 0.48913344943240455) && close(looks['snMips'].value, 0.4289971707432041));
  const balanced = await values(...POLICY, '--ratio', 'ratio', '--estimators', 'bips=2.5');
  t.true(close(balanced['bips=2.5'].value, 0.6453488372093024));
  const replayed = await values('--policy', 'det_0,det_1,det_2', '--estimators', 'replay');
  t.true(close(replayed['replay'].value, 0.7));
  const published: Record<string, number> = {
    'sgIps=0': 0.8125,
    'sgDr=0': 0.4366666666666667,
    'sgIps=0.05': 0.7552615243240316,
    'sgDr=0.05': 0.4408071672311735,
    'sgIps=0.5': 0.5273199023199023,
    'sgDr=0.5': 0.4499937544180966,
    'clippedDr=1.5': 0.4469791666666667,
  };
  const plain = await values(...POLICY, '--estimators', Object.keys(published).join(','));
  for (const [key, value] of Object.entries(published)) t.true(close(plain[key].value, value), key);
});

test.serial('settings tuned through the command, as published', async (t) => {
  const keys = ['clippedIps', 'clippedDr', 'switchDr', 'dros'];
  const ask = ['--estimators', keys.join(','), '--candidates', '0.5,1,1.5,2,10'];
  const slope = await values(...POLICY, ...ask, '--tune', 'slope');
  t.deepEqual(
    keys.map((key) => slope[key].setting),
    [0.5, 0.5, 1, 0.5],
  );
  [0.221875, 0.46364583333333337, 0.4761458333333334, 0.4663679550044732].forEach((value, i) => {
    t.true(close(slope[keys[i]].value, value), keys[i]);
  });
  const mse = await values(...POLICY, ...ask, '--tune', 'mse');
  t.deepEqual(
    keys.map((key) => mse[key].setting),
    [10, 10, 10, 10],
  );
  const given = await values(...POLICY, ...ask, '--tune', 'mse', '--clip', '2');
  t.is(given['clippedIps'].setting, 2);
});

test.serial('several loggers, features, combined embeddings and own intervals are reachable', async (t) => {
  const loggers = await values(
    ...POLICY,
    '--logger',
    'who',
    '--logger-propensities',
    'p_old,p_new',
    '--estimators',
    'pooledIps,pooledDr,weightedIps,weightedDr',
  );
  const mixture = [0.2, 0.8, 0.1, 0.25, 0.9, 0.4, 0.1, 0.85].map(
    (p, i) => p / ((5 / 8) * rounds.propensity[i] + 0.3 * (3 / 8)),
  );
  t.true(close(loggers['pooledIps'].value, mixture.reduce((sum, w, i) => sum + w * rounds.reward[i], 0) / 8));
  const rest = await values(
    ...POLICY,
    '--features',
    'x',
    '--logging',
    'uniform',
    '--embedding',
    'look,who',
    '--estimators',
    'bips,mips,switchIps,empiricalLikelihood,cressieRead',
  );
  for (const { value } of Object.values(rest)) t.true(Number.isFinite(value));
  t.is(rest['empiricalLikelihood'].method, 'profile likelihood 95%');
});

test.serial('what is missing or wrong is said', async (t) => {
  const wrong: [string[], number, RegExp][] = [
    [['--estimators', 'mips'], 2, /mips: expected the whole serving policy.*--logging/],
    [['--estimators', 'mips', '--logging', 'uniform'], 2, /mips: expected an embedding.*--embedding/],
    [['--estimators', 'pooledIps'], 2, /pooledIps: expected which policy served.*--logger/],
    [['--logging', 'mu_0,mu_1'], 2, /--logging: expected one column per action \(3\), received 2/],
    [['--logging', 'mu_0,mu_1,q_2'], 1, /Row 0: of --logging: policy probabilities sum to 1\.5/],
    [['--embedding', 'lok'], 2, /no column called 'lok'\. Did you mean 'look'/],
    [['--embedding-given', path], 2, /--embedding-given: expected --embedding with it/],
    [['--logger', 'who', '--logger-propensities', 'p_old,p_older'], 2, /no column called 'p_older'/],
    [['--logger', 'who', '--logger-propensities', 'p_old,x'], 1, /--logger-propensities: unknown logger/],
    [['--candidates', '1'], 2, /--candidates: expected --tune/],
    [['--tune', 'mse', '--candidates', '1,x'], 2, /--candidates: expected numbers/],
    [['--estimators', 'sgIps=2'], 2, /λ from 0 to 1, received '2'/],
    [['--ratio', 'look'], 1, /--ratio 'red' in column 'look' is not a finite number/],
  ];
  for (const [args, code, said] of wrong) {
    const answer = await ran('evaluate', ...BASE, ...POLICY, ...args);
    t.is(answer.code, code, `${args.join(' ')} ${answer.err}`);
    t.regex(answer.err, said);
  }
});
