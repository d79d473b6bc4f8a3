import test from 'ava';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBackend } from '../../core/tensor/backend.js';
import { FEED_SESSION, playRandomly } from '../../envs/index.js';
import type { ReportDocument } from '../contract.js';
import { runExperiment } from '../run/run.js';
import { silent } from '../run/watch.js';
import { feedMaker } from './people.js';
import { prepareSeed } from './prepare.js';
import { openFeedRun, rankerOfRun } from './run-feed.js';
import { feedEnv } from './scene.js';
import { readExperiment } from '../config/read.js';

const home = mkdtempSync(join(tmpdir(), 'recsys-gym-feed-run-'));
const at = (name: string): string => join(home, name);
const feedRun = at('feed');

writeFileSync(
  at('feed.yaml'),
  `
kind: feed-session
id: tiny
question: Does a whole run fit into a few seconds?
seeds: [3]
source: { from: world, settings: { users: 150, items: 200, topics: 4 }, cold: 200, sessions: 400 }
artefacts:
  production: { share: 0.4, response: { epochs: 2 }, tower: { epochs: 1 } }
  people: { share: 0.4, response: { epochs: 2 }, tower: { epochs: 1 } }
misspecify: { exitScale: 0.5 }
env: { candidates: 6, maxSteps: 20 }
reward: watch10s + 0.5 * like
agent: { id: recomind, settings: { learner: ppo, hidden: [8] } }
baselines: [{ id: supervised }, { id: random }]
train: { worlds: 8, steps: 200 }
realism: { force: true, sessions: 100 }
evaluation: { sessions: 100 }
`,
);

const IN_FEED = `
kind: env
id: in-feed
question: Does a policy trained in the feed of a run earn more than its ranker?
seeds: [1]
env: { id: ${FEED_SESSION}, settings: { maxSteps: 10 } }
feed: { path: ${feedRun} }
agent: { id: recomind, settings: { learner: ppo, hidden: [8] } }
baselines: [{ id: supervised }, { id: mmr }, { id: random }]
run: { worlds: 8, steps: 200 }
evaluation: { episodes: 40 }
`;
writeFileSync(at('env.yaml'), IN_FEED);
writeFileSync(
  at('ab.yaml'),
  `
kind: ab
id: ab-feed
question: Do users of the feed watch more with the trained policies?
world: { from: env, id: ${FEED_SESSION}, settings: { returning: true }, feed: { path: ${feedRun}, people: world }, worlds: 32 }
users: 40
days: 2
arms:
  - { name: ranker, agent: supervised }
  - { name: of the feed run, trainedBy: { path: ${feedRun}, seed: 3 }, explore: false }
  - { name: of the env run, trainedBy: { path: ${at('env')}, seed: 1 }, explore: false }
metrics: [{ name: watched, column: return, role: primary }]
`,
);

const run = async (name: string, out: string, overrides: readonly string[] = []): Promise<ReportDocument> => {
  const shared = { out: at(out), home, watcher: silent, clock: () => 0, workers: 1 };
  const { document } = await runExperiment({ config: at(`${name}.yaml`), overrides, ...shared });
  return document;
};

/** Runs a command in a process of its own. @returns what it printed */
function printed(...args: string[]): { code: number | null; out: string; remarks: string } {
  const script = `import('${new URL('../cli/main.js', import.meta.url).href}').then(({ main }) => main(${JSON.stringify(args)})).then((code) => { process.exitCode = code; })`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', script], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  return { code: status, out: stdout, remarks: stderr };
}

test.before(async () => {
  await startBackend(process.env['RECSYS_GYM_BACKEND']);
  await run('feed', 'feed');
});
test.after.always(() => {
  rmSync(home, { recursive: true, force: true });
});

test.serial('the feed of a run is the one that its policies learned in, to the number', async (t) => {
  const { experiment } = await readExperiment(at('feed.yaml'));
  if (experiment.kind !== 'feed-session') throw new Error('not a feed');
  const prepared = await prepareSeed({ experiment, seed: 3 });
  for (const [people, scene] of [
    ['learned', prepared.simulated],
    ['world', prepared.judged],
  ] as const) {
    const opened = await openFeedRun({ path: feedRun, people });
    t.deepEqual(opened.people.fingerprint, scene.people.fingerprint);
    const [here, there] = [feedMaker(opened)(16), feedEnv(scene, 16)];
    t.deepEqual(here.spec, there.spec);
    t.is(here.spec.rewardUnit, 'watch10s + 0.5 * like');
    t.deepEqual(playRandomly(here, 1, 60), playRandomly(there, 1, 60));
  }
  const { hash, ranker } = await openFeedRun({ path: feedRun });
  t.regex(hash, /^[0-9a-f]{12}$/);
  t.not(hash, (await openFeedRun({ path: feedRun, people: 'world' })).hash);
  t.deepEqual((await rankerOfRun({ path: feedRun })).save(), ranker?.save());
});

