import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import { KeyedDraws } from '../../core/draws.js';
import { InterestEvolution, interestEvolutionDefaults, type People, type Slates } from './interest-evolution.js';

const world = new InterestEvolution();

/** One user with these interests by topic and so many minutes, shown documents of these topics and qualities. */
function scene(
  interests: Readonly<Record<number, number>>,
  budget: number,
  shown: readonly (readonly [topic: number, quality: number])[],
  from = world,
): { people: People; slates: Slates } {
  const people = from.people(1);
  const slates = from.slates(1, shown.length);
  for (const [topic, interest] of Object.entries(interests)) people.interests[Number(topic)] = interest;
  people.budget[0] = budget;
  shown.forEach(([topic, quality], i) => {
    slates.topic[i] = topic;
    slates.quality[i] = quality;
  });
  return { people, slates };
}

function close(t: { true(value: boolean, message?: string): void }, value: number, expected: number, by = 1e-12): void {
  t.true(Math.abs(value - expected) <= by, `${value} instead of ${expected}`);
}

test('mean qualities are those of numpy.linspace(-3, 0, 14) and linspace(0, 3, 6)', (t) => {
  t.is(world.meanQuality.length, 20);
  [-3, -3 + 3 / 13, -3 + 6 / 13].forEach((mean, topic) => close(t, world.meanQuality[topic], mean));
  [0, 0, 0.6, 1.2, 1.8, 2.4, 3].forEach((mean, i) => close(t, world.meanQuality[13 + i], mean));
});

test('choice worked by hand: weights x + 1, and 2 for nothing', (t) => {
  const { people, slates } = scene({ 3: 0.5, 7: -1 }, 200, [
    [3, 0],
    [7, 0],
    [9, 0],
  ]);
  world.weigh(people, slates, 0);
  t.deepEqual([...slates.weight], [1.5, 0, 1, 2]);
});

testProp(
  'choice probabilities are at least 0 and sum to one',
  [fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 5 })],
  (t, interests) => {
    const { people, slates } = scene(
      interests,
      200,
      interests.map((_, topic) => [topic, 0]),
    );
    world.weigh(people, slates, 0);
    const total = slates.weight.reduce((a, b) => a + b);
    t.true(slates.weight.every((weight) => weight >= 0));
    close(
      t,
      slates.weight.reduce((sum, weight) => sum + weight / total, 0),
      1,
    );
  },
);

test('watching worked by hand: budget and interest', (t) => {
  const { people, slates } = scene({ 5: 0.4 }, 50, [[5, 1.7]]);
  slates.chosen[0] = 0;
  slates.direction[0] = 0.69; // below (0.4 + 1) / 2: the interest rises
  world.watch(people, slates);
  t.is(slates.watched[0], 4);
  close(t, people.budget[0], 50 - 4 + (0.9 / 3.4) * 4 * 1.7);
  close(t, people.interests[5], 0.4 + 0.3 * (1 - 0.4) * (1 - 0.4));
});

test('an unlucky draw makes the interest fall by the same step', (t) => {
  const { people, slates } = scene({ 5: 0.4 }, 50, [[5, 0]]);
  slates.direction[0] = 0.71;
  world.watch(people, slates);
  close(t, people.interests[5], 0.4 - 0.3 * 0.6 * 0.6);
});

test('the last minutes: no more is watched than is left, and a bad document ends the session', (t) => {
  const { people, slates } = scene({ 0: 0 }, 1.5, [[0, -3]]);
  world.watch(people, slates);
  t.is(slates.watched[0], 1.5);
  close(t, people.budget[0], 1.5 - 1.5 - (0.9 / 3.4) * 1.5 * 3);
});

test('choosing nothing costs half a minute and moves no interest', (t) => {
  const { people, slates } = scene({ 0: 0.3 }, 10, [[0, 3]]);
  slates.chosen[0] = 1;
  world.watch(people, slates);
  t.deepEqual([people.budget[0], people.interests[0], slates.watched[0]], [9.5, 0.3, 0]);
});

