import test from 'ava';
import { stream } from '../../../core/random.js';
import { LAYOUT, TRUTH, drawn, drawnSessions, handMade, modelOf } from './_hand-made.test.js';
import type { RealismReport } from './contract.js';
import { realismOf, type RealismRequest } from './realism.js';
import { refuseUnlessForced } from './verdict.js';

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
const heldOut = drawn(1500, 1);

function judged(request: Partial<RealismRequest> = {}): RealismReport {
  return realismOf({ model: modelOf(), heldOut, simulated: [], logged: [], random: stream(1), ...request });
}

test('the truth as its own simulator is fit for training', (t) => {
  const report = judged({
    logged: [{ name: 'a', sessions: heldOut }],
    simulated: [{ name: 'a', sessions: drawn(1500, 2) }],
  });
  t.deepEqual(report.reasons, []);
  t.is(report.verdict, 'fit for training');
  t.true(report.gate.exit.passed);
  const { slope, intercept } = report.gate.exit;
  t.true(slope !== null && slope.interval[0] < 1 && slope.interval[1] > 1);
  t.true(intercept !== null && intercept.interval[0] < 0 && intercept.interval[1] > 0);
  t.deepEqual(
    report.heads.map(({ head }) => head),
    ['watch', 'like', 'exit'],
  );
  t.true(
    report.directions.some(({ head, by, agrees }) => head === 'exit' && by === 'engagement so far' && agrees === true),
  );
  t.notThrows(() => refuseUnlessForced(report, false));
});

test('exits of the wrong sign are refused by a slope below 0, in words with numbers, unless forced', (t) => {
  const mean = -1.2 - 3 * 0.3;
  const report = judged({
    model: modelOf({ exit: (average) => sigmoid(2 * mean - TRUTH.base - TRUTH.watch * average) }),
  });
  t.is(report.verdict, 'refused');
  const { slope, passed } = report.gate.exit;
  t.false(passed);
  t.true(slope !== null && slope.interval[1] < 0, String(slope?.interval));
  t.true(report.directions.some(({ head, agrees }) => head === 'exit' && agrees === false));
  t.like(
    t.throws(() => refuseUnlessForced(report, false)),
    { code: 'data' },
  );
  t.throws(() => refuseUnlessForced(report, false), {
    message: /learned simulator, judged on held-out sessions of log 'hand-made'.*refused.*exit slope -\d.*force/,
  });
  t.notThrows(() => refuseUnlessForced(report, true));
});

test('an exit that depends on nothing has the right mean and fails, because the log has signal', (t) => {
  const rate = judged().heads[2].meanObserved;
  const { gate, verdict } = judged({ model: modelOf({ exit: () => rate }) });
  t.is(verdict, 'refused');
  t.is(gate.exit.slope, null);
  t.true(gate.exit.checks.some(({ name, passed }) => name === 'mean' && passed));
  t.regex(gate.exit.why, /do not vary.*but in the log exits differ by/);
});

test('an exit that depends on nothing passes where the exits of the log depend on nothing', (t) => {
  const truth = { base: -2, watch: 0 };
  const { gate } = judged({ heldOut: drawn(1500, 3, { truth }), model: modelOf({ exit: () => sigmoid(-2) }) });
  t.true(gate.exit.passed, gate.exit.why);
});

test('exaggerated, timid and shifted exits fail, each by its own check', (t) => {
  const scaled = (factor: number): ((average: number) => number) => {
    const centre = -1.9;
    return (average) => sigmoid(centre + factor * (TRUTH.base + TRUTH.watch * average - centre));
  };
  const exaggerated = judged({ model: modelOf({ exit: scaled(4) }) }).gate.exit;
  t.regex(exaggerated.why, /exaggerates/);
  const timid = judged({ model: modelOf({ exit: scaled(0.25) }) }).gate.exit;
  t.regex(timid.why, /too timid/);
  const shifted = judged({ model: modelOf({ exit: (average) => sigmoid(TRUTH.base + 0.7 + TRUTH.watch * average) }) });
  const failed = shifted.gate.exit.checks.filter(({ passed }) => !passed).map(({ name }) => name);
  t.deepEqual(failed, ['mean', 'calibration error']);
});

test('a main outcome that is off leaves the gate alone and wants care', (t) => {
  const report = judged({ model: modelOf({ watch: 0.6 }) });
  t.true(report.gate.exit.passed);
  t.is(report.verdict, 'usable with care');
  t.regex(report.reasons[0], /watch is not calibrated: mean 0.6 predicted, 0.\d+ observed/);
  t.true(report.slices.some(({ head, rows }) => head === 'watch' && rows.every(({ flagged }) => flagged)));
  // Likes follow watches, so their marginal is off by as much.
  t.false(report.heads[1].ok);
});

