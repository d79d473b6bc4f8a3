import test from 'ava';
import { nativeTest } from '../../core/tensor/native/native.test.helper.js';
import { FeedWorld } from '../../simulators/feed-session/world.js';
import type { FeedWorldSettings } from '../../simulators/feed-session/settings.js';
import { actionBuffer, stepBatch } from '../buffers.js';
import type { StepBatch } from '../contract.js';
import { makeEnv } from '../index.js';
import { FEED_SESSION, FeedSessionEnv, poolDepth } from './feed-session.js';
import type { EnvReward } from '../reward.js';
import { CandidatePools, contentVectors } from './pools.js';
import { feedSessionDefaults, type FeedSessionSettings } from './settings.js';

type Given = Partial<FeedSessionSettings> & { readonly world?: Partial<FeedWorldSettings> };

const smallWorld = { users: 60, items: 300 };
function feed({ world, ...given }: Given = {}, B = 1): FeedSessionEnv {
  const env = makeEnv(FEED_SESSION, { ...given, world: { ...smallWorld, ...world } }, B);
  if (env instanceof FeedSessionEnv) return env;
  throw new Error('another env');
}

/** The candidate that a rule likes best, for every world; slates are the first `size` ones from there on. */
type Rule = (env: FeedSessionEnv, b: number) => number;

const first: Rule = () => 0;
/** By an item feature: 10 quality, 11 bait. */
const most =
  (feature: number, sign = 1): Rule =>
  ({ candidates, people, spec }, b) => {
    const K = candidates.item.length / spec.batch;
    const own = [...candidates.item.subarray(b * K, (b + 1) * K)];
    const value = (k: number): number => sign * people.catalogue.features[own[k] * 15 + feature];
    return own.reduce((best, _, k) => (value(k) > value(best) ? k : best), 0);
  };

function actionsOf(env: FeedSessionEnv, rule: Rule): Int32Array | Float32Array {
  const action = actionBuffer(env.spec);
  const B = env.spec.batch;
  const [S, K] = [action.length / B, env.candidates.item.length / B];
  for (let b = 0; b < B; b++) {
    const k = rule(env, b);
    for (let s = 0; s < S; s++) action[b * S + s] = (k + s) % K;
  }
  return action;
}

/** Objectives of the first `visits` sessions of every world, summed session by session. */
function play(
  env: FeedSessionEnv,
  rule: Rule,
  visits: number,
  seed = 1,
): { depth: number[]; watches: number[]; ends: number[] } {
  const B = env.spec.batch;
  const [out, R] = [stepBatch(env.spec), env.spec.objectives.length];
  const empty = (): number[] => new Array<number>(B * visits).fill(0);
  const [depth, watches, ends] = [empty(), empty(), empty()];
  env.reset(seed, out);
  while (env.visit.some((visit) => visit < visits)) {
    const sessions = env.visit.map((visit, b) => (visit < visits ? b * visits + visit : -1));
    env.step(actionsOf(env, rule), out);
    sessions.forEach((s, b) => {
      if (s < 0) return;
      watches[s] += out.objectives[b * R];
      depth[s] += out.objectives[b * R + R - 1];
      ends[s] = out.endReason[b];
    });
  }
  return { depth, watches, ends };
}

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

function maker(
  people: FeedWorld,
  given: Partial<FeedSessionSettings>,
  reward?: EnvReward,
): (batch: number) => FeedSessionEnv {
  const settings = { ...feedSessionDefaults, ...given };
  const users = { features: people.userFeatures, width: people.layout.userNames.length };
  const vectors = contentVectors(people.catalogue, users, people.layout.shared);
  const pools = new CandidatePools(people.catalogue, people.users, vectors, poolDepth(settings));
  return (batch) => new FeedSessionEnv({ people, pools, ...(reward === undefined ? {} : { reward }) }, settings, batch);
}

