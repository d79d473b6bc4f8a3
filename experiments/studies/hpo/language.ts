import { align, alignmentDefaults, type AlignmentSettings } from '../../../agents/preference/language/alignment.js';
import type { Decoder } from '../../../agents/preference/language/decoder.js';
import { GymError } from '../../../core/check.js';
import { stream } from '../../../core/random.js';
import { startBackend } from '../../../core/tensor/backend.js';
import { wilson } from '../../../core/stats/intervals.js';
import type { Estimate } from '../../contract.js';
import type { Study, StudyResult } from '../study.js';
import { readHeadlines } from './headlines.js';
import { cloneHeadlines, judge, pairsAsRows, type Judged, type Writer } from './headline-writer.js';
import { inWords, pairedOf } from '../../preference/paired.js';

/** HPO may raise held-out perplexity to this multiple of the cloned model's. */
const MOST_PERPLEXITY = 1.1;
const CLONED = 'cloned (SFT)';
const MAIN = 'hpo-dpo';
/** The null control: the same with a reward that says nothing. */
const CONTROL = 'hpo-dpo, constant R';

interface Method {
  readonly settings: Partial<AlignmentSettings> & { readonly loss: string };
  /** The method that it is compared with. */
  readonly base?: string;
  /** Every reward is 0: what is left of the auxiliary term is cloning. */
  readonly constant?: boolean;
}

/** What differs from the defaults; the step size was chosen on seed 11. Rewards have deviation 1, so λ = 1 is one deviation. */
const AUXILIARY = { auxiliary: 0.05, temperature: 1 };
const METHODS: Readonly<Record<string, Method>> = {
  dpo: { settings: { loss: 'dpo' } },
  [MAIN]: { settings: { loss: 'hpo-dpo', ...AUXILIARY }, base: 'dpo' },
  [CONTROL]: { settings: { loss: 'hpo-dpo', ...AUXILIARY }, base: 'dpo', constant: true },
  kto: { settings: { loss: 'kto' } },
  'hpo-kto': { settings: { loss: 'hpo-kto', ...AUXILIARY }, base: 'kto' },
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
  /** Grade less the null control's; for HPO on DPO alone. */
  readonly beyondControl: Estimate | null;
  /** Share of held-out pairs, with Wilson's interval. */
  readonly right: Estimate;
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
    const methods = Object.entries(METHODS);
    const total = 2 + methods.length;
    onProgress?.(0, total, 'reading');
    await startBackend(process.env['RECSYS_GYM_BACKEND']);
    const headlines = await readHeadlines(data, seed);
    const writer = cloneHeadlines(headlines, settings, seed, (done, all, note) =>
      onProgress?.(done / all, total, `cloning: ${note}`),
    );
    const models: [string, Decoder][] = [[CLONED, writer.cloned]];
    const pairs = pairsAsRows(writer, headlines.trainingPairs);
    if (pairs.data.context.length === 0) throw noPairs(data);
    for (const [i, [name, { settings: own, constant = false }]] of methods.entries()) {
      const decoder = writer.cloned.copy();
      const reward = pairs.data.reward.map((column) => (constant ? new Float32Array(column.length) : column));
      align({
        ...{ decoder, rows: pairs.rows, data: { ...pairs.data, reward }, reference: pairs.reference },
        settings: { ...alignmentDefaults, learningRate: LEARNING_RATE, passes: settings['alignPasses'], ...own },
        random: stream(seed).fork('align'),
        onProgress: (done, all, note) =>
          onProgress?.(1 + i + done / all, total, constant ? `${note}, constant R` : note),
      });
      models.push([name, decoder]);
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
  const control = of.get(CONTROL);
  const rows = judged.map(([method, one]): Row => {
    const base = Object.hasOwn(METHODS, method) ? of.get(METHODS[method].base ?? '') : undefined;
    const { texts, grades, lengths, ...rest } = one;
    return {
      method,
      judged: rest,
      grade: pairedOf(grades, new Float64Array(grades.length)),
      words: lengths.reduce((sum, n) => sum + n, 0) / lengths.length,
      shift: pairedOf(grades, cloned.grades),
      beyondBase: base === undefined ? null : pairedOf(grades, base.grades),
      beyondControl: method === MAIN && control !== undefined ? pairedOf(grades, control.grades) : null,
      right: shareOf(one.pairsRight, writer.counts.heldOutPairs),
      perplexityRatio: one.perplexity / cloned.perplexity,
      examples: texts.slice(0, 3),
    };
  });
  const counts = { ...writer.counts, pairs, parameters: writer.cloned.parameters.values.length };
  const failures = failuresOf(rows);
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
          row.method === CLONED ? '' : inWords(row.right, 3),
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
      `Reading grade of ${MAIN} less that of its null control: ${rows.flatMap(({ beyondControl }) => (beyondControl === null ? [] : [inWords(beyondControl, 2)])).join()}.`,
      `Headlines of the corpus have grade ${writer.scale.mean.toFixed(2)}, deviation ${writer.scale.deviation.toFixed(2)}; R = (mean − grade)/deviation.`,
    ],
    failures,
    numbers,
    report: {
      question: 'Does HPO make a language model write headlines that are easier to read, at little cost in likelihood?',
      answer: {
        verdict: failures.length === 0 ? 'supported' : 'unsupported',
        sentence: sentenceOf(rows),
        reasons: failures,
      },
    },
  };
}

function sentenceOf(rows: readonly Row[]): string {
  const said = rows
    .filter(({ method }) => method !== CLONED)
    .map(
      ({ method, shift, perplexityRatio, right }) =>
        `${method} ${inWords(shift, 2)} at ${perplexityRatio.toFixed(3)} times the perplexity, ${inWords(right)} of the held-out pairs right`,
    );
  return `Reading grade of the samples less the cloned model’s: ${said.join('; ')}.`;
}

function shareOf(share: number, n: number): Estimate {
  if (!Number.isFinite(share)) return { value: null, standardError: null, interval: null, method: 'Wilson 95%' };
  const { low, high } = wilson(Math.round(share * n), n, 0.95);
  return { value: share, standardError: null, interval: [low, high], method: 'Wilson 95%' };
}

/** The score fixed before running. */
function failuresOf(rows: readonly Row[]): string[] {
  const main = rows.find(({ method }) => method === MAIN);
  if (main === undefined) return [`${MAIN}: expected to be trained.`];
  const { shift, beyondBase, beyondControl, perplexityRatio } = main;
  const shifts = { 'the cloned model': shift, DPO: beyondBase, 'HPO with a constant reward': beyondControl };
  return [
    ...Object.entries(shifts).flatMap(([other, estimate]) =>
      estimate !== null && (estimate.interval?.[1] ?? 0) < 0
        ? []
        : [
            `${MAIN}: expected a reading grade below that of ${other}, received ${estimate === null ? 'none' : inWords(estimate, 2)}.`,
          ],
    ),
    ...(perplexityRatio <= MOST_PERPLEXITY
      ? []
      : [
          `${MAIN}: expected at most ${MOST_PERPLEXITY} times the cloned model’s perplexity, received ${perplexityRatio.toFixed(3)}.`,
        ]),
  ];
}
