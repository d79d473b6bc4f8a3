import test from 'ava';
import fc from 'fast-check';
import { stream } from '../../core/random.js';
import { startBackend } from '../../core/tensor/backend.js';
import { PREFIX_DECAY, placesOf } from '../../logs/feed-session/layout.js';
import { knownOf, populationOf, replayStates, sessionStates } from '../../logs/feed-session/replay.js';
import { areaUnderCurve, logLoss } from '../quality.js';
import type { RetrievalTower } from './contract.js';
import { KNOWN_LAYOUT, knownFeed, shownFeatures, sigmoid, truth } from './known-feed.test.helper.js';
import { responseModel } from './response.js';
import { retrievalTower } from './tower.js';
import { clusterExposure } from './tower-fit.js';
import { TOWER_DEFAULTS, type TowerSettings } from './tower-file.js';

test.before(async () => {
  await startBackend(process.env['RECSYS_GYM_BACKEND']);
});

const training = knownFeed(1500, 'training');
const fresh = knownFeed(600, 'fresh');
const S = placesOf(KNOWN_LAYOUT).width;
const fit = (settings: Partial<TowerSettings> = {}, seed = 1, sessions = training): RetrievalTower =>
  retrievalTower.fit({
    sessions,
    split: 'half',
    settings: { ...TOWER_DEFAULTS, width: 4, hidden: 4, batch: 256, ...settings },
    random: stream(seed),
  });
const fitted = (() => {
  let tower: RetrievalTower | undefined;
  return (): RetrievalTower => (tower ??= fit({ epochs: 20 }));
})();

test('cluster exposure by hand', (t) => {
  const { catalogue } = fresh;
  const [a, b, again] = [0, 1, 3];
  t.is(catalogue.cluster[a], catalogue.cluster[again]);
  const sessions = { ...fresh, starts: Int32Array.of(0, 4, 5), item: Int32Array.of(a, b, again, again, a) };
  const w = 1 - PREFIX_DECAY;
  const wanted = [0, 0, w * 0.85, w * 0.85 ** 2 + w, 0];
  clusterExposure(sessions).forEach((share, r) => t.true(Math.abs(share - wanted[r]) < 1e-7));
});

test('the tower finds taste, and that more of the same is less welcome', (t) => {
  const tower = fitted();
  t.true(tower.repetition > 0.3, String(tower.repetition));
  const before = new Float32Array(fresh.row.length * S);
  replayStates(fresh, before);
  const { users } = knownOf(fresh);
  const items = shownFeatures(fresh);
  const [u, v] = [tower.users(users, fresh.starts.length - 1), tower.items(items, fresh.row.length)];
  const exposure = clusterExposure(fresh);
  const W = tower.width;
  const [score, best, y]: [number[], number[], number[]] = [[], [], []];
  for (let s = 0; s + 1 < fresh.starts.length; s++) {
    t.is(u[(s + 1) * W - 1], 1);
    for (let r = fresh.starts[s]; r < fresh.starts[s + 1]; r++) {
      let dot = 0;
      for (let d = 0; d < W; d++) dot += u[s * W + d] * v[r * W + d];
      score.push(dot - tower.repetition * exposure[r]);
      best.push(truth(before, r * S, items, r * 3)[0]);
      y.push(fresh.answers[r * 4]);
    }
  }
  t.true(areaUnderCurve(score, y) > areaUnderCurve(best, y) - 0.03);
  // The user's bias apart, the score is the log-odds.
  t.true(
    logLoss(
      score.map((x) => sigmoid(x + logit(mean(y)) - mean(score))),
      y,
    ) <
      logLoss(best, y) + 0.05,
  );
});
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const logit = (p: number): number => Math.log(p / (1 - p));

test('a loaded tower gives the same bytes; same seed, same bytes; other files are refused', (t) => {
  const bytes = fitted().save();
  const again = retrievalTower.load(bytes);
  t.deepEqual(again.save(), bytes);
  t.deepEqual(again.card, fitted().card);
  const { features } = training.catalogue;
  t.deepEqual(again.items(features, 60), fitted().items(features, 60));
  t.is(again.repetition, fitted().repetition);
  t.deepEqual(fit({ epochs: 1 }).save(), fit({ epochs: 1 }).save());
  t.notDeepEqual(fit({ epochs: 1 }).save(), fit({ epochs: 1 }, 2).save());
  t.throws(() => retrievalTower.load(bytes.subarray(0, 100)), { message: /safetensors/ });
  t.throws(() => responseModel.load(bytes), { message: /received 'recsys-gym\/feed-retrieval-tower'/ });
});

test('a vector does not depend on who is asked with it', (t) => {
  const { features } = training.catalogue;
  const all = fitted().items(features, 60);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 59 }), (i) => {
      const one = fitted().items(features.slice(i * 3, (i + 1) * 3), 1);
      t.deepEqual(one, all.slice(i * 4, (i + 1) * 4));
    }),
  );
});

test('linear towers fit too; unusable settings and features are refused', (t) => {
  const linear = fit({ hidden: 0, epochs: 2 });
  t.is(retrievalTower.load(linear.save()).width, 4);
  t.throws(() => fit({ width: 1 }), { message: /width/ });
  t.throws(() => fitted().users(new Float32Array(5), 2), { message: /n=2 × U=3/ });
});

test('states in half the memory are the replayed states', (t) => {
  const R = fresh.row.length;
  const [before, after] = [new Float32Array(R * S), new Float32Array(R * S)];
  replayStates(fresh, before, after);
  const states = sessionStates(fresh);
  const row = (values: Float32Array, at: number): Float32Array => values.subarray(at * S, (at + 1) * S);
  for (let s = 0; s < 50; s++) {
    for (let r = fresh.starts[s]; r < fresh.starts[s + 1]; r++) {
      t.deepEqual(row(states, r + s), row(before, r));
      t.deepEqual(row(states, r + s + 1), row(after, r));
    }
  }
});

test('the population of a log: each user once, each context as often as it came', (t) => {
  const { log, starts, row } = fresh;
  const { ids, features, contexts } = populationOf(fresh);
  t.is(new Set(ids).size, ids.length);
  t.is(features.length, ids.length * 3);
  t.is(contexts.length, starts.length - 1);
  const first = log.user[row[0]];
  t.is(ids[0], log.users.values[first]);
  t.deepEqual(features.slice(0, 3), log.numeric.slice(row[0] * 4, row[0] * 4 + 3));
  t.is(contexts[7], log.numeric[row[starts[7]] * 4 + 3]);
});