for (const given of [
  {},
  { slateSize: 3, injected: 2 },
  { source: 'clusters' as const, candidates: 12 },
  { candidates: 40 },
]) {
  nativeTest(`40 worlds observe, to the byte, what 4 do: ${JSON.stringify(given)}`, (t) => {
    const make = maker(new FeedWorld({ ...smallWorld, newItems: 0.3 }), given);
    const [few, many] = [make(4), make(40)];
    const [some, all] = [stepBatch(few.spec), stepBatch(many.spec)];
    const rows = some.observation.length;
    few.reset(5, some);
    many.reset(5, all);
    let endings = 0;
    for (let step = 0; step < 120; step++) {
      t.deepEqual(all.observation.slice(0, rows), some.observation, `step ${step}`);
      t.deepEqual(all.reward.slice(0, 4), some.reward);
      for (let b = 0; b < 4; b++) {
        if (some.endReason[b] === 0) continue;
        const row = (out: StepBatch): Float32Array => out.final.slice((b * rows) / 4, ((b + 1) * rows) / 4);
        t.deepEqual(row(all), row(some));
        endings++;
      }
      few.step(actionsOf(few, first), some);
      many.step(actionsOf(many, first), all);
    }
    t.true(endings > 3);
  });
}

test('an observation is the state, then the features, marks and clusters of the candidates', (t) => {
  const env = feed({ injected: 3 }, 2);
  const out = stepBatch(env.spec);
  env.reset(3, out);
  env.step(actionsOf(env, first), out);
  const { features, cluster } = env.people.catalogue;
  const O = out.observation.length / 2;
  for (let b = 0; b < 2; b++) {
    const S = env.prefix.places.width;
    const state = new Float32Array(S);
    env.prefix.write(b, state, 0);
    const items = [...env.candidates.item.subarray(10 * b, 10 * b + 10)];
    const wanted = [
      ...state,
      ...items.flatMap((item) => [...features.subarray(15 * item, 15 * item + 15)]),
      ...[0, 0, 0, 0, 0, 0, 0, 1, 1, 1],
      ...items.map((item) => cluster[item]),
    ];
    t.deepEqual([...out.observation.subarray(b * O, (b + 1) * O)], wanted);
  }
});

test('of a slate only what comes before the leaving is seen, and it adds up', (t) => {
  const env = feed({ slateSize: 4, world: { leverage: 'strong' } }, 50);
  const out = stepBatch(env.spec);
  const [B, R, H] = [50, 7, 5];
  env.reset(1, out);
  const seen: { item: number; answers: number[]; seconds: number }[][] = [];
  env.onShown = (b, item) => {
    const { answers, dwellSeconds } = env.answers;
    seen[b].push({ item, answers: [...answers.subarray(b * 6, b * 6 + H)], seconds: dwellSeconds[b] });
  };
  const lengths = new Set<number>();
  for (let step = 0; step < 30; step++) {
    for (let b = 0; b < B; b++) seen[b] = [];
    const steps = env.prefix.step.slice();
    const action = actionsOf(env, first);
    const offered = env.candidates.item.slice();
    env.step(action, out);
    for (let b = 0; b < B; b++) {
      const slate = [0, 1, 2, 3].map((s) => offered[b * 10 + action[b * 4 + s]]);
      t.deepEqual(
        seen[b].map(({ item }) => item),
        slate.slice(0, seen[b].length),
      );
      const sums = [0, 1, 2, 3, 4].map((h) => seen[b].reduce((sum, { answers }) => sum + answers[h], 0));
      const objectives = [...out.objectives.subarray(b * R, (b + 1) * R)];
      t.deepEqual(objectives.slice(0, H), sums);
      t.true(Math.abs(objectives[5] - seen[b].reduce((sum, { seconds }) => sum + seconds, 0)) < 1e-2);
      t.is(objectives[6], seen[b].length);
      t.is(out.reward[b], sums[0]);
      lengths.add(seen[b].length);
      if (out.endReason[b] === 1) continue;
      t.is(seen[b].length, Math.min(4, 60 - steps[b]));
    }
  }
  t.deepEqual([...lengths].sort(), [1, 2, 3, 4]);
});

