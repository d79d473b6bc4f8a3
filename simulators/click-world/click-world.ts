import { complaint, expectNumber } from '../../core/check.js';
import { categorical, exponential, normal, uniformInt } from '../../core/distributions.js';
import type { Rng } from '../../core/random.js';
import { makeLog } from '../../logs/columns.js';
import type { ActionTable, Log } from '../../logs/record.js';
import type { LoggedWorld, LoggedWorldKind } from '../contract.js';

/**
 * Settings of the click world. Every default is *invented*: chosen so that a log of some 40,000 rows can tell a good
 * policy from the serving one, not fitted to any shop.
 */
export interface ClickWorldSettings {
  /** Items on offer in every decision. */
  readonly items: number;
  /** Kinds of users, logged as the categorical feature "segment". */
  readonly segments: number;
  /** Topics, dealt to the items in turn; also the number of logged tastes of a user. */
  readonly topics: number;
  /** Users, each with a segment and tastes of its own; every decision draws one of them uniformly. */
  readonly users: number;
  /** Click probability of an average item at the first position for an average user. */
  readonly baseRate: number;
  /** How often a position is looked at, first place first; every decision draws its position uniformly. */
  readonly positionEffect: readonly number[];
  /** Standard deviation, in log-odds of a click, of an item's appeal to everybody. */
  readonly appealDeviation: number;
  /** The same, of an item's appeal to one segment beyond that. */
  readonly segmentDeviation: number;
  /** Log-odds of a click per unit of the user's taste for the item's topic (tastes have standard deviation 1). */
  readonly tasteWeight: number;
  /** Log-odds of a click per standard deviation of the item's price. */
  readonly priceWeight: number;
  /** Correlation, across (segment, item), of the serving policy's score with the true log-odds. */
  readonly servingSkill: number;
  /** The serving policy draws from the softmax of its scores (standard deviation 1) divided by this. */
  readonly servingTemperature: number;
  /** Share of decisions that the serving policy draws uniformly instead: its floor on every propensity, times 1/items. */
  readonly explorationShare: number;
}

export const CLICK_WORLD_DEFAULTS: ClickWorldSettings = {
  items: 20,
  segments: 4,
  topics: 5,
  users: 4000,
  baseRate: 0.08,
  positionEffect: [1, 0.75, 0.55],
  appealDeviation: 0.4,
  segmentDeviation: 0.5,
  tasteWeight: 0.4,
  priceWeight: -0.2,
  servingSkill: 0.6,
  servingTemperature: 0.5,
  explorationShare: 0.25,
};

/** Simulated time of the first decision: 2026-01-05, a Monday, 00:00 UTC. Decisions follow 2 s apart on average. */
const START_MS = Date.UTC(2026, 0, 5);
const MEAN_GAP_MS = 2000;

/** What the world holds and no log tells. A items, S segments, K topics, U users. */
interface Mind {
  readonly actions: ActionTable;
  /** [A] */
  readonly topic: Int32Array;
  /** [S, A] log-odds of a click at the first position, without the user's own tastes. */
  readonly logOdds: Float64Array;
  /** [U] and [U, K] */
  readonly segment: Int32Array;
  readonly taste: Float32Array;
  /** [S, A] probabilities of the serving policy. */
  readonly serving: Float64Array;
}

/**
 * A page that shows one of A items at one of a few positions to users of a few segments:
 *
 *   P(click | u, a, j) = positionEffect_j · σ(appeal_a + fit_{segment(u), a} + tasteWeight·taste_{u, topic(a)} + price effect)
 *
 * Logged per decision: user, segment, one taste per topic, position, item with topic and price, time, and the exact
 * propensity. That is everything the click depends on but the appeals, which a model has to learn. The serving policy is
 * a softmax of mediocre scores per segment, mixed with a uniform draw.
 */
function clickWorld(settings: ClickWorldSettings, random: Rng): LoggedWorld {
  checkSettings(settings);
  const { topics: K, items: A, positionEffect } = settings;
  const mind = imagine(settings, random);
  const probability = (segment: number, taste: Float32Array, from: number, a: number, position: number): number => {
    const logOdds = mind.logOdds[segment * A + a] + settings.tasteWeight * taste[from + mind.topic[a]];
    return positionEffect[position] / (1 + Math.exp(-logOdds));
  };
  const about = `click-world ${JSON.stringify(settings)} from ${random.path}`;
  return {
    about,
    outcome: 'click',
    log: (rows, luck) => writeLog({ rows, about, settings, mind, probability }, luck),
    truth(log, rows) {
      if (log.schema.source !== about) {
        throw complaint('usage', {
          where: `truth about log '${log.name}'`,
          expected: `a log written by ${about}`,
          received: `one from ${log.schema.source}`,
        });
      }
      const out = new Float64Array(rows.length * A);
      rows.forEach((row, n) => {
        for (let a = 0; a < A; a++) {
          out[n * A + a] = probability(log.categorical[row], log.numeric, row * K, a, log.position[row]);
        }
      });
      return out;
    },
  };
}

