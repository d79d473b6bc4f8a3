import { GymError } from '../../core/check.js';
import type { Log } from '../../logs/record.js';
import type { LogPolicy } from '../contract.js';
import { keepCandidates } from './candidates.js';

/**
 * Chooses as often as another log did: the frequencies of its actions per position, matched by the actions' names. It
 * stands for a serving policy whose probabilities for actions it did not take were never logged.
 */
export function frequencies(source: Log, id = 'frequencies'): LogPolicy {
  const A = source.actions.values.length;
  const positions = 1 + source.position.reduce((most, place) => Math.max(most, place), 0);
  const counts = new Float64Array(positions * A);
  const rows = new Float64Array(positions);
  for (let row = 0; row < source.rows; row++) {
    const place = Math.max(0, source.position[row]);
    counts[place * A + source.action[row]]++;
    rows[place]++;
  }
  return {
    id,
    probabilities(log, chosen, out) {
      const codes = log.actions.values.map((name) => source.actions.values.indexOf(name));
      const lost = source.actions.values.filter(
        (name, a) => !log.actions.values.includes(name) && counts.some((count, at) => at % A === a && count > 0),
      );
      if (lost.length > 0) {
        throw new GymError(
          'data',
          `policy '${id}': expected log '${log.name}' to know the actions of '${source.name}', received none called ${lost.slice(0, 5).join(', ')}. Do both logs belong to one catalogue?`,
        );
      }
      chosen.forEach((row, n) => {
        const place = Math.max(0, log.position[row]);
        if (place >= positions || rows[place] === 0) {
          throw new GymError(
            'data',
            `policy '${id}': expected a position that log '${source.name}' shows, received ${place} at row ${row}.`,
          );
        }
        codes.forEach((code, a) => {
          out[n * codes.length + a] = code < 0 ? 0 : counts[place * A + code] / rows[place];
        });
      });
      keepCandidates(log, chosen, out);
    },
  };
}