test('nothing that was retrieved is shown twice in a session, in none of its slates', (t) => {
  const env = feed({ slateSize: 3, source: 'clusters', candidates: 9, groups: 3 }, 20);
  const out = stepBatch(env.spec);
  const shown = Array.from({ length: 20 }, () => new Set<number>());
  let twice = 0;
  env.onShown = (b, item) => {
    if (shown[b].has(item)) twice++;
    shown[b].add(item);
  };
  env.reset(1, out);
  for (let step = 0; step < 60; step++) {
    env.step(actionsOf(env, first), out);
    out.endReason.forEach((reason, b) => reason !== 0 && shown[b].clear());
  }
  t.is(twice, 0);
  t.true(shown.some((own) => own.size > 6));
});

test('after the last step a session is cut off, and `final` is where it stood', (t) => {
  const env = feed({ maxSteps: 5, slateSize: 2, world: { leverage: 'none' } }, 30);
  t.is(env.spec.maxSteps, 3);
  const out = stepBatch(env.spec);
  const { progress, width: S } = env.prefix.places;
  const O = out.observation.length / 30;
  const found = { left: 0, cut: 0 };
  env.reset(1, out);
  let users = env.crowd.user.slice();
  for (let step = 0; step < 20; step++) {
    const steps = env.prefix.step.slice();
    env.step(actionsOf(env, first), out);
    for (let b = 0; b < 30; b++) {
      if (out.endReason[b] === 0) continue;
      const final = out.final.subarray(b * O, (b + 1) * O);
      const seen = out.objectives[b * 7 + 6];
      t.is(final[progress], Math.fround((steps[b] + seen) / 60));
      t.is(out.observation[b * O + progress], 0);
      t.deepEqual(final.slice(0, 11), env.people.userFeatures.slice(11 * users[b], 11 * users[b] + 11));
      t.true(final.subarray(S, S + 150).some((x) => x !== 0));
      t.is(out.truncated[b], out.endReason[b] === 2 ? 1 : 0);
      t.is(out.terminated[b], out.endReason[b] === 1 ? 1 : 0);
      if (out.endReason[b] === 2) {
        found.cut++;
        t.is(steps[b] + seen, 5);
      } else found.left++;
    }
    users = env.crowd.user.slice();
  }
  t.true(found.left > 5 && found.cut > 5, JSON.stringify(found));
});

test('who returns is the same user on every visit; else others come', (t) => {
  for (const returning of [true, false]) {
    const env = feed({ returning }, 40);
    const out = stepBatch(env.spec);
    env.reset(1, out);
    const users = env.crowd.user.slice();
    while (env.visit.some((visit) => visit < 2)) env.step(actionsOf(env, first), out);
    const same = env.crowd.user.filter((user, b) => user === users[b]).length;
    t.true(returning ? same === 40 : same < 8, String(same));
  }
});

test('sessions go on from a snapshot in the middle, in another env, with the same candidates', (t) => {
  for (const given of [{}, { slateSize: 2, injected: 2, returning: true, world: { drift: 0.2, newItems: 0.4 } }]) {
    for (const B of [3, 20]) {
      const [env, other] = [feed(given, B), feed(given, B)];
      const [out, its] = [stepBatch(env.spec), stepBatch(env.spec)];
      env.reset(1, out);
      for (let step = 0; step < 17; step++) env.step(actionsOf(env, most(10)), out);
      other.reset(99, its);
      other.step(actionsOf(other, first), its);
      other.restore(env.snapshot());
      t.deepEqual(other.candidates.item, env.candidates.item);
      for (let step = 0; step < 30; step++) {
        env.step(actionsOf(env, most(10)), out);
        other.step(actionsOf(other, most(10)), its);
        t.deepEqual(its.observation, out.observation);
        t.deepEqual(its.objectives, out.objectives);
      }
    }
  }
});

