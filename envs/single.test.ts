import test from 'ava';
import { makeEnv, single } from './index.js';
import { actionBuffer, stepBatch } from './buffers.js';

test('single goes where the batch of one goes, and shows the last observation at an ending', (t) => {
  const one = single(makeEnv('reference/CartPole-v1'));
  const env = makeEnv('reference/CartPole-v1');
  const out = stepBatch(env.spec);
  const action = actionBuffer(env.spec);
  env.reset(5, out);
  const first = one.reset({ seed: 5 });
  t.deepEqual(first.observation, out.observation);
  t.deepEqual(first.info, { seed: 5, endReason: 'none', objectives: { upright: 0 } });
  let endings = 0;
  for (let i = 0; i < 200; i++) {
    action[0] = i % 3 === 0 ? 0 : 1;
    env.step(action, out);
    const seen = one.step(action[0]);
    t.is(seen.terminated, out.terminated[0] === 1);
    t.is(seen.reward, out.reward[0]);
    t.deepEqual(seen.observation, seen.terminated ? out.final : out.observation);
    if (!seen.terminated) continue;
    endings++;
    t.is(seen.info.endReason, 'pole fell');
    t.throws(() => one.step(0), { message: /a running session, received one that has ended. Call reset\(\)/ });
    const next = one.reset();
    t.deepEqual(next.observation, out.observation, 'reset goes on with the session that the env began');
    t.is(next.info.endReason, 'none');
  }
  t.true(endings > 3);
});

test('observations are copies', (t) => {
  const one = single(makeEnv('reference/CartPole-v1'));
  const { observation } = one.reset({ seed: 1 });
  const kept = observation.slice();
  one.step([1]);
  t.deepEqual(observation, kept);
});

test('a reset in mid-session starts a world of a new seed, the same every time', (t) => {
  const play = (): string => {
    const one = single(makeEnv('reference/CartPole-v1'));
    one.reset({ seed: 3 });
    one.step(0);
    const { observation, info } = one.reset();
    t.not(info.seed, 3);
    return `${info.seed} ${observation.join()}`;
  };
  t.is(play(), play());
});

test('wrong use is refused in words', (t) => {
  t.throws(() => single(makeEnv('reference/CartPole-v1', {}, 2)), { message: /an env of 1 world, received one of 2/ });
  const one = single(makeEnv('recsim/InterestEvolution-v1'));
  t.throws(() => one.reset(), { message: /expected a seed at the first reset/ });
  t.throws(() => one.step([0, 1]), { message: /an env that was never reset/ });
  one.reset({ seed: 1 });
  t.throws(() => one.step(1), { message: /expected 2 numbers \(W=2\), received 1/ });
  t.throws(() => one.step([1, 0.5]), { message: /place 1 is 0.5, not a whole number/ });
  t.notThrows(() => one.step([1, 0]));
});
