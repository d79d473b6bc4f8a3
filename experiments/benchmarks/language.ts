import tf from '@tensorflow/tfjs';
import { alignmentDefaults, alignmentStep } from '../../agents/preference/language/alignment.js';
import { BYTES } from '../../agents/preference/language/byte-pairs.js';
import { Decoder, decoderDefaults, type DecoderSettings } from '../../agents/preference/language/decoder.js';
import { sample as sampleTexts, samplingDefaults } from '../../agents/preference/language/sampling.js';
import { TokenRows } from '../../agents/preference/language/token-rows.js';
import { uniformInt } from '../../core/distributions.js';
import { stream } from '../../core/random.js';
import { startBackend } from '../../core/tensor/backend.js';
import { compileStep } from '../../core/tensor/compile.js';
import type { Inputs } from '../../core/tensor/compiled-programs.js';
import { nativeInUse } from '../../core/tensor/native/memory.js';
import { softmaxCrossEntropy } from '../../core/tensor/ops/cross-entropy.js';
import { Trainer } from '../../core/tensor/train.js';
import type { BenchResult } from './index.js';
import { median, sample } from './tensor-clock.js';
import { loadNow, machineNotes, useThreads } from './tensor-machine.js';
import { Torch, type TorchChoice } from './tensor-torch.js';

/** A step of the decoder: all places of a batch count. For alignment, `places` is best a multiple of 8. */
export interface LanguageSize extends DecoderSettings {
  readonly batch: number;
  readonly places: number;
}

const FULL: LanguageSize = { ...decoderDefaults, batch: 32, places: 32 };
/** Texts that are sampled together, and their tokens. */
const DRAWN = { rows: 64, longest: 32 };

export interface LanguageBenchmark extends BenchResult {
  readonly parameters: number;
  /** Tokens per second of training. */
  readonly ours: number;
  readonly torch?: number;
  /** Tokens per second of sampling. */
  readonly sampling: number;
  /** Tokens per second of alignment by KTO and by HPO on it. */
  readonly kto: number;
  readonly hpo: number;
}

export interface LanguageBenchSettings {
  readonly threads?: number;
  /** Rounds in which ours and PyTorch take turns. */
  readonly rounds?: number;
  /** Seconds per side and round. */
  readonly seconds?: number;
  readonly size?: LanguageSize;
}

/**
 * Training steps of the small language model beside the same architecture in PyTorch, in turns: token and position
 * vectors, blocks that normalise first, tied output, cross-entropy, Adam. And how fast it is aligned, by KTO and by HPO on
 * it at token level, and how fast it writes.
 */
export async function benchLanguage(settings: LanguageBenchSettings = {}): Promise<LanguageBenchmark> {
  const { threads = 1, rounds = 7, seconds = 0.6, size = FULL } = settings;
  const before = loadNow();
  const backend = await startBackend(process.env['RECSYS_GYM_BACKEND']);
  const restore = nativeInUse() ? useThreads(threads) : () => undefined;
  const torch = await Torch.start({ language: size }, threads);
  const { decoder, step } = trainingStep(size);
  const samples = {
    ours: new Array<number>(),
    torch: new Array<number>(),
    kto: new Array<number>(),
    hpo: new Array<number>(),
  };
  const [kto, hpo] = ['kto', 'hpo-kto'].map((loss) => aligningStep(size, loss));
  let choice: TorchChoice | undefined;
  let writing: number[] = [];
  try {
    for (const work of [step, kto, hpo]) sample(work, seconds);
    choice = torch instanceof Torch ? await torch.prepare('language', 2 * seconds) : undefined;
    const peer = torch instanceof Torch && choice !== undefined && 'chosen' in choice ? torch : undefined;
    for (let round = 0; round < rounds; round++) {
      samples.ours.push(...sample(step, seconds));
      if (peer !== undefined) samples.torch.push(...(await peer.measure('language', seconds)));
      samples.kto.push(...sample(kto, seconds));
      samples.hpo.push(...sample(hpo, seconds));
    }
    writing = samplingSpeeds(decoder, size, 2 * seconds);
  } finally {
    if (torch instanceof Torch) torch.stop();
    restore();
  }
  const speed = (times: readonly number[]): number => (1000 * size.batch * size.places) / median(times);
  const ours = speed(samples.ours);
  const beside = samples.torch.length === 0 ? undefined : speed(samples.torch);
  const sampling = median(writing);
  const aligning = { kto: speed(samples.kto), hpo: speed(samples.hpo) };
  const { width, depth, heads, vocabulary, batch, places } = size;
  const parameters = decoder.parameters.values.length;
  return {
    ...{ parameters, ours, sampling, ...aligning },
    ...(beside === undefined ? {} : { torch: beside }),
    columns: ['what', 'tokens per second', 'PyTorch', 'ours/PyTorch'],
    rows: [
      ['training', ours, beside ?? '', beside === undefined ? '' : ours / beside],
      ['alignment by KTO', aligning.kto, '', ''],
      [`alignment by HPO on KTO: ${(aligning.kto / aligning.hpo).toFixed(3)} times KTO’s time`, aligning.hpo, '', ''],
      [`sampling, ${DRAWN.rows} texts together`, sampling, '', ''],
    ],
    notes: [
      `Width ${width}, depth ${depth}, ${heads} heads, vocabulary ${vocabulary}, ${parameters} parameters; steps of ` +
        `${batch} × ${places} tokens, Adam at 1e-3, float32; medians of ${rounds} rounds in turns; threads: ${threads}.`,
      `Ours on the backend ${backend}${backend === 'native' ? ', recorded steps' : ''}.`,
      torchNote(torch, choice),
      ...machineNotes(before, threads),
    ],
  };
}

