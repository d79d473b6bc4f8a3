import { spawnSync } from 'node:child_process';
import test from 'ava';

/** Runs the command line in a process of its own. */
function recsysGym(...args: string[]): { code: number | null; out: string; remarks: string } {
  const main = new URL('main.js', import.meta.url).href;
  const script = `import('${main}').then(({ main }) => main(${JSON.stringify(args)})).then((code) => { process.exitCode = code; })`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', script], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  return { code: status, out: stdout, remarks: stderr };
}

test('envs check: exit code 1 and the law by name when one is broken', (t) => {
  const { code, out, remarks } = recsysGym('envs', 'check', 'broken/NextUser-v0');
  t.is(code, 1);
  t.regex(out, /broken final-belongs/);
  t.regex(out, /final is the next session's first observation/);
  t.regex(remarks, /breaks 1 of \d+ laws: final-belongs/);
});

test('envs play --json: one object with the mean return of random play', (t) => {
  const { code, out } = recsysGym('envs', 'play', 'reference/CartPole-v1', '--sessions', '500', '--json');
  t.is(code, 0);
  const result = JSON.parse(out) as { sessions: number; return: { mean: number }; length: { mean: number } };
  t.is(result.sessions, 500);
  t.is(result.return.mean, result.length.mean, 'one reward per step');
  t.true(result.return.mean > 19 && result.return.mean < 26, String(result.return.mean));
});

test('envs show prints places, and wrong use exits with 2', (t) => {
  const { code, out } = recsysGym('envs', 'show', 'recsim/InterestEvolution-v1');
  t.is(code, 0);
  t.regex(out, /20–219 {2}documents +10 × 20/);
  const wrong = recsysGym('envs', 'show', 'recsim/InterestEvolution');
  t.is(wrong.code, 2);
  t.regex(wrong.remarks, /Did you mean 'recsim\/InterestEvolution-v1'\?/);
});

const FEED = 'recsys/FeedSession-v1';
const SMALL = '{"world": {"users": 80, "items": 150, "topics": 4}, "candidates": 6, "maxSteps": 20}';

test('envs check of the feed: two blocks, one per kind of people, with the same settings', (t) => {
  const { code, out, remarks } = recsysGym('envs', 'check', FEED, '--settings', SMALL, '--steps', '60');
  t.is(code, 0, remarks);
  const blocks = out.split(/^recsys\/FeedSession-v1, /m).slice(1);
  t.deepEqual(
    blocks.map((block) => block.split('\n')[0]),
    ['played by the generated world', 'played by people learned from its log'],
  );
  for (const block of blocks) t.is(block.match(/^kept /gm)?.length, 22);
  const one = recsysGym('envs', 'check', FEED, '--settings', SMALL, '--steps', '60', '--people', 'learned', '--json');
  const { broken, playedBy } = JSON.parse(one.out) as {
    broken: number;
    playedBy: { people: string; laws: { status: string }[] }[];
  };
  t.is(broken, 0);
  t.deepEqual(
    playedBy.map(({ people }) => people),
    ['learned'],
  );
  t.true(playedBy[0].laws.every(({ status }) => status === 'kept'));
});

test('envs show and play of the feed take --people; the world plays unless others are named', (t) => {
  const show = recsysGym('envs', 'show', FEED, '--settings', SMALL, '--people', 'learned');
  t.regex(show.out, /^recsys\/FeedSession-v1, played by people learned from its log\n/);
  t.regex(show.out, /action +1 distinct of 6 candidates/);
  const play = (...flags: string[]): { playedBy: { people: string }; return: { mean: number } } =>
    JSON.parse(
      recsysGym('envs', 'play', FEED, '--settings', SMALL, '--sessions', '200', '--json', ...flags).out,
    ) as ReturnType<typeof play>;
  const [world, learned] = [play(), play('--people', 'learned')];
  t.is(world.playedBy.people, 'world');
  t.is(learned.playedBy.people, 'learned');
  t.not(learned.return.mean, world.return.mean);
});

test('--people and --run say what they need', (t) => {
  const other = recsysGym('envs', 'check', 'reference/CartPole-v1', '--people', 'learned');
  t.is(other.code, 2);
  t.regex(other.remarks, /--people, --run: expected the env recsys\/FeedSession-v1, received reference\/CartPole-v1/);
  const alone = recsysGym('envs', 'check', FEED, '--run-seed', '2');
  t.is(alone.code, 2);
  t.regex(alone.remarks, /--run-seed: expected --run DIR beside it/);
  t.is(recsysGym('envs', 'play', FEED, '--people', 'both').code, 2);
});