test.serial('an env experiment in the feed of a run: its ranker is what agents are built on', async (t) => {
  const document = await run('env', 'env');
  t.deepEqual(
    document.rollouts.map(({ policy }) => policy),
    ['recomind', 'supervised', 'mmr', 'random'],
  );
  t.true(document.rollouts.every(({ overall }) => (overall.value ?? 0) > 0));
  t.is(document.provenance.dataHash, (await openFeedRun({ path: feedRun })).hash);
  t.false(JSON.stringify(document).includes(home), 'no path in the report');
  const world = await run('env', 'env-world', ['feed.people=world']);
  t.notDeepEqual(world.rollouts, document.rollouts);
});

test.serial('an A/B test in the feed of a run, between its ranker and what runs trained', async (t) => {
  if (!existsSync(at('env'))) await run('env', 'env');
  const { abTests = [], provenance } = await run('ab', 'ab');
  t.deepEqual(
    abTests[0].arms.map(({ name }) => name),
    ['ranker', 'of the feed run', 'of the env run'],
  );
  t.truthy(provenance.dataHash);
  const unknown = run('ab', 'ab-unknown', ['arms.1.trainedBy.name=recominder']);
  await t.throwsAsync(unknown, { message: /policy of that run called 'recominder'\. Did you mean 'recomind'/ });
  const named = run('ab', 'ab-named', ['arms.2.trainedBy.name=recomind']);
  await t.throwsAsync(named, { message: /trainedBy: name: expected none for a run of kind env/ });
  const unbuilt = run('ab', 'ab-unbuilt', ['world={from: env, id: recsys/FeedSession-v1}']);
  await t.throwsAsync(unbuilt, { message: /agent supervised: expected a ranker to build on, received none.*feed: \{/ });
});

test.serial('agents that need a ranker say so where no feed is named', async (t) => {
  writeFileSync(at('bare.yaml'), IN_FEED.replace(/^feed:.*$/m, ''));
  await t.throwsAsync(run('bare', 'bare', ['agent.id=supervised', 'agent.settings={}']), {
    message: /^agent supervised: expected a ranker to build on, received none.*a config names a run that did: feed: /,
  });
});

test.serial('what is not the feed of a finished run is refused in words', async (t) => {
  const open = (path: string, seed?: number) => () => openFeedRun({ path, seed, people: 'learned' });
  await t.throwsAsync(open(at('nowhere')), {
    code: 'config',
    message: /expected a run of kind feed-session, received no /,
  });
  await t.throwsAsync(open(feedRun, 4), { message: /expected one of its seeds 3, received seed 4/ });
  if (!existsSync(at('env'))) await run('env', 'env');
  await t.throwsAsync(open(at('env')), { message: /expected a run of kind feed-session, received one of kind env/ });
  const copy = (name: string, change: (folder: string) => void): string => {
    cpSync(feedRun, at(name), { recursive: true });
    change(at(name));
    return at(name);
  };
  const unfinished = copy('unfinished', (folder) => rmSync(join(folder, 'checkpoints/seed-3.json')));
  await t.throwsAsync(open(unfinished), {
    message: /expected a finished run, received seed 3 without an end.*--resume/,
  });
  const robbed = copy('robbed', (folder) => rmSync(join(folder, 'checkpoints/seed-3/population.safetensors')));
  await t.throwsAsync(open(robbed), {
    message: /expected a file .*population\.safetensors, received none\. Run it again/,
  });
  const damaged = copy('damaged', (folder) => writeFileSync(join(folder, 'config.json'), '{'));
  await t.throwsAsync(open(damaged), { message: /config\.json that is not JSON/ });
  const stored = copy('stored', (folder) => {
    const file = join(folder, 'config.json');
    const identity = JSON.parse(readFileSync(file, 'utf8')) as { config: { source: unknown } };
    identity.config.source = { from: 'store', name: 'somewhere' };
    writeFileSync(file, JSON.stringify(identity));
  });
  await t.throwsAsync(() => openFeedRun({ path: stored, people: 'world' }), {
    message: /expected a run whose log a world wrote, received one from a store/,
  });
  await t.throwsAsync(run('env', 'other', ['env.id=reference/CartPole-v1', 'env.settings={}']), {
    message:
      /feed: expected the env recsys\/FeedSession-v1 beside the feed of a run, received 'reference\/CartPole-v1'/,
  });
  const { code, out } = printed(...['envs', 'check', FEED_SESSION, '--run', stored, '--steps', '40', '--json']);
  t.is(code, 0);
  const { playedBy } = JSON.parse(out) as { playedBy: { people: string }[] };
  t.deepEqual(
    playedBy.map(({ people }) => people),
    ['learned'],
    'no world to play',
  );
});

test.serial('envs check and play take the feed of a run', (t) => {
  const flags = [FEED_SESSION, '--run', feedRun];
  const check = printed('envs', 'check', ...flags, '--steps', '60');
  t.is(check.code, 0, check.remarks);
  t.regex(check.out, /played by the generated world of run 'tiny', seed 3/);
  t.regex(check.out, /played by the learned people of run 'tiny', seed 3/);
  const play = printed(
    'envs',
    'play',
    ...flags,
    '--people',
    'learned',
    '--sessions',
    '30',
    '--json',
    '--run-seed',
    '3',
  );
  const { playedBy } = JSON.parse(play.out) as { playedBy: { words: string } };
  t.is(playedBy.words, "played by the learned people of run 'tiny', seed 3");
});
