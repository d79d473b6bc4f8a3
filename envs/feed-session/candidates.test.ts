import test from 'ava';
import fc from 'fast-check';
import { KeyedDraws } from '../../core/draws.js';
import { nativeTest, onEveryInstructionSet } from '../../core/tensor/native/native.test.helper.js';
import { stream } from '../../core/random.js';
import { chiSquareUpper } from '../../core/stats/chi-square.js';
import type { Catalogue } from '../../logs/feed-session/catalogue.js';
import { Candidates, type CandidateSettings, type Sessions } from './candidates.js';
import { CandidatePools, contentVectors, type RetrievalVectors } from './pools.js';

const USERS = 5;

/** Items in three clusters of unlike size, with small whole numbers as vectors: scores are exact, and many are equal. Depth 24: lists are filled up. */
function scene(
  seed: number,
  { items = 24, births = false, depth = 24, repetition = 4 } = {},
): {
  readonly catalogue: Catalogue;
  readonly vectors: RetrievalVectors;
  readonly pools: CandidatePools;
} {
  const random = stream(seed);
  const whole = (n: number): number => Math.floor(random.next() * n);
  const catalogue: Catalogue = {
    items,
    ids: Array.from({ length: items }, (_, i) => `i${i}`),
    names: ['content0'],
    features: new Float32Array(items),
    cluster: Int32Array.from({ length: items }, (_, i) => (i < 3 ? i : Math.min(whole(3), whole(3)))),
    clusters: 3,
    seconds: new Float32Array(items).fill(1),
    birth: Int32Array.from({ length: items }, () => (births && random.next() < 0.4 ? 1 + whole(2) : 0)),
  };
  const vectors = {
    width: 2,
    users: Float32Array.from({ length: USERS * 2 }, () => whole(5) - 2),
    items: Float32Array.from({ length: items * 2 }, () => whole(5) - 2),
    repetition,
  };
  return { catalogue, vectors, pools: new CandidatePools(catalogue, USERS, vectors, depth) };
}

function sessionsOf(B: number, visit = 0): Sessions {
  return {
    user: Int32Array.from({ length: B }, (_, b) => b % USERS),
    visit: new Int32Array(B).fill(visit),
    step: new Int32Array(B),
  };
}

const plain: CandidateSettings = { source: 'retrieved', candidates: 6, injected: 0, groups: 3 };
const everyone = (B: number): Int32Array => Int32Array.from({ length: B }, (_, b) => b);
const draws = (): KeyedDraws => new KeyedDraws(1, 'candidates');

/** Scores by their definition; what was shown or is not born yet is not there. */
function ranking(
  { catalogue, vectors }: ReturnType<typeof scene>,
  { user, visit, shown, exposure }: { user: number; visit: number; shown: ReadonlySet<number>; exposure: Float32Array },
): { item: number; score: number }[] {
  return Array.from({ length: catalogue.items }, (_, item) => ({
    item,
    score:
      vectors.users[2 * user] * vectors.items[2 * item] +
      vectors.users[2 * user + 1] * vectors.items[2 * item + 1] -
      vectors.repetition * exposure[catalogue.cluster[item]],
  }))
    .filter(({ item }) => !shown.has(item) && catalogue.birth[item] <= visit)
    .sort((a, b) => b.score - a.score);
}

for (const B of [1, 9]) {
  test(`retrieved are the best by score of what was not shown and is born, ${B} at a time`, (t) => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.boolean(),
        fc.nat(2),
        fc.array(fc.nat(5), { maxLength: 9 }),
        (seed, births, visit, picks) => {
          const world = scene(seed, { births });
          const sessions = sessionsOf(B, visit);
          const candidates = new Candidates(plain, world.catalogue, world.pools, sessions);
          const shown = Array.from({ length: B }, () => new Set<number>());
          const exposure = Array.from({ length: B }, () => new Float32Array(3));
          for (let b = 0; b < B; b++) candidates.begin(b);
          for (const pick of [...picks, 0]) {
            if (
              shown.some(
                (own, b) =>
                  ranking(world, { user: sessions.user[b], visit, shown: own, exposure: exposure[b] }).length < 6,
              )
            )
              return true;
            candidates.find(everyone(B), B, draws());
            for (let b = 0; b < B; b++) {
              const found = [...candidates.item.subarray(6 * b, 6 * b + 6)];
              const best = ranking(world, { user: sessions.user[b], visit, shown: shown[b], exposure: exposure[b] });
              const scoreOf = new Map(best.map(({ item, score }) => [item, score]));
              // The same scores in the same order, each of an item that may be shown, none twice.
              if (new Set(found).size !== 6) return false;
              if (found.some((item, k) => scoreOf.get(item) !== best[k].score)) return false;
              const picked = found[pick];
              candidates.markShown(b, pick);
              shown[b].add(picked);
              exposure[b].forEach((x, c) => (exposure[b][c] = 0.85 * x));
              exposure[b][world.catalogue.cluster[picked]] += 1 - 0.85;
            }
          }
          return true;
        },
      ),
      { numRuns: 150 },
    );
    t.pass();
  });
}

