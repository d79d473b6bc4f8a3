import { makeLog } from '../../logs/columns.js';
import {
  BIRTH,
  CLUSTER,
  CONTEXT_PREFIX,
  DWELL,
  FEED_END_REASONS,
  SECONDS,
  USER_PREFIX,
} from '../../logs/feed-session/replay.js';
import type { ActionTable, Log } from '../../logs/record.js';
import type { FeedPeople } from '../../simulators/feed-session/contract.js';
import type { Played } from './play.js';

/** Sessions that one policy served. */
export interface ServedSessions {
  readonly policy: string;
  readonly played: Played;
}

/** Simulated time between two visits of a world, and between two items of a session, in milliseconds. */
const VISIT_MS = 86_400_000;
const ITEM_MS = 30_000;
/** Simulated time of the first visit: 2026-01-05, a Monday, 00:00 UTC. */
const START_MS = Date.UTC(2026, 0, 5);

/** Played sessions in the record contract, as logs/feed-session/replay.ts describes feed logs; policy after policy. */
export function feedLog(name: string, people: FeedPeople, served: readonly ServedSessions[]): Log {
  const { layout, userFeatures } = people;
  const H = layout.outcomes.length;
  const U = layout.userNames.length;
  const X = layout.contextNames.length;
  const M = U + X;
  const R = served.reduce((sum, { played }) => sum + played.item.length, 0);
  const whole = (): Int32Array => new Int32Array(R);
  const columns = {
    action: whole(),
    user: whole(),
    session: whole(),
    request: whole(),
    position: whole(),
    policy: whole(),
    propensity: new Float64Array(R),
    timeMs: new Float64Array(R),
    endReason: new Uint8Array(R),
    numeric: new Float32Array(R * M),
  };
  const outcomes = Array.from({ length: H + 1 }, () => new Float32Array(R));
  const sessions: string[] = [];
  const requests: string[] = [];
  let to = 0;
  served.forEach(({ policy, played }, p) => {
    for (let s = 0; s < played.sessions; s++) {
      const session = sessions.push(`${policy}/${s}`) - 1;
      const first = to;
      for (let r = played.starts[s]; r < played.starts[s + 1]; r++, to++) {
        if (to === first || played.decision[r] !== played.decision[r - 1]) {
          requests.push(`${policy}/${s}/${played.decision[r]}`);
        }
        columns.action[to] = played.item[r];
        columns.user[to] = played.user[s];
        columns.session[to] = session;
        columns.request[to] = requests.length - 1;
        columns.position[to] = to - first;
        columns.policy[to] = p;
        columns.propensity[to] = played.propensity[r];
        columns.timeMs[to] = START_MS + played.visit[s] * VISIT_MS + (to - first) * ITEM_MS;
        for (let h = 0; h < H; h++) outcomes[h][to] = played.outcomes[r * H + h];
        outcomes[H][to] = played.dwellSeconds[r];
        const user = played.user[s] * U;
        for (let u = 0; u < U; u++) columns.numeric[to * M + u] = userFeatures[user + u];
        for (let x = 0; x < X; x++) columns.numeric[to * M + U + x] = played.context[s * X + x];
      }
      if (to > first) columns.endReason[to - 1] = played.endReason[s];
    }
  });
  return makeLog({
    name,
    rows: R,
    schema: {
      source: people.about,
      outcomes: [...layout.outcomes, DWELL],
      endReasons: FEED_END_REASONS,
      hasPropensity: true,
      numericNames: [
        ...layout.userNames.map((own) => USER_PREFIX + own),
        ...layout.contextNames.map((own) => CONTEXT_PREFIX + own),
      ],
    },
    actions: actionTable(people),
    users: people.userIds,
    sessions,
    requests,
    policies: served.map(({ policy }) => policy),
    outcomes,
    ...columns,
  });
}

/** The catalogue as the actions of a log. */
function actionTable({ catalogue }: FeedPeople): ActionTable {
  const { items: N, ids, names, features, seconds, birth, cluster, clusters } = catalogue;
  const F = names.length;
  const M = F + 2;
  const numeric = new Float32Array(N * M);
  for (let i = 0; i < N; i++) {
    numeric[i * M] = seconds[i];
    numeric[i * M + 1] = birth[i];
    for (let f = 0; f < F; f++) numeric[i * M + 2 + f] = features[i * F + f];
  }
  return {
    values: ids,
    numericNames: [SECONDS, BIRTH, ...names],
    numeric,
    categoricalNames: [CLUSTER],
    categorical: cluster,
    categoricalValues: [{ values: Array.from({ length: clusters }, (_, c) => String(c)) }],
  };
}
