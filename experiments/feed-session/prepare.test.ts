import test from 'ava';
import { earlyUntil } from '../../logs/index.js';
import { startBackend } from '../../core/tensor/backend.js';
import { feedWorldDefaults } from '../../simulators/feed-session/settings.js';
import { FeedWorld } from '../../simulators/feed-session/world.js';
import { stream } from '../../core/random.js';
import { agents } from '../tables.js';
import type { Keep } from '../run/keep.js';
import { dealUsers, HELD_OUT } from './artefacts.js';
import { feedLog } from './feed-log.js';
import { playFeed } from './play.js';
import { prepareSeed, type Prepared } from './prepare.js';
import { feedEnv, setScene } from './scene.js';
import { tinyArtefact, tinyExperiment } from './_tiny.test.js';

/** Files in memory: what was fitted once need not be fitted again. */
function memory(): Keep & { readonly files: ReadonlyMap<string, Uint8Array>; reads: number } {
  const files = new Map<string, Uint8Array>();
  return {
    files,
    reads: 0,
    read(name) {
      const known = files.get(name);
      if (known !== undefined) this.reads++;
      return Promise.resolve(known);
    },
    write: (name, bytes) => Promise.resolve(void files.set(name, bytes)),
  };
}

test.serial('a simulator with its exits the wrong way round is refused with the numbers, unless forced', async (t) => {
  await startBackend('wasm');
  const fit = {
    response: { hidden: [16], attention: 0, exitHidden: [8], epochs: 8, batch: 256, l2: 0.5 },
    tower: { epochs: 1 },
  };
  const keep = memory();
  const prepare = (exitSign: number, force: boolean): Promise<Prepared> =>
    prepareSeed({
      seed: 1,
      keep,
      experiment: tinyExperiment({
        ...{ misspecify: { exitSign }, realism: { sessions: 200, force }, env: { candidates: 6, maxSteps: 20 } },
        source: {
          ...{ from: 'world', cold: 300, sessions: 1500 },
          settings: { users: 1500, items: 200, topics: 4, leverage: 'strong' },
        },
        artefacts: { production: { ...tinyArtefact, share: 0.2 }, people: { ...fit, share: 0.5 } },
      }),
    });
  const honest = await prepare(1, false);
  t.not(honest.realism.verdict, 'refused');
  t.true(honest.realism.gate.exit.passed);
  // Three artefacts of two models each, and who lives in the simulator.
  t.is(keep.files.size, 7);
  t.is(keep.reads, 0);
  await t.throwsAsync(prepare(-1, false), {
    code: 'data',
    message:
      /simulator of seed 1, judged on held-out sessions of log 'feed of seed 1': .*refused: the exit gate is not passed: exit slope -\d.*expected 0\.5 to 2: sessions end in the model where they go on in the log.*\(force\)/s,
  });
  t.is(keep.reads, 6, 'the models were not fitted again');
  const forced = await prepare(-1, true);
  t.is(forced.realism.verdict, 'refused');
  t.regex(forced.realism.reasons[0], /exit slope -\d/);
  const slope = (one: Prepared): number => one.realism.gate.exit.slope?.value ?? NaN;
  t.true(Math.abs(slope(forced) + slope(honest)) < 1e-6, `${slope(forced)} is not minus ${slope(honest)}`);
});

test('users are dealt whole; the early sessions of a log are left out, of a world they are not', (t) => {
  const world = new FeedWorld({ ...feedWorldDefaults, users: 60, items: 60, topics: 3 });
  const env = feedEnv(setScene({ people: world, settings: { candidates: 4, maxSteps: 6, returning: true } }), 60);
  const agent = agents['random'].with({})(env.spec, stream(1), 1);
  const played = playFeed({ env, agent, explore: true, seed: 1, sessions: 600 });
  const log = feedLog('ten visits', world, [{ policy: 'random', played }]);
  const { artefacts } = tinyExperiment();
  const deal = (source: object): ReturnType<typeof dealUsers> =>
    dealUsers(log, { artefacts, source: tinyExperiment({ source }).source }, 'salt');
  const all = deal({ from: 'world' });
  t.deepEqual(Object.keys(all), ['production', 'people', HELD_OUT]);
  const rows = (parts: ReturnType<typeof dealUsers>): number[] =>
    Object.values(parts)
      .flatMap(({ row }) => [...row])
      .sort((a, b) => a - b);
  t.deepEqual(
    rows(all),
    Array.from({ length: log.rows }, (_, n) => n),
  );
  const users = Object.values(all).map(({ row }) => new Set(Array.from(row, (n) => log.user[n])));
  t.is(
    users.reduce((sum, own) => sum + own.size, 0),
    new Set(log.user).size,
    'nobody is in two parts',
  );
  t.deepEqual(deal({ from: 'store', name: 'x', leaveOutEarly: false }), all);

  const until = earlyUntil(log.timeMs);
  const late = rows(deal({ from: 'store', name: 'x' }));
  const first = new Map<number, number>();
  log.session.forEach((session, n) => first.set(session, Math.min(first.get(session) ?? Infinity, log.timeMs[n])));
  t.deepEqual(
    late,
    rows(all).filter((n) => (first.get(log.session[n]) ?? 0) > until),
  );
  t.true(late.length > log.rows / 2 && late.length < 0.9 * log.rows);
  // Where nobody wrote down the time, nothing is early.
  const timeless = { ...log, timeMs: new Float64Array(log.rows) };
  const source = tinyExperiment({ source: { from: 'store', name: 'x' } }).source;
  t.deepEqual(rows(dealUsers(timeless, { artefacts, source }, 'salt')), rows(all));
});
