import { z } from 'zod';
import { id, interval, question, seed, settings } from './parts.js';

/** What an experiment file of kind `feed-session` may say: from a log of sessions to a policy and a test of it. */

const share = z.number().gt(0).lt(1);
const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,40}$/, 'expected lower-case letters, digits and hyphens');
const label = z.string().regex(/^[^\p{C}]{1,60}$/u, 'expected 1 to 60 printable characters');
const agent = z.strictObject({
  id: z.string().min(1),
  name: label.optional().describe('What the report calls it; its id unless given.'),
  settings,
});

const learner = agent.extend({
  env: settings.describe(
    'What differs in the env while it learns, e.g. injected candidates or another source of them.',
  ),
  tried: z
    .enum(['production', 'own'])
    .default('production')
    .describe('With the candidates of production, or with those it learned with.'),
});

const world = z.strictObject({
  from: z
    .literal('world')
    .describe('The generated feed, whose truth is known: it writes the log and is tried in the end.'),
  settings: settings.describe(
    'Of the generated feed: users, items, topics, leverage (none, moderate, strong), drift …',
  ),
  cold: z
    .int()
    .min(200)
    .max(1_000_000)
    .default(4000)
    .describe('Sessions shown at random among the retrieved, from which the first ranker learns.'),
  sessions: z.int().min(200).max(5_000_000).default(20_000).describe('Sessions of the log, served by that ranker.'),
  explored: share.default(0.1).describe('Share of those sessions that were shown at random instead.'),
  epsilon: z.number().min(0).max(1).default(0.1).describe('Chance of a random candidate in the other sessions.'),
});
const leaveOutEarly = z
  .boolean()
  .default(true)
  .describe('Leave out sessions of the first fifth of the time, whose rows an import counts for features.');

const stored = z.strictObject({
  from: z
    .literal('store')
    .describe('A feed log imported earlier, e.g. of KuaiRand. There is no truth to try policies in.'),
  name: z.string().min(1),
  leaveOutEarly,
});

const file = z.strictObject({
  from: z.literal('file').describe('A feed log in files, imported on first use. There is no truth to try policies in.'),
  format: z.literal('kuairand'),
  path: z.string().min(1).describe('File or folder, relative to the current directory.'),
  leaveOutEarly,
});

const artefact = z.strictObject({
  share: share.describe('Share of the users, by hash, whose sessions it is fitted on; artefacts share no users.'),
  response: settings.describe('Of the response model.'),
  tower: settings.describe('Of the retrieval tower.'),
});

export const feedExperiment = z.strictObject({
  kind: z.literal('feed-session').describe('Learn to recommend whole sessions in a simulator made of logged ones.'),
  id,
  question,
  seeds: z.array(seed).min(1).max(1000).default([1]).describe('One world, log, simulator and policy each.'),
  source: z.discriminatedUnion('from', [world, file, stored]),
  artefacts: z
    .record(name, artefact)
    .default({
      production: { share: 0.4, response: {}, tower: {} },
      people: { share: 0.4, response: {}, tower: {} },
    })
    .describe('Fitted models by name. The users that no artefact takes are held out to judge the simulator.'),
  ranker: z.string().default('production').describe('The artefact that retrieves and ranks in production.'),
  simulator: z.string().default('people').describe('The artefact whose people the policy is trained with.'),
  judge: z
    .string()
    .optional()
    .describe('Of a log without a world: the artefact whose people try the policies in the end.'),
  study: z
    .enum(['well-specified'])
    .optional()
    .describe('Needed to use one artefact for two things: what is learned then knows the simulator from the inside.'),
  misspecify: z
    .strictObject({
      exitSign: z.union([z.literal(1), z.literal(-1)]).default(1),
      exitScale: z.number().min(0).max(100).default(1),
      ignoreFatigue: z.boolean().default(false),
    })
    .optional()
    .describe('Faults put into the simulator on purpose, to see whether they are found.'),
  env: settings.describe('Of recsys/FeedSession-v1: candidates, slateSize, maxSteps …'),
  reward: z.string().min(1).default('watch10s').describe('Formula over the outcomes and dwellSeconds.'),
  agent: learner.prefault({ id: 'recomind' }).describe('The policy in question.'),
  rivals: z
    .array(learner)
    .max(20)
    .default([])
    .describe('Others that learn in the same simulator, e.g. with another discount; each needs a name of its own.'),
  baselines: z
    .array(agent)
    .max(20)
    .default([
      { id: 'supervised', settings: {} },
      { id: 'mmr', settings: {} },
      { id: 'random', settings: {} },
    ])
    .describe('The first is the control.'),
  train: z
    .strictObject({
      worlds: z.int().min(1).max(100_000).default(64).describe('Worlds stepped together.'),
      steps: z.int().min(1).max(1_000_000_000).default(60_000).describe('Steps over all worlds.'),
      checkpointEvery: z.int().min(1).default(20_000),
    })
    .prefault({}),
  realism: z
    .strictObject({
      force: z.boolean().default(false).describe('Train even in a simulator that failed its exit calibration.'),
      sessions: z.int().min(100).max(1_000_000).default(2000).describe('Simulated per logged policy.'),
    })
    .prefault({}),
  evaluation: z
    .strictObject({
      ...interval,
      sessions: z.int().min(100).max(10_000_000).default(5000).describe('Sessions played by every policy, paired.'),
      along: z
        .array(z.int().min(0).max(1_000_000))
        .max(50)
        .default([])
        .describe('Updates after which a policy is tried as well, for learning curves; 0 is before the first.'),
      alongSessions: z.int().min(50).max(1_000_000).default(1000),
    })
    .prefault({}),
});

export type FeedExperiment = z.infer<typeof feedExperiment>;
