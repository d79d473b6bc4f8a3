import { complaint } from '../../core/check.js';
import { hash32, type Rng } from '../../core/random.js';
import { completeSettings } from '../../core/settings.js';
import { earlyUntil } from '../../logs/index.js';
import { sessionRows, type SessionRows } from '../../logs/feed-session/replay.js';
import type { Log } from '../../logs/record.js';
import type { OnProgress } from '../../reward-models/contract.js';
import type { ResponseModel, RetrievalTower } from '../../reward-models/feed-session/contract.js';
import { responseModel } from '../../reward-models/feed-session/response.js';
import { retrievalTower } from '../../reward-models/feed-session/tower.js';
import type { FeedExperiment } from '../config/feed-schema.js';
import type { Keep } from '../run/keep.js';

/** What one split of a log taught: how items are found, and what follows them. */
export interface Artefact {
  readonly tower: RetrievalTower;
  readonly response: ResponseModel;
}

export interface FitRequest {
  readonly name: string;
  readonly sessions: SessionRows;
  readonly settings: { readonly response: object; readonly tower: object };
  readonly random: Rng;
  readonly keep?: Keep;
  readonly onProgress?: OnProgress;
}

/** Fits both models of an artefact, or takes them back from where they were kept. */
export async function fitArtefact(request: FitRequest): Promise<Artefact> {
  const { name, sessions, settings, random, keep, onProgress } = request;
  const shared = { sessions, split: name, ...(onProgress === undefined ? {} : { onProgress }) };
  const kept = async <M extends { save(): Uint8Array }>(
    file: string,
    load: (bytes: Uint8Array) => M,
    fit: () => M,
  ): Promise<M> => {
    const known = await keep?.read(file);
    if (known !== undefined) return load(known);
    const model = fit();
    await keep?.write(file, model.save());
    return model;
  };
  const tower = await kept(
    `${name}-tower.safetensors`,
    (bytes) => retrievalTower.load(bytes),
    () =>
      retrievalTower.fit({
        ...shared,
        settings: completeSettings(`artefact ${name}: tower`, retrievalTower.defaults, settings.tower),
        random: random.fork('tower'),
      }),
  );
  const response = await kept(
    `${name}-response.safetensors`,
    (bytes) => responseModel.load(bytes),
    () =>
      responseModel.fit({
        ...shared,
        settings: completeSettings(`artefact ${name}: response`, responseModel.defaults, settings.response),
        random: random.fork('response'),
      }),
  );
  return { tower, response };
}

/** Name of the users whom no artefact takes. */
export const HELD_OUT = 'held out';

/**
 * The sessions of every artefact, by hash of the user, and those of nobody's. Of a log without a world, sessions that
 * began in the first fifth of the time are left out where the experiment says so: features were counted there.
 */
export function dealUsers(
  log: Log,
  { artefacts, source }: Pick<FeedExperiment, 'artefacts' | 'source'>,
  salt: string,
): Readonly<Record<string, SessionRows>> {
  const names = Object.keys(artefacts);
  const early = source.from !== 'world' && source.leaveOutEarly ? earlySessions(log) : undefined;
  const part = log.users.values.map((user) => {
    const at = hash32(`${salt}/${user}`) * 2 ** -32;
    let below = 0;
    return names.find((name) => at < (below += artefacts[name].share)) ?? HELD_OUT;
  });
  const of = (name: string): SessionRows =>
    sessionRows(log, {
      keep: (row) => early?.[log.session[row]] !== 1 && (log.user[row] >= 0 ? part[log.user[row]] : HELD_OUT) === name,
    });
  return Object.fromEntries([...names, HELD_OUT].map((name) => [name, of(name)]));
}

/** [sessions of the log] 1: began while rows were counted for features. */
export function earlySessions(log: Log): Uint8Array {
  const until = earlyUntil(log.timeMs);
  const early = new Uint8Array(log.sessions.values.length);
  // A log without times has no early part.
  if (log.timeMs.every((time) => time === until)) return early;
  for (let n = 0; n < log.rows; n++) if (log.session[n] >= 0 && log.timeMs[n] <= until) early[log.session[n]] = 1;
  return early;
}

/**
 * Throws unless the roles are played by artefacts that exist, each by one of its own, or the experiment says that it
 * wants it otherwise.
 */
export function checkRoles(experiment: FeedExperiment): void {
  const { artefacts, ranker, simulator, judge, study, source } = experiment;
  const roles = Object.entries({ ranker, simulator, ...(judge === undefined ? {} : { judge }) });
  for (const [role, name] of roles) {
    if (Object.hasOwn(artefacts, name)) continue;
    throw complaint('config', { where: role, expected: Object.keys(artefacts).join(', '), received: `'${name}'` });
  }
  if (source.from !== 'world' && judge === undefined) {
    throw complaint('config', {
      where: 'judge',
      expected: 'an artefact whose people try the policies: a log without a world knows no truth',
      received: 'none',
      try: "Add a third artefact and name it as 'judge'.",
    });
  }
  if (source.from === 'world' && judge !== undefined) {
    throw complaint('config', {
      where: 'judge',
      expected: 'nothing where a world is the source: policies are tried in the world',
      received: `'${judge}'`,
    });
  }
  const double = roles.find(([, name], i) => roles.slice(0, i).some(([, other]) => other === name));
  if (double === undefined || study === 'well-specified') return;
  throw complaint('config', {
    where: double[0],
    expected: 'an artefact of its own, fitted on other users',
    received: `'${double[1]}' a second time`,
    try: "A policy that is ranked, trained or judged by one fit knows it from the inside. If that is the point, say 'study: well-specified'.",
  });
}
