import { fields, width } from '../../core/space.js';
import { makeLog } from '../../logs/columns.js';
import type { Log } from '../../logs/record.js';
import { rollout, type Moment, type Rollout, type RolloutRequest } from './rollout.js';

/** Discrete actions up to this many are all listed in the log, taken or not, so that its candidates are complete. */
const LISTED_ACTIONS = 10_000;

/**
 * Plays an agent and writes what it did as a recommender would have recorded it: one row per decision, in the order of
 * sessions and steps. `action` is the action in words ("3", or "3 7" for several numbers), `position` the number of the
 * decision in its session, outcomes are the reward and its parts, the context is the observation.
 *
 * @param policy the name the rows give to who chose
 */
export function recordRollout(
  request: RolloutRequest,
  policy = 'agent',
): { readonly log: Log; readonly rollout: Rollout } {
  const { spec } = request.env;
  const O = width(spec.observation);
  const W = width(spec.action);
  const R = spec.objectives.length;
  const rewardIsPart = spec.objectives.includes('reward');
  const rows: Row[] = [];
  const played = rollout(request, ({ world, session, step, before, decision, after }: Moment) => {
    rows.push({
      world,
      session,
      step,
      action: decision.action.slice(world * W, (world + 1) * W).join(' '),
      propensity: decision.propensity[world],
      outcomes: [...after.objectives.slice(world * R, (world + 1) * R), ...(rewardIsPart ? [] : [after.reward[world]])],
      endReason: after.endReason[world],
      observation: before.observation.slice(world * O, (world + 1) * O),
    });
  });
  rows.sort((a, b) => a.world - b.world || a.session - b.session || a.step - b.step);

  const { action } = spec;
  const listed = action.kind === 'discrete' && action.n <= LISTED_ACTIONS ? action.n : 0;
  const actions = codes(Array.from({ length: listed }, (_, code) => String(code)));
  const sessions = codes([]);
  const column = (value: (row: Row) => number): Int32Array => Int32Array.from(rows, value);
  const outcomes = rewardIsPart ? spec.objectives : [...spec.objectives, 'reward'];
  const numeric = new Float32Array(rows.length * O);
  rows.forEach(({ observation }, i) => numeric.set(observation, i * O));
  const log = makeLog({
    name: `${spec.id} played by ${policy}`,
    rows: rows.length,
    schema: {
      outcomes,
      source: `env ${spec.id}, seed ${request.seed}`,
      endReasons: spec.endReasons.map(({ name }) => name),
      numericNames: fields(spec.observation).flatMap(({ name, length }) =>
        length === 1 && name !== ''
          ? [name]
          : Array.from({ length }, (_, i) => `${name === '' ? 'observation' : name}.${i}`),
      ),
    },
    action: column((row) => actions.code(row.action)),
    actions: actions.values,
    session: column((row) => sessions.code(`${request.seed}/${row.world}/${row.session}`)),
    sessions: sessions.values,
    position: column((row) => row.step),
    timeMs: Float64Array.from(rows, (row) => row.step),
    propensity: Float64Array.from(rows, (row) => row.propensity),
    policies: [policy],
    outcomes: outcomes.map((_, i) => Float32Array.from(rows, (row) => row.outcomes[i])),
    endReason: Uint8Array.from(rows, (row) => row.endReason),
    numeric,
  });
  return { log, rollout: played };
}

interface Row {
  readonly world: number;
  readonly session: number;
  readonly step: number;
  readonly action: string;
  readonly propensity: number;
  readonly outcomes: readonly number[];
  readonly endReason: number;
  readonly observation: Float32Array;
}

/** A growing dictionary. */
function codes(values: string[]): { readonly values: string[]; code(text: string): number } {
  const known = new Map(values.map((text, code) => [text, code]));
  return {
    values,
    code: (text) => {
      const code = known.get(text) ?? values.push(text) - 1;
      known.set(text, code);
      return code;
    },
  };
}