test('the reward is the formula over each item seen, dwell last', (t) => {
  const people = new FeedWorld(smallWorld);
  const reward: EnvReward = {
    text: 'watch10s + 2*like - 3*hide + dwellSeconds/100',
    evaluateRow: (values) => values[0] + 2 * values[1] - 3 * values[4] + values[5] / 100,
  };
  const env = maker(people, { slateSize: 2 }, reward)(20);
  t.is(env.spec.rewardUnit, reward.text);
  const out = stepBatch(env.spec);
  env.reset(1, out);
  for (let step = 0; step < 20; step++) {
    env.step(actionsOf(env, first), out);
    for (let b = 0; b < 20; b++) {
      const [watch, like, , , hide, seconds] = out.objectives.subarray(b * 7, b * 7 + 6);
      t.true(Math.abs(out.reward[b] - (watch + 2 * like - 3 * hide + seconds / 100)) < 1e-4);
    }
  }
  const plain = maker(people, { slateSize: 2 })(20);
  plain.reset(1, out);
  t.throws(() => env.restore(plain.snapshot()), { message: /restore/ });
});

const catalogue = { candidates: 20, source: 'catalogue' } as const;

test('bait is watched now and shortens sessions; in the null world it changes no session at all', (t) => {
  const lengths = Object.fromEntries(
    ['none', 'moderate', 'strong'].map((leverage) => {
      const env = feed({ ...catalogue, world: { leverage } }, 200);
      return [leverage, [most(11), most(11, -1), most(10)].map((rule) => play(env, rule, 4))];
    }),
  );
  const gap = (leverage: string): number => {
    const [bait, , good] = lengths[leverage];
    return mean(good.depth) - mean(bait.depth);
  };
  for (const [leverage, [bait, plain, good]] of Object.entries(lengths)) {
    const rate = ({ watches, depth }: { watches: number[]; depth: number[] }): number => mean(watches) / mean(depth);
    t.true(rate(bait) > rate(plain) + 0.15, `${leverage}: ${rate(bait)} beside ${rate(plain)}`);
    if (leverage === 'none') {
      t.deepEqual(bait.depth, plain.depth);
      t.deepEqual(bait.depth, good.depth);
    } else t.true(mean(bait.depth) < mean(good.depth));
  }
  t.true(mean(lengths['moderate'][0].depth) < mean(lengths['moderate'][1].depth));
  t.true(gap('strong') > 1.5 * gap('moderate') && gap('moderate') > 0.5, `${gap('strong')}, ${gap('moderate')}`);
  t.is(gap('none'), 0);
});

test('an item is never on offer before its birth', (t) => {
  for (const source of ['retrieved', 'catalogue', 'clusters'] as const) {
    const given = {
      source,
      candidates: 12,
      injected: source === 'catalogue' ? 0 : 4,
      world: { newItems: 0.6, newItemVisits: 4 },
    };
    const env = feed(given, 20);
    const out = stepBatch(env.spec);
    const { birth } = env.people.catalogue;
    env.reset(1, out);
    const found = { new: 0, early: 0 };
    for (let step = 0; step < 100; step++) {
      env.candidates.item.forEach((item, i) => {
        if (birth[item] > env.visit[Math.floor(i / 12)]) found.early++;
        if (birth[item] > 0) found.new++;
      });
      env.step(actionsOf(env, first), out);
    }
    t.is(found.early, 0);
    t.true(found.new > 100, source);
  }
});

test('drift turns the taste of who returns by the same angle each visit; without drift it stays', (t) => {
  for (const drift of [0, 0.5]) {
    const env = feed({ returning: true, world: { drift } }, 20);
    const out = stepBatch(env.spec);
    env.reset(1, out);
    const tasteOf = (b: number): Float64Array =>
      Float64Array.from(env.crowd.columns['taste']).slice(10 * b, 10 * b + 10);
    const tastes = Array.from({ length: 20 }, (_, b) => [tasteOf(b)]);
    while (tastes.some((own) => own.length < 3)) {
      env.step(actionsOf(env, first), out);
      out.endReason.forEach((reason, b) => reason !== 0 && tastes[b].push(tasteOf(b)));
    }
    // A turn by one angle: before + after = 2 cos(angle) · between.
    for (const [before, between, after] of tastes) {
      before.forEach((x, k) => t.true(Math.abs(x + after[k] - 2 * Math.cos(drift) * between[k]) < 1e-5));
      if (drift > 0) t.notDeepEqual(before, between);
      else t.deepEqual(before, after);
    }
  }
});

