import type { PreferenceData } from '../../../agents/preference/contract.js';
import { fitPreferences } from '../../../agents/preference/learner.js';
import { choiceModel } from '../../../agents/preference/models/choice-file.js';
import { expectNumber } from '../../../core/check.js';
import { stream } from '../../../core/random.js';
import { startBackend } from '../../../core/tensor/backend.js';
import { compileReward, type Reward } from '../../../reward-models/formula.js';
import { SLATE_FEATURES, SlatePreferences } from '../../../simulators/preference/slates.js';
import type { Study, StudyResult } from '../study.js';
import { inWords, meanOf, pairedOf } from '../../preference/paired.js';
import type { Method } from './tabular.js';
import { slateData, SLATES } from '../../preference/slates.js';

/** What the designer wants of a slate; none of it is in any label. */
const WISH = 'fresh + diversity - flagged';
/** Most of DPO's win rate that HPO may lose, as a share, and over which worlds. */
const SCORE = { lost: 0.03 } as const;

/** γ was chosen on other worlds. */
export const HPO: Method = { name: 'HPO on DPO', settings: { loss: 'hpo-dpo', auxiliary: 0.0015 } };
export const DPO: Method = { name: 'DPO', settings: { loss: 'dpo' } };
const MARGIN: Method = { name: 'margin, α = 1', settings: { loss: 'margin' } };
const METHODS: readonly Method[] = [
  HPO,
  { name: 'HPO on KTO', settings: { loss: 'hpo-kto', auxiliary: 0.0005 } },
  DPO,
  { name: 'KTO', settings: { loss: 'kto' } },
  MARGIN,
  { name: 'advantage-weighted only', settings: { loss: 'advantage-weighted' } },
];

interface Tried {
  readonly method: string;
  /** One per world: chance to be preferred to the reference's slate, utility, the designer's formula, its parts, KL. */
  readonly winRate: readonly number[];
  readonly preference: readonly number[];
  readonly wish: readonly number[];
  readonly parts: readonly (readonly number[])[];
  readonly divergence: readonly number[];
}

/** The designer's formula, compiled. */
export function slateReward(): Promise<Reward> {
  return compileReward(WISH, ['preference', 'fresh', 'diversity', 'flagged']);
}

/** Slates of the feed's users: does the designer get more at hardly any loss of preference? */
export const hpoSlates: Study = {
  summary: 'HPO: slates compared by users of a generated feed, with position bias and label noise',
  settings: {
    worlds: { value: 8, meaning: 'Worlds that judge' },
    pairs: { value: 4000, meaning: 'Comparisons per world' },
    gamma: { value: 0.0015, meaning: 'Weight of HPO’s auxiliary term' },
  },
  async run({ seed, settings: { worlds, pairs, gamma }, onProgress }) {
    expectNumber('--worlds', worlds, 2, 1000);
    expectNumber('--gamma', gamma, 0, 1000);
    await startBackend(process.env['RECSYS_GYM_BACKEND']);
    const reward = await slateReward();
    const asked = Array.from({ length: worlds }, (_, i) => askSlates(seed + i, pairs, reward));
    const methods = METHODS.map((one) =>
      one === HPO ? { ...one, settings: { ...one.settings, auxiliary: gamma } } : one,
    );
    const tried = methods.map((method, m) => {
      onProgress?.(m, methods.length, method.name);
      return tryAll(asked, method, reward);
    });
    return resultOf([...tried, reference(asked, reward)], pairs);
  },
};

interface Asked {
  readonly people: SlatePreferences;
  readonly data: PreferenceData;
  readonly seed: number;
}

/** World `seed` and its comparisons. */
export function askSlates(seed: number, n: number, reward: Reward): Asked {
  const people = new SlatePreferences({ seed });
  const data = slateData(people, n, seed, (outcomes) => reward.evaluateRow(outcomes));
  return { people, data, seed };
}

