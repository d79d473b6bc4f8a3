import test from 'ava';
import { KeyedDraws } from '../../core/draws.js';
import { stream } from '../../core/random.js';
import { startBackend } from '../../core/tensor/backend.js';
import { dwellNumber } from '../../logs/feed-session/layout.js';
import { SessionPrefix } from '../../logs/feed-session/prefix.js';
import { populationOf } from '../../logs/feed-session/replay.js';
import type { ResponseModel } from '../../reward-models/feed-session/contract.js';
import { KNOWN_LAYOUT, knownFeed } from '../../reward-models/feed-session/known-feed.test.helper.js';
import { misspecify } from '../../reward-models/feed-session/misspecify.js';
import { responseModel } from '../../reward-models/feed-session/response.js';
import { answersFor, type FeedPeople } from './contract.js';
import { learnedPeople } from './learned.js';

test.before(async () => {
  await startBackend(process.env['RECSYS_GYM_BACKEND']);
});

const sessions = knownFeed(1000, 'training');
const population = populationOf(sessions);
const { catalogue } = sessions;
const [U, H] = [KNOWN_LAYOUT.userNames.length, KNOWN_LAYOUT.outcomes.length];
const model = (() => {
  let fitted: ResponseModel | undefined;
  return (): ResponseModel =>
    (fitted ??= responseModel.fit({
      sessions,
      split: 'simulator',
      settings: { ...responseModel.defaults, hidden: [24, 12], attention: 6, exitHidden: [12], batch: 256, epochs: 12 },
      random: stream(1),
    }));
})();
const people = (): FeedPeople => learnedPeople({ model: model(), population, catalogue });

interface Played {
  readonly items: number[];
  readonly answers: number[][];
  readonly dwell: number[];
  readonly context: number;
  left: boolean;
}

/** Plays one session in each of B worlds, world b with the items that b alone decides. */
function play(who: FeedPeople, B: number, { seed = 1, visit = 0, most = 30 } = {}): Played[] {
  const crowd = who.crowd(B);
  const prefix = new SessionPrefix(who.layout, who.catalogue, B);
  const out = answersFor(B, H);
  const luck = {
    answers: new KeyedDraws(seed, 'answers'),
    leaving: new KeyedDraws(seed, 'leaving'),
    visit: new Int32Array(B).fill(visit),
  };
  const [contexts, choice] = [new KeyedDraws(seed, 'context'), new KeyedDraws(seed, 'choice')];
  const played = Array.from({ length: B }, (_, b): Played => {
    crowd.user[b] = (b * 7 + visit) % who.users;
    prefix.begin(b, who.userFeatures, crowd.user[b] * U);
    who.begin(crowd, b, visit, contexts.at(b, visit), prefix.known, prefix.contextAt(b));
    return { items: [], answers: [], dwell: [], context: prefix.known[prefix.contextAt(b)], left: false };
  });
  const shown = new Int32Array(B);
  for (let step = 0; step < most; step++) {
    for (let b = 0; b < B; b++) {
      if (step === 0 || shown[b] >= 0) shown[b] = Math.floor(choice.at(b, visit, step).next() * catalogue.items);
    }
    who.answer(crowd, shown, prefix, luck, out);
    for (let b = 0; b < B; b++) if (shown[b] >= 0) prefix.push(b, shown[b], out.answers, b * (H + 1));
    who.leave(crowd, shown, prefix, luck, out);
    for (let b = 0; b < B; b++) {
      if (shown[b] < 0) continue;
      played[b].items.push(shown[b]);
      played[b].answers.push([...out.answers.subarray(b * (H + 1), (b + 1) * (H + 1))]);
      played[b].dwell.push(out.dwellSeconds[b]);
      if (out.left[b] === 1) {
        shown[b] = -1;
        played[b].left = true;
      }
    }
  }
  return played;
}
const rate = (played: readonly Played[], h: number): number => {
  const all = played.flatMap(({ answers }) => answers.map((row) => row[h]));
  return all.reduce((sum, y) => sum + y, 0) / all.length;
};
const length = (played: readonly Played[]): number =>
  played.reduce((sum, { items }) => sum + items.length, 0) / played.length;