for (const [given, message] of [
  [{ candidates: 11, world: { items: 10 } }, /candidates: expected at most the 10 items of the catalogue, received 11/],
  [{ candidates: 20, world: { items: 30 } }, /expected at least 80 items to retrieve .* received 30 in 10 clusters/],
  [{ poolPerCluster: 2 }, /expected at least 70 items to retrieve .* received 20 in 10 clusters, at most 2 of each/],
  [{ world: { newItems: 0.9 } }, /expected at least 70 items to retrieve .* received \d+ in 10 clusters/],
  [{ source: 'clusters', groups: 3 }, /groups: expected a number that divides the 10 retrieved candidates, received 3/],
  [{ source: 'clusters', candidates: 24, groups: 12 }, /groups: expected at most the 10 clusters of the catalogue/],
  [{ source: 'clusters', groups: 0 }, /groups: expected a whole number from 1 to 10, received 0/],
  [{ source: 'popular' }, /source: expected retrieved, catalogue, clusters, received 'popular'/],
  [{ world: { leverage: 'huge' } }, /leverage: expected none, moderate, strong, received 'huge'/],
  [{ candidates: 0 }, /candidates: expected a whole number from 2 to 500, received 0/],
  [{ candidates: 1 }, /candidates: expected a whole number from 2 to 500, received 1/],
  [{ candidates: NaN }, /candidates/],
  [{ slateSize: 11 }, /slateSize: expected a whole number from 1 to 10, received 11/],
  [{ slateSize: 3, injected: 8 }, /injected: expected a whole number from 0 to 7, received 8/],
  [{ source: 'catalogue', injected: 1 }, /injected: expected a whole number from 0 to 0, received 1/],
  [{ maxSteps: 0 }, /maxSteps/],
  [{ depth: 3 }, /depth/],
] as const) {
  test(`no env is made with ${JSON.stringify(given)}`, (t) => {
    const { world, ...rest } = { world: {}, ...given };
    t.throws(() => makeEnv(FEED_SESSION, { ...rest, world: { ...smallWorld, ...world } }), { message });
  });
}

test('slates with a candidate twice, past the last or between two are refused, and no world moves', (t) => {
  const env = feed({ slateSize: 2 }, 2);
  const out = stepBatch(env.spec);
  t.throws(() => env.step(Int32Array.of(0, 1, 0, 1), out), { message: /worlds that were started/ });
  env.reset(1, out);
  const before = env.snapshot();
  for (const slate of [
    [3, 3],
    [0, 10],
    [-1, 0],
    [0.5, 1],
    [NaN, 1],
  ]) {
    t.throws(() => env.step(Float32Array.of(0, 1, ...slate), out), { message: /step, world 1/ });
  }
  t.deepEqual(env.snapshot(), before);
});

test('a state restored under pools of other vectors is refused; under the same ones it is not', (t) => {
  const people = new FeedWorld(smallWorld);
  const users = { features: people.userFeatures, width: people.layout.userNames.length };
  const vectors = contentVectors(people.catalogue, users, people.layout.shared);
  const env = (items: Float32Array): FeedSessionEnv => {
    const pools = new CandidatePools(
      people.catalogue,
      people.users,
      { ...vectors, items },
      poolDepth(feedSessionDefaults),
    );
    return new FeedSessionEnv({ people, pools }, feedSessionDefaults, 2);
  };
  const own = env(vectors.items);
  own.reset(1, stepBatch(own.spec));
  const state = own.snapshot();
  t.notThrows(() => env(vectors.items.slice()).restore(state));
  t.throws(() => env(vectors.items.map((value) => -value)).restore(state), { message: /settings of the snapshot/ });
});