test('sessions of another length and policies in another order are told', (t) => {
  const good = { watching: 0.7, policy: 1 };
  const bad = { watching: 0.2, policy: 0 };
  const logged = [
    { name: 'a', sessions: drawn(400, 5, bad) },
    { name: 'b', sessions: drawn(400, 6, good) },
  ];
  const same = judged({
    logged,
    simulated: [
      { name: 'a', sessions: drawn(400, 7, bad) },
      { name: 'b', sessions: drawn(400, 8, good) },
    ],
  });
  t.deepEqual(
    same.ranking.map(({ agreement }) => agreement),
    [1, 1],
  );
  const swapped = judged({
    logged,
    simulated: [
      { name: 'a', sessions: drawn(400, 7, good) },
      { name: 'b', sessions: drawn(400, 8, bad) },
    ],
  });
  t.deepEqual(
    swapped.ranking.map(({ agreement }) => agreement),
    [-1, -1],
  );
  t.is(swapped.verdict, 'refused');
  t.true(swapped.gate.exit.passed);
  t.true(swapped.distances.some(({ policy, quantity, ok }) => policy === 'a' && quantity === 'items' && !ok));
  t.throws(() => refuseUnlessForced(swapped, false), { message: /the other way round/ });
});

test('policies that the simulator does not tell apart speak against it only where the log contradicts that', (t) => {
  const lengths = (...n: number[]): RealismRequest['heldOut'] =>
    handMade(n.map((length) => ({ shown: Array.from({ length }, () => ({ watch: 1 })) })));
  const logged = [
    { name: 'a', sessions: lengths(1, 2, 2, 3) },
    { name: 'b', sessions: lengths(5, 6, 6, 7) },
  ];
  const about = (report: RealismReport): boolean =>
    report.reasons.some((reason) => /does not tell them apart/.test(reason));
  const same = lengths(3, 4, 4, 5);
  t.true(
    about(
      judged({
        logged,
        simulated: [
          { name: 'a', sessions: same },
          { name: 'b', sessions: same },
        ],
      }),
    ),
  );
  const vague = [
    { name: 'a', sessions: lengths(1, 9, 1) },
    { name: 'b', sessions: lengths(3, 9, 4) },
  ];
  const unsure = judged({ logged, simulated: vague });
  t.false(about(unsure));
  t.is(unsure.ranking[1].pairs[0].order, 'not told by the simulator');
});

test('same request, same report; plain JSON', (t) => {
  const request = {
    logged: [{ name: 'a', sessions: drawn(50, 1) }],
    simulated: [{ name: 'a', sessions: drawn(60, 2) }],
  };
  const report = judged(request);
  t.deepEqual(judged(request), report);
  t.deepEqual(JSON.parse(JSON.stringify(report)), report);
});

test('unusable requests are refused in words', (t) => {
  const sessions = drawn(20, 1);
  t.throws(() => judged({ simulated: [{ name: 'c', sessions }] }), {
    message: /simulated sessions of 'c': expected one of the logged policies: none/,
  });
  const cut = handMade([{ shown: [{ watch: 1 }], end: 'step limit' }]);
  t.throws(() => judged({ heldOut: cut }), { message: /known that the user left/ });
  const other = { ...modelOf(), layout: { ...LAYOUT, outcomes: ['click', 'like'] } };
  t.throws(() => judged({ model: other }), { message: /held-out sessions: outcomes/ });
});

test('a handful of sessions is judged without a crash, and passes no gate', (t) => {
  for (const few of [1, 2, 3]) {
    const report = judged({ heldOut: handMade(drawnSessions(few, 9)) });
    t.false(report.gate.exit.passed);
    t.is(report.verdict, 'refused');
  }
});

test('the hand-made log is replayed as it was written', (t) => {
  const rows = handMade([
    { shown: [{ watch: 1, like: 1, item: 4 }, { watch: 0 }] },
    { shown: [{ watch: 1 }], end: 'step limit' },
  ]);
  t.deepEqual([...rows.starts], [0, 2, 3]);
  t.deepEqual(rows.layout, LAYOUT);
  t.deepEqual(
    [[...rows.left], [...rows.unknown]],
    [
      [0, 1, 0],
      [0, 0, 1],
    ],
  );
});
