import { align, alignmentDefaults, type AlignmentSettings } from '../../../agents/preference/language/alignment.js';
import type { Decoder } from '../../../agents/preference/language/decoder.js';
import { GymError } from '../../../core/check.js';
import { stream } from '../../../core/random.js';
import { startBackend } from '../../../core/tensor/backend.js';
import type { Estimate } from '../../contract.js';
import type { Study, StudyResult } from '../study.js';
import { readHeadlines } from './headlines.js';
import { cloneHeadlines, judge, pairsAsRows, type Judged, type Writer } from './headline-writer.js';
import { inWords, pairedOf } from './paired.js';

/** HPO may raise held-out perplexity to this multiple of the cloned model's. */
const MOST_PERPLEXITY = 1.1;
const CLONED = 'cloned (SFT)';
const MAIN = 'hpo-dpo';

/** What differs from the defaults, tuned on seeds 11 and 12. Rewards have deviation 1, so λ = 1 is one deviation. */
const METHODS: Readonly<Record<string, Partial<AlignmentSettings>>> = {
  dpo: {},
  'hpo-dpo': { auxiliary: 0.05, temperature: 1 },
  kto: {},
  'hpo-kto': { auxiliary: 0.05, temperature: 1 },
};
const LEARNING_RATE = 2e-4;

interface Row {
  readonly method: string;
  readonly judged: Omit<Judged, 'texts' | 'grades' | 'lengths'>;
  readonly grade: Estimate;
  readonly words: number;
  /** Grade less the cloned model's, sample by sample. */
  readonly shift: Estimate;
  /** Grade less that of the method without the auxiliary term, sample by sample. */
  readonly beyondBase: Estimate | null;
  /** Perplexity over the cloned model's. */
  readonly perplexityRatio: number;
  readonly examples: readonly string[];
}

/** What the study found, in full precision. */
export interface LanguageNumbers {
  readonly rows: readonly Row[];
  readonly curve: readonly number[];
  readonly counts: Readonly<Record<string, number>>;
}

export const hpoLanguage: Study = {
  summary:
    'HPO on a language model: headlines that people prefer, and easier to read (decoder-only transformer, token level)',
  data: 'the folder that holds upworthy_packages.csv',
  settings: {
    vocabulary: { value: 1024, meaning: 'Tokens of the byte-pair tokeniser' },
    width: { value: 96, meaning: 'Width of the transformer' },
    depth: { value: 2, meaning: 'Its blocks' },
    passes: { value: 5, meaning: 'Passes of cloning over the headlines' },
    alignPasses: { value: 1, meaning: 'Passes of each method over the pairs' },
    samples: { value: 400, meaning: 'Headlines sampled from every model' },
  },
  async run({ data, seed, settings, onProgress }) {
    if (data === undefined)
      throw new GymError('usage', 'study hpo-language: expected --data with the folder of the archive, received none.');
    checkSettings(settings);
    const names = Object.keys(METHODS);
    const total = 2 + names.length;
    onProgress?.(0, total, 'reading');
    await startBackend(process.env['RECSYS_GYM_BACKEND']);
    const headlines = await readHeadlines(data, seed);
    const writer = cloneHeadlines(headlines, settings, seed, (done, all, note) =>
      onProgress?.(done / all, total, `cloning: ${note}`),
    );
    const models: [string, Decoder][] = [[CLONED, writer.cloned]];
    const pairs = pairsAsRows(writer, headlines.trainingPairs);
    if (pairs.data.context.length === 0) throw noPairs(data);
    for (const [i, loss] of names.entries()) {
      const decoder = writer.cloned.copy();
      align({
        ...{ decoder, rows: pairs.rows, data: pairs.data, reference: pairs.reference },
        settings: {
          ...alignmentDefaults,
          ...{ loss, learningRate: LEARNING_RATE, passes: settings['alignPasses'] },
          ...METHODS[loss],
        },
        random: stream(seed).fork('align'),
        onProgress: (done, all, note) => onProgress?.(1 + i + done / all, total, note),
      });
      models.push([loss, decoder]);
    }
    onProgress?.(total - 1, total, 'sampling');
    const judged = models.map(([name, decoder]): [string, Judged] => [
      name,
      judge(writer, decoder, settings['samples'], seed),
    ]);
    return resultOf(writer, judged, pairs.data.context.length);
  },
};

