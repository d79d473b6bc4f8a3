import type { BoxSpace, RecordSpace } from '../../core/space.js';
import { FEATURE_LIMIT } from '../../logs/feed-session/catalogue.js';
import { PROGRESS_WIDTH, placesOf, type FeedLayout } from '../../logs/feed-session/layout.js';

/**
 * What is observed before each choice of a feed session: the state of logs/feed-session/layout.ts in its parts, then the
 * K candidates. The first fields lie one after the other exactly as in a state row, so that the state is the first S
 * numbers of an observation, and `candidates` follows it.
 *
 * | field      | numbers         | what                                                                        |
 * |------------|-----------------|-----------------------------------------------------------------------------|
 * | user       | U               | features of the user                                                        |
 * | context    | X               | features of the session (left out where there are none)                     |
 * | progress   | 2               | items shown so far: min(1, n/60), ln(1 + n)/ln 61                           |
 * | answers    | H + 1           | moving averages of the outcomes and of the dwell number                     |
 * | exposure   | F               | moving average of the features of the items shown                           |
 * | recent     | L · (2 + F + H) | the L items shown last, newest first: 1 where there is one, features, answers |
 * | candidates | K × F           | features of the candidates, best first as retrieval ranks them              |
 * | injected   | K               | 1: drawn from the whole catalogue instead of retrieved                      |
 * | group      | K               | cluster of the candidate                                                    |
 */
export function feedObservation(layout: FeedLayout, clusters: number, candidates: number): RecordSpace {
  const { userNames, contextNames, itemNames, outcomes, recent } = layout;
  const { recentWidth } = placesOf(layout);
  const box = (shape: readonly number[], low: number, high: number): BoxSpace => ({ kind: 'box', shape, low, high });
  const feature = (...shape: number[]): BoxSpace => box(shape, -FEATURE_LIMIT, FEATURE_LIMIT);
  return {
    kind: 'record',
    fields: {
      user: feature(userNames.length),
      ...(contextNames.length === 0 ? {} : { context: feature(contextNames.length) }),
      progress: box([PROGRESS_WIDTH], 0, 1),
      answers: box([outcomes.length + 1], 0, FEATURE_LIMIT),
      exposure: feature(itemNames.length),
      ...(recent === 0 ? {} : { recent: feature(recent * recentWidth) }),
      candidates: feature(candidates, itemNames.length),
      injected: box([candidates], 0, 1),
      group: box([candidates], 0, clusters - 1),
    },
  };
}