test('extremes: full interest never falls, disgust never rises and is never clicked', (t) => {
  for (const direction of [0, 0.5, 1 - 2 ** -32]) {
    const { people, slates } = scene({ 1: 1, 2: -1 }, 100, [[1, 0]]);
    slates.direction[0] = direction;
    world.watch(people, slates);
    t.is(people.interests[1], 1);
    slates.topic[0] = 2;
    world.watch(people, slates);
    t.is(people.interests[2], -1);
    world.weigh(people, slates, 0);
    t.is(slates.weight[0], 0);
  }
});

test('extremes: with a huge least interest the choice is uniform; with none for nothing it is always a click', (t) => {
  const uniform = new InterestEvolution({ ...interestEvolutionDefaults, leastInterest: -1e6, noClickInterest: 0 });
  const one = scene({ 0: -1, 1: 1 }, 1, [[0, 0], [1, 0]], uniform); // prettier-ignore
  uniform.weigh(one.people, one.slates, 0);
  const total = one.slates.weight.reduce((a, b) => a + b);
  for (const weight of one.slates.weight) close(t, weight / total, 1 / 3, 1e-6);
  const eager = new InterestEvolution({ ...interestEvolutionDefaults, noClickInterest: -1 });
  const two = scene({ 0: 0.2 }, 1, [[0, 0]], eager);
  eager.weigh(two.people, two.slates, 0);
  t.is(two.slates.weight[1], 0);
});

test('one draw makes a document: topics are uniform, qualities normal around their topic', (t) => {
  const n = 200_000;
  const slates = world.slates(1, n);
  const draws = new KeyedDraws(5, 'documents');
  const documents = Float64Array.from({ length: n }, (_, i) => (i % 2000 === 0 ? draws.at(i, 0).next() : draws.next()));
  world.judge(
    slates,
    documents,
    Int32Array.from({ length: n }, (_, i) => i),
  );
  const counts = new Float64Array(20);
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < n; i++) {
    counts[slates.topic[i]]++;
    const z = (slates.quality[i] - world.meanQuality[slates.topic[i]]) / 0.1;
    sum += z;
    squares += z * z;
  }
  const chiSquare = counts.reduce((total, count) => total + (count - n / 20) ** 2 / (n / 20), 0);
  t.true(chiSquare < 43.8, `chi-square with 19 degrees of freedom is ${chiSquare}; 43.8 has p = 0.001`);
  close(t, sum / n, 0, 4 / Math.sqrt(n));
  close(t, squares / n, 1, 4 * Math.sqrt(2 / n));
});

testProp(
  'interests stay in [−1, 1] and the budget never grows beyond what quality gives back',
  [
    fc.double({ min: -1, max: 1, noNaN: true }),
    fc.double({ min: 0, max: 0.9999999, noNaN: true }),
    fc.double({ min: -3.6, max: 3.6, noNaN: true }),
    fc.double({ min: 0.01, max: 200, noNaN: true }),
  ],
  (t, interest, direction, quality, budget) => {
    const { people, slates } = scene({ 0: interest }, budget, [[0, quality]]);
    slates.direction[0] = direction;
    world.watch(people, slates);
    t.true(Math.abs(people.interests[0]) <= 1);
    t.true(people.budget[0] < budget, 'every document costs something');
  },
);

test('settings that make no world are refused in words', (t) => {
  const make = (change: object): InterestEvolution =>
    new InterestEvolution({ ...interestEvolutionDefaults, ...change });
  t.throws(() => make({ leastInterest: 0 }), {
    message: /interest evolution: leastInterest: expected .* -1000000 to -1, received 0/,
  });
  t.throws(() => make({ topics: 2.5 }), { message: /topics/ });
  t.throws(() => make({ budgetMinutes: Infinity }), { message: /budgetMinutes/ });
});