nativeTest('the kernel finds what JavaScript finds, on every instruction set', (t) => {
  const B = 40;
  for (const [seed, births, repetition] of [
    [1, false, 1],
    [2, true, 0.3],
    [3, false, 0],
    [4, true, Math.PI],
  ] as const) {
    const world = scene(seed, { births, repetition, items: 60 });
    const sessions = sessionsOf(B, 1);
    /** All candidates of some steps, found n sessions at a time. */
    const found = (n: number): Int32Array[] => {
      const candidates = new Candidates(plain, world.catalogue, world.pools, sessions);
      for (let b = 0; b < B; b++) candidates.begin(b);
      return Array.from({ length: 12 }, (_, step) => {
        for (let b = 0; b < B; b += n) candidates.find(everyone(B).subarray(b, b + n), n, draws());
        const copies = [candidates.item.slice(), candidates.place.slice()];
        for (let b = 0; b < B; b++) candidates.markShown(b, (b + step) % 6);
        return copies;
      }).flat();
    };
    const wanted = found(1);
    for (const { name, answer } of onEveryInstructionSet(() => found(B))) {
      answer.forEach((column, i) => t.deepEqual(column, wanted[i], `${name}, seed ${seed}, column ${i}`));
    }
  }
});

nativeTest('lists that have run out are complained of, not read past', (t) => {
  const world = scene(1, { items: 7 });
  const candidates = new Candidates({ ...plain, candidates: 7 }, world.catalogue, world.pools, sessionsOf(9));
  for (let b = 0; b < 9; b++) candidates.begin(b);
  candidates.find(everyone(9), 9, draws());
  candidates.markShown(8, 0);
  t.throws(() => candidates.find(everyone(9), 9, draws()), { message: /the lists of session 8 have run out/ });
});

test('an item that comes to be born is found; on the visit before it is not', (t) => {
  const world = scene(3, { births: true });
  const late = world.catalogue.birth.indexOf(2);
  t.true(late >= 0);
  for (const visit of [1, 2]) {
    const K = world.catalogue.birth.filter((birth) => birth <= visit).length;
    const candidates = new Candidates({ ...plain, candidates: K }, world.catalogue, world.pools, sessionsOf(1, visit));
    candidates.begin(0);
    candidates.find(everyone(1), 1, draws());
    t.is(candidates.item.includes(late), visit === 2);
  }
});

test('clusters: the best items of each of the best clusters, cluster after cluster', (t) => {
  for (let seed = 1; seed <= 30; seed++) {
    const world = scene(seed, { items: 40 });
    const settings: CandidateSettings = { source: 'clusters', candidates: 6, injected: 0, groups: 2 };
    const candidates = new Candidates(settings, world.catalogue, world.pools, sessionsOf(USERS));
    for (let b = 0; b < USERS; b++) candidates.begin(b);
    candidates.find(everyone(USERS), USERS, draws());
    for (let b = 0; b < USERS; b++) {
      const all = ranking(world, { user: b, visit: 0, shown: new Set(), exposure: new Float32Array(3) });
      const { cluster } = world.catalogue;
      const of = [0, 1, 2].map((c) => all.filter(({ item }) => cluster[item] === c));
      const best = [0, 1, 2].sort((a, c) => of[c][0].score - of[a][0].score || a - c).slice(0, 2);
      if (best.some((c) => of[c].length < 3)) continue;
      const found = [...candidates.item.subarray(6 * b, 6 * b + 6)];
      const scores = new Map(all.map(({ item, score }) => [item, score]));
      t.deepEqual(
        found.map((item) => cluster[item]),
        [0, 0, 0, 1, 1, 1].map((g) => best[g]),
      );
      t.deepEqual(
        found.map((item) => scores.get(item)),
        best.flatMap((c) => of[c].slice(0, 3).map(({ score }) => score)),
      );
    }
  }
});

test('clusters that are used up are filled from others, and nothing is there twice', (t) => {
  const world = scene(1, { items: 14 });
  const catalogue = { ...world.catalogue, cluster: Int32Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2) };
  const pools = new CandidatePools(catalogue, USERS, world.vectors, 20);
  for (const [groups, K] of [
    [3, 12],
    [2, 10],
    [1, 14],
  ]) {
    const settings: CandidateSettings = { source: 'clusters', candidates: K, injected: 0, groups };
    const candidates = new Candidates(settings, catalogue, pools, sessionsOf(USERS));
    for (let b = 0; b < USERS; b++) candidates.begin(b);
    candidates.find(everyone(USERS), USERS, draws());
    for (let b = 0; b < USERS; b++) {
      const own = candidates.item.subarray(b * K, (b + 1) * K);
      t.is(new Set(own).size, K, String(own));
      t.true(own.every((item) => item >= 0 && item < 14));
    }
  }
});

