import { complaint } from '../../core/check.js';
import { completeSettings } from '../../core/settings.js';
import { readUpworthy } from '../../logs/import/upworthy.js';
import { loadLog } from '../../logs/load.js';
import { textTests } from '../../logs/preference/headline-tests.js';
import type { Log } from '../../logs/record.js';
import { textReward } from '../../reward-models/preference/auxiliary.js';
import type { PreferenceExperiment } from '../config/preference-schema.js';
import { DESIGNER, DIVERGENCE, type Scene } from './contract.js';
import { textModel, textNetworkOf } from './headline-scorers.js';
import {
  headlineChoices,
  headlineData,
  headlineDefaults,
  judgeHeadlines,
  plainPolicy,
  prepareHeadlines,
} from './headlines.js';
import { divergenceOf } from './scene-parts.js';

type TestSource = Extract<PreferenceExperiment['source'], { from: 'file' | 'store' }>;

/** Tests that judge, at least. */
const FEWEST = 2;

/**
 * Headline tests of a log: pairs of one part of them, judged on another. Arms were randomised, so what a policy's click
 * rate would have been there is known without weighting.
 *
 * @throws a data error where there are too few tests or no pairs
 */
export async function testsScene(
  experiment: Pick<PreferenceExperiment, 'model' | 'evaluation'> & { readonly source: TestSource },
  formula: string,
  store: string,
): Promise<Scene> {
  const { source, evaluation } = experiment;
  const log = await logOf(source, store);
  const network = textNetworkOf(completeSettings('model', textModel, experiment.model));
  const reward = await textReward(formula, { flagged: source.flagged });
  const headlines = prepareHeadlines(textTests(log), reward, source.split, source.p);
  const { parts, pairs, tests } = headlines;
  const judges = evaluation.tests === 'tuning' ? parts.tune : parts.judge;
  const where = `log '${log.name}'`;
  if (judges.length < FEWEST) {
    const expected = `at least ${FEWEST} tests to judge by`;
    throw complaint('data', {
      where,
      expected,
      received: String(judges.length),
      try: 'Use another split or more tests.',
    });
  }
  const K = tests.most;
  return {
    about: `${pairs.count} pairs of headlines of '${log.name}', ${tests.sets.contexts} tests outside faulty weeks`,
    hash: log.hash,
    warnings: ['Whoever made the tests chose the headlines: another editor’s may differ.'],
    formula,
    shape: { candidates: K, places: 1, network },
    choices: headlineChoices(headlines, network),
    data: headlineData(headlines),
    defaults: headlineDefaults,
    ...{ judges, unit: 'tests', sameData: true, liking: 'click rate' },
    judge(logs, reference) {
      const own = judgeHeadlines(headlines, judges, Float64Array.from(logs, Math.exp));
      return {
        ...{ [DESIGNER]: own.reward, 'click rate': own.clickRate },
        ...{ 'reading grade': own.grade, 'clickbait share': own.clickbait },
        [DIVERGENCE]: divergenceOf(logs, reference, K),
      };
    },
    best: () => Float32Array.from(plainPolicy(headlines, judges, 'hindsight'), Math.log),
  };
}

async function logOf(source: TestSource, store: string): Promise<Log> {
  if (source.from === 'file') return (await readUpworthy(source.path)).log;
  return (await loadLog({ name: source.name, store })).log;
}
