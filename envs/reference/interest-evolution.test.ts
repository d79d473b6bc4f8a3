import test from 'ava';
import { fields, width } from '../../core/space.js';
import {
  InterestEvolution,
  interestEvolutionDefaults,
} from '../../simulators/interest-evolution/interest-evolution.js';
import { actionBuffer, stepBatch } from '../buffers.js';
import type { StepBatch } from '../contract.js';
import { playRandomly } from '../random-policy.js';
import {
  InterestEvolutionEnv,
  interestEvolutionEnvDefaults,
  type InterestEvolutionEnvSettings,
} from './interest-evolution.js';

const make = (
  batch: number,
  settings: Partial<InterestEvolutionEnvSettings> = {},
  world = new InterestEvolution(),
): InterestEvolutionEnv => new InterestEvolutionEnv(world, { ...interestEvolutionEnvDefaults, ...settings }, batch);

/** A world's observation by the names of its parts. */
function named(env: InterestEvolutionEnv, rows: Float32Array, b: number): Record<string, number[]> {
  const at = b * width(env.spec.observation);
  return Object.fromEntries(
    fields(env.spec.observation).map((field) => [
      field.name,
      [...rows.subarray(at + field.at, at + field.at + field.length)],
    ]),
  );
}

const topicOf = (documents: readonly number[], k: number): number => documents.slice(20 * k, 20 * k + 20).indexOf(1);

test('random slates earn what they earn in RecSim: 153.7 minutes a session', (t) => {
  const { returns, lengths } = playRandomly(make(1000), 4, 10_000);
  const mean = (values: Float64Array): number => values.reduce((a, b) => a + b) / values.length;
  t.is(returns.length, 10_000);
  t.true(Math.abs(mean(returns) - 153.7) < 1, `mean return ${mean(returns)}; RecSim: 153.70 ± 0.34`);
  t.true(Math.abs(mean(lengths) - 83.8) < 1, `mean length ${mean(lengths)}; RecSim: 83.8`);
  const deviation = Math.sqrt(returns.reduce((sum, value) => sum + (value - mean(returns)) ** 2, 0) / 9_999);
  // 0.34 is the standard error of 1,000 sessions.
  t.true(Math.abs(deviation / Math.sqrt(1000) - 0.34) < 0.06, `deviation ${deviation}`);
});

test('a first observation: interests, one topic per candidate, and no response yet', (t) => {
  const env = make(3);
  const out = stepBatch(env.spec);
  env.reset(1, out);
  t.is(width(env.spec.observation), 20 + 10 * 20 + 4 * 2);
  const parts = named(env, out.observation, 1);
  t.true(parts['interests'].every((x) => x >= -1 && x < 1) && new Set(parts['interests']).size > 15);
  for (let k = 0; k < 10; k++) {
    const document = parts['documents'].slice(20 * k, 20 * k + 20);
    t.deepEqual([document.filter((x) => x === 1).length, document.filter((x) => x === 0).length], [1, 19]);
  }
  t.deepEqual(parts['response.clicked'], [0, 0]);
  t.deepEqual(parts['response.topic'], [-1, -1]);
});

test('the response tells of the slate that was shown, and only the interest in its topic moves', (t) => {
  const env = make(200);
  const out = stepBatch(env.spec);
  const action = actionBuffer(env.spec);
  env.reset(2, out);
  const before = Array.from({ length: 200 }, (_, b) => named(env, out.observation, b));
  for (let b = 0; b < 200; b++) action.set([7, 3], 2 * b);
  env.step(action, out);
  let clicks = 0;
  for (let b = 0; b < 200; b++) {
    const after = named(env, out.observation, b);
    const topics = [topicOf(before[b]['documents'], 7), topicOf(before[b]['documents'], 3)];
    t.deepEqual(after['response.topic'], topics);
    topics.forEach((topic, i) => {
      const mean = topic < 14 ? -3 + (3 * topic) / 13 : (topic - 14) * 0.6;
      t.true(Math.abs(after['response.quality'][i] - mean) < 0.65);
    });
    const clicked = after['response.clicked'];
    const place = clicked.indexOf(1);
    clicks += place < 0 ? 0 : 1;
    t.deepEqual(after['response.watched'], clicked.map((yes) => 4 * yes)); // prettier-ignore
    t.is(out.reward[b], place < 0 ? 0 : 4);
    const moved = after['interests'].flatMap((x, topic) => (x === before[b]['interests'][topic] ? [] : [topic]));
    t.deepEqual(moved, place < 0 ? [] : [topics[place]]);
  }
  // Two documents of mean weight 1 each against 2 for nothing.
  t.true(clicks > 70 && clicks < 130, `${clicks} clicks of 200`);
});

