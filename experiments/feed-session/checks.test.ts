import test from 'ava';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ran } from '../cli/_ran.test.js';
import { feedExperiment } from '../config/feed-schema.js';
import { tinyArtefact, tinyExperiment, tinyFile } from './_tiny.test.js';
import { checkFeedExperiment } from './checks.js';

const three = { production: tinyArtefact, people: tinyArtefact, judge: { ...tinyArtefact, share: 0.1 } };
const stored = { from: 'store', name: 'feed' };

test('the tiny experiment and the defaults are fine', (t) => {
  t.notThrows(() => checkFeedExperiment(tinyExperiment()));
  const least = { kind: 'feed-session', id: 'x', question: 'Does it?', source: { from: 'world' } };
  t.notThrows(() => checkFeedExperiment(feedExperiment.parse(least)));
  t.notThrows(() => checkFeedExperiment(tinyExperiment({ source: stored, artefacts: three, judge: 'judge' })));
});

const wrong: Readonly<Record<string, readonly [Readonly<Record<string, unknown>>, RegExp]>> = {
  'one artefact for two roles': [
    { simulator: 'production' },
    /simulator: expected an artefact of its own, fitted on other users, received 'production' a second time.*study: well-specified/,
  ],
  'the judge is the simulator': [
    { source: stored, artefacts: three, judge: 'people' },
    /judge: expected an artefact of its own.*received 'people' a second time/,
  ],
  'an unknown ranker': [{ ranker: 'produktion' }, /ranker: expected production, people, received 'produktion'/],
  'an unknown simulator': [
    { simulator: 'constructor' },
    /simulator: expected production, people, received 'constructor'/,
  ],
  'an unknown judge': [
    { source: stored, artefacts: three, judge: 'nobody' },
    /judge: expected production, people, judge, received 'nobody'/,
  ],
  'a stored log without a judge': [{ source: stored }, /judge: expected an artefact whose people try.*received none/],
  'a world with a judge': [
    { artefacts: three, judge: 'judge' },
    /judge: expected nothing where a world is the source.*'judge'/,
  ],
  'nobody left to judge': [
    { artefacts: { production: { ...tinyArtefact, share: 0.6 }, people: tinyArtefact } },
    /artefacts: share: expected shares that add up to at most 0\.99.*received 1/,
  ],
  'two policies of one name': [
    { rivals: [{ id: 'recomind', settings: { discount: 0 } }] },
    /agent, rivals and baselines: expected names of their own, received 'recomind' twice.*'name'/,
  ],
  'a baseline called like the agent': [
    { baselines: [{ id: 'supervised' }, { id: 'random', name: 'recomind' }] },
    /names of their own, received 'recomind' twice/,
  ],
  'an unknown agent': [{ agent: { id: 'recomin' } }, /No agent called 'recomin'\. Did you mean 'recomind'\?/],
  'an unknown baseline': [
    { baselines: [{ id: 'superviced' }] },
    /No agent called 'superviced'\. Did you mean 'supervised'\?/,
  ],
  'an unknown key of the agent': [
    { agent: { id: 'recomind', settings: { discuont: 1 } } },
    /agent recomind: discuont: unknown key\. Did you mean 'discount'\?/,
  ],
  'an unknown key of a rival': [
    { rivals: [{ id: 'recomind', name: 'myopic', settings: { gamma: 0 } }] },
    /agent recomind: gamma: unknown key/,
  ],
  'a text where the agent wants a number': [
    { agent: { id: 'recomind', settings: { discount: 'all' } } },
    /agent recomind: discount: expected a number, received "all"/,
  ],
  'an unknown key of the env': [{ env: { candidate: 5 } }, /candidate: unknown key\. Did you mean 'candidates'\?/],
  'a source of candidates that is none': [
    { env: { source: 'catalog' } },
    /source: expected retrieved, catalogue, clusters/,
  ],
  'an unknown key of the env that a learner learns in': [
    { agent: { id: 'recomind', env: { inject: 2 } } },
    /inject: unknown key\. Did you mean 'injected'\?/,
  ],
  'more injected than candidates while it learns': [
    { agent: { id: 'recomind', env: { injected: 5 } } },
    /injected: expected a whole number from 0 to 4, received 5/,
  ],
  'an unknown key of the world': [
    { source: { from: 'world', settings: { user: 3 } } },
    /source: settings: user: unknown key\. Did you mean 'users'\?/,
  ],
  'a leverage that is none': [
    { source: { from: 'world', settings: { leverage: 'mild' } } },
    /leverage: expected none, moderate, strong, received 'mild'/,
  ],
  'an unknown key of a response model': [
    { artefacts: { ...three, people: { ...tinyArtefact, response: { epoch: 1 } } } },
    /artefact people: response: epoch: unknown key\. Did you mean 'epochs'\?/,
  ],
  'an unknown key of a tower': [
    { artefacts: { ...three, production: { ...tinyArtefact, tower: { wide: 1 } } } },
    /artefact production: tower: wide: unknown key/,
  ],
};

for (const [name, [replaced, message]] of Object.entries(wrong)) {
  test(`refused before anything is played: ${name}`, (t) => {
    t.throws(() => checkFeedExperiment(tinyExperiment(replaced)), { message });
  });
}

test('one artefact for two roles is accepted where the study says so', (t) => {
  t.notThrows(() => checkFeedExperiment(tinyExperiment({ simulator: 'production', study: 'well-specified' })));
  const all = { artefacts: { production: tinyArtefact }, simulator: 'production', judge: 'production' };
  t.notThrows(() => checkFeedExperiment(tinyExperiment({ source: stored, ...all, study: 'well-specified' })));
});

test('shares as people write them may fill 0.99', (t) => {
  const third = { ...tinyArtefact, share: 0.33 };
  const artefacts = { production: third, people: third, judge: third };
  t.notThrows(() => checkFeedExperiment(tinyExperiment({ source: stored, artefacts, judge: 'judge' })));
});

test.serial('the command ends with 2 and names the key; nothing was played', async (t) => {
  for (const [given, said] of [
    [['simulator=production'], /simulator: expected an artefact of its own/],
    [['agent.settings.discuont=1'], /agent recomind: discuont: unknown key/],
    [['artefacts.people.shaer=1'], /--set artefacts\.people\.shaer: unknown key/],
    [['study=well'], /--set study: .*well-specified/],
    [['reward=wach10s'], /wach10s.*watch10s/s],
    [['artefacts.People={share: 0.1}'], /artefacts/],
    [['source.cold=3'], /--set source\.cold: .*200/],
    [['evaluation.along=[-1]'], /--set evaluation\.along/],
  ] as const) {
    const { home, config } = tinyFile();
    const out = join(home, 'run');
    const { code, err } = await ran('run', config, '--out', out, ...given.flatMap((one) => ['--set', one]));
    t.is(code, 2, `${given[0]}: ${err}`);
    t.regex(err, said);
    t.false(existsSync(join(out, 'checkpoints', 'seed-1', 'production-tower.safetensors')));
  }
});
