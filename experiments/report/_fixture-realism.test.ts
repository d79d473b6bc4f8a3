import { stream } from '../../core/random.js';
import type { ReportDocument } from '../contract.js';
import { drawn, handMade, modelOf } from '../feed-session/realism/_hand-made.test.js';
import type { RealismReport } from '../feed-session/realism/contract.js';
import { realismOf } from '../feed-session/realism/realism.js';
import { sampleReport } from './_fixture.test.js';

/** Reports of learned simulators, for tests only. */

const good = { watching: 0.7, policy: 1 };
const bad = { watching: 0.2, policy: 0 };

/** Three simulators: one like the log, one that is refused, and one judged on a single session. */
export function judgedSimulators(): RealismReport[] {
  const heldOut = drawn(200, 1);
  const logged = [
    { name: 'popular', sessions: drawn(120, 5, bad) },
    { name: '<b>"new"</b> & long-named-policy-of-the-spring-experiment', sessions: drawn(120, 6, good) },
  ];
  const simulated = [
    { name: logged[0].name, sessions: drawn(120, 7, good) },
    { name: logged[1].name, sessions: drawn(120, 8, bad) },
  ];
  const random = stream(1);
  return [
    realismOf({ model: modelOf(), heldOut, logged, simulated: logged, random }),
    realismOf({
      model: modelOf({ exit: (average) => 1 / (1 + Math.exp(3.9 - 6 * average)), watch: 0.9 }),
      simulator: 'wrong-signed <i>exit</i>',
      heldOut,
      logged,
      simulated,
      random,
    }),
    realismOf({ model: modelOf(), heldOut: handMade([{ shown: [{ watch: 1 }] }]), logged: [], simulated: [], random }),
  ];
}

export function realismReport(): ReportDocument {
  const empty = { models: [], policies: [], comparisons: [], curves: [], segments: [], rollouts: [] };
  return sampleReport({ ...empty, realism: judgedSimulators() });
}