function torchNote(torch: Torch | { readonly skipped: string }, choice: TorchChoice | undefined): string {
  if (!(torch instanceof Torch)) return `PyTorch skipped: ${torch.skipped}`;
  if (choice === undefined || 'skipped' in choice) return `PyTorch skipped: ${choice?.skipped ?? 'not asked'}`;
  return `PyTorch ${torch.version}: ${choice.chosen}, the fastest of ${Object.keys(choice.variants).join(', ')}.`;
}

function trainingStep(size: LanguageSize): { readonly decoder: Decoder; readonly step: () => unknown } {
  const luck = stream('bench/language');
  const { batch, places, vocabulary } = size;
  const decoder = new Decoder(size, luck.fork('decoder'));
  const compiled = compileStep(new Trainer(decoder.parameters, { learningRate: 1e-3 }), (inputs) => {
    const hidden = decoder.hidden(inputs);
    const loss = softmaxCrossEntropy(decoder.logits(hidden), inputs['labels']);
    return { loss: tf.add(loss, tf.mul(tf.mean(decoder.value(hidden)), 0)).asScalar() };
  });
  const ids = (): Int32Array => Int32Array.from({ length: batch * places }, () => uniformInt(luck, vocabulary));
  const inputs: Inputs = {
    tokens: { values: ids(), shape: [batch, places] },
    positions: { values: Int32Array.from({ length: batch * places }, (_, at) => at % places), shape: [batch, places] },
    labels: { values: ids(), shape: [batch * places] },
  };
  return { decoder, step: () => compiled(inputs) };
}

/** Alignment with labelled responses of random tokens, half of them good, that fill the batch. */
function aligningStep(size: LanguageSize, loss: string): () => unknown {
  const luck = stream('bench/language/alignment');
  const { batch, places, vocabulary } = size;
  const decoder = new Decoder(size, luck.fork('decoder'));
  const response = (): number[] =>
    Array.from({ length: places - 1 }, () => BYTES + uniformInt(luck, vocabulary - BYTES));
  const rows = new TokenRows(Array.from({ length: batch }, () => ({ response: response() })));
  const all = Int32Array.from({ length: batch }, (_, i) => i);
  const data = {
    ...{ context: new Int32Array(batch), sides: [all] },
    good: [Float32Array.from(all, (i) => i % 2)],
    reward: [Float32Array.from(all, () => luck.next())],
  };
  const step = alignmentStep({ decoder, rows, data, settings: { ...alignmentDefaults, loss } });
  return () => step(all);
}

/** Tokens per second of texts drawn from nothing, their end marks included. */
function samplingSpeeds(decoder: Decoder, { context }: LanguageSize, seconds: number): number[] {
  const longest = Math.min(DRAWN.longest, context);
  const prompts = Array.from({ length: DRAWN.rows }, (): number[] => []);
  const speeds: number[] = [];
  const end = performance.now() + 1000 * seconds;
  for (let seed = 0; speeds.length < 3 || performance.now() < end; seed++) {
    const from = performance.now();
    const texts = sampleTexts(decoder, prompts, { ...samplingDefaults, ...DRAWN, longest }, seed);
    const tokens = texts.reduce((sum, text) => sum + text.length + 1, 0);
    speeds.push((1000 * tokens) / (performance.now() - from));
  }
  return speeds;
}
