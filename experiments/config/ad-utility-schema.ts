import { z } from 'zod';
import type { WEIGHTED } from '../../simulators/ad-market/contract.js';
import { id, interval, question, seed, settings } from './parts.js';

/** What an experiment file of kind `ad-utility` may say: from an exploration log to tuned weights, tried in the market. */

const label = z.string().regex(/^[^\p{C}]{1,60}$/u, 'expected 1 to 60 printable characters');

const levels = z.union([
  z.array(z.number()).min(1).max(1000),
  z.strictObject({
    low: z.number().gt(0),
    high: z.number().gt(0),
    count: z.int().min(2).max(1000).describe('Levels with equal ratios between neighbours.'),
  }),
]);

const group = z.strictObject({
  levels: levels.describe('Ascending, the production weight among them; or a log-spaced range around it.'),
  production: z.number().describe('The weight that is served today.'),
});

const usual = { levels: [0, 0.1, 0.2, 0.4, 0.8], production: 0.2 };

const learner = z.strictObject({
  id: z.string().min(1).describe('A learner of policies from logs; see "recsys-gym agents list".'),
  name: label.optional().describe('What the report calls it; its id unless given.'),
  settings,
});

export const STATIC_BASELINES = ['manual', 'best-global', 'matched-static', 'random'] as const;

export const adUtilityExperiment = z.strictObject({
  kind: z.literal('ad-utility').describe('Learn the weights of an ad ranking utility from an exploration log.'),
  id,
  question,
  seeds: z.array(seed).min(1).max(1000).default([1]).describe('One market, log and policy each.'),
  market: settings.describe('Of the ad market: users, candidates, slots, miscalibration, drift …'),
  surface: z
    .string()
    .default('search')
    .describe('The treated segment: requests of this surface. All others keep the production weights.'),
  grid: z
    .strictObject({
      click: group.prefault(usual),
      longClick: group.prefault(usual),
      hide: group.prefault(usual),
    } satisfies Record<(typeof WEIGHTED)[number], unknown>)
    .prefault({})
    .describe('The actions: every combination of one level per weight.'),
  log: z
    .strictObject({
      rows: z.int().min(1000).max(100_000_000).default(1_000_000).describe('Requests of the exploration slice.'),
      exploration: z
        .number()
        .gt(0)
        .max(1)
        .default(0.0125)
        .describe('Share of the treated requests that explore: a uniform action, its propensity logged.'),
      keep: z
        .enum(['memory', 'store'])
        .default('memory')
        .describe('store: written to and learned from a file in pieces, so that memory does not grow with the rows.'),
      heldOut: z
        .int()
        .min(1000)
        .max(10_000_000)
        .default(200_000)
        .describe('Rows of a second log, of later requests, that judges off-policy.'),
    })
    .prefault({}),
  reward: z
    .string()
    .min(1)
    .default('ecpm + 0.25*click + 0.25*longClick - 0.2*hide')
    .describe('Formula over revenue, ecpm, click, longClick, hide and conversion of a request.'),
  policy: learner.prefault({ id: 'importance-weighted' }).describe('The learner in question.'),
  rivals: z
    .array(learner)
    .max(20)
    .default([])
    .describe('Others that learn from the same log; each needs a name of its own.'),
  baselines: z
    .array(z.enum(STATIC_BASELINES))
    .min(1)
    .default([...STATIC_BASELINES])
    .describe(
      'The first is the control. manual: the production weights. best-global: the best action for everybody, by exact search over the grid on requests of its own. matched-static: the policy’s mean weights for everybody. random: a uniform action per request.',
    ),
  evaluation: z
    .strictObject({
      ...interval,
      requests: z
        .int()
        .min(100)
        .max(10_000_000)
        .default(60_000)
        .describe('Requests of the treated segment that every policy serves with the same luck.'),
      search: z.int().min(100).max(1_000_000).default(20_000).describe('Requests of the search for best-global.'),
      days: z.int().min(1).max(366).default(7).describe('Days over which the requests are spread.'),
      buckets: z.int().min(2).max(100).default(10).describe('Groups of users by click rate, for learned weights.'),
    })
    .prefault({}),
  guardrail: z
    .strictObject({ margin: z.number().min(0).max(1).default(0.03).describe('Largest relative loss of revenue.') })
    .prefault({}),
});

export type AdUtilityExperiment = z.infer<typeof adUtilityExperiment>;
