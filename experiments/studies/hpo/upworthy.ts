import { expectNumber, GymError } from '../../../core/check.js';
import { startBackend } from '../../../core/tensor/backend.js';
import { readUpworthy } from '../../../logs/import/upworthy.js';
import { textTests } from '../../../logs/preference/headline-tests.js';
import { textReward } from '../../../reward-models/preference/auxiliary.js';
import type { Study, StudyResult } from '../study.js';
import {
  judgeHeadlines,
  learnHeadlines,
  plainPolicy,
  prepareHeadlines,
  type Headlines,
  type HeadlineWorth,
} from '../../preference/headlines.js';
import { transformerScorer, type HeadlineScorer } from '../../preference/headline-scorers.js';
import { inWords, meanOf, pairedOf } from '../../preference/paired.js';
import type { Method } from './tabular.js';

/** What the designer wants: easy words and little bait; five grades count as much as a fifth of the words. */
const WISH = '-0.2*max(readingGrade, 0) - 5*clickbait';

const HPO = 'HPO on DPO';

interface ScoredMethod extends Method {
  /** Linear, where none is named. */
  readonly scorer?: HeadlineScorer;
}

const methodsOf = (gamma: number): readonly ScoredMethod[] => [
  { name: HPO, settings: { loss: 'hpo-dpo', auxiliary: gamma } },
  { name: 'HPO on KTO', settings: { loss: 'hpo-kto', auxiliary: gamma / 2 } },
  { name: 'DPO', settings: { loss: 'dpo' } },
  { name: 'IPO', settings: { loss: 'ipo' } },
  { name: 'KTO', settings: { loss: 'kto' } },
  { name: 'margin, α = 1', settings: { loss: 'margin' } },
  { name: 'relabelled DPO', settings: { loss: 'relabelled-dpo' } },
  { name: 'advantage-weighted only', settings: { loss: 'advantage-weighted' } },
  { name: 'SFT', settings: { loss: 'sft' } },
];
/** HPO and DPO with a text encoder. */
const encodedMethods = (gamma: number): readonly ScoredMethod[] =>
  methodsOf(gamma)
    .filter(({ name }) => name === HPO || name === 'DPO')
    .map((method) => ({ ...method, name: encoded(method.name), scorer: transformerScorer }));

function encoded(name: string): string {
  return `${name}, transformer`;
}

interface Tried {
  readonly method: string;
  readonly worth: HeadlineWorth;
  readonly divergence: number;
}

/** H8: real headlines, whose click rates are known because the arms were randomised. */
export const hpoUpworthy: Study = {
  summary: 'HPO: real headline tests, held-out click rate and reading grade per method (H8)',
  data: 'the folder that holds upworthy_packages.csv',
  settings: {
    gamma: { value: 0.005, meaning: 'Weight of HPO’s auxiliary term, chosen on the tuning tests' },
    tuning: { value: 0, meaning: '1 judges on the tuning tests instead of the held-out ones' },
    encoderGamma: { value: 1, meaning: 'The same weight with a text encoder, also chosen on the tuning tests' },
    transformer: { value: 1, meaning: '1 adds HPO and DPO with a text encoder in place of the linear scorer' },
  },
  async run({ data, seed, settings: { gamma, encoderGamma, tuning, transformer }, onProgress }) {
    if (data === undefined)
      throw new GymError('usage', 'study hpo-upworthy: expected --data with the folder of the archive, received none.');
    expectNumber('--gamma', gamma, 0, 1000);
    expectNumber('--encoderGamma', encoderGamma, 0, 1000);
    await startBackend(process.env['RECSYS_GYM_BACKEND']);
    const methods = [...methodsOf(gamma), ...(transformer === 1 ? encodedMethods(encoderGamma) : [])];
    onProgress?.(0, methods.length + 1, 'reading');
    const { log } = await readUpworthy(data);
    const headlines = prepareHeadlines(textTests(log), await textReward(WISH), seed);
    const contexts = tuning === 1 ? headlines.parts.tune : headlines.parts.judge;
    const tried = methods.map((method, m): Tried => {
      onProgress?.(m + 1, methods.length + 1, method.name);
      const { policy, divergence } = learnHeadlines(headlines, method, contexts, seed, method.scorer);
      return { method: method.name, worth: judgeHeadlines(headlines, contexts, policy), divergence };
    });
    const plain = (['uniform', 'hindsight'] as const).map((kind) =>
      judgeHeadlines(headlines, contexts, plainPolicy(headlines, contexts, kind)),
    );
    return resultOf(headlines, contexts.length, tried, plain);
  },
};

