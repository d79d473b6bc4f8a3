import { z } from 'zod';
import type { PreferenceLossName } from '../../agents/preference/losses/index.js';
import { id, interval, question, seed, settings } from './parts.js';

/** What an experiment file of kind `preference` may say: comparisons, a loss that learns from them, and rivals. */

const label = z.string().regex(/^[^\p{C}]{1,60}$/u, 'expected 1 to 60 printable characters');

export const LOSSES = [
  'sft',
  'conditional-sft',
  'dpo',
  'ipo',
  'kto',
  'margin',
  'relabelled-dpo',
  'offline-ppo',
  'offline-ppo-reward',
  'a-lol',
  'dro-v',
  'advantage-weighted',
  'hpo-dpo',
  'hpo-kto',
] as const satisfies readonly PreferenceLossName[];

const method = z.strictObject({
  loss: z.enum(LOSSES).describe('What is minimised; see agents/preference/losses.'),
  name: label.optional().describe('What the report calls it; its loss unless given.'),
  settings: settings.describe(
    'Of this method alone: auxiliary (γ), temperature (λ), expectile (τ), margin (α), beta …',
  ),
});

const pairs = z.int().min(2).max(10_000_000);

const ofTests = {
  split: seed
    .default(1)
    .describe('Tests are dealt to learning, tuning and judging, 60 / 20 / 20, by a hash of their ids with this seed.'),
  p: z
    .number()
    .gt(0)
    .max(1)
    .default(0.05)
    .describe('Pairs are those of one test whose click rates differ beyond chance at this level.'),
  flagged: z.array(z.string()).default([]).describe('Words that are counted as flags.'),
};

const source = z.discriminatedUnion('from', [
  z.strictObject({
    from: z.literal('table').describe('A generated table whose truth and optimum are known; one per seed.'),
    pairs: pairs.default(1000).describe('Comparisons to learn from.'),
    contexts: z.int().min(2).max(100_000).default(24),
    responses: z.int().min(2).max(10_000).default(40),
    correlation: z.number().min(-1).max(1).default(0).describe('Of what people prefer and what the designer wants.'),
    beta: z.number().gt(0).default(0.5).describe('Pull to the reference in the true objective J, and in learning.'),
    spread: z.number().min(0).default(1).describe('Deviation of the hidden preference, in log-odds.'),
  }),
  z.strictObject({
    from: z.literal('slates').describe('Users of a generated feed who compare two slates; one world per seed.'),
    pairs: pairs.default(4000).describe('Comparisons to learn from.'),
    settings: settings.describe('Of the people: contexts, candidates, places, freshTaste, positionBias, labelNoise …'),
  }),
  z.strictObject({
    from: z.literal('file').describe('Headline tests of the Upworthy Research Archive.'),
    path: z.string().min(1).describe('Folder of upworthy_packages.csv, relative to the current directory.'),
    ...ofTests,
  }),
  z.strictObject({
    from: z.literal('store').describe('Headline tests that were imported earlier: outcomes impressions and clicks.'),
    name: z.string().min(1),
    ...ofTests,
  }),
]);

export const preferenceExperiment = z.strictObject({
  kind: z.literal('preference').describe('Learn a policy from comparisons, with a reward that the designer adds.'),
  id,
  question,
  seeds: z
    .array(seed)
    .min(1)
    .max(1000)
    .default([1])
    .describe('A generated world each; on a log they draw the start and the batches only.'),
  source,
  reward: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The designer’s formula. Tables: designer. Slates: fresh, diversity, flagged. Headlines: readingGrade, clickbait, length, diversity, flags.',
    ),
  method: method.prefault({ loss: 'hpo-dpo' }).describe('The method in question.'),
  rivals: z
    .array(method)
    .max(20)
    .default([{ loss: 'dpo', settings: {} }])
    .describe(
      'They learn from the same comparisons. The first is the control; where there is none, the first baseline.',
    ),
  baselines: z
    .array(z.enum(['reference', 'uniform', 'optimum', 'hindsight']))
    .default(['reference'])
    .describe(
      'reference: the frozen one. uniform: all candidates alike. optimum: the best policy of a table. hindsight: the text that each test turned out to like most; it also counts luck.',
    ),
  reference: z
    .enum(['source', 'uniform', 'sft'])
    .default('source')
    .describe(
      'What learning stays close to: who served when comparisons were made, all alike, or a clone of what was chosen.',
    ),
  learning: settings.describe('Of every method: passes, batch, learningRate, weightDecay, beta …'),
  model: settings.describe(
    'How candidates are scored. Slates: hidden. Headlines: buckets, bag, width; depth and heads for a transformer over words.',
  ),
  evaluation: z
    .strictObject({
      ...interval,
      tests: z
        .enum(['held-out', 'tuning'])
        .default('held-out')
        .describe('Headline tests that judge. Choose settings on the tuning ones.'),
    })
    .prefault({}),
});

export type PreferenceExperiment = z.infer<typeof preferenceExperiment>;