test('the session ends when the minutes are used up, and final shows the user who left', (t) => {
  const short = new InterestEvolution({ ...interestEvolutionDefaults, budgetMinutes: 1, highestQuality: 0 });
  const env = make(100, {}, short);
  const out = stepBatch(env.spec);
  const action = actionBuffer(env.spec);
  for (let b = 0; b < 100; b++) action.set([0, 1], 2 * b);
  env.reset(3, out);
  const before = Array.from({ length: 100 }, (_, b) => named(env, out.observation, b)['interests']);
  env.step(action, out);
  const endings = [...out.terminated];
  t.true(endings.includes(0) && endings.includes(1));
  for (let b = 0; b < 100; b++) {
    if (endings[b] === 0) continue;
    t.is(out.endReason[b], 1);
    t.is(out.reward[b], 1, 'no more is watched than is left');
    const final = named(env, out.final, b);
    const next = named(env, out.observation, b);
    const kept = final['interests'].filter((x, topic) => x === before[b][topic]).length;
    t.true(kept >= 19, 'the user who left, one interest moved at most');
    t.is(next['interests'].filter((x, topic) => x === before[b][topic]).length, 0, 'a new user');
    t.deepEqual(final['response.watched'].filter((x) => x > 0), [1]); // prettier-ignore
    t.deepEqual(next['response.topic'], [-1, -1]);
  }
});

test('an extreme that turns chance into certainty: users who always click end after 50 documents of quality 0', (t) => {
  const certain = new InterestEvolution({
    ...interestEvolutionDefaults,
    lowestQuality: 0,
    highestQuality: 0,
    qualityDeviation: 0,
    noClickInterest: -1,
  });
  const { returns, lengths } = playRandomly(make(10, {}, certain), 1, 10);
  t.deepEqual([...returns], Array(10).fill(200));
  t.deepEqual([...lengths], Array(10).fill(50));
});

test('candidates that are not resampled stay; a larger slate of all candidates works', (t) => {
  const env = make(2, { candidates: 3, slateSize: 3, resampleDocuments: false });
  const out = stepBatch(env.spec);
  const documents = (report: StepBatch): string => named(env, report.observation, 1)['documents'].join();
  env.reset(1, out);
  const first = documents(out);
  for (let i = 0; i < 200; i++) env.step(Int32Array.of(0, 1, 2, 2, 1, 0), out);
  t.is(documents(out), first);
});

test('wrong use is refused in words', (t) => {
  const env = make(2);
  const out = stepBatch(env.spec);
  env.reset(1, out);
  const step = (...action: number[]) => env.step(Int32Array.from(action), out);
  t.throws(() => step(0, 1, 4, 4), { message: /world 1: .* place 1 repeats candidate 4 of place 0/ });
  t.throws(() => step(0, 10, 4, 5), { message: /world 0: .* place 1 is 10, not a whole number from 0 to 9/ });
  t.throws(() => env.step(Float32Array.of(0, 1, 2, NaN), out), { message: /world 1: .* place 1 is NaN/ });
  t.throws(() => make(1, { slateSize: 11 }), {
    message: /slateSize: expected a whole number from 1 to 10 .* received 11/,
  });
  t.throws(() => make(1, { candidates: 3000 }), { message: /candidates: expected a whole number from 1 to 2048/ });
  t.throws(() => make(2, { candidates: 12 }).restore(env.snapshot()), { message: /with the settings 12, 2, 1/ });
});

test('the spec is JSON', (t) => {
  const { spec } = make(1);
  t.deepEqual(JSON.parse(JSON.stringify(spec)), { ...spec, maxSteps: null });
});
