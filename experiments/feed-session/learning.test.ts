import test from 'ava';
import { hash32, stream } from '../../core/random.js';
import { startBackend } from '../../core/tensor/backend.js';
import { agents } from '../tables.js';
import { learnPolicy, type Learner } from './learning.js';
import { sumsOf } from './outcomes.js';
import { playFeed } from './play.js';
import { prepareSeed, type Prepared, type SeedRequest } from './prepare.js';
import { feedEnv } from './scene.js';
import { tinyExperiment } from './_tiny.test.js';

const along = { sessions: 120, along: [0, 2, 4], alongSessions: 60 };
const request: SeedRequest = { experiment: tinyExperiment({ evaluation: along }), seed: 1 };

/** The world is made and served once. */
let prepared: Promise<Prepared> | undefined;
async function ready(): Promise<Prepared> {
  await startBackend('wasm');
  return (prepared ??= prepareSeed(request));
}

/** What the ranker alone earns in the sessions of the curves. */
function rankerAlone({ judged, production }: Prepared): number {
  const env = feedEnv(judged, 60);
  const agent = agents['supervised'].with({})(env.spec, stream(1), 1, { ranker: production.response });
  const played = playFeed({ env, agent, explore: false, seed: hash32('feed/along/1'), sessions: 60 });
  return sumsOf(played, judged.people)['watch10s'].reduce((sum, value) => sum + value, 0) / 60;
}

const learner = (given: Partial<Learner>): Learner => ({ ...request.experiment.agent, ...given });

for (const [name, given] of Object.entries<Partial<Learner>>({
  reinforce: {},
  'injected candidates that production does not have': {
    env: { injected: 1 },
    settings: { hidden: [8], exploration: 'top-k-inject', injected: 1 },
  },
  'ppo among items of the whole catalogue': {
    env: { source: 'catalogue' },
    settings: { hidden: [8], learner: 'ppo', exploration: 'uniform-catalogue' },
  },
  'q-residual': { settings: { hidden: [8], learner: 'q-residual' } },
})) {
  test.serial(`before the first update a residual policy earns exactly what its ranker does: ${name}`, async (t) => {
    const at = await ready();
    const learned = learnPolicy(request, at, learner(given));
    t.deepEqual(
      learned.along.map(({ update }) => update),
      [0, 2, 4],
    );
    t.is(learned.along[0].greedy, rankerAlone(at));
    t.true(learned.along.every(({ greedy, drawn }) => greedy > 0 && drawn > 0));
    t.true(learned.curve.length >= 5);
  });
}

test.serial('from scratch it does not; what is learned does not depend on the moments that are kept', async (t) => {
  const at = await ready();
  const scratch = learnPolicy(request, at, learner({ settings: { hidden: [8], bootstrap: 'scratch' } }));
  t.not(scratch.along[0].greedy, rankerAlone(at));
  const bare = { ...request, experiment: tinyExperiment() };
  const [kept, plain] = [learnPolicy(request, at, learner({})), learnPolicy(bare, at, learner({}))];
  t.deepEqual(plain.along, []);
  t.deepEqual(kept.curve, plain.curve);
  const env = feedEnv(at.judged, 16);
  t.deepEqual(kept.agent(env.spec).snapshot(), plain.agent(env.spec).snapshot());
});

test.serial('a policy that never learned lifts nothing, by any metric, in either place', async (t) => {
  const { runFeedSeed } = await import('./seed-run.js');
  const experiment = tinyExperiment({ train: { worlds: 16, steps: 1 }, baselines: [{ id: 'supervised' }] });
  await startBackend('wasm');
  const { tried, expected } = await runFeedSeed({ experiment, seed: 1 });
  for (const { lifts } of [tried, expected]) {
    t.true(lifts.length > 5);
    for (const { metric, relative, difference, control, value } of lifts) {
      t.is(value, control, metric);
      t.deepEqual([difference.value, difference.interval], [0, [0, 0]], metric);
      if (control !== 0) t.deepEqual([relative.value, relative.interval], [0, [0, 0]], metric);
    }
  }
});