test('same luck, same answers; other luck, others; a session does not depend on the others', (t) => {
  const twelve = play(people(), 12);
  t.deepEqual(play(people(), 12), twelve);
  t.notDeepEqual(play(people(), 12, { seed: 2 }), twelve);
  t.notDeepEqual(play(people(), 12, { visit: 1 }), twelve);
  t.deepEqual(play(people(), 1), twelve.slice(0, 1));
  t.deepEqual(play(people(), 5), twelve.slice(0, 5));
});

test('answers exclude each other as in the log, and dwell goes with them', (t) => {
  const played = play(people(), 300);
  for (const { answers, dwell } of played) {
    answers.forEach(([watch, like, skip, number], i) => {
      t.true([watch, like, skip].every((y) => y === 0 || y === 1));
      t.true(Math.abs(number - dwellNumber(dwell[i])) < 1e-6);
      if (watch === 1 && skip === 0) t.true(dwell[i] >= 10);
      if (watch === 0 && skip === 1 && like === 0) t.true(dwell[i] <= 3);
    });
  }
  const both = played.flatMap(({ answers }) => answers.filter(([watch, , skip]) => watch + skip === 2));
  t.true(both.length < 0.01 * played.flatMap(({ answers }) => answers).length);
});

test('learned people answer at the rates of the log and leave about when its users do', (t) => {
  const played = [0, 1, 2].flatMap((visit) => play(people(), 400, { visit }));
  const R = sessions.row.length;
  for (let h = 0; h < H; h++) {
    const logged = sessions.item.reduce((sum, _, r) => sum + sessions.answers[r * (H + 1) + h] / R, 0);
    // Items were chosen differently: the rates are alike, not the same.
    t.true(Math.abs(rate(played, h) - logged) < 0.06, `${h}: ${rate(played, h)} ${logged}`);
  }
  const logged = R / (sessions.starts.length - 1);
  t.true(Math.abs(length(played) / logged - 1) < 0.2, `${length(played)} ${logged}`);
  t.true(played.some(({ left }) => left));
});

test('contexts are those of the log', (t) => {
  const played = play(people(), 400, { most: 1 });
  const evenings = played.reduce((sum, { context }) => sum + context / 400, 0);
  const logged = population.contexts.reduce((sum, value) => sum + value, 0) / population.contexts.length;
  t.true(played.every(({ context }) => context === 0 || context === 1));
  t.true(Math.abs(evenings - logged) < 0.1);
});

test('another model makes other people, and says so', (t) => {
  const wrong = learnedPeople({ model: misspecify(model(), { exit: { sign: -1 } }), population, catalogue });
  t.regex(wrong.about, /sign flipped/);
  t.notDeepEqual(wrong.fingerprint, people().fingerprint);
  t.deepEqual(people().fingerprint, people().fingerprint);
  t.notDeepEqual(
    play(wrong, 30).map(({ items }) => items.length),
    play(people(), 30).map(({ items }) => items.length),
  );
  const eager = learnedPeople({
    model: { ...model(), exit: (n, _states, out) => void out.fill(1, 0, n) },
    population,
    catalogue,
  });
  t.is(length(play(eager, 5)), 1);
});

test('users, contexts and items of another schema are refused, and nobody is nobody', (t) => {
  const made = (parts: object): FeedPeople => learnedPeople({ model: model(), population, catalogue, ...parts });
  t.throws(() => made({ catalogue: { ...catalogue, names: ['content0', 'content1', 'bait'] } }), {
    message: /catalogue: itemNames: expected .*quality.*fitted on another schema/,
  });
  t.throws(() => made({ population: { ...population, layout: { ...KNOWN_LAYOUT, recent: 2 } } }), {
    message: /recent/,
  });
  t.throws(() => made({ population: { ...population, ids: [], features: new Float32Array(0) } }), {
    message: /an empty population/,
  });
  t.throws(() => made({ population: { ...population, contexts: new Float32Array(0) } }), { message: /contexts/ });
  t.throws(() => made({ population: { ...population, features: new Float32Array(5) } }), { message: /user features/ });
});
