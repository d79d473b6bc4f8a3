import { complaint } from '../../../../core/check.js';
import type { LoggedSessions } from '../sessions.js';

/** [N, F + 1] a leading 1, then the features, each with mean 0 and standard deviation 1 over the members' decisions. */
export interface Design {
  readonly width: number;
  readonly values: Float64Array;
}

/** Features as a design; a feature that never changes stays 0. */
export function designOf(sessions: LoggedSessions, members: Int32Array): Design {
  const { offsets, features, action } = sessions;
  if (features === undefined) {
    throw complaint('usage', {
      where: 'fitted Q',
      expected: 'features of every decision',
      received: 'none',
      try: 'Name their columns with --features.',
    });
  }
  const F = features.width;
  const width = F + 1;
  const values = new Float64Array(action.length * width);
  for (let i = 0; i < action.length; i++) values[i * width] = 1;
  for (let f = 0; f < F; f++) {
    let n = 0;
    let mean = 0;
    let squares = 0;
    for (const s of members) {
      for (let i = offsets[s]; i < offsets[s + 1]; i++) {
        const step = features.values[i * F + f] - mean;
        mean += step / ++n;
        squares += step * (features.values[i * F + f] - mean);
      }
    }
    const deviation = squares > 0 ? Math.sqrt(squares / n) : 1;
    for (let i = 0; i < action.length; i++) values[i * width + 1 + f] = (features.values[i * F + f] - mean) / deviation;
  }
  return { width, values };
}
