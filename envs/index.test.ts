import test from 'ava';
import { envMaker, envs, makeEnv } from './index.js';

test('every env is made from its id with its defaults, and knows its id', (t) => {
  for (const id of Object.keys(envs)) {
    const env = makeEnv(id, {}, 3);
    t.is(env.spec.id, id);
    t.is(env.spec.batch, 3);
  }
});

test('settings reach the env, nested ones too', (t) => {
  t.is(makeEnv('reference/CartPole-v1', { stepLimit: 200 }).spec.maxSteps, 200);
  const env = makeEnv('recsim/InterestEvolution-v1', { candidates: 5, people: { topics: 8 } });
  t.deepEqual(env.spec.action, { kind: 'slate', size: 2, candidates: 5 });
  const { observation } = env.spec;
  t.true(observation.kind === 'record' && 'documents' in observation.fields);
  t.like(observation, { fields: { documents: { shape: [5, 8] } } });
});

test('what cannot be is refused with the nearest thing that can', (t) => {
  t.throws(() => makeEnv('reference/Cartpole-v0'), {
    message: /No env called 'reference\/Cartpole-v0'. Did you mean 'reference\/CartPole-v1'\?/,
  });
  t.throws(() => envMaker('reference/CartPole-v1', { steplimit: 3 }), {
    message: /steplimit: unknown key\. Did you mean 'stepLimit'\?/,
  });
  t.throws(() => envMaker('recsim/InterestEvolution-v1', { candidates: '10' }), {
    message: /candidates: expected a number, received "10"/,
  });
  t.throws(() => envMaker('recsim/InterestEvolution-v1', { people: { topicz: 3 } }), {
    message: /people\.topicz: unknown key/,
  });
  t.throws(() => makeEnv('reference/CartPole-v1', {}, 0), { message: /batch: expected a whole number from 1/ });
});
