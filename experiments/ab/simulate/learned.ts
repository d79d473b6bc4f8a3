import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { complaint } from '../../../core/check.js';
import type { AbExperiment } from '../../config/ab-schema.js';
import { settings } from '../../config/parts.js';
import type { Checkpoint } from '../../online/train.js';
import { readCheckpoint } from '../../run/seed-checkpoint.js';

type TrainedBy = NonNullable<AbExperiment['arms'][number]['trainedBy']>;

/** What the config of a run says of the agent it trained. */
const bornSchema = z.object({
  config: z.object({
    kind: z.literal('env'),
    env: z.object({ id: z.string() }),
    agent: z.object({ id: z.string(), settings }),
    run: z.object({ steps: z.number() }),
  }),
});
type Born = z.infer<typeof bornSchema>['config'];

/** What an earlier run made of its agent under a seed, and how that agent was made. */
export function learnedBy(
  arm: string,
  trainedBy: TrainedBy,
  env: string,
): { readonly state: Checkpoint; readonly born: Born } {
  const refuse = (received: string): Error =>
    complaint('config', {
      where: `arm ${arm}: trainedBy`,
      expected: `a run of kind env in ${env} with seed ${trainedBy.seed}`,
      received,
      try: "'recsys-gym runs list' shows the runs there are.",
    });
  const config = join(trainedBy.path, 'config.json');
  if (!existsSync(config)) throw refuse(`no ${config}`);
  const born = bornSchema.safeParse(JSON.parse(readFileSync(config, 'utf8')));
  if (!born.success) throw refuse(`another kind of run in ${trainedBy.path}`);
  if (born.data.config.env.id !== env) throw refuse(`one in ${born.data.config.env.id}`);
  const found = readCheckpoint(checkpointPath(trainedBy));
  if (found === undefined) throw refuse(`no ${checkpointPath(trainedBy)}`);
  return { state: found.state, born: born.data.config };
}

function checkpointPath({ path, seed }: TrainedBy): string {
  return join(path, 'checkpoints', `seed-${seed}.safetensors`);
}

/** The bytes of what the arms learned before, for the report's provenance. */
export function learnedBytes({ arms }: AbExperiment): Uint8Array[] {
  return arms.flatMap(({ trainedBy }) =>
    trainedBy === undefined ? [] : [new Uint8Array(readFileSync(checkpointPath(trainedBy)))],
  );
}
