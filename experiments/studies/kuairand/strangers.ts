import { stream } from '../../../core/random.js';
import { placesOf } from '../../../logs/feed-session/layout.js';
import { DWELL, replayStates, type SessionRows } from '../../../logs/feed-session/replay.js';
import type { Quality } from '../../../reward-models/contract.js';
import type { ResponseModel } from '../../../reward-models/feed-session/contract.js';
import { qualityOf } from '../../../reward-models/quality.js';

/** What a simulator says of one head, held against users it was not fitted on. */
export interface HeadOnStrangers {
  readonly head: string;
  readonly rate: number;
  readonly predicted: number;
  readonly quality: Quality;
}

/** Watched and left by place in the session: as logged, and as predicted one step ahead along the logged items. */
export interface ByPlace {
  readonly place: string;
  readonly rows: number;
  readonly watched: number;
  readonly watchedPredicted: number;
  readonly left: number;
  readonly leftPredicted: number;
}

export interface OnStrangers {
  readonly heads: readonly HeadOnStrangers[];
  readonly places: readonly ByPlace[];
  /** Quartiles of dwell seconds, logged and drawn for the same states and items. */
  readonly dwell: { readonly logged: readonly number[]; readonly drawn: readonly number[] };
}

const PLACES = [
  ['1', 0, 1],
  ['2', 1, 2],
  ['3', 2, 3],
  ['4 to 6', 3, 6],
  ['7 and later', 6, Infinity],
] as const;

/** Asks a model for every row of sessions of users it has never seen. */
export function onStrangers(
  model: ResponseModel,
  fittedOn: SessionRows,
  strangers: SessionRows,
  seed: number,
): OnStrangers {
  const { layout, catalogue, item, answers, starts, row, left, unknown, log } = strangers;
  const [R, H, F] = [row.length, layout.outcomes.length, layout.itemNames.length];
  const { width: S } = placesOf(layout);
  const [before, after] = [new Float32Array(R * S), new Float32Array(R * S)];
  replayStates(strangers, before, after);
  const items = new Float32Array(R * F);
  item.forEach((i, r) => items.set(catalogue.features.subarray(i * F, (i + 1) * F), r * F));
  const given = new Float64Array(R * 2 * H);
  const exit = new Float64Array(R);
  model.respond(R, before, items, given);
  model.exit(R, after, exit);
  const known = Int32Array.from(row, (_, r) => r).filter((r) => unknown[r] === 0);
  const heads = layout.outcomes.map((head, h) => {
    const predicted = Float64Array.from(row, (_, r) => {
      const watched = given[r * 2 * H];
      if (h === 0) return watched;
      return (1 - watched) * given[r * 2 * H + h] + watched * given[(r * 2 + 1) * H + h];
    });
    return headOf(
      head,
      rateOf(fittedOn, h),
      predicted,
      Float64Array.from(row, (_, r) => answers[r * (H + 1) + h]),
    );
  });
  const leaving = Float64Array.from(known, (r) => exit[r]);
  heads.push(
    headOf(
      'exit',
      model.card.exitRate,
      leaving,
      Float64Array.from(known, (r) => left[r]),
    ),
  );

  const place = new Int32Array(R);
  for (let s = 0; s + 1 < starts.length; s++) for (let r = starts[s]; r < starts[s + 1]; r++) place[r] = r - starts[s];
  const places = PLACES.map(([name, from, to]) => {
    const own = Int32Array.from(row, (_, r) => r).filter((r) => place[r] >= from && place[r] < to);
    const ended = own.filter((r) => unknown[r] === 0);
    return {
      place: name,
      rows: own.length,
      watched: meanOf(own, (r) => answers[r * (H + 1)]),
      watchedPredicted: meanOf(own, (r) => given[r * 2 * H]),
      left: meanOf(ended, (r) => left[r]),
      leftPredicted: meanOf(ended, (r) => exit[r]),
    };
  });

  const draws = stream(seed).fork('kuairand').fork('dwell');
  const dwell = log.outcomes[log.schema.outcomes.indexOf(DWELL)];
  const one = new Float64Array(H);
  const drawn = Float64Array.from(row, (_, r) => {
    const main = draws.next() < given[r * 2 * H] ? 1 : 0;
    one[0] = main;
    for (let h = 1; h < H; h++) one[h] = draws.next() < given[(r * 2 + main) * H + h] ? 1 : 0;
    return model.dwellSeconds(one, 0, catalogue.seconds[item[r]], draws.next());
  });
  return {
    heads,
    places,
    dwell: { logged: quartiles(Float64Array.from(row, (n) => dwell[n])), drawn: quartiles(drawn) },
  };
}

function headOf(head: string, constant: number, predicted: Float64Array, observed: Float64Array): HeadOnStrangers {
  const mean = (values: Float64Array): number => values.reduce((sum, x) => sum + x, 0) / values.length;
  const quality = qualityOf({ unit: 'probability', mean: constant }, predicted, observed);
  return { head, rate: mean(observed), predicted: mean(predicted), quality };
}

function rateOf({ answers, row, layout }: SessionRows, h: number): number {
  const A = layout.outcomes.length + 1;
  return meanOf(row, (_, r) => answers[r * A + h]);
}

function meanOf(rows: Int32Array, value: (r: number, at: number) => number): number {
  let sum = 0;
  rows.forEach((r, at) => (sum += value(r, at)));
  return sum / rows.length;
}

function quartiles(values: Float64Array): number[] {
  const sorted = values.slice().sort();
  return [0.25, 0.5, 0.75].map((share) => sorted[Math.floor(share * (sorted.length - 1))]);
}
