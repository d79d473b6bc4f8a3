import test from 'ava';
import { SlatePreferences } from '../../simulators/preference/slates.js';
import { PreferenceBandit } from '../../simulators/preference/tabular.js';
import { actionBuffer, stepBatch } from '../buffers.js';
import { brokenLaws, envMaker, makeEnv } from '../index.js';
import { PREFERENCE } from './preference.js';

const slates = { responses: 'slates', slates: { contexts: 30, users: 20, items: 60 } };

for (const [name, settings] of Object.entries({ table: {}, slates }))
  test(`every law is kept: ${name}`, (t) => {
    t.deepEqual(brokenLaws(envMaker(PREFERENCE, settings), { steps: 60 }), []);
  });

test('the reward of a table is the hidden preference plus what the designer wants', (t) => {
  const world = new PreferenceBandit();
  const env = makeEnv(PREFERENCE, { weights: { designer: 2 } }, 3);
  const [out, action] = [stepBatch(env.spec), actionBuffer(env.spec)];
  env.reset(1, out);
  const contexts = Array.from(out.observation);
  action.set([0, 7, 39]);
  env.step(action, out);
  contexts.forEach((context, b) => {
    const cell = context * 40 + action[b];
    const [preference, designer] = out.objectives.subarray(2 * b, 2 * b + 2);
    t.is(preference, Math.fround(world.preference[cell]));
    t.is(designer, world.reward[cell]);
    t.is(out.reward[b], Math.fround(preference + 2 * designer));
    t.is(out.terminated[b], 1);
    t.is(out.final[b], context);
  });
  t.is(env.spec.rewardUnit, '1*preference + 2*designer');
});

test('slates are rewarded by the formula of their objectives', (t) => {
  const env = makeEnv(PREFERENCE, slates, 2);
  const [out, action] = [stepBatch(env.spec), actionBuffer(env.spec)];
  env.reset(1, out);
  action.set([0, 1, 2, 3, 8, 5, 4, 1]);
  env.step(action, out);
  for (let b = 0; b < 2; b++) {
    const [preference, fresh, diversity, flagged] = out.objectives.subarray(4 * b, 4 * b + 4);
    t.true(Math.abs(out.reward[b] - (preference + fresh + diversity - flagged)) < 1e-6);
  }
  t.deepEqual(new SlatePreferences(slates.slates).outcomes, [...env.spec.objectives]);
});

test('what cannot be is refused in words', (t) => {
  t.throws(() => makeEnv(PREFERENCE, { responses: 'tabel' }), { message: /Did you mean 'table'/ });
  t.throws(() => makeEnv(PREFERENCE, { weights: { fresh: 1 } }), {
    message: /No recsys\/Preference-v1 objective called 'fresh'/,
  });
  const env = makeEnv(PREFERENCE, slates, 1);
  const out = stepBatch(env.spec);
  t.throws(() => env.step(actionBuffer(env.spec), out), { message: /were started/ });
  env.reset(1, out);
  t.throws(() => env.step(actionBuffer(env.spec), out), { message: /repeats candidate 0/ });
});
