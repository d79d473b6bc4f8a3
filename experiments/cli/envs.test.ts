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
