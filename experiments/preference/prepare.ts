import { complaint } from '../../core/check.js';
import { completeSettings } from '../../core/settings.js';
import { compileReward, type Reward } from '../../reward-models/formula.js';
import { TEXT_OUTCOMES } from '../../reward-models/preference/auxiliary.js';
import type { PreferenceExperiment } from '../config/preference-schema.js';
import type { Scene } from './contract.js';
import { textModel } from './headline-scorers.js';
import { headlineDefaults } from './headlines.js';
import { nameOf, settingsOf } from './learning.js';
import { SLATE_OUTCOMES, slateModel, slateScene, SLATES, slateSettings } from './slates.js';
import { TABLE_OUTCOMES, tableScene, TABULAR } from './table.js';
import { testsScene } from './tests-scene.js';

/** What kinds of sources have in common: what designers may ask for, what they ask for by default, how is learned. */
const KINDS = {
  table: { outcomes: TABLE_OUTCOMES, formula: 'designer', model: {}, defaults: TABULAR },
  slates: {
    ...{ outcomes: SLATE_OUTCOMES, formula: 'fresh + diversity - flagged' },
    ...{ model: slateModel, defaults: SLATES },
  },
  tests: {
    ...{ outcomes: TEXT_OUTCOMES, formula: '-0.2*max(readingGrade, 0) - 5*clickbait' },
    ...{ model: textModel, defaults: headlineDefaults },
  },
} as const;

function kindOf({ from }: PreferenceExperiment['source']): (typeof KINDS)[keyof typeof KINDS] {
  return from === 'table' || from === 'slates' ? KINDS[from] : KINDS.tests;
}

/** The designer's formula, compiled. @throws a config error that says what it may read */
export function formulaOf({ source, reward }: PreferenceExperiment): Promise<Reward> {
  const { outcomes, formula } = kindOf(source);
  return compileReward(reward ?? formula, outcomes);
}

/** What is learned from and judged by, of one seed. @param store of logs */
export async function sceneOf(experiment: PreferenceExperiment, seed: number, store: string): Promise<Scene> {
  const { source, model } = experiment;
  const formula = await formulaOf(experiment);
  if (source.from === 'table') return tableScene(source, formula, seed);
  if (source.from === 'slates')
    return slateScene(source, { formula, hidden: completeSettings('model', slateModel, model).hidden, seed });
  return testsScene({ ...experiment, source }, formula.text, store);
}

/** Throws a config error for whatever can be known to be wrong before anything is generated or read. */
export async function checkPreference(experiment: PreferenceExperiment): Promise<void> {
  const { source, method, rivals, baselines, learning, model } = experiment;
  const { defaults, model: usual } = kindOf(source);
  completeSettings('model', usual, model);
  if (source.from === 'slates') slateSettings(source.settings);
  for (const one of [method, ...rivals]) settingsOf(defaults, learning, one);
  const wrong = (where: string, expected: string, received: string, hint: string): Error =>
    complaint('config', { where, expected, received, try: hint });
  const names = [...[method, ...rivals].map(nameOf), ...baselines];
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    const hint = "Add 'name' to one of them, or leave it out.";
    throw wrong('method, rivals and baselines', 'names of their own', `'${twice}' twice`, hint);
  }
  if (names.length < 2) throw wrong('rivals and baselines', 'somebody to compare with', 'nobody', 'Add a rival.');
  if ([method, ...rivals].some((one) => nameOf(one) === 'reference'))
    throw wrong(
      'method and rivals',
      "another name than 'reference'",
      'it',
      'That is what the frozen policy is called.',
    );
  const known = { optimum: 'table', hindsight: 'headlines' } as const;
  for (const name of ['optimum', 'hindsight'] as const) {
    const here = source.from === 'table' ? 'table' : source.from === 'slates' ? 'slates' : 'headlines';
    if (baselines.includes(name) && known[name] !== here)
      throw wrong(`baselines: ${name}`, `a source of ${known[name]}`, here, 'Leave this baseline out.');
  }
  await formulaOf(experiment);
}
