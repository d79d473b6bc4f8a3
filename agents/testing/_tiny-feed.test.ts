import { KeyedDraws } from '../../core/draws.js';
import { width } from '../../core/space.js';
import { clearOutcome } from '../../envs/buffers.js';
import type { Env, EnvSpec, StepBatch } from '../../envs/contract.js';
import { feedObservation } from '../../envs/feed-session/observation.js';
import type { Catalogue } from '../../logs/feed-session/catalogue.js';
import { dwellNumber, type FeedLayout } from '../../logs/feed-session/layout.js';
import { SessionPrefix } from '../../logs/feed-session/prefix.js';
import type { ResponseModel } from '../../reward-models/feed-session/contract.js';

/** A feed so small that a learner must see through it in seconds: bait is watched more, and drives people away. */
export const tinyLayout: FeedLayout = {
  userNames: ['taste0', 'taste1', 'age'],
  contextNames: ['hour'],
  itemNames: ['content0', 'content1', 'bait'],
  shared: 2,
  outcomes: ['watch', 'like'],
  recent: 3,
};

const ITEMS = 16;
const MOST_STEPS = 20;
/** Chance to leave after an item with bait, and without. */
const LEAVES = { bait: 0.6, plain: 0.05 };

/** Items around a circle of contents; every other one is bait. */
export const tinyCatalogue: Catalogue = {
  items: ITEMS,
  ids: Array.from({ length: ITEMS }, (_, i) => `item ${i}`),
  names: tinyLayout.itemNames,
  features: Float32Array.from({ length: ITEMS * 3 }, (_, at) => {
    const angle = (2 * Math.PI * Math.floor(at / 3)) / ITEMS;
    return [Math.cos(angle), Math.sin(angle), Math.floor(at / 3) % 2][at % 3];
  }),
  cluster: Int32Array.from({ length: ITEMS }, (_, i) => i % 4),
  clusters: 4,
  seconds: new Float32Array(ITEMS).fill(20),
  birth: new Int32Array(ITEMS),
};

/** P(watch) of an item for a user: a match of taste, and bait. */
function watchChance(x: ArrayLike<number>, user: number, item: ArrayLike<number>, at: number): number {
  return 1 / (1 + Math.exp(-(x[user] * item[at] + x[user + 1] * item[at + 1] + 1.2 * item[at + 2])));
}

/** Knows the answers exactly, and nothing of who leaves. */
export const tinyRanker: ResponseModel = {
  card: {
    layout: tinyLayout,
    fittedOn: { log: 'tiny', logHash: '', split: 'all', rows: 0 },
    quality: {},
    exitRate: 0,
    settings: {},
    epochs: 0,
    parameters: 0,
  },
  layout: tinyLayout,
  rank({ rows, values, width: W, stateAt, itemsAt, items }, out) {
    for (let row = 0; row < rows; row++) {
      for (let k = 0; k < items; k++) {
        const at = row * W;
        const watch = watchChance(values, at + stateAt, values, at + itemsAt + 3 * k);
        out.set([watch, watch / 4], (row * items + k) * 2);
      }
    }
  },
  respond: () => unused(),
  exit: () => unused(),
  dwellSeconds: () => unused(),
  save: () => unused(),
};

function unused(): never {
  throw new Error('tiny ranker: agents only rank');
}

export interface TinyFeedOptions {
  readonly retrieved?: number;
  readonly injected?: number;
  readonly size?: number;
}

