import test from 'ava';
import { preferenceExperiment, type PreferenceExperiment } from '../config/preference-schema.js';
import { readExperiment } from '../config/read.js';
import type { LiftTable } from '../lifts/contract.js';
import { answerOf } from './answer.js';
import { DESIGNER, OBJECTIVE } from './contract.js';
import { checkPreference } from './prepare.js';

type Effects = Readonly<Record<string, readonly [number, number]>>;

function table(control: string, policies: Readonly<Record<string, Effects>>): LiftTable {
  const rows = Object.entries(policies).flatMap(([policy, effects]) =>
    Object.entries(effects).map(([metric, interval]) => {
      const relative = { value: (interval[0] + interval[1]) / 2, standardError: 1, interval, method: 'by hand' };
      return { policy, metric, control: 1, value: 1 + relative.value, relative, perSeed: [relative] };
    }),
  );
  return { place: 'the world', control, seeds: [1], users: 10, unit: 'contexts', scale: 'difference', rows };
}

function asked(from: 'table' | 'file', seeds = [1]): PreferenceExperiment {
  const source = from === 'table' ? { from } : { from, path: 'nowhere' };
  const rivals = [{ loss: 'dpo' }, { loss: 'margin' }];
  const question = 'Does HPO give the designer more?';
  return preferenceExperiment.parse({ kind: 'preference', id: 'by-hand', question, seeds, source, rivals });
}

const up = [0.1, 0.3] as const;
const down = [-0.3, -0.1] as const;
const unsure = [-0.1, 0.1] as const;

test('a gain with its price; the margin method is named where it wins in J', (t) => {
  const told = (own: Effects, margin: Effects) =>
    answerOf(asked('table'), [table('dpo', { 'hpo-dpo': own }), table('hpo-dpo', { margin })]);
  const lead = { [DESIGNER]: up, 'win rate': down, [OBJECTIVE]: up };
  const { sentence, verdict, reasons } = told(lead, { [DESIGNER]: up, 'win rate': up, [OBJECTIVE]: up });
  t.is(
    sentence,
    "Yes: 'hpo-dpo' gains designer reward, at a cost in win rate: designer reward +0.200 (0.100 to 0.300), win rate −0.200 (−0.300 to −0.100), objective J +0.200 (0.100 to 0.300), against 'dpo'. But 'margin' beats it in J.",
  );
  t.is(verdict, 'supported');
  t.true(reasons.some((reason) => reason.startsWith("'margin' against 'hpo-dpo': designer reward +0.200")));
  t.true(reasons.some((reason) => reason.startsWith('Few worlds')));
  // More of the reward alone is no win where J says otherwise, and a control may win as well.
  t.notRegex(told(lead, { [DESIGNER]: up, 'win rate': up, [OBJECTIVE]: unsure }).sentence, /beat/);
  t.regex(told({ ...lead, [OBJECTIVE]: down }, { [OBJECTIVE]: up }).sentence, /But 'dpo' and 'margin' beat it in J\.$/);
  t.regex(told({ ...lead, [DESIGNER]: down }, {}).sentence, /^No: 'hpo-dpo' loses designer reward/);
  const weak = told({ ...lead, [DESIGNER]: unsure }, {});
  t.deepEqual([weak.verdict, weak.sentence.startsWith('Not shown')], ['weak', true]);
});

test('without J a rival beats it by more of the reward at no sure loss; a trade is called one', (t) => {
  const told = (own: Effects, margin: Effects): string =>
    answerOf(asked('file'), [table('dpo', { 'hpo-dpo': own }), table('hpo-dpo', { margin })]).sentence;
  const lead = { [DESIGNER]: up, 'click rate': up };
  t.regex(told(lead, { [DESIGNER]: up, 'click rate': unsure }), /and click rate too.*But 'margin' beats it: more/);
  t.regex(
    told(lead, { [DESIGNER]: up, 'click rate': down }),
    /With still more designer reward, at less click rate: 'm/,
  );
  t.notRegex(told(lead, { [DESIGNER]: down, 'click rate': up }), /margin/);
  t.regex(told({ [DESIGNER]: down, 'click rate': unsure }, {}), /^No: .*But 'dpo' beats it/);
});

test('the sample configs are sound', async (t) => {
  for (const name of ['hpo', 'headlines']) {
    const { experiment } = await readExperiment(`experiments/configs/${name}.yaml`, []);
    if (experiment.kind === 'preference') await checkPreference(experiment);
    t.is(experiment.kind, 'preference');
  }
});
