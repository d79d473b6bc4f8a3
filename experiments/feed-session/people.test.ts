import test from 'ava';
import { startBackend } from '../../core/tensor/backend.js';
import { brokenLaws, envMaker, FEED_SESSION, playRandomly, type MakeEnv } from '../../envs/index.js';
import { compileReward } from '../../reward-models/formula.js';
import { feedMaker, learnFeed, learnFeedOfWorld } from './people.js';
import { gatheringFromBytes, gatheringToBytes } from './people-file.js';
import { KNOWN_LAYOUT, knownFeed } from '../../reward-models/feed-session/known-feed.test.helper.js';
import { populationOf } from '../../logs/feed-session/replay.js';

test.before(async () => {
  await startBackend(process.env['RECSYS_GYM_BACKEND']);
});

const SMALL = { world: { users: 60, items: 160, topics: 4 }, candidates: 6, maxSteps: 20 };

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Shorter plays than the command's: many laws ask for many plays. */
const PLAY = { worlds: 3, steps: 100 };

for (const [words, settings] of Object.entries({
  'slates of users who return, with injected candidates': { slateSize: 2, injected: 2, returning: true },
  'candidates of the whole catalogue': { source: 'catalogue' },
  'candidates of some clusters, in a world that drifts': {
    source: 'clusters',
    groups: 2,
    world: { ...SMALL.world, drift: 0.3, leverage: 'strong' },
  },
})) {
  test.serial(`both kinds of people keep every law: ${words}`, async (t) => {
    const given = { ...SMALL, ...settings };
    t.deepEqual(brokenLaws(envMaker(FEED_SESSION, given), PLAY), []);
    t.deepEqual(brokenLaws(feedMaker(await learnFeedOfWorld(given, { sessions: 200 })), PLAY), []);
  });
}

test.serial('learned people keep every law with a reward of their own', async (t) => {
  const feed = await learnFeedOfWorld(SMALL, { sessions: 200 });
  const text = 'watch10s + 0.5 * like - 2 * hide + 0.01 * dwellSeconds';
  const reward = { ...(await compileReward(text, [...feed.people.layout.outcomes, 'dwellSeconds'])), text };
  const make = feedMaker({ ...feed, reward });
  t.is(make(1).spec.rewardUnit, text);
  t.deepEqual(brokenLaws(make, PLAY), []);
});

test.serial('both play the same config: the same spec, whatever the settings', async (t) => {
  const given = { ...SMALL, slateSize: 2, injected: 1, maxSteps: 11 };
  t.deepEqual(
    feedMaker(await learnFeedOfWorld(given, { sessions: 250 }))(3).spec,
    envMaker(FEED_SESSION, given)(3).spec,
  );
});

test("people learned from a world's log stay and watch as its own people do, found the same items", async (t) => {
  const { tower, ...content } = await learnFeedOfWorld();
  t.truthy(tower);
  const played = (make: MakeEnv): { watched: number; items: number } => {
    const { returns, lengths } = playRandomly(make(500), 1, 2500);
    return { watched: mean(returns), items: mean(lengths) };
  };
  const [world, learned] = [played(envMaker(FEED_SESSION)), played(feedMaker(content))];
  // Measured over three seeds: within 1.5 % of either; a standard error is 0.9 % to 1.5 %.
  t.true(Math.abs(learned.items / world.items - 1) < 0.08, `${learned.items} and ${world.items} items`);
  t.true(Math.abs(learned.watched / world.watched - 1) < 0.08, `${learned.watched} and ${world.watched} watched`);
});

test.serial('same log and seed, same people; another seed, others', async (t) => {
  const { log } = knownFeed(150, 'log');
  const settings = { response: { epochs: 1 }, tower: { epochs: 1 } };
  const [one, same, other] = await Promise.all([1, 1, 2].map((seed) => learnFeed(log, { ...settings, seed })));
  t.deepEqual(one.ranker?.save(), same.ranker?.save());
  t.deepEqual(one.tower?.save(), same.tower?.save());
  t.deepEqual(one.people.fingerprint, same.people.fingerprint);
  t.notDeepEqual(one.ranker?.save(), other.ranker?.save());
  t.deepEqual(one.people.layout.outcomes, KNOWN_LAYOUT.outcomes);
});

test.serial('a gathering comes back from its bytes as it was', (t) => {
  const sessions = knownFeed(40, 'file');
  const gathering = { population: populationOf(sessions), catalogue: sessions.catalogue };
  const bytes = gatheringToBytes(gathering);
  const read = gatheringFromBytes(bytes, 'file');
  t.deepEqual(read.population, { ...gathering.population, layout: { ...gathering.population.layout } });
  t.deepEqual({ ...read.catalogue }, { ...gathering.catalogue });
  t.deepEqual(gatheringToBytes(read), bytes);
});

test.serial('what is not the population of a feed is refused', async (t) => {
  const { ranker } = await learnFeed(knownFeed(60, 'log').log, { response: { epochs: 1 }, tower: { epochs: 1 } });
  const bytes = ranker?.save() ?? new Uint8Array(0);
  t.throws(() => gatheringFromBytes(bytes, 'x.safetensors'), {
    message: /x\.safetensors: expected the population of a feed, version 1/,
  });
  t.throws(() => gatheringFromBytes(bytes.subarray(0, 40), 'x.safetensors'), { message: /x\.safetensors/ });
});

test.serial('settings that do not belong are refused in words', async (t) => {
  const feed = await learnFeedOfWorld(SMALL, { sessions: 200 });
  t.throws(() => feedMaker(feed, { candidatez: 3 }), {
    message: /candidatez: unknown key\. Did you mean 'candidates'/,
  });
  t.throws(() => feedMaker(feed, { world: { users: 3 } }), {
    message: /world: expected no settings of a generated world beside people that are there/,
  });
  await t.throwsAsync(() => learnFeedOfWorld({ world: { usersz: 3 } }), { message: /world\.usersz: unknown key/ });
  t.is(feedMaker(feed, { candidates: 9 })(1).spec.action.kind, 'slate');
});
