import { complaint } from '../../core/check.js';
import { fields, width } from '../../core/space.js';
import type { EnvSpec } from '../../envs/contract.js';
import type { FeedLayout } from '../../logs/feed-session/layout.js';

/**
 * Where the parts of an observation of a feed session begin, and how many there are of each: U user features, X context
 * features, F item features, H outcomes, L recent items, K candidates, `size` items to choose.
 */
export interface FeedPlaces {
  readonly env: string;
  readonly U: number;
  readonly X: number;
  readonly F: number;
  readonly H: number;
  readonly L: number;
  readonly K: number;
  readonly size: number;
  /** Numbers of an observation. */
  readonly width: number;
  readonly progress: number;
  readonly answers: number;
  readonly exposure: number;
  /** Where the recent items begin, or would. */
  readonly recent: number;
  /** Numbers per recent item. */
  readonly recentWidth: number;
  readonly candidates: number;
  readonly injected: number;
  readonly group: number;
  /** Clusters that `group` tells apart. */
  readonly clusters: number;
}

/** The places of an env's observation, by the names of its fields; an env without them is refused. */
export function feedPlaces(agent: string, spec: EnvSpec): FeedPlaces {
  const parts = fields(spec.observation);
  const { action } = spec;
  const part = (name: string): { at: number; length: number } | undefined => parts.find((field) => field.name === name);
  const refuse = (received: string): Error =>
    complaint('config', {
      where: `agent ${agent} in ${spec.id}`,
      expected:
        'slates as actions, and the observation of a feed session: user, progress, answers, exposure, recent, ' +
        'candidates [K, F], injected [K] and group [K]',
      received,
      try: 'Use it in an env of feed sessions, or choose another agent.',
    });
  const names = parts.map(({ name }) => name || 'unnamed').join(', ');
  const [user, progress, answers, exposure] = ['user', 'progress', 'answers', 'exposure'].map(part);
  const [candidates, injected, group] = ['candidates', 'injected', 'group'].map(part);
  if (action.kind !== 'slate') throw refuse(`${action.kind} actions and the fields ${names}`);
  if (user === undefined || progress === undefined || answers === undefined || exposure === undefined) {
    throw refuse(`the fields ${names}`);
  }
  if (candidates === undefined || injected === undefined || group === undefined) throw refuse(`the fields ${names}`);
  const K = action.candidates;
  const [U, F, H] = [user.length, exposure.length, answers.length - 1];
  const recentWidth = 2 + F + H;
  const recent = part('recent');
  const L = (recent?.length ?? 0) / recentWidth;
  const groups = parts.find(({ name }) => name === 'group')?.space;
  if (
    user.at !== 0 ||
    candidates.length !== K * F ||
    injected.length !== K ||
    group.length !== K ||
    !Number.isInteger(L) ||
    groups?.kind !== 'box' ||
    exposure.at + F + L * recentWidth !== candidates.at
  ) {
    throw refuse(
      `fields of other lengths or order: ${parts.map(({ name, length }) => `${name} ${length}`).join(', ')}`,
    );
  }
  return {
    env: spec.id,
    U,
    X: progress.at - U,
    F,
    H,
    L,
    K,
    size: action.size,
    width: width(spec.observation),
    progress: progress.at,
    answers: answers.at,
    exposure: exposure.at,
    recent: exposure.at + F,
    recentWidth,
    candidates: candidates.at,
    injected: injected.at,
    group: group.at,
    clusters: groups.high + 1,
  };
}

/** Throws unless a model of that layout can read the observations. */
export function expectLayout(agent: string, places: FeedPlaces, layout: FeedLayout): void {
  const { U, X, F, H, L } = places;
  const { userNames, contextNames, itemNames, outcomes, recent } = layout;
  const told = (numbers: readonly number[]): string =>
    ['user features', 'context features', 'item features', 'outcomes', 'recent items']
      .map((name, i) => `${numbers[i]} ${name}`)
      .join(', ');
  const expected = told([U, X, F, H, L]);
  const received = told([userNames.length, contextNames.length, itemNames.length, outcomes.length, recent]);
  if (expected === received) return;
  throw complaint('data', {
    where: `agent ${agent} in ${places.env}`,
    expected: `a ranker of ${expected}`,
    received: `one of ${received}`,
    try: 'The ranker was fitted on another schema: fit it on a log of this catalogue and these users.',
  });
}

/** Throws unless the last `wanted` candidates of every observation are the injected ones. */
export function expectInjected(
  agent: string,
  { K, width, injected: at, env }: FeedPlaces,
  wanted: number,
  observation: Float32Array,
  rows: number,
): void {
  for (let b = 0; b < rows; b++) {
    const flags = observation.subarray(b * width + at, b * width + at + K);
    const k = flags.findIndex((flag, i) => flag !== Number(i >= K - wanted));
    if (k < 0) continue;
    throw complaint('config', {
      where: `agent ${agent} in ${env}: injected`,
      expected: `the last ${wanted} of ${K} candidates to be injected`,
      received: `${flags.filter((flag) => flag !== 0).length} injected, and candidate ${k} ${flags[k] === 0 ? 'is not' : 'is'}`,
      try: 'Give the agent the number of injected candidates that the env has.',
    });
  }
}
