import { complaint, expectNumber } from '../../../core/check.js';
import { KeyedDraws } from '../../../core/draws.js';
import { BEGIN, END, PADDING } from './byte-pairs.js';
import type { Decoder } from './decoder.js';
import type { TokenRows } from './token-rows.js';

export interface SamplingSettings {
  /** Scores are divided by it: 1 is the model itself, towards 0 the most probable token every time. */
  readonly temperature: number;
  /** Only so many of the most probable tokens are drawn from; 0 for all. */
  readonly topK: number;
  /** Most tokens of a response, its end mark included; the context's rest if that is less. */
  readonly longest: number;
  /** Rows that are decoded together. The texts do not depend on it. */
  readonly rows: number;
}

export const samplingDefaults: SamplingSettings = { temperature: 1, topK: 0, longest: 64, rows: 64 };

/**
 * Draws a response to every prompt, token by token, each place with keyed luck of its own: sample i of a seed is the same
 * text, however many are drawn with it. The tokens of prompts are taken in, not drawn. Padding and the begin mark are
 * never drawn.
 *
 * @param prompts tokens without marks; `Array(n).fill([])` for n texts from nothing
 * @returns tokens without marks; a response that was cut off looks like one that ended
 * @throws a config error for settings out of range, a data error for a prompt that leaves no room
 */
export function sample(
  decoder: Decoder,
  prompts: readonly (readonly number[])[],
  settings: SamplingSettings,
  seed: number,
): number[][] {
  checkSettings(settings);
  const { context, vocabulary } = decoder.settings;
  const wide = prompts.findIndex((prompt) => prompt.length + 1 > context);
  if (wide >= 0)
    throw complaint('data', {
      where: `prompt ${wide}`,
      expected: `at most ${context - 1} tokens, one less than the context`,
      received: String(prompts[wide].length),
    });
  const luck = new KeyedDraws(seed, 'language');
  const size = Math.min(settings.rows, Math.max(1, prompts.length));
  const decoding = decoder.decoding(size);
  const chances = new Float64Array(vocabulary);
  const out = prompts.map((): number[] => []);
  for (let from = 0; from < prompts.length; from += size) {
    decoding.restart();
    const rows = Math.min(size, prompts.length - from);
    const ended = new Uint8Array(size).fill(1, rows);
    const tokens = new Int32Array(size).fill(BEGIN);
    for (let place = 0; place < context && ended.includes(0); place++) {
      const logits = decoding.next(tokens);
      for (let b = 0; b < rows; b++) {
        const [prompt, response] = [prompts[from + b], out[from + b]];
        tokens[b] = PADDING;
        if (place < prompt.length) tokens[b] = prompt[place];
        if (ended[b] === 1 || place < prompt.length) continue;
        const scores = logits.subarray(b * vocabulary, (b + 1) * vocabulary);
        const token = draw(scores, settings, luck.at(0, from + b, response.length).next(), chances);
        if (token !== END) response.push(token);
        if (token === END || response.length + 1 >= settings.longest) ended[b] = 1;
        else tokens[b] = token;
      }
    }
  }
  return out;
}

/**
 * A token from scores by inverting the distribution function at `luck`.
 *
 * @param luck in [0, 1)
 * @param chances [vocabulary] room to work in
 */
export function draw(
  scores: Float32Array,
  { temperature, topK }: Pick<SamplingSettings, 'temperature' | 'topK'>,
  luck: number,
  chances: Float64Array,
): number {
  const first = END;
  let best = first;
  for (let i = first + 1; i < scores.length; i++) if (scores[i] > scores[best]) best = i;
  if (temperature === 0) return best;
  let threshold = -Infinity;
  if (topK > 0 && topK < scores.length - first) threshold = scores.slice(first).sort()[scores.length - first - topK];
  let total = 0;
  for (let i = first; i < scores.length; i++) {
    const chance = scores[i] < threshold ? 0 : Math.exp((scores[i] - scores[best]) / temperature);
    chances[i] = chance;
    total += chance;
  }
  let left = luck * total;
  let last = best;
  for (let i = first; i < scores.length; i++) {
    if (chances[i] === 0) continue;
    last = i;
    left -= chances[i];
    if (left < 0) return i;
  }
  return last;
}

/**
 * ln π of every row's response, its end mark included.
 *
 * @returns [n]; rows beyond the context are an error
 */
export function responseLogs(decoder: Decoder, rows: TokenRows, batch = 32): Float64Array {
  const out = new Float64Array(rows.count);
  // By length, so that a batch has little padding.
  const order = Int32Array.from({ length: rows.count }, (_, i) => i).sort((a, b) => rows.places(a) - rows.places(b));
  for (let from = 0; from < order.length; from += batch) {
    const pick = order.subarray(from, from + batch);
    const { mask, ...inputs } = rows.inputs(pick, decoder.settings.context);
    const logs = decoder.logProbabilities(inputs);
    const places = mask.shape[1];
    pick.forEach((row, b) => {
      for (let at = b * places; at < (b + 1) * places; at++) out[row] += mask.values[at] * logs[at];
    });
  }
  return out;
}

/** exp of the mean cross-entropy per token of the responses, end marks included; comparable within one tokeniser. */
export function perplexity(decoder: Decoder, rows: TokenRows): number {
  const logs = responseLogs(decoder, rows);
  return Math.exp(-logs.reduce((sum, log) => sum + log, 0) / rows.counted());
}

function checkSettings({ temperature, topK, longest, rows }: SamplingSettings): void {
  expectNumber('sampling: temperature', temperature, 0, 1e6);
  for (const [name, value, least] of [
    ['topK', topK, 0],
    ['longest', longest, 1],
    ['rows', rows, 1],
  ] as const) {
    if (Number.isInteger(value) && value >= least) continue;
    throw complaint('config', {
      where: `sampling: ${name}`,
      expected: `a whole number of at least ${least}`,
      received: String(value),
    });
  }
}
