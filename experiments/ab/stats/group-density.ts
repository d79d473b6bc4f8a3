import { complaint } from '../../../core/check.js';
import { normalDensity, normalLower, normalUpper } from '../../../core/stats/normal.js';

/** Where Z√t stands among the tests still running: points, each with its share of the probability. */
export interface Density {
  readonly x: Float64Array;
  readonly weight: Float64Array;
}

/** A test that has not begun. */
export function atoms(x: number): Density {
  return { x: Float64Array.of(x), weight: Float64Array.of(1) };
}

/** Nodes of a panel; how many standard deviations of a step matter; the most panels worth waiting for. */
const PER_PANEL = 8;
const FAR = 9;
const MOST_PANELS = 500;

/** P(beyond the bound after a step of Brownian motion with drift), from those still running. */
export function crossing(
  { x, weight }: Density,
  bound: number,
  step: number,
  drift: number,
  side: 'above' | 'below' = 'above',
): number {
  const root = Math.sqrt(step);
  let sum = 0;
  for (let i = 0; i < x.length; i++) {
    const z = (bound - x[i] - drift * step) / root;
    sum += weight[i] * (side === 'above' ? normalUpper(z) : normalLower(z));
  }
  return sum;
}

/**
 * The tests still running after a step: their positions are spread by N(drift·step, step) and cut to the region.
 * The
 * integral is Gauss and Legendre's, eight nodes to a panel of at most 2½ standard deviations of the step.
 */
export function spread(
  { x, weight }: Density,
  region: readonly [number, number],
  { t, step, drift }: { readonly t: number; readonly step: number; readonly drift: number },
): Density {
  const root = Math.sqrt(step);
  const shift = drift * step;
  // Nobody is further than this, either from where the last look left them or from the beginning.
  const least = Math.max(x[0] + shift - FAR * root, drift * t - FAR * Math.sqrt(t));
  const most = Math.min(x[x.length - 1] + shift + FAR * root, drift * t + FAR * Math.sqrt(t));
  const low = Math.max(region[0], least);
  const high = Math.min(region[1], most);
  if (!(high > low)) return { x: Float64Array.of(low), weight: Float64Array.of(0) };
  const panels = Math.ceil((high - low) / (2.5 * root));
  if (panels > MOST_PANELS)
    throw complaint('usage', {
      where: 'group-sequential: looks',
      expected: 'looks that are not much closer together than the time before them',
      received: `a step of ${step}`,
      try: 'Leave out one of two looks that follow each other at once.',
    });
  const width = (high - low) / panels;
  const next = { x: new Float64Array(panels * PER_PANEL), weight: new Float64Array(panels * PER_PANEL) };
  for (let i = 0; i < next.x.length; i++) {
    const node = i % PER_PANEL;
    const at = low + width * (Math.floor(i / PER_PANEL) + 0.5 + 0.5 * NODES[node]);
    let density = 0;
    for (let j = 0; j < x.length; j++) density += weight[j] * normalDensity((at - x[j] - shift) / root);
    next.x[i] = at;
    next.weight[i] = (density / root) * 0.5 * width * WEIGHTS[node];
  }
  return next;
}

/** Gauss and Legendre's eight nodes on [−1, 1], and their weights. */
const HALF_NODES = [0.1834346424956498, 0.525532409916329, 0.7966664774136267, 0.9602898564975363];
const HALF_WEIGHTS = [0.362683783378362, 0.31370664587788727, 0.22238103445337448, 0.10122853629037626];
const NODES = [...HALF_NODES.toReversed().map((x) => -x), ...HALF_NODES];
const WEIGHTS = [...HALF_WEIGHTS.toReversed(), ...HALF_WEIGHTS];