/** @param hidden widths of the layers that score a candidate; none is a linear scorer */
export function tryAll(
  asked: readonly Asked[],
  { name, settings }: Method,
  reward: Reward,
  hidden: readonly number[] = [16],
): Tried {
  return judgeAll(name, asked, reward, ({ people, data, seed }) => {
    const { contexts, candidates, places } = people.settings;
    const model = choiceModel(
      {
        ...{ candidates, places, conditional: false },
        network: { kind: 'features', width: SLATE_FEATURES.length, hidden: [...hidden] },
      },
      { contexts, reference: people.reference, features: people.features },
      stream(seed).fork('model'),
    );
    const curve = fitPreferences({
      model,
      data,
      settings: { ...SLATES, ...settings },
      random: stream(seed).fork('batches'),
    });
    const all = Int32Array.from({ length: contexts }, (_, c) => c);
    return { logs: model.policy(all).logs, divergence: curve[curve.length - 1]['divergence'] };
  });
}

function reference(asked: readonly Asked[], reward: Reward): Tried {
  return judgeAll('the production ranker', asked, reward, ({ people }) => ({ logs: people.reference, divergence: 0 }));
}

function judgeAll(
  method: string,
  asked: readonly Asked[],
  reward: Reward,
  learn: (asked: Asked) => { readonly logs: Float32Array; readonly divergence: number },
): Tried {
  const worlds = asked.map((one) => {
    const { logs, divergence } = learn(one);
    const { winRate, preference, designer } = one.people.judge(logs, one.seed);
    const mean = (values: Float64Array): number => values.reduce((a, b) => a + b, 0) / values.length;
    const parts = designer.map(mean);
    // The formula is linear, so that of the means is its mean.
    return {
      winRate: mean(winRate),
      preference: mean(preference),
      parts,
      wish: reward.evaluateRow([0, ...parts]),
      divergence,
    };
  });
  const column = (name: 'winRate' | 'preference' | 'wish' | 'divergence'): number[] => worlds.map((own) => own[name]);
  return {
    method,
    winRate: column('winRate'),
    preference: column('preference'),
    wish: column('wish'),
    parts: [0, 1, 2].map((i) => worlds.map(({ parts }) => parts[i])),
    divergence: column('divergence'),
  };
}

function resultOf(tried: readonly Tried[], pairs: number): StudyResult {
  const [hpo] = tried;
  const dpo = tried.find(({ method }) => method === DPO.name) ?? hpo;
  const gain = pairedOf(hpo.wish, dpo.wish);
  const ratio = (meanOf(hpo.winRate).value ?? NaN) / (meanOf(dpo.winRate).value ?? NaN) - 1;
  const margin = tried.find(({ method }) => method === MARGIN.name) ?? hpo;
  const other = pairedOf(margin.wish, dpo.wish);
  const otherRatio = (meanOf(margin.winRate).value ?? NaN) / (meanOf(dpo.winRate).value ?? NaN) - 1;
  const failures = [
    ...(gain.interval[0] > 0 ? [] : [`${WISH}: expected HPO − DPO above 0, received ${inWords(gain)}.`]),
    ...(ratio >= -SCORE.lost
      ? []
      : [`win rate: expected at most ${100 * SCORE.lost} % below DPO’s, received ${(100 * ratio).toFixed(1)} %.`]),
  ];
  return {
    tables: [
      {
        caption: `${hpo.wish.length} worlds, ${pairs} comparisons each; the designer wants ${WISH}`,
        columns: [
          'method',
          'win rate',
          'designer',
          'it − DPO, designer',
          'fresh',
          'diversity',
          'flagged',
          'utility',
          'KL',
        ],
        rows: tried.map(({ method, winRate, wish, parts, preference, divergence }) => [
          ...[method, inWords(meanOf(winRate)), inWords(meanOf(wish)), inWords(pairedOf(wish, dpo.wish))],
          ...[...parts, preference, divergence].map((own) => meanOf(own).value),
        ]),
      },
    ],
    notes: [
      'win rate: chance that people prefer a slate of the policy to one of the production ranker. Intervals are Student’s over worlds.',
      `HPO against DPO: designer’s reward ${inWords(gain)}, win rate ${(100 * ratio).toFixed(2)} %.`,
      `The margin method against DPO: designer’s reward ${inWords(other)}, win rate ${(100 * otherRatio).toFixed(2)} %.`,
    ],
    failures,
    numbers: tried,
  };
}
