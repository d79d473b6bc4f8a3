/** Questions → believable answers: run experiments, judge policies off-policy, train and play agents, draw reports. */
export type * from './contract.js';
export { readExperiment } from './config/read.js';
export {
  experimentSchema,
  jsonSchema,
  type EnvExperiment,
  type Experiment,
  type LogExperiment,
} from './config/schema.js';
export { type AbExperiment, type DesignName } from './config/ab-schema.js';
export * from './ab/index.js';
export * from './evaluate/index.js';
export { checkpointFromBytes, checkpointToBytes } from './online/checkpoint.js';
export { rollout, type Rollout, type RolloutRequest } from './online/rollout.js';
export { train, type Checkpoint, type TrainRequest } from './online/train.js';
export { feedMaker, learnFeed, learnFeedOfWorld, type Feed, type LearnRequest } from './feed-session/people.js';
export { openFeedRun, type FeedOfRun, type FeedRun } from './feed-session/run-feed.js';
export { parseReport, serialiseReport } from './report/document.js';
export { renderReport } from './report/render.js';
export { runExperiment, type RunOptions, type RunResult } from './run/run.js';
export { silent, type Watcher } from './run/watch.js';
export { agents, logLearners, rewardModels, worlds } from './tables.js';