for (const source of ['catalogue', 'retrieved', 'clusters'] as const) {
  test(`draws from the catalogue are even over it, and none is there twice: ${source}`, (t) => {
    const [B, K, N] = [20_000, 6, 24];
    const world = scene(5);
    const injected = source === 'catalogue' ? 0 : 2;
    const settings = { source, candidates: K, injected, groups: 2 };
    const sessions = sessionsOf(B);
    sessions.user.fill(0);
    const candidates = new Candidates(settings, world.catalogue, world.pools, sessions);
    for (let b = 0; b < B; b++) candidates.begin(b);
    candidates.find(everyone(B), B, draws());
    const [from, drawn] = source === 'catalogue' ? [0, K] : [K - injected, injected];
    const counts = new Float64Array(N);
    for (let b = 0; b < B; b++) {
      const own = candidates.item.subarray(b * K, (b + 1) * K);
      if (new Set(own).size !== K) t.fail(`session ${b}: ${String(own)}`);
      for (let k = from; k < K; k++) {
        counts[own[k]]++;
        if (candidates.place[b * K + k] !== -1) t.fail(`session ${b}`);
      }
    }
    // All but the retrieved ones, which are the same for everybody.
    const open = [...counts.keys()].filter((i) => !candidates.item.subarray(0, from).includes(i));
    t.is(open.length, N - from);
    const wanted = (B * drawn) / open.length;
    const chi = open.reduce((sum, i) => sum + (counts[i] - wanted) ** 2 / wanted, 0);
    t.true(chiSquareUpper(chi, open.length - 1) > 0.001, `χ² ${chi}`);
  });
}

test('draws leave out what is not born yet, even where hardly anything is', (t) => {
  const world = scene(7, { items: 30 });
  const catalogue = { ...world.catalogue, birth: new Int32Array(30).fill(9).fill(0, 3, 7) };
  const pools = new CandidatePools(catalogue, USERS, world.vectors, 30);
  const candidates = new Candidates({ ...plain, source: 'catalogue', candidates: 4 }, catalogue, pools, sessionsOf(50));
  for (let b = 0; b < 50; b++) candidates.begin(b);
  candidates.find(everyone(50), 50, draws());
  for (let b = 0; b < 50; b++) t.deepEqual([...candidates.item.subarray(4 * b, 4 * b + 4)].sort(), [3, 4, 5, 6]);
});

test('pools hold the best of every cluster, filled up where a cluster is small', (t) => {
  const world = scene(2, { depth: 5, items: 12 });
  const { item, score, clusters, depth } = world.pools;
  for (let user = 0; user < USERS; user++) {
    for (let c = 0; c < clusters; c++) {
      const places = Array.from({ length: depth }, (_, i) => 2 * ((user * clusters + c) * depth + i));
      const wanted = ranking(world, { user, visit: 0, shown: new Set(), exposure: new Float32Array(3) })
        .filter((own) => world.catalogue.cluster[own.item] === c)
        .slice(0, depth);
      const filled = Array.from({ length: depth - wanted.length }, () => -Infinity);
      t.deepEqual(
        places.map((at) => score[at] + 0),
        [...wanted.map((own) => own.score + 0), ...filled],
      );
      t.is(places.filter((at) => item[at + 1] === -1).length, filled.length);
    }
  }
});

test('pools that are too shallow for a session are refused with what would do', (t) => {
  const { pools } = scene(1, { depth: 2 });
  t.is(pools.least, 6);
  t.notThrows(() => pools.expectRoom('feed', 4, 2));
  t.throws(() => pools.expectRoom('feed', 4, 3), {
    message: /feed: expected at least 7 items to retrieve .* received 6 in 3 clusters, at most 2 of each/,
  });
  const born = scene(1, { births: true });
  t.is(born.pools.least, born.catalogue.birth.filter((birth) => birth === 0).length);
});

test('without a model items are found by taste and popularity', (t) => {
  const { catalogue } = scene(1, { items: 4 });
  const features = Float32Array.of(1, 2, 0.5, -1, 0, 0, 2, 1);
  const known = { ...catalogue, names: ['content0', 'popularity'], features };
  const vectors = contentVectors(known, { features: Float32Array.of(3, 9), width: 2 }, 1);
  t.deepEqual([...vectors.users], [3, 1]);
  t.deepEqual([...vectors.items], [1, 0.6, 0.5, -0.3, 0, 0, 2, 0.3].map(Math.fround));
});
