import { z } from 'zod';
import { CORRECTIONS } from '../ab/stats/multiple-testing.js';
import { feedOfRun, id, interval, question, seed, settings } from './parts.js';

/** What an experiment file of kind `ab` may say: arms tried against each other in a world. */

const column = z.string().min(1).max(100);

const envWorld = z.strictObject({
  from: z.literal('env').describe('An env; its world i is user i, who has one session a day. Nothing is shared.'),
  id: z.string().min(1),
  settings,
  feed: feedOfRun.optional(),
  features: z
    .array(
      z.strictObject({
        name: column,
        field: z.string().min(1).describe('A field of the observation, read at the start of a session.'),
        from: z.int().min(0).default(0).describe('First number of the field that counts.'),
        to: z.int().min(1).optional().describe('One past the last; the mean of them is the feature.'),
        cuts: z.array(z.number()).max(20).default([]).describe('Ascending; they cut the units into segments.'),
      }),
    )
    .max(10)
    .default([])
    .describe('What is known of a unit beforehand: covariates for CUPED, and with cuts segments.'),
  worlds: z.int().min(1).max(100_000).default(256).describe('Users played together; part of the seed of their luck.'),
});

const marketWorld = z.strictObject({
  from: z.literal('shared-market').describe('Users who share budgets, stock and what is learned of the items.'),
  settings,
});

const adMarketWorld = z.strictObject({
  from: z
    .literal('ad-market')
    .describe('Ad requests whose advertisers have daily budgets that all users share; arms are weights of utility.'),
  settings,
});

const arm = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][\w .-]{0,60}$/, 'expected letters, digits, spaces, dots and hyphens'),
  share: z.number().gt(0).lt(1).optional().describe('Of the units in the test; all arms alike unless given.'),
  agent: z.string().optional().describe('In an env: an agent.'),
  settings,
  trainedBy: z
    .strictObject({
      path: z.string().min(1).describe('Folder of a run of kind env, or of kind feed-session.'),
      seed: z.int().min(0).default(1),
      name: z
        .string()
        .min(1)
        .optional()
        .describe('Of a run of kind feed-session: which of its policies; its agent unless given.'),
    })
    .optional()
    .describe('Where an agent learned, in place of agent and settings.'),
  explore: z.boolean().default(true).describe('Whether the agent draws its actions.'),
});

export const designNames = ['user', 'budget', 'session', 'request', 'cluster', 'time'] as const;

const metric = z.strictObject({
  name: column,
  kind: z.enum(['mean', 'proportion', 'ratio', 'quantile']).default('mean'),
  column,
  denominator: column.optional(),
  quantile: z.number().gt(0).lt(1).optional(),
  covariate: column.optional().describe("A feature of the world, or 'before' for the same column in the days before."),
  role: z.enum(['primary', 'secondary', 'guardrail']).default('secondary'),
  better: z.enum(['higher', 'lower']).default('higher'),
  margin: z.number().min(0).max(1).optional().describe('Of a guardrail: the relative loss that is tolerated.'),
});

export const abExperiment = z.strictObject({
  kind: z.literal('ab').describe('Try arms against each other in a world: an offline A/B test.'),
  id,
  question,
  seed: seed.default(1),
  world: z.discriminatedUnion('from', [envWorld, marketWorld, adMarketWorld]),
  users: z.int().min(4).max(10_000_000).default(2000),
  days: z.int().min(1).max(366).default(14),
  before: z.int().min(0).max(366).default(0).describe('Days before the test under the control, for CUPED.'),
  arms: z.array(arm).min(2).max(20).describe('The first is the control.'),
  design: z
    .strictObject({
      split: z
        .enum(designNames)
        .default('user')
        .describe(
          'user, session, request: what is given an arm. budget: by user, every arm with its share of what is shared. cluster: groups of users that share among themselves. time: everybody has the arm of the window (switchback).',
        ),
      clusters: z.int().min(2).max(100_000).default(20),
      windowHours: z.int().min(1).max(24).default(24).describe('Length of the windows of a time split.'),
      traffic: z
        .array(z.number().min(0).max(1))
        .max(366)
        .default([])
        .describe('Share of the users that are in the test by day (ramp-up); the last one stays.'),
    })
    .prefault({}),
  metrics: z.array(metric).min(1).max(50),
  novelty: z
    .strictObject({
      size: z.number().min(-0.99).max(10).default(0).describe('Of the first day; above 0 excites, below 0 confuses.'),
      halfLifeDays: z.number().gt(0).max(1000).default(3),
    })
    .prefault({})
    .describe('What only the change does: outcomes of users in new arms × (1 + size · 2^(−days ÷ half-life)).'),
  analysis: z
    .strictObject({
      ...interval,
      sequential: z.boolean().default(true).describe('Always-valid intervals and p-values beside the fixed ones.'),
      stop: z
        .enum(['never', 'always-valid'])
        .default('never')
        .describe('Whether the test ends on the first day its always-valid interval leaves 0 out.'),
      correction: z.enum(CORRECTIONS).default('holm').describe('Over the metrics and arms.'),
    })
    .prefault({}),
  aa: z.boolean().default(false).describe('A/A: also play the test with the control in every arm.'),
  designs: z
    .strictObject({
      names: z.array(z.enum(designNames)).default([]).describe('Designs to compare against the truth.'),
      replications: z.int().min(2).max(10_000).default(20),
    })
    .prefault({}),
  power: z
    .strictObject({
      replications: z.int().min(0).max(100_000).default(0).describe('Simulated tests; 0 leaves the question out.'),
    })
    .prefault({})
    .describe('How long would this test need?'),
});

export type AbExperiment = z.infer<typeof abExperiment>;
export type DesignName = (typeof designNames)[number];
