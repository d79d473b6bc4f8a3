import { randomAgent } from '../../agents/random.js';
import { stream } from '../../core/random.js';
import { startBackend } from '../../core/tensor/backend.js';
import { stepBatch, type MakeEnv } from '../../envs/index.js';
import { FEED_SESSION, type FeedSessionEnv } from '../../envs/feed-session/feed-session.js';
import { populationOf, sessionRows } from '../../logs/feed-session/replay.js';
import type { ResponseModel } from '../../reward-models/feed-session/contract.js';
import { responseModel } from '../../reward-models/feed-session/response.js';
import { learnedPeople } from '../../simulators/feed-session/learned.js';
import { FeedWorld } from '../../simulators/feed-session/world.js';
import { feedLog } from '../feed-session/feed-log.js';
import { playFeed } from '../feed-session/play.js';
import { feedEnv, setScene } from '../feed-session/scene.js';
import { median, rate } from './env-clock.js';

/** A learned simulator and the response model that plays it, of default size, in steps per CPU-second. */
export interface LearnedSpeed {
  readonly env: string;
  readonly batch: number;
  readonly stepsPerCpuSecond: number;
  /** Rows per CPU-second of the model alone: an answer (`respond`) and an exit each. */
  readonly forwardsPerCpuSecond: number;
  /** Share of a step that is the model's: steps divided by forwards. */
  readonly share: number;
}

/** Sessions that the model is fitted on: how well does not matter to how fast. */
const SESSIONS = 600;

/**
 * Plays the env with people who were learned from a small log, and asks their model for as many rows beside it: turn by
 * turn, so that a busy machine slows both.
 *
 * @param stepper warms an env up and returns what measures its steps per CPU-second
 */
export async function learnedSpeeds(
  batches: readonly number[],
  repeats: number,
  seconds: number,
  stepper: (make: MakeEnv, batch: number) => () => number,
): Promise<LearnedSpeed[]> {
  await startBackend();
  const { model, make } = learnedFeed();
  return batches.map((batch) => {
    const steps = stepper(make, batch);
    const forwards = forwarder(model, make(batch));
    const found = Array.from({ length: repeats }, () => [steps(), rate(forwards, batch, seconds)] as const);
    const [stepsPerCpuSecond, forwardsPerCpuSecond] = [0, 1].map((i) => median(found.map((pair) => pair[i])));
    const share = median(found.map(([step, forward]) => step / forward));
    return { env: `${FEED_SESSION}, learned people`, batch, stepsPerCpuSecond, forwardsPerCpuSecond, share };
  });
}

function learnedFeed(): { model: ResponseModel; make: (batch: number) => FeedSessionEnv } {
  const world = new FeedWorld();
  const live = feedEnv(setScene({ people: world, settings: {} }), 64);
  const agent = randomAgent.make(live.spec, randomAgent.defaults, stream(1), 1);
  const played = playFeed({ env: live, agent, explore: true, seed: 1, sessions: SESSIONS });
  const sessions = sessionRows(feedLog('bench', world, [{ policy: 'random', played }]));
  const settings = { ...responseModel.defaults, epochs: 1 };
  const model = responseModel.fit({ sessions, split: 'all', settings, random: stream(1) });
  const people = learnedPeople({ model, population: populationOf(sessions), catalogue: sessions.catalogue });
  const scene = setScene({ people, settings: {} });
  return { model, make: (batch) => feedEnv(scene, batch) };
}

/** The model on one state and item per world, as they are met after some items. */
function forwarder(model: ResponseModel, env: FeedSessionEnv): () => void {
  const B = env.spec.batch;
  const out = stepBatch(env.spec);
  env.reset(1, out);
  for (let step = 0; step < 5; step++) env.step(new Int32Array(B), out);
  const { width: S } = env.prefix.places;
  const F = model.layout.itemNames.length;
  const O = out.observation.length / B;
  const [states, items] = [new Float32Array(B * S), new Float32Array(B * F)];
  const chances = new Float64Array(B * 2 * model.layout.outcomes.length);
  for (let b = 0; b < B; b++) {
    states.set(out.observation.subarray(b * O, b * O + S), b * S);
    items.set(out.observation.subarray(b * O + S, b * O + S + F), b * F);
  }
  return () => {
    model.respond(B, states, items, chances);
    model.exit(B, states, chances);
  };
}
