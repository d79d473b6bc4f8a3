import { complaint } from '../../core/check.js';
import { placesOf } from '../../logs/feed-session/layout.js';
import type { ResponseCard, ResponseModel, ResponseRows } from './contract.js';
import { dwellDrawer, type DwellTables } from './dwell.js';
import type { ExitNetwork } from './exit-network.js';
import { plainExit, plainResponse } from './plain.js';
import { columnOf, type ResponseNetwork } from './response-network.js';
import type { ResponseSettings } from './response-settings.js';
import { Scorer } from './scorer.js';

/** What a fitted response model is made of. */
export interface ResponseParts {
  readonly card: ResponseCard;
  readonly settings: ResponseSettings;
  readonly network: ResponseNetwork;
  readonly exit: ExitNetwork;
  /** [columns + 1, 2] a and b of `calibrated`, per column of the response network, then of the exit. */
  readonly calibration: Float64Array;
  readonly dwell: DwellTables;
}

/** P = σ(a + b·z), the line that Platt scaling found. */
export function calibrated(calibration: Float64Array, column: number, z: number): number {
  return 1 / (1 + Math.exp(-calibration[2 * column] - calibration[2 * column + 1] * z));
}

/**
 * Marginal probabilities of the H outcomes from the 2·H − 1 logits at z[at…]: P(h) = (1 − p)·P(h | 0) + p·P(h | 1) with
 * p the probability of the main outcome.
 */
export function marginals(
  calibration: Float64Array,
  z: ArrayLike<number>,
  at: number,
  out: Float32Array | Float64Array,
  to: number,
  H: number,
): void {
  const p = calibrated(calibration, 0, z[at]);
  out[to] = p;
  for (let h = 1; h < H; h++) {
    const [without, given] = [columnOf(h, 0), columnOf(h, 1)];
    out[to + h] =
      (1 - p) * calibrated(calibration, without, z[at + without]) + p * calibrated(calibration, given, z[at + given]);
  }
}

/** The parts as a model. Their layout is the card's. */
export function responseModelOf(parts: ResponseParts, save: () => Uint8Array): ResponseModel {
  const { card, network, exit, calibration, dwell } = parts;
  const { layout } = card;
  const { width: S } = placesOf(layout);
  const [H, F] = [layout.outcomes.length, layout.itemNames.length];
  const columns = network.shape.columns;
  const scorer = new Scorer(network);
  const logits = plainResponse(network);
  const exitLogit = plainExit(exit);
  return {
    card,
    layout,
    rank(request, out) {
      const { rows, values, width, stateAt, itemsAt, items: K } = request;
      checkRows(request, { S, F });
      expectRoom('rank: out', out.length, rows * K * H);
      for (let from = 0; from < rows;) {
        const batch = scorer.batch(rows - from, K);
        const n = Math.min(batch.size, rows - from);
        for (let i = 0; i < n; i++) {
          const row = (from + i) * width;
          batch.write(i, values, row + stateAt, values, row + itemsAt);
        }
        const z = scorer.play(batch);
        for (let i = 0, to = from * K * H; i < n * K; i++, to += H) marginals(calibration, z, i * columns, out, to, H);
        from += n;
      }
    },
    respond(n, states, items, out) {
      expectRoom('respond: states', states.length, n * S);
      expectRoom('respond: items', items.length, n * F);
      expectRoom('respond: out', out.length, n * 2 * H);
      for (let i = 0, to = 0; i < n; i++, to += 2 * H) {
        const z = logits(states, i * S, items, i * F);
        for (let y = 0; y < 2; y++) {
          for (let h = 0; h < H; h++) {
            const column = columnOf(h, y);
            out[to + y * H + h] = calibrated(calibration, column, z[column]);
          }
        }
      }
    },
    exit(n, states, out) {
      expectRoom('exit: states', states.length, n * S);
      expectRoom('exit: out', out.length, n);
      for (let i = 0; i < n; i++) out[i] = calibrated(calibration, columns, exitLogit(states, i * S)[0]);
    },
    dwellSeconds: dwellDrawer(dwell, H),
    save,
  };
}

/** Throws unless there is room for so many numbers; allocates nothing where there is. */
function expectRoom(where: string, received: number, wanted: number): void {
  if (received >= wanted) return;
  throw complaint('shape', {
    where: `response model: ${where}`,
    expected: `at least ${wanted} numbers`,
    received: String(received),
  });
}

function checkRows(
  { rows, values, width, stateAt, itemsAt, items }: ResponseRows,
  { S, F }: { readonly S: number; readonly F: number },
): void {
  const fits = stateAt >= 0 && itemsAt >= 0 && stateAt + S <= width && itemsAt + items * F <= width && items >= 1;
  if (fits && values.length >= rows * width) return;
  throw complaint('shape', {
    where: 'response model: rank',
    expected: `rows that hold a state of ${S} numbers and items of ${F}`,
    received: `${values.length} numbers, ${rows} rows of ${width}, states from ${stateAt}, ${items} items from ${itemsAt}`,
    try: 'Was the model fitted on a log of this schema?',
  });
}
