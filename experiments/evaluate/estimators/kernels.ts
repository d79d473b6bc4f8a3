import { normalLower } from '../../../core/stats/normal.js';

/** A kernel: a density around 0, symmetric, with its distribution function for what lies beyond the range of amounts. */
export interface Kernel {
  readonly density: (u: number) => number;
  readonly below: (u: number) => number;
}

const within = (u: number, value: number): number => (u >= -1 && u <= 1 ? value : 0);
const between = (u: number, value: number): number => (u <= -1 ? 0 : u >= 1 ? 1 : value);

/** The table of kernels; all but the gaussian end at ±1. */
export const kernels = {
  gaussian: { density: (u) => Math.exp(-0.5 * u * u) / Math.sqrt(2 * Math.PI), below: normalLower },
  epanechnikov: {
    density: (u) => within(u, 0.75 * (1 - u * u)),
    below: (u) => between(u, 0.5 + 0.75 * u - 0.25 * u * u * u),
  },
  triangular: {
    density: (u) => within(u, 1 - Math.abs(u)),
    below: (u) => between(u, u < 0 ? 0.5 * (1 + u) ** 2 : 1 - 0.5 * (1 - u) ** 2),
  },
  cosine: {
    density: (u) => within(u, (Math.PI / 4) * Math.cos((Math.PI / 2) * u)),
    below: (u) => between(u, 0.5 * (1 + Math.sin((Math.PI / 2) * u))),
  },
  rectangular: { density: (u) => within(u, 0.5), below: (u) => between(u, 0.5 * (1 + u)) },
} as const satisfies Readonly<Record<string, Kernel>>;

export type KernelKey = keyof typeof kernels;