function resultOf(
  { pairs, parts, tests }: Headlines,
  judged: number,
  tried: readonly Tried[],
  [uniform, hindsight]: readonly HeadlineWorth[],
): StudyResult {
  const [hpo] = tried;
  const dpo = tried.find(({ method }) => method === 'DPO') ?? hpo;
  const lift = pairedOf(dpo.worth.clickRate, uniform.clickRate);
  const gain = pairedOf(hpo.worth.reward, dpo.worth.reward);
  const cost = pairedOf(hpo.worth.clickRate, dpo.worth.clickRate);
  const own = pairedOf(hpo.worth.clickRate, uniform.clickRate);
  const failures = [
    ...Object.entries({ DPO: lift, [HPO]: own }).flatMap(([name, difference]) =>
      difference.interval[0] > 0
        ? []
        : [`click rate of ${name} over uniform choice: expected an interval above 0, received ${percent(difference)}.`],
    ),
    ...(gain.interval[0] > 0 ? [] : [`${WISH}: expected HPO − DPO above 0, received ${inWords(gain)}.`]),
  ];
  const row = (method: string, worth: HeadlineWorth, divergence: number | null): (string | number | null)[] => [
    ...[method, percent(meanOf(worth.clickRate))],
    method === 'uniform choice' ? '' : percent(pairedOf(worth.clickRate, uniform.clickRate)),
    ...[percent(pairedOf(worth.clickRate, dpo.worth.clickRate)), meanOf(worth.reward).value],
    inWords(pairedOf(worth.reward, dpo.worth.reward)),
    ...[inWords(meanOf(worth.grade), 2), meanOf(worth.clickbait).value, divergence],
  ];
  return {
    tables: [
      {
        caption: `${judged} tests that no method saw; click rates in percent, intervals over tests`,
        columns: [
          ...['method', 'click rate', 'over uniform', 'over DPO', 'designer', 'designer over DPO'],
          ...['reading grade', 'clickbait', 'KL'],
        ],
        rows: [
          ...tried.map(({ method, worth, divergence }) => row(method, worth, divergence)),
          row('uniform choice', uniform, 0),
          row('best arm in hindsight', hindsight, null),
        ],
      },
    ],
    notes: [
      `${tests.sets.contexts} tests of at least two headlines outside the archive’s faulty period; ${pairs.count} pairs that differ beyond chance from ${parts.train.length} of them.`,
      `The designer wants ${WISH}. A policy’s click rate in a test is Σ π(arm) · clicks/impressions: arms were randomised, so nothing is estimated by weighting.`,
      'The best arm in hindsight reads the clicks it is judged by, so it also counts their luck.',
      `HPO against DPO: designer’s reward ${inWords(gain)}; click rate ${percent(cost)} points.`,
      ...encoderNotes(tried),
    ],
    failures,
    numbers: tried.map(({ method, worth, divergence }) => ({
      ...{ method, divergence, clickRate: meanOf(worth.clickRate), reward: meanOf(worth.reward) },
      ...{ overUniform: pairedOf(worth.clickRate, uniform.clickRate), grade: meanOf(worth.grade) },
    })),
  };
}

/** The same comparison where both read the order of words. */
function encoderNotes(tried: readonly Tried[]): readonly string[] {
  const [hpo, dpo] = [HPO, 'DPO'].map((name) => tried.find(({ method }) => method === encoded(name)));
  if (hpo === undefined || dpo === undefined) return [];
  const gain = inWords(pairedOf(hpo.worth.reward, dpo.worth.reward));
  const cost = percent(pairedOf(hpo.worth.clickRate, dpo.worth.clickRate));
  return [`With a transformer over words, HPO against DPO: designer’s reward ${gain}; click rate ${cost} points.`];
}

/** A click rate or a difference of two, in percent. */
function percent({ value, interval }: ReturnType<typeof meanOf>): string {
  const [low, high] = interval.map((end) => (100 * end).toFixed(3));
  return `${(100 * (value ?? NaN)).toFixed(3)} [${low}, ${high}]`;
}
