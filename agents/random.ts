import { sample, width, type Space } from '../core/space.js';
import type { AgentKind } from './contract.js';
import { savedStream } from './saved.js';

/** Chooses uniformly, always: the baseline that every agent must beat. `explore: false` changes nothing. */
export const randomAgent: AgentKind<object> = {
  summary: 'uniform over the action space, with its exact propensity; learns nothing',
  defaults: {},
  make: (spec, _settings, random) => {
    const chance = random.fork('actions');
    const propensity = uniformPropensity(spec.action);
    const W = width(spec.action);
    return {
      act: (_observation, out) => {
        out.propensity.fill(propensity);
        for (let b = 0; b < out.propensity.length; b++) sample(spec.action, chance, out.action, b * W);
      },
      learn: () => undefined,
      snapshot: () => ({ json: JSON.stringify(chance.save()), arrays: {} }),
      restore: (state) => {
        chance.restore(savedStream.parse(JSON.parse(state.json)));
      },
    };
  },
};

/**
 * Probability (density, for amounts) of any one element under `sample` of core/space:
 * 1/n · 1/Π n_i · (n − k)!/n! · 1/(high − low)^W, and products of these for records. A side without a bound counts as
 * `sample` draws it: 1 beyond the other bound, or [−1, 1] when both are missing.
 */
export function uniformPropensity(space: Space): number {
  switch (space.kind) {
    case 'discrete':
      return 1 / space.n;
    case 'multi-discrete':
      return space.n.reduce((product, n) => product / n, 1);
    case 'slate': {
      let product = 1;
      for (let j = 0; j < space.size; j++) product /= space.candidates - j;
      return product;
    }
    case 'box': {
      const bounds = Number(Number.isFinite(space.low)) + Number(Number.isFinite(space.high));
      const side = bounds === 2 ? space.high - space.low : bounds === 1 ? 1 : 2;
      return side ** -width(space);
    }
    case 'record':
      return Object.values(space.fields).reduce((product, field) => product * uniformPropensity(field), 1);
  }
}