function checkSettings(settings: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(settings)) {
    const least = name === 'samples' ? 2 : 1;
    if (Number.isInteger(value) && value >= least) continue;
    throw new GymError('usage', `--${name}: expected a whole number from ${least} up, received ${value}.`);
  }
}

function noPairs(data: string): GymError {
  return new GymError('data', `${data}: expected tests whose headlines differ in click rate, received none.`);
}

function resultOf(writer: Writer, judged: readonly [string, Judged][], pairs: number): StudyResult {
  const [[, cloned]] = judged;
  const of = new Map(judged);
  const rows = judged.map(([method, one]): Row => {
    const base = method.startsWith('hpo-') ? of.get(method.slice(4)) : undefined;
    const { texts, grades, lengths, ...rest } = one;
    return {
      method,
      judged: rest,
      grade: pairedOf(grades, new Float64Array(grades.length)),
      words: lengths.reduce((sum, n) => sum + n, 0) / lengths.length,
      shift: pairedOf(grades, cloned.grades),
      beyondBase: base === undefined ? null : pairedOf(grades, base.grades),
      perplexityRatio: one.perplexity / cloned.perplexity,
      examples: texts.slice(0, 3),
    };
  });
  const counts = { ...writer.counts, pairs, parameters: writer.cloned.parameters.values.length };
  const numbers: LanguageNumbers = { rows, curve: writer.curve, counts };
  return {
    tables: [
      {
        caption: `${cloned.grades.length} headlines sampled from every model, at temperature 1; intervals over samples, 95 %`,
        columns: [
          'model',
          'reading grade',
          'less the cloned model’s',
          'less its base’s',
          'words',
          'held-out perplexity',
          'ratio',
          'held-out pairs right',
          'KL, nats',
          'distinct',
          'distinct word pairs',
          'not of the corpus',
        ],
        rows: rows.map((row) => [
          row.method,
          inWords(row.grade, 2),
          row.method === CLONED ? '' : inWords(row.shift, 2),
          row.beyondBase === null ? '' : inWords(row.beyondBase, 2),
          row.words,
          row.judged.perplexity,
          row.perplexityRatio,
          row.judged.pairsRight,
          row.judged.divergence,
          row.judged.distinct,
          row.judged.distinctPairs,
          row.judged.unseen,
        ]),
      },
      {
        caption: 'The first samples of every model',
        columns: ['model', 'headline'],
        rows: rows.flatMap(({ method, examples }) => examples.map((text) => [method, text.replaceAll(/\s+/g, ' ')])),
      },
    ],
    notes: [
      `${counts.parameters} parameters; cloned ${counts.training} headlines (${counts.tokens} tokens), mean loss by pass ${writer.curve.map((loss) => loss.toFixed(3)).join(', ')}; held out ${counts.heldOut}.`,
      `${pairs} pairs of training tests outside the faulty period, ${counts.heldOutPairs} held-out ones; headlines longer than the context are left out (${counts.tooLong}).`,
      `Headlines of the corpus have grade ${writer.scale.mean.toFixed(2)}, deviation ${writer.scale.deviation.toFixed(2)}; R = (mean − grade)/deviation.`,
    ],
    failures: failuresOf(rows),
    numbers,
  };
}

/** The score fixed before running. */
function failuresOf(rows: readonly Row[]): string[] {
  const main = rows.find(({ method }) => method === MAIN);
  if (main === undefined) return [`${MAIN}: expected to be trained.`];
  const below = ({ interval }: Estimate): boolean => interval !== null && interval[1] < 0;
  const { shift, beyondBase, perplexityRatio } = main;
  return [
    ...(below(shift)
      ? []
      : [`${MAIN}: expected a reading grade below the cloned model’s, received ${inWords(shift, 2)}.`]),
    ...(beyondBase !== null && below(beyondBase)
      ? []
      : [
          `${MAIN}: expected a reading grade below DPO’s, received ${beyondBase === null ? 'none' : inWords(beyondBase, 2)}.`,
        ]),
    ...(perplexityRatio <= MOST_PERPLEXITY
      ? []
      : [
          `${MAIN}: expected at most ${MOST_PERPLEXITY} times the cloned model’s perplexity, received ${perplexityRatio.toFixed(3)}.`,
        ]),
  ];
}
