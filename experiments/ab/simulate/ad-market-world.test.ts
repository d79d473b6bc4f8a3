import test from 'ava';
import { abExperiment, type AbExperiment } from '../../config/ab-schema.js';
import { adMarketOf, playAdMarket } from './ad-market-world.js';
import { drawAssignment, everybody } from './assignment.js';
import { checkPlan, cutsOf, metricsOf } from './plan.js';
import { assignmentRequest } from './replication.js';
import type { Rows } from './rows.js';

const experiment = (given: object = {}): AbExperiment =>
  abExperiment.parse({
    kind: 'ab',
    id: 'ads',
    question: 'What do heavier weights cost?',
    world: { from: 'ad-market', settings: { budget: 1.5 } },
    users: 300,
    days: 3,
    before: 1,
    arms: [
      { name: 'production', settings: {} },
      { name: 'engagement', settings: { click: 0.8, longClick: 0.8 } },
    ],
    metrics: [{ name: 'revenue', column: 'revenue', role: 'primary', covariate: 'before' }],
    ...given,
  });
const total = (values: Float64Array): number => values.reduce((sum, x) => sum + x, 0);
const play = (given: object, design: 'user' | 'budget' | 'time' | number, same = false): Rows => {
  const made = experiment(given);
  const assignment =
    typeof design === 'number' ? everybody(design, 2) : drawAssignment(assignmentRequest(made, design, 5));
  return playAdMarket({ experiment: made, assignment, luck: 3, same, novel: false });
};

test('rows are requests in the order of time, in the arms that were dealt; the days before belong to the control', (t) => {
  const { user, day, hour, arm, columns, features } = play({}, 'user');
  t.is(user.length, 4 * 300 * 5);
  t.deepEqual([day[0], day[user.length - 1]], [-1, 2]);
  const { armOf } = drawAssignment(assignmentRequest(experiment(), 'user', 5));
  for (let n = 0; n < user.length; n++) {
    t.true(n === 0 || day[n] * 24 + hour[n] >= day[n - 1] * 24 + hour[n - 1]);
    t.is(arm[n], day[n] < 0 ? 0 : armOf(user[n], day[n], 0, 0));
  }
  t.is(total(columns['requests']), user.length);
  const visits = new Set(Array.from(user, (u, n) => `${u} ${day[n]}`)).size;
  t.is(total(columns['sessions']), visits);
  t.deepEqual(Object.keys(features), ['clickRate', 'longClickRate', 'hideRate', 'activity']);
});

test('heavier weights bring clicks and cost revenue; the same weights in both arms are the same play', (t) => {
  const free = { world: { from: 'ad-market', settings: { budget: 0 } }, users: 1000 };
  const [production, engagement] = [play(free, 0), play(free, 1)];
  t.true(total(engagement.columns['clicks']) > 1.2 * total(production.columns['clicks']));
  t.true(total(engagement.columns['ecpm']) < 0.95 * total(production.columns['ecpm']));
  t.true(total(production.columns['conversions']) <= total(production.columns['longClicks']));
  t.deepEqual(play({}, 'user', true).columns, play({}, 0).columns);
  t.deepEqual(play({}, 'time'), play({}, 'time'));
});

test('a split of budgets keeps arms apart, a split of users does not', (t) => {
  const other = (click: number): object => ({
    arms: [
      { name: 'a', settings: {} },
      { name: 'b', settings: { click } },
    ],
  });
  const ofControl = ({ arm, day, columns }: Rows): number[] =>
    Array.from(columns['ecpm']).filter((_, n) => arm[n] === 0 && day[n] >= 0);
  // Before the test everybody has the control, from the pool of the own arm: the pools are what the test finds.
  t.deepEqual(ofControl(play(other(0), 'budget')), ofControl(play(other(0.8), 'budget')));
  t.notDeepEqual(ofControl(play(other(0), 'user')), ofControl(play(other(0.8), 'user')));
});

test('the plan names what it cannot play', (t) => {
  const refuses = (given: object, message: RegExp): void => {
    t.throws(
      () => {
        checkPlan(experiment(given));
      },
      { message },
    );
  };
  t.notThrows(() => {
    checkPlan(experiment());
  });
  t.is(cutsOf(experiment())[0].values.length, 4);
  t.is(metricsOf(experiment(), undefined).length, 1);
  const arms = (settings: object, more: object = {}): object => ({
    arms: [{ name: 'a' }, { name: 'b', settings, ...more }].map((arm) => ({ settings: {}, ...arm })),
  });
  refuses(arms({ click: -1 }), /arm b: click: expected a finite number from 0/);
  refuses(arms({ clicks: 1 }), /clicks: unknown key. Did you mean 'click'/);
  refuses(arms({}, { agent: 'random' }), /expected no agent in a market, received random. .*weights of utility/);
  refuses({ novelty: { size: 1 } }, /novelty.size: expected 0 in an ad market/);
  refuses(
    { world: { from: 'ad-market', settings: { users: 5 } } },
    /world.settings: users.*Set users of the experiment/,
  );
  refuses(
    { world: { from: 'ad-market', settings: { pacing: 'slow' } } },
    /pacing: expected one of none, throttle, bid/,
  );
  t.throws(() => metricsOf(experiment({ metrics: [{ name: 'x', column: 'click' }] }), undefined), {
    message: /no column called 'click'. Did you mean 'clicks'/,
  });
  t.is(adMarketOf(experiment(), 1).settings.requestsPerDay, 1500);
});
