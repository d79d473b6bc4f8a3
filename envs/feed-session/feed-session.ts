import { complaint } from '../../core/check.js';
import { KeyedDraws } from '../../core/draws.js';
import { hash32 } from '../../core/random.js';
import { width } from '../../core/space.js';
import { SessionPrefix } from '../../logs/feed-session/prefix.js';
import { DWELL } from '../../logs/feed-session/replay.js';
import {
  answersFor,
  type Answers,
  type Crowd,
  type FeedPeople,
  type Luck,
} from '../../simulators/feed-session/contract.js';
import { batchCheck, clearOutcome, expectSeed, expectState, isSlate, notStarted, refusedAction } from '../buffers.js';
import type { ActionBatch, Env, EnvSpec, EnvState, StepBatch } from '../contract.js';
import { CandidateRows } from './candidate-rows.js';
import { Candidates } from './candidates.js';
import { feedObservation } from './observation.js';
import type { CandidatePools } from './pools.js';
import { rewardLine, type EnvReward } from '../reward.js';
import { checkFeedSession, sourceOf, type FeedSessionSettings } from './settings.js';

export const FEED_SESSION = 'recsys/FeedSession-v1';

const endReasons = [
  { name: 'none', ending: 'none' },
  { name: 'left', ending: 'terminated' },
  { name: 'step limit', ending: 'truncated' },
] as const;
const [LEFT, STEP_LIMIT] = [1, 2];

export interface FeedParts {
  readonly people: FeedPeople;
  readonly pools: CandidatePools;
  /** The main outcome when absent. */
  readonly reward?: EnvReward;
}

/** Items kept per user and cluster when the settings name no number. */
export function poolDepth({
  candidates,
  poolPerCluster,
}: Pick<FeedSessionSettings, 'candidates' | 'poolPerCluster'>): number {
  return poolPerCluster > 0 ? poolPerCluster : Math.max(20, candidates);
}

/**
 * A feed as an env: a session of items for one user after another, until the user leaves. Show what is watched now, or
 * what keeps the session worth staying in? The people answer as a generated world (`simulators/feed-session/world.ts`)
 * or a learned simulator (`learned.ts`) has it; both play the same settings.
 *
 * Observation: see `feedObservation`. Action: `slateSize` of the K candidates; they are shown one after the other, and
 * what the user has left before is not seen. Nothing is shown twice in a session, but draws from the catalogue may be.
 * Reward: the formula summed over the items seen, by default the main outcome. Objectives: every outcome, dwell seconds
 * and depth (items seen), summed over the step. End: terminated when the user leaves ("left"), truncated after
 * `maxSteps` items ("step limit").
 *
 * Which user meets world b on visit v, the luck of every answer and the candidates are found by address (see
 * core/draws.ts): two policies meet the same users and the same luck.
 *
 * Versions: v1.
 */
export class FeedSessionEnv implements Env {
  readonly spec: EnvSpec;
  readonly people: FeedPeople;
  readonly candidates: Candidates;
  readonly prefix: SessionPrefix;
  readonly crowd: Crowd;
  /** What followed the last item of each world. */
  readonly answers: Answers;
  /** [B] number of each world's present session. */
  readonly visit: Int32Array;
  /** Told every item that is seen, with its answers in `answers`: how sessions are recorded. Not part of the state. */
  onShown: ((world: number, item: number) => void) | undefined;
  readonly #settings: FeedSessionSettings;
  readonly #numbers: Float64Array;
  readonly #reward: EnvReward | undefined;
  readonly #line: ReturnType<typeof rewardLine>;
  readonly #values: Float64Array;
  readonly #width: number;
  readonly #check: (verb: 'reset' | 'step', out: StepBatch) => void;
  /** [B] item shown at the present place; −1 when the user has left before. */
  readonly #shown: Int32Array;
  readonly #candidateRows: CandidateRows;
  /** [B] every world. */
  readonly #all: Int32Array;
  /** [B] first those whose session ended at this step. */
  readonly #ended: Int32Array;
  #seed = 0;
  #luck: (Luck & Record<'users' | 'context' | 'candidates', KeyedDraws>) | undefined;

