import { BytePairs } from '../../../agents/preference/language/byte-pairs.js';
import { Decoder, decoderDefaults } from '../../../agents/preference/language/decoder.js';
import { Pretraining, pretrainingDefaults } from '../../../agents/preference/language/pretraining.js';
import { perplexity, responseLogs, sample, samplingDefaults } from '../../../agents/preference/language/sampling.js';
import { TokenRows } from '../../../agents/preference/language/token-rows.js';
import type { PreferenceData } from '../../../agents/preference/contract.js';
import { stream } from '../../../core/random.js';
import { moments } from '../../../core/stats/moments.js';
import { readingGrade, wordsOf } from '../../../reward-models/preference/texts.js';
import type { HeadlinePair, Headlines } from './headlines.js';

/** Step size of cloning at its height. */
const LEARNING_RATE = 3e-3;

/** A model that has learned to write headlines, and what it is judged by. */
export interface Writer {
  readonly tokens: BytePairs;
  readonly cloned: Decoder;
  /** Mean loss of every pass, in nats per token. */
  readonly curve: readonly number[];
  /** Mean and deviation of the reading grade of training headlines. */
  readonly scale: { readonly mean: number; readonly deviation: number };
  readonly training: ReadonlySet<string>;
  readonly heldOut: TokenRows;
  /** Held-out pairs, the chosen headline of pair i in row 2i, the other one behind it; and their ln π_ref. */
  readonly heldOutPairs: TokenRows;
  readonly heldOutReference: Float64Array;
  readonly counts: Readonly<Record<'training' | 'heldOut' | 'heldOutPairs' | 'tokens' | 'tooLong', number>>;
}

/** What is known of a model's samples, and of its likelihoods. */
export interface Judged {
  readonly texts: readonly string[];
  /** [samples] */
  readonly grades: Float64Array;
  /** [samples] in words. */
  readonly lengths: Float64Array;
  /** Of held-out headlines. */
  readonly perplexity: number;
  /** Share of held-out pairs whose chosen headline gained more in log-probability than the other; NaN for the cloned model. */
  readonly pairsRight: number;
  /** KL(π ‖ π_ref) by the samples, in nats per headline. */
  readonly divergence: number;
  /** Share of distinct texts, of distinct pairs of words (Li et al. 2016), and of texts that are not in the corpus. */
  readonly distinct: number;
  readonly distinctPairs: number;
  readonly unseen: number;
}

/** Learns a tokeniser and a decoder on the training headlines. */
export function cloneHeadlines(
  headlines: Headlines,
  settings: Readonly<Record<string, number>>,
  seed: number,
  onProgress: (done: number, total: number, note: string) => void,
): Writer {
  const tokens = BytePairs.train(headlines.training, settings['vocabulary']);
  const { width, depth } = settings;
  const cloned = new Decoder(
    { ...decoderDefaults, vocabulary: tokens.vocabulary, width, depth },
    stream(seed).fork('decoder'),
  );
  const rows = rowsOf(tokens, headlines.training);
  const cloning = { ...pretrainingDefaults, learningRate: LEARNING_RATE, passes: settings['passes'] };
  const curve = new Pretraining({ decoder: cloned, rows, settings: cloning, seed }).run(onProgress);
  const heldOut = rowsOf(tokens, headlines.heldOut);
  const heldOutPairs = rowsOf(tokens, textsOf(tokens, headlines.heldOutPairs));
  const { mean, variance } = moments(headlines.training.map(readingGrade).filter(Number.isFinite));
  return {
    ...{ tokens, cloned, curve, heldOut, heldOutPairs },
    scale: { mean, deviation: Math.sqrt(variance) },
    training: new Set(headlines.training),
    heldOutReference: responseLogs(cloned, heldOutPairs),
    counts: {
      training: rows.count,
      heldOut: heldOut.count,
      heldOutPairs: heldOutPairs.count / 2,
      tokens: rows.counted(),
      tooLong: headlines.training.length - rows.count + (headlines.heldOut.length - heldOut.count),
    },
  };
}