function checkSettings(settings: ClickWorldSettings): void {
  for (const name of ['items', 'segments', 'topics', 'users'] as const) {
    const value = settings[name];
    if (!Number.isInteger(value) || value < 1) {
      throw complaint('config', {
        where: `click-world: ${name}`,
        expected: 'a whole number from 1',
        received: String(value),
      });
    }
  }
  expectNumber('click-world: baseRate', settings.baseRate, 1e-6, 0.999);
  expectNumber('click-world: servingSkill', settings.servingSkill, -1, 1);
  expectNumber('click-world: servingTemperature', settings.servingTemperature, 1e-3, 1e6);
  expectNumber('click-world: explorationShare', settings.explorationShare, 0, 1);
  for (const name of ['appealDeviation', 'segmentDeviation'] as const) {
    expectNumber(`click-world: ${name}`, settings[name], 0, 10);
  }
  for (const name of ['tasteWeight', 'priceWeight'] as const) {
    expectNumber(`click-world: ${name}`, settings[name], -10, 10);
  }
  if (settings.positionEffect.length === 0) {
    throw complaint('config', {
      where: 'click-world: positionEffect',
      expected: 'one share or more',
      received: 'none',
    });
  }
  for (const effect of settings.positionEffect) expectNumber('click-world: positionEffect', effect, 0, 1);
}

function imagine(settings: ClickWorldSettings, random: Rng): Mind {
  const { items: A, segments: S, topics: K, users: U } = settings;
  const items = random.fork('items');
  const topic = Int32Array.from({ length: A }, (_, a) => a % K);
  const appeal = Float64Array.from({ length: A }, () => normal(items, 0, settings.appealDeviation));
  const price = Float32Array.from({ length: A }, () => normal(items));
  const fit = random.fork('segments');
  const base = Math.log(settings.baseRate / (1 - settings.baseRate));
  const logOdds = Float64Array.from({ length: S * A }, (_, i) => {
    return base + appeal[i % A] + settings.priceWeight * price[i % A] + normal(fit, 0, settings.segmentDeviation);
  });
  const users = random.fork('users');
  const segment = Int32Array.from({ length: U }, () => uniformInt(users, S));
  const taste = Float32Array.from({ length: U * K }, () => normal(users));
  const actions: ActionTable = {
    values: Array.from({ length: A }, (_, a) => `item-${a}`),
    numericNames: ['price'],
    numeric: price,
    categoricalNames: ['topic'],
    categorical: topic,
    categoricalValues: [{ values: Array.from({ length: K }, (_, k) => `topic-${k}`) }],
  };
  return { actions, topic, logOdds, segment, taste, serving: servingPolicy(settings, logOdds, random.fork('serving')) };
}

/** ε/A + (1 − ε)·softmax(score / temperature), score = skill · (true log-odds, standardised) + √(1 − skill²) · noise. */
function servingPolicy(settings: ClickWorldSettings, logOdds: Float64Array, random: Rng): Float64Array {
  const { items: A, servingSkill: skill, servingTemperature, explorationShare } = settings;
  const mean = logOdds.reduce((sum, x) => sum + x, 0) / logOdds.length;
  const deviation = Math.sqrt(logOdds.reduce((sum, x) => sum + (x - mean) ** 2, 0) / logOdds.length) || 1;
  const blind = Math.sqrt(1 - skill * skill);
  const scores = logOdds.map((x) => (skill * (x - mean)) / deviation + blind * normal(random));
  for (let from = 0; from < scores.length; from += A) {
    const row = scores.subarray(from, from + A);
    const highest = row.reduce((most, score) => Math.max(most, score), -Infinity);
    for (let a = 0; a < A; a++) row[a] = Math.exp((row[a] - highest) / servingTemperature);
    const total = row.reduce((sum, weight) => sum + weight, 0);
    for (let a = 0; a < A; a++) row[a] = explorationShare / A + (1 - explorationShare) * (row[a] / total);
  }
  return scores;
}

interface Writing {
  readonly rows: number;
  readonly about: string;
  readonly settings: ClickWorldSettings;
  readonly mind: Mind;
  readonly probability: (segment: number, taste: Float32Array, from: number, a: number, position: number) => number;
}

function writeLog({ rows, about, settings, mind, probability }: Writing, random: Rng): Log {
  const { items: A, topics: K, segments, users, positionEffect } = settings;
  const columns = {
    user: new Int32Array(rows),
    categorical: new Int32Array(rows),
    numeric: new Float32Array(rows * K),
    position: new Int32Array(rows),
    action: new Int32Array(rows),
    propensity: new Float64Array(rows),
    timeMs: new Float64Array(rows),
  };
  const click = new Float32Array(rows);
  let clock = START_MS;
  for (let n = 0; n < rows; n++) {
    const user = uniformInt(random, users);
    const segment = mind.segment[user];
    const position = uniformInt(random, positionEffect.length);
    const action = categorical(random, mind.serving, segment * A, A);
    clock += exponential(random, MEAN_GAP_MS);
    columns.user[n] = user;
    columns.categorical[n] = segment;
    for (let k = 0; k < K; k++) columns.numeric[n * K + k] = mind.taste[user * K + k];
    columns.position[n] = position;
    columns.action[n] = action;
    columns.propensity[n] = mind.serving[segment * A + action];
    columns.timeMs[n] = Math.round(clock);
    click[n] = random.next() < probability(segment, columns.numeric, n * K, action, position) ? 1 : 0;
  }
  return makeLog({
    name: 'click-world',
    rows,
    schema: {
      outcomes: ['click'],
      source: about,
      categoricalNames: ['segment'],
      numericNames: Array.from({ length: K }, (_, k) => `taste for topic-${k}`),
    },
    actions: mind.actions,
    policies: ['serving'],
    users: Array.from({ length: users }, (_, u) => `user-${u}`),
    categoricalValues: [Array.from({ length: segments }, (_, s) => `segment-${s}`)],
    outcomes: [click],
    ...columns,
  });
}

/** The world of experiments/configs/click-log.yaml. */
export const clickWorldKind: LoggedWorldKind<ClickWorldSettings> = {
  summary: 'one item at one of three positions, users in segments with tastes; a mediocre softmax policy serves',
  defaults: CLICK_WORLD_DEFAULTS,
  make: clickWorld,
};
