import type { PreferenceData } from '../../agents/preference/contract.js';
import { batchInputs, preferenceDefaults } from '../../agents/preference/learner.js';
import { preferenceLosses, type PreferenceLossName } from '../../agents/preference/losses/index.js';
import { ChoiceModel } from '../../agents/preference/models/choice.js';
import { featureNetwork } from '../../agents/preference/models/network.js';
import { preferenceObjective } from '../../agents/preference/objective.js';
import { stream } from '../../core/random.js';
import { startBackend } from '../../core/tensor/backend.js';
import { compileStep } from '../../core/tensor/compile.js';
import { Trainer } from '../../core/tensor/train.js';
import { SLATE_FEATURES, SlatePreferences } from '../../simulators/preference/slates.js';
import type { BenchResult } from './index.js';
import { median, sample } from './tensor-clock.js';

const LOSSES: readonly PreferenceLossName[] = ['kto', 'hpo-kto', 'dpo', 'hpo-dpo', 'margin'];
const BATCH = 256;
const SECONDS = 0.4;
const ROUNDS = 9;
/** Most that HPO's step may take of KTO's. */
const MOST_RATIO = 1.2;

/**
 * Milliseconds of one training step on slates, by loss, and how much more than KTO's: losses take turns, so that a busy
 * machine slows all of them, and ratios are medians of the rounds' ratios.
 */
export async function benchPreference(): Promise<BenchResult & { readonly ratios: Readonly<Record<string, number>> }> {
  await startBackend();
  const steps = LOSSES.map(stepOf);
  const rounds = Array.from({ length: ROUNDS }, () => steps.map((step) => median(sample(step, SECONDS))));
  const ratios = Object.fromEntries(
    LOSSES.map((name, i) => [name, median(rounds.map((times) => times[i] / times[0]))]),
  );
  return {
    columns: ['loss', 'ms per step', '÷ KTO'],
    rows: LOSSES.map((name, i) => [name, median(rounds.map((times) => times[i])), ratios[name]]),
    notes: [
      `${BATCH} pairs of slates of 4 among 12 candidates, a hidden layer of 64, value head included; the bound on HPO’s ratio to KTO is ${MOST_RATIO}.`,
      ...(['hpo-kto'] as const).map(
        (name) =>
          `${name}: ${ratios[name].toFixed(2)} of KTO, ${ratios[name] <= MOST_RATIO ? 'within' : 'beyond'} the bound.`,
      ),
    ],
    ratios,
  };
}

function stepOf(loss: PreferenceLossName): () => unknown {
  const people = new SlatePreferences();
  const { contexts, candidates, places } = people.settings;
  const { context, chosen, rejected, count } = people.pairs(BATCH, stream('bench'));
  const ones = new Float32Array(count).fill(1);
  const reward = Float32Array.from({ length: count }, (_, i) => (i % 4) / 4);
  const data: PreferenceData = {
    ...{ context, sides: [chosen, rejected] },
    ...{ good: [ones, new Float32Array(count)], reward: [reward, reward.slice().reverse()] },
  };
  const network = featureNetwork({ values: people.features, candidates, width: SLATE_FEATURES.length, hidden: [64] });
  const model = new ChoiceModel({ contexts, candidates, places, reference: people.reference, network }, stream(1));
  const step = compileStep(new Trainer(model.parameters, { learningRate: 1e-4 }), (inputs) =>
    preferenceObjective(preferenceLosses[loss], preferenceDefaults, model.judge(inputs, 2), inputs),
  );
  const inputs = batchInputs(
    model,
    data,
    Int32Array.from({ length: count }, (_, i) => i),
  );
  return () => step(inputs);
}