/** Pairs as rows, labels and rewards: the lower the reading grade, the higher the reward. */
export function pairsAsRows(
  { tokens, cloned, scale }: Writer,
  pairs: readonly HeadlinePair[],
): { readonly rows: TokenRows; readonly data: PreferenceData; readonly reference: Float64Array } {
  const texts = textsOf(tokens, pairs);
  const rows = rowsOf(tokens, texts);
  const n = texts.length / 2;
  const side = (s: number): Int32Array => Int32Array.from({ length: n }, (_, i) => 2 * i + s);
  const reward = (row: number): number => (scale.mean - gradeOf(texts[row], scale.mean)) / scale.deviation;
  return {
    rows,
    reference: responseLogs(cloned, rows),
    data: {
      context: new Int32Array(n),
      sides: [side(0), side(1)],
      good: [new Float32Array(n).fill(1), new Float32Array(n)],
      reward: [0, 1].map((s) => Float32Array.from(side(s), reward)),
    },
  };
}

/** Samples of a model and what they are like; the same luck for every model. */
export function judge(writer: Writer, decoder: Decoder, samples: number, seed: number): Judged {
  const { tokens, cloned, heldOut, heldOutPairs, heldOutReference, training } = writer;
  const prompts = Array.from({ length: samples }, (): number[] => []);
  const drawn = sample(decoder, prompts, samplingDefaults, seed);
  const texts = drawn.map((ids) => tokens.decode(ids));
  // A text that was cut off at the context has no end mark that could be counted.
  const ended = new TokenRows(
    drawn.filter((ids) => ids.length < samplingDefaults.longest - 1).map((response) => ({ response })),
  );
  const [own, reference] = [decoder, cloned].map((model) => responseLogs(model, ended));
  const logs = responseLogs(decoder, heldOutPairs);
  const gain = (row: number): number => logs[row] - heldOutReference[row];
  let right = 0;
  for (let row = 0; row < logs.length; row += 2) right += Number(gain(row) > gain(row + 1));
  const pairs = texts.flatMap((text) => {
    const words = wordsOf(text);
    return words.slice(1).map((word, i) => `${words[i]} ${word}`);
  });
  return {
    texts,
    grades: Float64Array.from(texts, (text) => gradeOf(text, writer.scale.mean)),
    lengths: Float64Array.from(texts, (text) => wordsOf(text).length),
    perplexity: perplexity(decoder, heldOut),
    pairsRight: decoder === cloned ? NaN : right / (logs.length / 2),
    divergence: own.reduce((sum, log, i) => sum + log - reference[i], 0) / ended.count,
    distinct: new Set(texts).size / samples,
    distinctPairs: new Set(pairs).size / pairs.length,
    unseen: texts.filter((text) => !training.has(text)).length / samples,
  };
}

/** A text's reading grade; one without words counts as the corpus's mean, which earns nothing. */
function gradeOf(text: string, mean: number): number {
  const grade = readingGrade(text);
  return Number.isFinite(grade) ? grade : mean;
}

/** Chosen, rejected, chosen … of the pairs whose texts both fit. */
function textsOf(tokens: BytePairs, pairs: readonly HeadlinePair[]): string[] {
  return pairs.flatMap(({ chosen, rejected }) =>
    fits(tokens.encode(chosen)) && fits(tokens.encode(rejected)) ? [chosen, rejected] : [],
  );
}

/** Rows of the texts that fit. */
function rowsOf(tokens: BytePairs, texts: readonly string[]): TokenRows {
  return new TokenRows(
    texts.map((text) => ({ response: tokens.encode(text) })).filter(({ response }) => fits(response)),
  );
}

/** Whether a text fits into the context with its begin mark. */
function fits(ids: readonly number[]): boolean {
  return ids.length < decoderDefaults.context;
}