  constructor({ people, pools, reward }: FeedParts, settings: FeedSessionSettings, batch: number) {
    checkFeedSession(FEED_SESSION, settings);
    const { candidates: K, slateSize, maxSteps, injected, groups } = settings;
    const { layout, catalogue } = people;
    const source = sourceOf(FEED_SESSION, settings.source);
    if (catalogue.items < K) {
      throw complaint('config', {
        where: `${FEED_SESSION}: candidates`,
        expected: `at most the ${catalogue.items} items of the catalogue`,
        received: String(K),
      });
    }
    if (source !== 'catalogue') pools.expectRoom(FEED_SESSION, K - injected, maxSteps);
    if (source === 'clusters' && groups > catalogue.clusters) {
      throw complaint('config', {
        where: `${FEED_SESSION}: groups`,
        expected: `at most the ${catalogue.clusters} clusters of the catalogue`,
        received: String(groups),
      });
    }
    this.people = people;
    this.#settings = settings;
    this.#reward = reward;
    this.#line = rewardLine(reward, [...layout.outcomes, DWELL]);
    this.#values = new Float64Array(layout.outcomes.length + 1);
    this.#numbers = Float64Array.of(
      ...[K, slateSize, hash32(source), injected, groups, pools.fingerprint, maxSteps, Number(settings.returning)],
      ...[hash32(reward?.text ?? ''), ...people.fingerprint],
    );
    this.spec = {
      id: FEED_SESSION,
      batch,
      observation: feedObservation(layout, catalogue.clusters, K),
      action: { kind: 'slate', size: slateSize, candidates: K },
      objectives: [...layout.outcomes, DWELL, 'depth'],
      rewardUnit: reward?.text ?? layout.outcomes[0],
      endReasons,
      maxSteps: Math.ceil(maxSteps / slateSize),
    };
    this.#width = width(this.spec.observation);
    this.#check = batchCheck(this.spec);
    this.prefix = new SessionPrefix(layout, catalogue, batch);
    this.crowd = people.crowd(batch);
    this.answers = answersFor(batch, layout.outcomes.length);
    this.visit = new Int32Array(batch);
    this.candidates = new Candidates({ source, candidates: K, injected, groups }, catalogue, pools, {
      user: this.crowd.user,
      visit: this.visit,
      step: this.prefix.step,
    });
    this.#candidateRows = new CandidateRows(catalogue, K, injected);
    this.#all = Int32Array.from({ length: batch }, (_, b) => b);
    this.#ended = new Int32Array(batch);
    this.#shown = new Int32Array(batch);
  }

  reset(seed: number, out: StepBatch): void {
    expectSeed(`${this.spec.id} reset`, seed);
    this.#check('reset', out);
    this.#reseed(seed);
    this.visit.fill(0);
    for (let b = 0; b < this.spec.batch; b++) this.#begin(b);
    this.#observe(this.#all, this.spec.batch, out.observation);
    clearOutcome(out);
  }

  step(action: ActionBatch, out: StepBatch): void {
    if (this.#luck === undefined) throw notStarted(this.spec);
    this.#check('step', out);
    const B = this.spec.batch;
    const { slateSize: S, candidates: K } = this.#settings;
    for (let b = 0; b < B; b++) if (!isSlate(action, b, S, K)) throw refusedAction(this.spec, action, b);
    clearOutcome(out);
    for (let place = 0; place < S; place++) this.#show(action, place, out);
    const ended = this.#ended;
    let endings = 0;
    for (let b = 0; b < B; b++) if (out.endReason[b] !== 0) ended[endings++] = b;
    this.#observe(ended, endings, out.final);
    for (let i = 0; i < endings; i++) {
      this.visit[ended[i]]++;
      this.#begin(ended[i]);
    }
    this.#observe(this.#all, B, out.observation);
  }

  /** Shows one place of every slate to those who are still there. */
  #show(action: ActionBatch, place: number, out: StepBatch): void {
    if (this.#luck === undefined) throw notStarted(this.spec);
    const { slateSize: S, candidates: K } = this.#settings;
    const { candidates, prefix, people, crowd, answers } = this;
    const B = this.spec.batch;
    const shown = this.#shown;
    for (let b = 0; b < B; b++) {
      shown[b] = out.endReason[b] === 0 ? candidates.item[b * K + action[b * S + place]] : -1;
    }
    people.answer(crowd, shown, prefix, this.#luck, answers);
    const A = prefix.places.answerWidth;
    for (let b = 0; b < B; b++) {
      if (shown[b] < 0) continue;
      prefix.push(b, shown[b], answers.answers, b * A);
      candidates.markShown(b, action[b * S + place]);
      this.#count(b, out);
      this.onShown?.(b, shown[b]);
    }
    people.leave(crowd, shown, prefix, this.#luck, answers);
    for (let b = 0; b < B; b++) {
      if (shown[b] < 0) continue;
      if (answers.left[b] !== 0) {
        out.terminated[b] = 1;
        out.endReason[b] = LEFT;
      } else if (prefix.step[b] >= this.#settings.maxSteps) {
        out.truncated[b] = 1;
        out.endReason[b] = STEP_LIMIT;
      }
    }
  }

  /** Adds what followed the item just shown to the step's reward and objectives. */
  #count(b: number, out: StepBatch): void {
    const { answers, dwellSeconds } = this.answers;
    const { objectives } = out;
    const A = this.prefix.places.answerWidth;
    const H = A - 1;
    const from = b * A;
    const to = b * (H + 2);
    for (let h = 0; h < H; h++) objectives[to + h] += answers[from + h];
    objectives[to + H] += dwellSeconds[b];
    objectives[to + H + 1]++;
    const values = this.#values;
    for (let h = 0; h < H; h++) values[h] = answers[from + h];
    values[H] = dwellSeconds[b];
    const line = this.#line;
    if (line === undefined) {
      if (this.#reward !== undefined) out.reward[b] += this.#reward.evaluateRow(values);
      return;
    }
    let reward = line.constant;
    for (let h = 0; h <= H; h++) reward += line.weights[h] * values[h];
    out.reward[b] += reward;
  }

  snapshot(): EnvState {
    const copies = Object.entries(this.#columns()).map(([name, column]) => [name, column.slice()] as const);
    const columns = { settings: this.#numbers.slice(), ...Object.fromEntries(copies) };
    return { id: this.spec.id, batch: this.spec.batch, seed: this.#seed, columns };
  }

  restore(state: EnvState): void {
    const own = this.#columns();
    const lengths = Object.fromEntries(Object.entries(own).map(([name, column]) => [name, column.length]));
    expectState(this.spec, state, this.#numbers, lengths);
    for (const [name, column] of Object.entries(own)) column.set(state.columns[name]);
    this.#reseed(state.seed);
    for (let b = 0; b < this.spec.batch; b++) this.candidates.reopen(b);
    this.#find(this.#all, this.spec.batch);
  }

  /** Everything that is saved, in place. */
  #columns(): Record<string, EnvState['columns'][string]> {
    const { candidates, prefix, crowd, visit } = this;
    const { exposure, shown } = candidates;
    const { step, known, averages, recentItem, recentAnswers } = prefix;
    return {
      ...{ visit, user: crowd.user, exposure, shown },
      ...prefixed('prefix', { step, known, averages, recentItem, recentAnswers }),
      ...prefixed('people', crowd.columns),
    };
  }

  #reseed(seed: number): void {
    this.#seed = seed;
    const draws = (purpose: string): KeyedDraws => new KeyedDraws(seed, `feed/${purpose}`);
    this.#luck = {
      users: draws('users'),
      context: draws('context'),
      answers: draws('answers'),
      leaving: draws('leaving'),
      candidates: draws('candidates'),
      visit: this.visit,
    };
  }

  /** Starts the next session of world b. */
  #begin(b: number): void {
    if (this.#luck === undefined) throw notStarted(this.spec);
    const { people, crowd, prefix } = this;
    const visit = this.visit[b];
    const draw = this.#luck.users.at(b, this.#settings.returning ? 0 : visit).next();
    const user = Math.floor(draw * people.users);
    crowd.user[b] = user;
    prefix.begin(b, people.userFeatures, user * people.layout.userNames.length);
    people.begin(crowd, b, visit, this.#luck.context.at(b, visit), prefix.known, prefix.contextAt(b));
    this.candidates.begin(b);
  }

  #find(list: Int32Array, n: number): void {
    if (this.#luck === undefined) throw notStarted(this.spec);
    this.candidates.find(list, n, this.#luck.candidates);
  }

  /** Finds the candidates of the worlds `list[0 … n)` and writes their rows. */
  #observe(list: Int32Array, n: number, rows: Float32Array): void {
    if (n === 0) return;
    this.#find(list, n);
    const state = this.prefix.places.width;
    this.prefix.writeRows(list, n, list, rows, this.#width);
    this.#candidateRows.write(this.candidates.item, list, n, rows, this.#width, state);
  }
}

function prefixed<T>(prefix: string, columns: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(columns).map(([name, column]) => [`${prefix}.${name}`, column]));
}
