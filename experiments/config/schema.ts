import { z } from 'zod';
import { intervalKeys } from '../evaluate/intervals/index.js';
import { abExperiment } from './ab-schema.js';
import { adUtilityExperiment } from './ad-utility-schema.js';
import { feedExperiment } from './feed-schema.js';
import { preferenceExperiment } from './preference-schema.js';
import { feedOfRun, id, interval, question, seed, settings } from './parts.js';

/**
 * What an experiment file may say. One schema: it validates, fills in defaults, gives the type, and is published as
 * JSON Schema for editors. Settings of models, agents, envs and worlds stay with them and are checked against their
 * own defaults in resolve.ts.
 */

const share = z.number().gt(0).lt(1);
const logFromFile = z.strictObject({
  from: z.literal('file'),
  format: z
    .enum(['open-bandit', 'table'])
    .describe('open-bandit: a folder of the Open Bandit Dataset; table: CSV or NDJSON.'),
  path: z.string().min(1).describe('File or folder, relative to the current directory.'),
  map: z
    .record(z.string(), z.string())
    .default({})
    .describe('For tables: our field → column, e.g. outcome.click: clicked.'),
  maxBadShare: z.number().min(0).max(1).default(0).describe('Largest share of unusable rows that may be left out.'),
});
const logFromStore = z.strictObject({
  from: z.literal('store'),
  name: z.string().min(1).describe('A log imported earlier.'),
});
const logFromWorld = z.strictObject({
  from: z.literal('world'),
  world: z.string().min(1).describe('A generated world whose truth is known, e.g. click-world.'),
  rows: z.int().min(100).max(50_000_000),
  settings,
});

const model = z.strictObject({
  kind: z.string().default('logistic').describe('A reward model: logistic or mlp.'),
  folds: z.int().min(2).max(20).default(3).describe('Cross-fitting: no row is scored by a model that saw it.'),
  settings,
});

const baseline = z.discriminatedUnion('id', [
  z.strictObject({ id: z.literal('uniform') }),
  z.strictObject({ id: z.literal('popular'), exploration: z.number().min(0).max(1).default(0) }),
  z.strictObject({ id: z.literal('greedy'), exploration: z.number().min(0).max(1).default(0) }),
  z.strictObject({
    id: z.literal('frequencies'),
    name: z.string().default('frequencies').describe('What the report calls it.'),
    besideLog: z
      .string()
      .describe('Another log whose item frequencies per position are the policy; relative to log.path.'),
  }),
]);

/** Those that a log experiment can compute: none that needs columns beyond action, reward and propensity. */
export const ESTIMATORS = [
  'ips',
  'clippedIps',
  'snips',
  'dm',
  'dr',
  'sndr',
  'switchDr',
  'dros',
  'sgIps',
  'clippedDr',
  'sgDr',
  'replay',
  'bips',
  'empiricalLikelihood',
  'cressieRead',
] as const;

const logExperiment = z.strictObject({
  kind: z.literal('log').describe('Learn a policy from a log and judge it off-policy.'),
  id,
  question,
  seed: seed.default(1),
  log: z.discriminatedUnion('from', [logFromFile, logFromStore, logFromWorld]),
  reward: z.string().max(400).describe('A formula over the outcomes, e.g. click or watch10s + 0.5*like - 2*hide.'),
  split: z
    .strictObject({
      by: z.enum(['row', 'user', 'session', 'request', 'time']).default('row').describe('What stays together.'),
      train: share.default(0.5).describe('Share for fitting and learning; the rest judges.'),
    })
    .prefault({}),
  rewardModel: model.prefault({}),
  policy: z.strictObject({ learner: z.string().default('log-policy-gradient'), settings }).prefault({}),
  baselines: z.array(baseline).default([{ id: 'uniform' }]),
  evaluation: z
    .strictObject({
      ...interval,
      headline: z.enum(ESTIMATORS).default('dr').describe('The estimator that comparisons and segments are made with.'),
      estimators: z
        .array(
          z.string().regex(/^[A-Za-z]+(=[0-9.eE+-]+)?$/, 'expected an estimator, or one with a setting: clippedIps=2'),
        )
        .min(1)
        .exactOptional()
        .describe(`Of ${ESTIMATORS.join(', ')}, with settings as clippedIps=2; by default the first eight.`),
      tune: z
        .enum(['slope', 'mse'])
        .exactOptional()
        .describe('Choose clips, thresholds and shrinkages from the log, in place of clip, switch and shrinkage.'),
      clip: z.number().gt(0).default(10).describe('Largest weight of clippedIps.'),
      switch: z.number().min(0).default(10).describe('Largest weight that switchDr corrects with.'),
      shrinkage: z.number().min(0).default(10).describe('λ of dros.'),
      interval: z
        .array(z.enum(intervalKeys))
        .min(1)
        .refine((keys) => new Set(keys).size === keys.length, 'expected each method once')
        .default(['delta'])
        .describe('How intervals are made; the first leads.'),
      rewardRange: z
        .tuple([z.number(), z.number()])
        .refine(([low, high]) => low < high, 'expected the smaller number first')
        .optional()
        .describe('Smallest and largest reward that can occur, for hoeffding, bernstein and sequence.'),
      weightMax: z.number().gt(0).optional().describe('Largest weight that can occur, for the same.'),
      bootstrap: z.int().min(0).max(100_000).default(1000).describe('Replicates of the second interval; 0 for none.'),
      abTest: z
        .int()
        .min(0)
        .max(10_000_000)
        .default(0)
        .describe('Decisions of an A/B test on new users of the world that wrote the log; 0 for none.'),
      segments: z.array(z.string()).default(['position']).describe('Report per position or per categorical feature.'),
    })
    .prefault({}),
});

const envExperiment = z.strictObject({
  kind: z.literal('env').describe('Train an agent in an env and judge it by playing.'),
  id,
  question,
  seeds: z.array(seed).min(1).max(1000).default([1, 2, 3]).describe('One independent run each.'),
  env: z.strictObject({ id: z.string().min(1), settings }),
  feed: feedOfRun.optional(),
  agent: z.strictObject({ id: z.string().min(1), settings }),
  baselines: z.array(z.strictObject({ id: z.string().min(1), settings })).default([{ id: 'random', settings: {} }]),
  run: z.strictObject({
    worlds: z.int().min(1).max(1_000_000).default(8).describe('Worlds stepped together.'),
    steps: z.int().min(1).describe('Steps over all worlds.'),
    checkpointEvery: z.int().min(1).default(20_000).describe('Steps between checkpoints.'),
  }),
  evaluation: z
    .strictObject({
      ...interval,
      episodes: z.int().min(1).default(50).describe('Sessions played per seed after learning.'),
      explore: z.boolean().default(false).describe('Judge the drawn actions instead of the best known ones.'),
    })
    .prefault({}),
});

export const experimentSchema = z.discriminatedUnion('kind', [
  logExperiment,
  envExperiment,
  abExperiment,
  feedExperiment,
  adUtilityExperiment,
  preferenceExperiment,
]);

export type Experiment = z.infer<typeof experimentSchema>;
export type LogExperiment = z.infer<typeof logExperiment>;
export type EnvExperiment = z.infer<typeof envExperiment>;
export type BaselineConfig = z.infer<typeof baseline>;

/** The schema for editors: what may be written, with descriptions and defaults. */
export function jsonSchema(): unknown {
  return {
    title: 'recsys-gym experiment',
    ...z.toJSONSchema(experimentSchema, { io: 'input' }),
  };
}