/** B sessions; a world's history depends on its seed and number alone. Whatever is first in a slate is looked at. */
export function tinyFeed(batch: number, { retrieved = 6, injected = 0, size = 1 }: TinyFeedOptions = {}): Env {
  const K = retrieved + injected;
  const O = width(feedObservation(tinyLayout, tinyCatalogue.clusters, K));
  const prefix = new SessionPrefix(tinyLayout, tinyCatalogue, batch);
  const S = prefix.places.width;
  const visit = new Int32Array(batch);
  const offered = new Int32Array(batch * K);
  const answers = new Float32Array(3);
  let seed = 0;
  const begin = (b: number): void => {
    const draws = new KeyedDraws(seed, 'user').at(b, visit[b], 0);
    prefix.begin(
      b,
      Float32Array.from([0, 1, 2], () => 2 * draws.next() - 1),
      0,
    );
    prefix.known[prefix.contextAt(b)] = draws.next();
  };
  /** Offers K distinct items and writes what is seen. */
  const look = (b: number, out: Float32Array): void => {
    const draws = new KeyedDraws(seed, 'offer').at(b, visit[b], prefix.step[b]);
    const order = Array.from({ length: ITEMS }, (_, i) => [draws.next(), i]).sort(([x], [y]) => x - y);
    prefix.write(b, out, b * O);
    for (let k = 0; k < K; k++) {
      const item = order[k][1];
      offered[b * K + k] = item;
      out.set(tinyCatalogue.features.subarray(item * 3, item * 3 + 3), b * O + S + 3 * k);
      out[b * O + S + 3 * K + k] = Number(k >= retrieved);
      out[b * O + S + 4 * K + k] = tinyCatalogue.cluster[item];
    }
  };
  return {
    spec: specOf(batch, K, size),
    reset(from, out) {
      seed = from;
      visit.fill(0);
      clearOutcome(out);
      for (let b = 0; b < batch; b++) {
        begin(b);
        look(b, out.observation);
      }
    },
    step(action, out: StepBatch) {
      for (let b = 0; b < batch; b++) {
        const item = offered[b * K + action[b * size]];
        const draws = new KeyedDraws(seed, 'luck').at(b, visit[b], prefix.step[b]);
        const chance = watchChance(prefix.known, b * prefix.places.progress, tinyCatalogue.features, item * 3);
        const bait = tinyCatalogue.features[item * 3 + 2] === 1;
        const watch = Number(draws.next() < chance);
        answers.set([watch, Number(watch === 1 && draws.next() < 0.25), dwellNumber(watch === 1 ? 15 : 3)]);
        prefix.push(b, item, answers, 0);
        const left = draws.next() < (bait ? LEAVES.bait : LEAVES.plain);
        const limit = !left && prefix.step[b] === MOST_STEPS;
        out.reward[b] = watch;
        out.objectives[b] = watch;
        out.terminated[b] = Number(left);
        out.truncated[b] = Number(limit);
        out.endReason[b] = left ? 1 : limit ? 2 : 0;
        if (left || limit) {
          look(b, out.final);
          visit[b]++;
          begin(b);
        }
        look(b, out.observation);
      }
    },
    snapshot: () => ({ id: 'tiny/Feed-v1', batch, seed, columns: { visit: visit.slice(), ...columnsOf(prefix) } }),
    restore: ({ seed: from, columns }) => {
      seed = from;
      visit.set(columns['visit']);
      for (const [name, column] of Object.entries(columnsOf(prefix, false))) column.set(columns[name]);
      const scratch = new Float32Array(batch * O);
      for (let b = 0; b < batch; b++) look(b, scratch);
    },
  };
}

function specOf(batch: number, candidates: number, size: number): EnvSpec {
  return {
    id: 'tiny/Feed-v1',
    batch,
    observation: feedObservation(tinyLayout, tinyCatalogue.clusters, candidates),
    action: { kind: 'slate', size, candidates },
    objectives: ['watch'],
    rewardUnit: 'watches',
    endReasons: [
      { name: 'none', ending: 'none' },
      { name: 'left', ending: 'terminated' },
      { name: 'step limit', ending: 'truncated' },
    ],
    maxSteps: MOST_STEPS,
  };
}

/** The columns of a prefix, copied or as they are. */
function columnsOf(prefix: SessionPrefix, copied = true): Record<string, Float32Array | Int32Array> {
  const { step, known, averages, recentItem, recentAnswers } = copied ? prefix.save() : prefix;
  return { step, known, averages, recentItem, recentAnswers };
}
