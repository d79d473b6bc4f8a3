import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { choose, complaint } from '../../../core/check.js';
import type { AbExperiment } from '../../config/ab-schema.js';
import { feedExperiment } from '../../config/feed-schema.js';
import { feedOfRun, settings } from '../../config/parts.js';
import { FEED_SESSION } from '../../../envs/index.js';
import { nameOf, servedSettings, trainingFile } from '../../feed-session/learning.js';
import type { FeedOfRun } from '../../feed-session/run-feed.js';
import type { Checkpoint } from '../../online/train.js';
import { readCheckpoint } from '../../run/seed-checkpoint.js';

type TrainedBy = NonNullable<AbExperiment['arms'][number]['trainedBy']>;

/** What the config of a run says of the agent it trained. */
const ofEnv = z.object({
  kind: z.literal('env'),
  env: z.object({ id: z.string() }),
  feed: feedOfRun.optional(),
  agent: z.object({ id: z.string(), settings }),
  run: z.object({ steps: z.number() }),
});
const bornSchema = z.object({ config: z.union([ofEnv, feedExperiment]) });

/** An agent as a run made it. */
export interface Born {
  readonly id: string;
  readonly settings: z.infer<typeof settings>;
  /** Steps over all worlds that it was to see. */
  readonly steps: number;
  /** The run whose ranker it was built on, where there is one. */
  readonly feed: FeedOfRun | undefined;
  readonly env: string;
  /** File of its training. */
  readonly file: string;
}

/** What an earlier run made of its agent under a seed, and how that agent was made. */
export function learnedBy(
  arm: string,
  trainedBy: TrainedBy,
  env: string,
): { readonly state: Checkpoint; readonly born: Born } {
  const refuse = (received: string): Error =>
    complaint('config', {
      where: `arm ${arm}: trainedBy`,
      expected: `a run of kind env${env === FEED_SESSION ? ' or feed-session' : ''} in ${env} with seed ${trainedBy.seed}`,
      received,
      try: "'recsys-gym runs list' shows the runs there are.",
    });
  const config = join(trainedBy.path, 'config.json');
  if (!existsSync(config)) throw refuse(`no ${config}`);
  const read = bornSchema.safeParse(JSON.parse(readFileSync(config, 'utf8')));
  if (!read.success) throw refuse(`another kind of run in ${trainedBy.path}`);
  const born = bornOf(read.data.config, trainedBy);
  if (born.env !== env) throw refuse(`one in ${born.env}`);
  const found = readCheckpoint(born.file);
  if (found === undefined) throw refuse(`no ${born.file}`);
  return { state: found.state, born };
}

function bornOf(config: z.infer<typeof bornSchema>['config'], { path, seed, name }: TrainedBy): Born {
  const folder = join(path, 'checkpoints');
  if (config.kind === 'env') {
    if (name !== undefined) {
      throw complaint('config', {
        where: 'trainedBy: name',
        expected: 'none for a run of kind env, which trains one agent',
        received: `'${name}'`,
      });
    }
    const { agent, run, env, feed } = config;
    return { ...agent, steps: run.steps, feed, env: env.id, file: join(folder, `seed-${seed}.safetensors`) };
  }
  const learners = [config.agent, ...config.rivals].map((learner) => [nameOf(learner), learner] as const);
  const chosen = name ?? nameOf(config.agent);
  const learner = choose('policy of that run', Object.fromEntries(learners), chosen);
  return {
    id: learner.id,
    settings: servedSettings(learner),
    steps: config.train.steps,
    feed: { path, seed },
    env: FEED_SESSION,
    file: join(folder, `seed-${seed}`, trainingFile(chosen)),
  };
}

/** The bytes of what the arms learned before, for the report's provenance. */
export function learnedBytes({ arms, world }: AbExperiment): Uint8Array[] {
  return arms.flatMap(({ name, trainedBy }) =>
    trainedBy === undefined || world.from !== 'env'
      ? []
      : [new Uint8Array(readFileSync(learnedBy(name, trainedBy, world.id).born.file))],
  );
}
