import type { Agent, Decision } from '../../agents/contract.js';
import { actionBuffer, stepBatch } from '../../envs/buffers.js';
import type { FeedSessionEnv } from '../../envs/feed-session/feed-session.js';
import { ItemRows, type ItemColumns } from './item-rows.js';

export interface PlayRequest {
  readonly env: FeedSessionEnv;
  readonly agent: Agent;
  /** Whether actions are drawn, or the best known ones taken. */
  readonly explore: boolean;
  readonly seed: number;
  /** Sessions wanted: the first so many by visit, then by world. */
  readonly sessions: number;
  readonly onProgress?: (sessions: number) => void;
}

/**
 * Played sessions, item after item, in columns: R items of S sessions, session by session, each in order. Session s is
 * visit ⌊s / B⌋ of world s mod B, so that session s of two plays with the same seed has the same user and luck.
 */
export interface Played extends ItemColumns {
  readonly sessions: number;
  /** [S] */
  readonly user: Int32Array;
  readonly visit: Int32Array;
  /** [S, X] context of each session. */
  readonly context: Float32Array;
  /** [S] 1: left; 2: step limit. */
  readonly endReason: Uint8Array;
}

/**
 * Plays an agent that does not learn meanwhile, and leaves it as it was found. Every item seen is kept, also those of
 * slates.
 */
export function playFeed(request: PlayRequest): Played {
  const { env, agent, seed, sessions, explore, onProgress } = request;
  const { batch: B } = env.spec;
  const { layout } = env.people;
  const H = layout.outcomes.length;
  const X = layout.contextNames.length;
  const rows = new ItemRows(H);
  const user = new Int32Array(sessions);
  const context = new Float32Array(sessions * X);
  const endReason = new Uint8Array(sessions);
  const current = new Int32Array(B);
  const decisions = new Int32Array(B);
  let left = sessions;
  let [before, after] = [stepBatch(env.spec), stepBatch(env.spec)];
  const decision: Decision = { action: actionBuffer(env.spec), propensity: new Float32Array(B) };
  const begin = (b: number): void => {
    const s = env.visit[b] * B + b;
    current[b] = s < sessions ? s : -1;
    decisions[b] = 0;
    if (s >= sessions) return;
    user[s] = env.crowd.user[b];
    const at = env.prefix.contextAt(b);
    for (let x = 0; x < X; x++) context[s * X + x] = env.prefix.known[at + x];
  };
  const found = agent.snapshot();
  env.onShown = (b, item) => {
    if (current[b] < 0) return;
    const { answers, dwellSeconds } = env.answers;
    rows.add({ session: current[b], item, propensity: decision.propensity[b], decision: decisions[b] });
    rows.followed(answers, b * (H + 1), dwellSeconds[b]);
  };
  try {
    env.reset(seed, before);
    for (let b = 0; b < B; b++) begin(b);
    while (left > 0) {
      agent.act(before.observation, decision, explore);
      env.step(decision.action, after);
      for (let b = 0; b < B; b++) {
        decisions[b]++;
        if (after.endReason[b] === 0) continue;
        if (current[b] >= 0) {
          endReason[current[b]] = after.endReason[b];
          left--;
        }
        begin(b);
      }
      onProgress?.(sessions - left);
      [before, after] = [after, before];
    }
  } finally {
    agent.restore(found);
    env.onShown = undefined;
  }
  const visit = Int32Array.from(user, (_, s) => Math.floor(s / B));
  return { sessions, user, visit, context, endReason, ...rows.bySession(sessions) };
}
